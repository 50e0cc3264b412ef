"""Imbalance, agreement and the facts that two captions share: the formulas of the design."""

import pytest
from hypothesis import given

from evenpair.schemas.facts import Attribute, Facts, Relation
from evenpair.transforms.information.imbalance import (
    Basis,
    intersect,
    judge_by_corpus,
    judge_by_reference,
    left_out,
    unite,
)

from ...support.corpora import FACTS, bits, model_of

MODEL = model_of(
    [
        Facts(("dog", "rug"), (Attribute("dog", "brown"),), (Relation("dog", "lie on", "rug"),)),
        *[Facts((name,)) for name in ("dog", "cat", "rug", "ball", "tree")] * 4,
    ]
)
DOG = Facts(("dog",))
SCENE = Facts(("dog", "rug"), (Attribute("dog", "brown"),), (Relation("dog", "lie on", "rug"),))


@pytest.mark.parametrize(
    ("caption", "known", "share"),
    [
        (0.0, 10.0, 1.0),
        (10.0, 10.0, 0.0),
        (2.5, 10.0, 0.75),
        (12.0, 10.0, 0.0),
        (0.0, 0.0, 1.0),
    ],
)
def test_the_share_left_out_lies_between_none_and_all(caption, known, share):
    assert left_out(caption, known) == share


@given(one=FACTS, other=FACTS, third=FACTS)
def test_unite_and_intersect_are_operations_on_sets(one, other, third):
    kinds = ("objects", "attributes", "relations")
    for kind in kinds:
        a, b = set(getattr(one, kind)), set(getattr(other, kind))
        assert set(getattr(unite(one, other), kind)) == a | b
        assert set(getattr(intersect(one, other), kind)) == a & b
    assert unite(unite(one, other), third) == unite(one, other, third)
    assert len(unite(one, other)) + len(intersect(one, other)) == len(one) + len(other)


def test_imbalance_by_reference_is_the_share_that_the_caption_leaves_out():
    union = bits(MODEL, SCENE)
    judged = judge_by_reference(DOG, DOG, SCENE, MODEL)
    assert judged.imbalance == pytest.approx(1 - bits(MODEL, DOG) / union)
    assert judged.agreement == 1
    assert judged.basis is Basis.REFERENCE


def test_the_union_is_that_of_the_reference_and_the_raw_caption():
    ball = Facts(("ball",))
    judged = judge_by_reference(unite(ball, DOG), DOG, SCENE, MODEL)
    wanted = 1 - bits(MODEL, unite(ball, DOG)) / bits(MODEL, SCENE)
    assert judged.imbalance == pytest.approx(max(0, wanted))


def test_agreement_is_the_share_of_the_raw_information_that_the_reference_confirms():
    raw = Facts(("dog", "ball"))
    judged = judge_by_reference(raw, raw, SCENE, MODEL)
    assert judged.agreement == pytest.approx(bits(MODEL, DOG) / bits(MODEL, raw))


def test_without_any_facts_everything_is_left_out():
    judged = judge_by_reference(Facts(), Facts(), Facts(), MODEL)
    assert (judged.imbalance, judged.agreement) == (1, None)


def test_imbalance_by_corpus_is_measured_against_the_full_level():
    judged = judge_by_corpus(DOG, 20.0, MODEL)
    assert judged.imbalance == pytest.approx(1 - bits(MODEL, DOG) / 20)
    assert (judged.agreement, judged.basis) == (None, Basis.CORPUS)


@given(raw=FACTS, reference=FACTS, caption=FACTS)
def test_imbalance_and_agreement_lie_between_none_and_all(raw, reference, caption):
    judged = judge_by_reference(caption, raw, reference, MODEL)
    assert 0 <= judged.imbalance <= 1
    assert judged.agreement is None or 0 <= judged.agreement <= 1 + 1e-12
    full = judge_by_reference(unite(raw, reference), raw, reference, MODEL)
    assert full.imbalance == 0 or bits(MODEL, unite(raw, reference)) == 0
