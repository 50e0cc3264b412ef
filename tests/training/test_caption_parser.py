"""Gold scene graphs -> trees -> the same facts again."""

import os
import random
from itertools import islice
from pathlib import Path

import pytest

from evenpair.models.load_parser import load_parser
from evenpair.training.augment_trees import (
    WordStock,
    augment_trees,
    elaborate,
    insert_modifier,
    join,
    open_with,
)
from evenpair.training.convert_graphs import convert_graphs, decode_tree
from evenpair.training.drop_rare_moves import drop_rare_moves
from evenpair.training.graph_to_tree import Tree
from evenpair.training.scene_graphs import parse_scene_graph, read_scene_graphs
from evenpair.transforms.facts.canonical_terms import Lexicon
from evenpair.transforms.facts.parse_captions import parse_captions

STOCK = WordStock(("glaucous",), ("okapi",), ("okapis",))


def test_a_graph_is_read():
    graph = parse_scene_graph(
        "x", "( girl , on , bed ) , ( girl , is , young ) , ( light brown cat )"
    )
    assert graph.objects == (("girl",), ("bed",), ("light", "brown", "cat"))
    assert graph.attributes == ((("girl",), ("young",)),)
    assert graph.relations == ((("girl",), ("on",), ("bed",)),)


@pytest.mark.parametrize(
    ("caption", "graph"),
    [
        (
            "two brown dogs lying on a rug",
            "( dogs , is , 2 ) , ( dogs , is , brown ) , ( dogs , lie on , rug )",
        ),
        ("leg of the man", "( man , have , leg )"),
        ("sheep blocked in by bales", "( bales , block , sheep )"),
        ("field of snow", "( field , have , snow )"),
        ("the sofa the man is sitting on", "( man , sit on , sofa )"),
        ("a man 's hat", "( man , have , hat )"),
        ("a boy and a girl riding bikes", "( boy , ride , bikes ) , ( girl , ride , bikes )"),
        ("bus windshield", "( bus , have , windshield )"),
        ("two ovens next to each other", "( ovens , next to , ovens ) , ( ovens , is , 2 )"),
        ("group of people drinking wine", "( people , is , group of ) , ( people , drink , wine )"),
        ("a cell phone on a table", "( cellphone , on , table )"),
    ],
)
def test_a_tree_holds_its_graph(caption, graph):
    gold = parse_scene_graph(caption, graph)
    conversion = convert_graphs([gold] * 20)
    found = decode_tree(conversion.trees[0], conversion.lexicon)
    name = conversion.lexicon.object_term
    assert set(found.objects) == {name(term) for term in gold.objects}
    assert set(found.attributes) == {(name(o), " ".join(a)) for o, a in gold.attributes}
    assert set(found.relations) == {(name(s), " ".join(p), name(o)) for s, p, o in gold.relations}


TREE = Tree(("a", "dog", "on", "grass"), [1, 1, 1, 2], ["skip", "ROOT", "rel", "arg"])


def facts_of(tree):
    return decode_tree(tree, Lexicon())


def test_an_inserted_modifier_is_one_attribute_more():
    for seed in range(20):
        varied = insert_modifier(TREE, STOCK, random.Random(seed))
        assert facts_of(varied).objects == ("dog", "grass")
        assert facts_of(varied).relations == facts_of(TREE).relations
        assert {a for _, a in facts_of(varied).attributes} == {"glaucous"}


def test_joined_and_opened_trees_keep_their_facts():
    assert facts_of(open_with(["the", "image", "shows"], TREE)) == facts_of(TREE)
    joined = join(TREE, Tree(("cats",), [0], ["ROOT"]), [",", "and"])
    assert facts_of(joined).objects == ("dog", "grass", "cat")
    assert facts_of(joined).relations == facts_of(TREE).relations


def test_an_elaborated_tree_has_the_facts_of_both():
    other = Tree(("the", "dog", "chasing", "cats"), [1, 1, 1, 2], ["skip", "ROOT", "rel", "arg"])
    for seed in range(20):
        longer = elaborate(other, {"dog": [TREE]}, random.Random(seed))
        assert {*facts_of(longer).relations} == {
            *facts_of(TREE).relations,
            *facts_of(other).relations,
        }
        assert [word for word in longer.words if word not in {"and", ","}] == (
            "the dog on grass chasing cats".split()
        )


def test_varied_trees_are_trees():
    for tree in augment_trees([TREE] * 200, STOCK, random.Random(0)):
        assert len(tree.words) == len(tree.heads) == len(tree.labels)
        assert tree.labels.count("ROOT") == 1
        for word in range(len(tree.words)):
            for _ in tree.words:
                word = tree.heads[word]
            assert tree.labels[word] == "ROOT"


def test_a_parser_without_its_rare_moves_reads_as_before():
    nlp = load_parser()
    smaller = drop_rare_moves(nlp, 500)
    moves, fewer = (own.get_pipe("parser").move_names for own in (nlp, smaller))
    assert set(fewer) < set(moves)
    captions = ["a brown dog on a rug", "two men riding horses"]
    assert list(parse_captions(smaller, captions)) == list(parse_captions(nlp, captions))


def test_few_gold_facts_are_lost():
    folder = os.environ.get("EVENPAIR_DATA")
    if not folder:
        pytest.skip("EVENPAIR_DATA names no folder with FACTUAL's captions")
    graphs = list(islice(read_scene_graphs(Path(folder) / "factual" / "train.csv"), 4000))
    conversion = convert_graphs(graphs, least=1)
    kept = total = 0
    for tree, graph in zip(conversion.trees, conversion.graphs, strict=True):
        gold = gold_facts(graph, conversion.lexicon)
        kept += len(gold & all_facts(decode_tree(tree, conversion.lexicon)))
        total += len(gold)
    assert kept > 0.97 * total


def gold_facts(graph, lexicon):
    """A gold graph's facts in canonical form."""
    name = lexicon.object_term
    objects = {(name(term),) for term in graph.objects}
    attributes = {(name(o), lexicon.attribute_term(a)) for o, a in graph.attributes}
    said = lexicon.predicate_word
    relations = {(name(s), " ".join(map(said, p)), name(o)) for s, p, o in graph.relations}
    return objects | attributes | relations


def all_facts(facts):
    return {(name,) for name in facts.objects} | {*facts.attributes, *facts.relations}
