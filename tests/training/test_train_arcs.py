"""A small network trained on a few examples, and the one that ships."""

from unittest.mock import patch

import numpy as np
import pytest

from evenpair.models.arc_network import LEAST, Arc, ArcNetwork, WordVectors
from evenpair.training.augment_examples import WordStock
from evenpair.training.graphs.graph_to_arcs import Example

STOCK = WordStock(("glaucous",), ("okapi",), ("okapis",))
EXAMPLE = Example(
    ("a", "dog", "on", "grass"),
    (Arc(1, 1, "object"), Arc(2, 1, "subj"), Arc(2, 3, "obj"), Arc(3, 3, "object")),
)


OTHER = Example(
    ("the", "dog", "chasing", "cats"),
    (Arc(1, 1, "object"), Arc(2, 1, "subj"), Arc(2, 3, "obj"), Arc(3, 3, "object")),
)


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


def test_an_arc_must_score_as_high_as_its_kind_asks():
    from evenpair.models.arc_parser import ARCS
    from evenpair.models.load_parser import load_parser

    network = load_parser().get_pipe(ARCS).network
    sentences = [["two", "brown", "dogs", "on", "a", "rug"]]
    (arcs,) = network.arcs(sentences)
    with patch.dict(LEAST, {"attr": 1e9}):
        strict = ArcNetwork(network.weights, network.vectors, network.labels)
    assert strict.arcs(sentences) == [[arc for arc in arcs if arc.label != "attr"]]
    assert {arc.label for arc in arcs} >= {"attr", "object"}
