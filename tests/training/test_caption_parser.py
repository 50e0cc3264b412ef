"""Gold scene graphs -> arcs -> the same facts again; a small network trained on a few of them."""

import os
import random
from functools import cache
from itertools import islice
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest

from evenpair.models.arc_network import Arc, ArcNetwork, WordVectors
from evenpair.training.augment_examples import (
    WordStock,
    augment_examples,
    elaborate,
    extend,
    insert_modifier,
    join,
    open_with,
)
from evenpair.training.convert_graphs import convert_graphs, decode_example, join_lexicons
from evenpair.training.deny_and_quote import deny, quote
from evenpair.training.graph_to_arcs import Example
from evenpair.training.learn_lexicon import learn_inflection
from evenpair.training.scene_graphs import parse_facts, parse_scene_graph, read_scene_graphs
from evenpair.transforms.facts.canonical_terms import Lexicon

STOCK = WordStock(("glaucous",), ("okapi",), ("okapis",))


@pytest.fixture(scope="module", autouse=True)
def inflection():
    """Learn the inflection of all words once, for it takes a second."""
    learned = "evenpair.training.convert_graphs.learn_inflection"
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


EXAMPLE = Example(
    ("a", "dog", "on", "grass"),
    (Arc(1, 1, "object"), Arc(2, 1, "subj"), Arc(2, 3, "obj"), Arc(3, 3, "object")),
)


def facts_of(example):
    return decode_example(example, Lexicon())


def test_an_inserted_modifier_is_one_attribute_more():
    for seed in range(20):
        varied = insert_modifier(EXAMPLE, STOCK, random.Random(seed))
        assert facts_of(varied).objects == ("dog", "grass")
        assert facts_of(varied).relations == facts_of(EXAMPLE).relations
        assert {a for _, a in facts_of(varied).attributes} == {"glaucous"}


def test_joined_and_opened_examples_keep_their_facts():
    assert facts_of(open_with(["the", "image", "shows"], EXAMPLE)) == facts_of(EXAMPLE)
    joined = join(EXAMPLE, Example(("cats",), (Arc(0, 0, "object"),)), [",", "and"])
    assert facts_of(joined).objects == ("dog", "grass", "cat")
    assert facts_of(joined).relations == facts_of(EXAMPLE).relations


OTHER = Example(
    ("the", "dog", "chasing", "cats"),
    (Arc(1, 1, "object"), Arc(2, 1, "subj"), Arc(2, 3, "obj"), Arc(3, 3, "object")),
)


def test_an_elaborated_example_has_the_facts_of_both():
    for seed in range(20):
        longer = elaborate(OTHER, {"dog": [EXAMPLE]}, random.Random(seed))
        assert {*facts_of(longer).relations} == {
            *facts_of(EXAMPLE).relations,
            *facts_of(OTHER).relations,
        }
        assert [word for word in longer.words if word not in {"and", ","}] == (
            "the dog on grass chasing cats".split()
        )


def test_an_extended_example_goes_on_with_the_other():
    cats = Example(
        ("cats", "on", "grass"),
        (Arc(0, 0, "object"), Arc(1, 0, "subj"), Arc(1, 2, "obj"), Arc(2, 2, "object")),
    )
    longer = extend(OTHER, {"cats": [cats]}, random.Random(0))
    assert longer.words == ("the", "dog", "chasing", "cats", "on", "grass")
    assert set(facts_of(longer).relations) == {("dog", "chase", "cat"), ("cat", "on", "grass")}


def test_what_is_denied_adds_no_fact():
    rng = random.Random(0)
    varied = [deny(EXAMPLE, ["shoe"], ["ugly"], rng) for _ in range(200)]
    assert {name for own in varied for name in facts_of(own).objects} == {"dog", "grass", "shoe"}
    for own in varied:
        kept = facts_of(own)
        assert kept == facts_of(EXAMPLE) or kept.objects == ("shoe",)


def test_the_last_relation_can_be_denied():
    worn = Example(
        ("man", "in", "coat", "wearing", "a", "hat"),
        (
            Arc(0, 0, "object"),
            Arc(1, 0, "subj"),
            Arc(1, 2, "obj"),
            Arc(2, 2, "object"),
            Arc(3, 0, "subj"),
            Arc(3, 5, "obj"),
            Arc(5, 5, "object"),
        ),
    )
    varied = {
        " ".join(own.words): own
        for own in (deny(worn, ["shoe"], ["ugly"], random.Random(seed)) for seed in range(40))
    }
    denied = facts_of(varied["man in coat not wearing a hat"])
    assert (denied.objects, denied.relations) == (("man", "coat"), (("man", "in", "coat"),))


def test_quoted_words_are_one_attribute():
    quoted = [quote(EXAMPLE, OTHER.words, random.Random(seed)) for seed in range(100)]
    assert any(own != EXAMPLE for own in quoted)
    for own in quoted:
        more = facts_of(own)
        assert set(facts_of(EXAMPLE).relations) <= set(more.relations)
        said = {" ".join(own.words).split('"')[1].strip()} if '"' in own.words else set()
        assert {a for _, a in more.attributes} == said


def test_varied_examples_have_arcs_between_their_words():
    varied = list(augment_examples([EXAMPLE, OTHER] * 200, STOCK, random.Random(0)))
    assert len(varied) > 300
    for words, arcs in varied:
        assert arcs == tuple(sorted(set(arcs)))
        assert all(0 <= end < len(words) for head, word, _ in arcs for end in (head, word))


def test_a_small_network_learns_its_examples():
    pytest.importorskip("torch")
    from evenpair.training.arc_model import Shape
    from evenpair.training.train_arcs import Source, Training, train_arcs

    examples = [EXAMPLE, OTHER, Example(("nothing", "here"), ())]
    words = sorted({word for example in examples for word in example.words})
    rng = np.random.default_rng(0)
    vectors = WordVectors(
        words, rng.integers(-127, 127, (len(words), 8), dtype=np.int8), np.ones(8, np.float32)
    )
    options = Training(
        epochs=40, rate=0.01, least=1, warmup=1, hide=0, shape=Shape(state=16, drop=0.0)
    )
    network = train_arcs([Source(examples, 8)], vectors, STOCK, options, lambda message: None)
    assert network.arcs([example.words for example in examples]) == [
        list(example.arcs) for example in examples
    ]


def test_a_sentence_reads_the_same_in_any_company():
    from evenpair.models.arc_parser import ARCS
    from evenpair.models.load_parser import load_parser

    network = load_parser().get_pipe(ARCS).network
    sentences = [
        text.split()
        for text in ("dog", "a dog on a rug", "the man , next to a horse , is eating", "red")
    ] * 40
    alone = [network.arcs([words])[0] for words in sentences]
    assert isinstance(network, ArcNetwork)
    assert network.arcs(sentences) == alone
    assert any(alone)


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
