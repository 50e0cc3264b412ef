"""The bits that facts carry by the counts of a corpus."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenpair.schemas.facts import Attribute, Facts, Relation
from evenpair.transforms.information.information import (
    BACK_OFF_WEIGHT,
    MAX_BITS,
    MIN_SUPPORT,
    UNSEEN_SHARE,
    InformationModel,
)
from evenpair.transforms.information.keep_statistics import PRIOR, load_statistics

from ...support.corpora import CORPORA, FACTS, bits, model_of, terms_of


@given(corpus=CORPORA, facts=FACTS)
def test_bits_are_never_negative_and_never_infinite(corpus, facts):
    carried = model_of(corpus).bits(facts)
    kinds = (carried.object_bits, carried.attribute_bits, carried.relation_bits)
    assert [b for b in kinds if not 0 <= b <= MAX_BITS * max(1, len(facts))] == []
    assert carried.information_bits == sum(kinds)


@given(corpus=CORPORA, facts=FACTS, more=FACTS)
def test_more_facts_never_carry_less(corpus, facts, more):
    model = model_of(corpus)
    together = bits(model, facts.union(more))
    assert together >= bits(model, facts)
    assert together <= bits(model, facts) + bits(model, more) + 1e-9


@given(corpus=CORPORA, facts=FACTS, seed=st.randoms())
def test_order_and_repetition_do_not_change_the_bits(corpus, facts, seed):
    model = model_of(corpus)
    shuffled = Facts(
        *(tuple(seed.sample(kind, len(kind))) for kind in (facts.objects, facts.attributes)),
        tuple(seed.sample(facts.relations, len(facts.relations))),
    )
    assert model.bits(shuffled) == model.bits(facts)
    assert model.bits(facts.union(facts, shuffled)) == model.bits(facts)


def test_a_rare_object_carries_more_than_a_common_one():
    corpus = [Facts(("dog",))] * 12 + [Facts(("cat",))] * 4
    model = model_of(corpus)
    assert model.object_bits("dog") == pytest.approx(-math.log2(12 / 16))
    assert model.object_bits("cat") == pytest.approx(-math.log2(4 / 16))


def test_a_term_of_no_language_counts_as_a_common_one():
    corpus = [Facts(("dog",))] * 12 + [Facts(("cat",))] * 4 + [Facts(("typo",))] * 2
    model = model_of(corpus)
    assert model.object_bits("typo") == model.object_bits("ab-1234") == model.object_bits("dog")


def test_an_unknown_compound_carries_the_bits_of_its_head_and_of_common_attributes():
    fact = Attribute("racket", "red")
    model = model_of([Facts(("racket",), (fact,))] * 6 + [Facts(("dog",))] * 6)
    common = model.object_bits("tennis racket") - model.object_bits("racket")
    assert common == pytest.approx(-math.log2(6 / 12))
    assert model.object_bits("a b racket") == pytest.approx(
        model.object_bits("racket") + 2 * common
    )


def test_an_attribute_backs_off_to_its_share_of_all_objects():
    fact = Attribute("dog", "brown")
    model = model_of(
        [Facts(("dog",), (fact,))] * 5 + [Facts(("dog",))] * 5 + [Facts(("cat",))] * 10
    )
    general = 5 / 20
    weight = BACK_OFF_WEIGHT
    assert model.attribute_bits(fact) == pytest.approx(
        -math.log2((5 + weight * general) / (10 + weight))
    )
    assert model.attribute_bits(Attribute("cat", "brown")) == pytest.approx(
        -math.log2(weight * general / (10 + weight))
    )


def test_a_relation_is_counted_among_captions_with_both_objects():
    fact = Relation("dog", "lie on", "rug")
    together = [Facts(("dog", "rug"), (), (fact,))] * 6 + [Facts(("rug", "dog"))] * 2
    model = model_of([*together, *[Facts(("dog",))] * 8])
    weight = BACK_OFF_WEIGHT
    assert model.relation_bits(fact) == pytest.approx(
        -math.log2((6 + weight * 6 / 8) / (8 + weight))
    )


def test_an_empty_corpus_gives_no_bits():
    facts = Facts(("dog",), (Attribute("dog", "brown"),), (Relation("dog", "see", "dog"),))
    assert bits(model_of([]), facts) == 0


def test_the_object_share_of_no_facts_is_null():
    model = model_of([Facts(("dog",)), Facts(("cat",))])
    assert model.bits(Facts()).object_share is None


def test_a_word_that_captions_never_had_is_as_rare_as_in_general_english():
    corpus = [Facts(("dog",))] * 12 + [Facts(("cat",))] * 4
    english = {"otter": 12.0, "heron": 14.0, "way": 1.0, "dog": 3.0}
    model = model_of(corpus, terms=terms_of({}, english))
    assert model.object_bits("otter") == pytest.approx(
        min(MAX_BITS, 12.0 - math.log2(UNSEEN_SHARE))
    )
    assert model.object_bits("dog") == pytest.approx(-math.log2(12 / 16))
    assert model.object_bits("way") < model.object_bits("otter") <= model.object_bits("heron")
    assert model.object_bits("way") >= -math.log2(MIN_SUPPORT / 16)


def test_a_fact_weighs_its_bits_times_the_visibility_of_all_its_terms():
    terms = terms_of({"dog": 0.5, "rug": 0.8, "brown": 0.25, "lie on": 0.1})
    brown, lies = Attribute("dog", "brown"), Relation("dog", "lie on", "rug")
    facts = Facts(("dog", "rug"), (brown,), (lies,))
    model = model_of([facts, Facts(("cat",)), Facts(("dog", "rug")), Facts()] * 3, terms=terms)
    shown = {"dog": 0.5, "rug": 0.8, brown: 0.125, lies: 0.04}
    assert {fact: model.visibility(fact) for fact in shown} == pytest.approx(shown)
    weights = {fact: model.plain_bits(fact) * v for fact, v in shown.items()}
    assert {fact: model.weight(fact) for fact in shown} == pytest.approx(weights)
    each = model.bits_of_each(facts)
    assert {fact: weight.visible_bits for fact, weight in each.of_fact.items()} == pytest.approx(
        weights
    )
    assert each.information_bits == pytest.approx(sum(weights.values()))
    assert each.information_bits > 0


def test_by_the_shipped_prior_common_objects_carry_fewer_bits():
    statistics = load_statistics(PRIOR)
    model = InformationModel(statistics)
    man, surfboard = model.object_bits("man"), model.object_bits("surfboard")
    assert 0 < man < surfboard < MAX_BITS
    assert bits(model, Facts(("dog",))) < statistics.full_level / 2


def test_a_word_without_a_meaning_of_its_own_carries_no_bits():
    model = InformationModel(load_statistics(PRIOR))
    assert bits(model, Facts(("thing", "stuff"))) == 0
    red = Facts(("thing",), (Attribute("thing", "red"),))
    assert 0 < bits(model, red) < MAX_BITS
