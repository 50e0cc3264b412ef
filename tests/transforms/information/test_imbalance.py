"""The information of an image by capture and recapture, and what captions leave out of it."""

import pytest
from hypothesis import given

from evenpair.schemas.facts import Attribute, Facts, Relation
from evenpair.transforms.information.imbalance import (
    Capture,
    Overlap,
    image_bits,
    image_bits_of,
    judge_alone,
    judge_by_reference,
    left_out,
    measure_overlap,
    shipped_capture,
    united_bits,
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
CAPTURE = Capture(added_bits=2.0, added_shared=1.0, usual_bits=50.0)


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
    assert left_out(caption, known_bits=known) == share


def test_the_information_of_an_image_is_that_of_lincoln_and_petersen_with_constants():
    overlap = Overlap(10.0, 20.0, 6.0, 4.0)
    assert image_bits([overlap], CAPTURE, united=0.0) == pytest.approx(12 * 22 / 6)


def test_several_descriptions_are_estimated_by_all_their_pairs():
    pairs = [Overlap(10.0, 20.0, 5.0, 5.0), Overlap(10.0, 8.0, 2.0, 2.0)]
    assert image_bits(pairs, CAPTURE, united=0.0) == pytest.approx((12 * 22 + 12 * 10) / (6 + 3))


def test_an_image_holds_at_least_what_its_descriptions_state_together():
    assert image_bits([Overlap(10.0, 20.0, 5.0, 5.0)], CAPTURE, united=90.0) == 90
    assert image_bits_of([SCENE, SCENE], MODEL, Capture(0.0, 1e6, 50.0)) == bits(MODEL, SCENE)


def test_an_image_without_a_reference_holds_the_usual_information():
    assert judge_alone(30.0, CAPTURE).image_bits == 50
    assert judge_alone(60.0, CAPTURE).image_bits == 60
    assert image_bits_of([DOG], MODEL, CAPTURE) == 50


def test_coverage_is_a_share_of_the_reference_and_agreement_one_of_the_caption():
    ball = Facts(("dog", "ball"))
    judged = judge_by_reference(measure_overlap(ball, SCENE, MODEL), CAPTURE)
    assert judged.agreement == pytest.approx(bits(MODEL, DOG) / bits(MODEL, ball))
    assert judged.coverage == pytest.approx(bits(MODEL, DOG) / bits(MODEL, SCENE))


@pytest.mark.parametrize(("first", "second"), [(Facts(), SCENE), (SCENE, Facts())])
def test_with_nothing_to_compare_the_image_holds_the_usual_information(first, second):
    judged = judge_by_reference(measure_overlap(first, second, MODEL), CAPTURE)
    assert (judged.coverage, judged.agreement, judged.image_bits) == (None, None, 50)


def test_descriptions_that_share_less_leave_an_image_with_more():
    same, other = Overlap(20.0, 20.0, 20.0, 20.0), Overlap(20.0, 20.0, 2.0, 2.0)
    few, many = (judge_by_reference(pair, CAPTURE).image_bits for pair in (same, other))
    assert few < many


@given(first=FACTS, second=FACTS, third=FACTS)
def test_shares_lie_between_none_and_all_and_unions_only_grow(first, second, third):
    overlap = measure_overlap(first, second, MODEL)
    judged = judge_by_reference(overlap, shipped_capture())
    shares = [share for share in (judged.coverage, judged.agreement) if share is not None]
    assert [share for share in shares if not 0 <= share <= 1] == []
    two, three = united_bits([first, second], MODEL), united_bits([first, second, third], MODEL)
    assert bits(MODEL, first) <= two + 1e-9 <= three + 2e-9
    assert two <= bits(MODEL, first) + bits(MODEL, second) + 1e-9
    assert judged.image_bits >= overlap.united


@given(facts=FACTS)
def test_what_is_said_again_adds_nothing(facts):
    assert united_bits([facts, facts], MODEL) == pytest.approx(bits(MODEL, facts))
