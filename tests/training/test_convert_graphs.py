"""Gold scene graphs -> arcs -> the same facts again."""

import os
from functools import cache
from itertools import islice
from pathlib import Path
from unittest.mock import patch

import pytest

from evenpair.models.arc_network import Arc
from evenpair.training.graphs.convert_graphs import convert_graphs, decode_example, join_lexicons
from evenpair.training.graphs.graph_to_arcs import Example
from evenpair.training.graphs.learn_lexicon import learn_inflection
from evenpair.training.graphs.scene_graphs import parse_facts, parse_scene_graph, read_scene_graphs
from evenpair.transforms.facts.canonical_terms import Lexicon


@pytest.fixture(scope="module", autouse=True)
def inflection():
    """Learn the inflection of all words once, for it takes a second."""
    learned = "evenpair.training.graphs.convert_graphs.learn_inflection"
    with patch(learned, cache(learn_inflection)):
        yield


def test_a_graph_is_read():
    graph = parse_scene_graph(
        "x", "( girl , on , bed ) , ( girl , is , young ) , ( light brown cat )"
    )
    assert graph.objects == (("girl",), ("bed",), ("light", "brown", "cat"))
    assert graph.attributes == ((("girl",), ("young",)),)
    assert graph.relations == ((("girl",), ("on",), ("bed",)),)


def test_a_line_of_facts_is_read():
    assert parse_facts("x", "girl > on > bed; girl:young; clock:4:55; driver's seat") == (
        "x",
        (("girl",), ("bed",), ("clock",), ("driver", "'s", "seat")),
        ((("girl",), ("young",)), (("clock",), ("4:55",))),
        ((("girl",), ("on",), ("bed",)),),
    )


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
        ("a man in the driver's seat", "( man , in , driver's seat )"),
        ("a boy and a girl riding bikes", "( boy , ride , bikes ) , ( girl , ride , bikes )"),
        ("bus windshield", "( bus , have , windshield )"),
        ("two ovens next to each other", "( ovens , next to , ovens ) , ( ovens , is , 2 )"),
        ("group of people drinking wine", "( people , is , group of ) , ( people , drink , wine )"),
        ("a cell phone on a table", "( cellphone , on , table )"),
        (
            "a plane flying from a field to a town",
            "( plane , fly from , field ) , ( plane , fly to , town )",
        ),
        ("a sign that says “stop - here.”", "( sign , is , stop - here )"),
        ("red hats and scarves", "( hats , is , red ) , ( scarves , is , red )"),
    ],
)
def test_arcs_hold_their_graph(caption, graph):
    gold = parse_scene_graph(caption, graph)
    conversion = convert_graphs([gold] * 20)
    (example,) = conversion.by_caption[caption]
    found = decode_example(example, conversion.lexicon)
    lexicon = conversion.lexicon

    def name(term):
        return lexicon.object_term(term)

    assert set(found.objects) == {name(term) for term in gold.objects}
    assert set(found.attributes) == {(name(o), " ".join(a)) for o, a in gold.attributes}
    assert set(found.relations) == {(name(s), " ".join(p), name(o)) for s, p, o in gold.relations}


def test_each_sentence_has_its_own_facts():
    gold = parse_scene_graph(
        "A red dog. A cat on a dog.", "( dog , is , red ) , ( cat , on , dog )"
    )
    first, second = convert_graphs([gold]).by_caption[gold.caption]
    assert first == Example(("a", "red", "dog"), (Arc(2, 1, "attr"), Arc(2, 2, "object")))
    assert decode_example(second, Lexicon()).relations == (("cat", "on", "dog"),)


def test_a_stricter_source_wins():
    graphs = [parse_scene_graph("a guy", "( guy )")] * 4
    other = Lexicon(objects={"guy": "person", "dude": "person"})
    assert join_lexicons(Lexicon(), other, graphs).objects == {"dude": "person"}


@pytest.mark.slow
def test_few_gold_facts_are_lost():
    folder = os.environ.get("EVENPAIR_DATA")
    if not folder:
        pytest.skip("EVENPAIR_DATA names no folder with FACTUAL's captions")
    graphs = list(islice(read_scene_graphs(Path(folder) / "factual" / "train.csv"), 4000))
    conversion = convert_graphs(graphs)
    kept = total = 0
    for graph in graphs:
        gold = gold_facts(graph, conversion.lexicon)
        examples = conversion.by_caption.get(graph.caption, [])
        held = (all_facts(decode_example(own, conversion.lexicon)) for own in examples)
        kept += len(gold & set().union(*held))
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
