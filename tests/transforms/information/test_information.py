"""Facts counted over a corpus, and the bits that they carry."""

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenpair.schemas.facts import Attribute, Facts, Relation
from evenpair.schemas.statistics import (
    Kind,
    Statistics,
    common_counts,
    count_events,
    events_of_statistics,
    full_level_of,
    rows_of_events,
    schema_of_events,
    statistics_from_table,
    statistics_to_table,
)
from evenpair.transforms.information.count_facts import sum_counts
from evenpair.transforms.information.count_index import CountIndex, index_of
from evenpair.transforms.information.event_tables import (
    events_to_table,
    prune,
    sum_events,
)
from evenpair.transforms.information.full_level import BINS_A_BIT, full_level, quantile
from evenpair.transforms.information.imbalance import (
    Basis,
    intersect,
    judge_by_corpus,
    judge_by_reference,
    left_out,
    unite,
)
from evenpair.transforms.information.information import (
    BACK_OFF_WEIGHT,
    MAX_BITS,
    InformationModel,
)
from evenpair.transforms.information.keep_statistics import PRIOR, load_statistics

TERM = st.sampled_from(["dog", "cat", "rug", "tennis racket", "red tennis racket", "zzz"])
WORD = st.sampled_from(["brown", "lie on", "zzz", ""])


@st.composite
def fact_sets(draw):
    objects = draw(st.lists(TERM, max_size=4, unique=True))
    named = st.sampled_from(objects) if objects else st.nothing()
    attributes = st.lists(st.builds(Attribute, named, WORD), max_size=3, unique=True)
    relations = st.lists(st.builds(Relation, named, WORD, named), max_size=3, unique=True)
    return Facts(
        tuple(objects),
        tuple(draw(attributes)) if objects else (),
        tuple(draw(relations)) if objects else (),
    )


CORPORA = st.lists(fact_sets(), max_size=12)
FACTS = fact_sets()


def model_of(captions, full=30.0):
    return InformationModel(Statistics(count_events(captions), full))


def bits(model, facts):
    return model.bits(facts).information_bits


@given(corpus=CORPORA, facts=FACTS)
def test_bits_are_never_negative_and_never_infinite(corpus, facts):
    found = model_of(corpus).bits(facts)
    kinds = (found.object_bits, found.attribute_bits, found.relation_bits)
    assert [b for b in kinds if not 0 <= b <= MAX_BITS * max(1, len(facts))] == []
    assert found.information_bits == sum(kinds)


@given(corpus=CORPORA, facts=FACTS, more=FACTS)
def test_more_facts_never_carry_less(corpus, facts, more):
    model = model_of(corpus)
    together = bits(model, unite(facts, more))
    assert together >= bits(model, facts)
    assert together <= bits(model, facts) + bits(model, more) + 1e-9


@given(corpus=CORPORA, facts=FACTS, seed=st.randoms())
def test_order_and_repetition_change_nothing(corpus, facts, seed):
    model = model_of(corpus)
    shuffled = Facts(
        *(tuple(seed.sample(kind, len(kind))) for kind in (facts.objects, facts.attributes)),
        tuple(seed.sample(facts.relations, len(facts.relations))),
    )
    assert model.bits(shuffled) == model.bits(facts)
    assert model.bits(unite(facts, facts, shuffled)) == model.bits(facts)


def test_a_rare_object_carries_more_than_a_common_one():
    corpus = [Facts(("dog",))] * 12 + [Facts(("cat",))] * 4
    model = model_of(corpus)
    assert model.object_bits("dog") == pytest.approx(-math.log2(12 / 16))
    assert model.object_bits("cat") == pytest.approx(-math.log2(4 / 16))


def test_an_object_that_nothing_supports_counts_as_a_common_one():
    corpus = [Facts(("dog",))] * 12 + [Facts(("cat",))] * 4 + [Facts(("typo",))] * 2
    model = model_of(corpus)
    assert model.object_bits("typo") == model.object_bits("ab-1234") == model.object_bits("dog")


def test_an_unknown_compound_is_its_head_and_a_common_attribute():
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


def test_a_relation_is_given_both_of_its_objects():
    fact = Relation("dog", "lie on", "rug")
    together = [Facts(("dog", "rug"), (), (fact,))] * 6 + [Facts(("rug", "dog"))] * 2
    model = model_of([*together, *[Facts(("dog",))] * 8])
    weight = BACK_OFF_WEIGHT
    assert model.relation_bits(fact) == pytest.approx(
        -math.log2((6 + weight * 6 / 8) / (8 + weight))
    )


def test_an_empty_corpus_gives_no_bits_rather_than_an_error():
    facts = Facts(("dog",), (Attribute("dog", "brown"),), (Relation("dog", "see", "dog"),))
    assert bits(model_of([]), facts) == 0


def test_the_object_share_is_null_where_there_is_nothing():
    model = model_of([Facts(("dog",)), Facts(("cat",))])
    assert model.bits(Facts()).object_share is None


def test_the_shipped_prior_knows_everyday_things():
    statistics = load_statistics(PRIOR)
    model = InformationModel(statistics)
    man, surfboard = model.object_bits("man"), model.object_bits("surfboard")
    assert 0 < man < surfboard < MAX_BITS
    assert bits(model, Facts(("dog",))) < statistics.full_level / 2


class TestStatistics:
    dog = Facts(("dog", "rug"), (Attribute("dog", "brown"),), (Relation("dog", "on", "rug"),))

    def test_events_are_counted_in_captions(self):
        assert count_events([self.dog, Facts(("dog",)), Facts()]) == {
            (Kind.CAPTION,): 3,
            (Kind.OBJECT, "dog"): 2,
            (Kind.OBJECT, "rug"): 1,
            (Kind.ANY_OBJECT,): 3,
            (Kind.ATTRIBUTE, "dog", "brown"): 1,
            (Kind.QUALITY, "brown"): 1,
            (Kind.RELATION, "dog", "on", "rug"): 1,
            (Kind.PREDICATE, "on"): 1,
            (Kind.TOGETHER, "dog", "rug"): 1,
            (Kind.ANY_TOGETHER,): 1,
        }

    @given(corpus=CORPORA, full=st.floats(0, 1e6))
    def test_statistics_are_kept_and_loaded(self, corpus, full):
        statistics = Statistics(count_events(corpus), full)
        table = statistics_to_table(statistics)
        assert statistics_from_table(table) == statistics
        assert full_level_of(table.schema) == full

    @given(corpus=CORPORA, at=st.integers(0, 12))
    def test_counts_do_not_depend_on_how_the_corpus_is_split(self, corpus, at):
        parts = [count_events(corpus[at:]), count_events(corpus[:at])]
        counts = sum_counts(parts)
        assert counts == count_events(corpus)
        assert statistics_to_table(Statistics(counts)) == statistics_to_table(
            Statistics(count_events(corpus))
        )

    def test_another_table_is_no_statistics(self):
        table = statistics_to_table(Statistics())
        with pytest.raises(ValueError, match="not a table of evenpair statistics"):
            statistics_from_table(table.replace_schema_metadata(None))

    @given(corpus=CORPORA, full=st.floats(0, 1e6))
    def test_columns_of_events_make_the_same_table(self, corpus, full):
        counts = count_events(corpus)
        table = statistics_to_table(Statistics(counts, full))
        for events in (events_to_table(counts), events_of_statistics(table)):
            made = rows_of_events(events.sort_by("event"), schema_of_events(events, full))
            assert (made, made.schema.metadata) == (table, table.schema.metadata)

    def test_what_is_pruned_is_the_rarest_by_count_then_by_term(self):
        counts = Counter({("object", "c"): 1, ("object", "b"): 1, ("object", "a"): 2})
        kept = prune(events_to_table(counts), 2)
        expected = events_to_table({("object", "a"): 2, ("object", "b"): 1})
        assert sum_events([kept]).sort_by("event") == expected
        assert prune(expected, 2) == expected

    @given(corpus=CORPORA, facts=FACTS, text=st.text())
    def test_an_index_counts_as_the_table_does(self, corpus, facts, text):
        counts = count_events(corpus)
        index = CountIndex(index_of(events_to_table(counts)))
        events = [*counts, ("object", text), ("attribute", "dog", text)]
        assert [index.get(e) for e in events] == [counts.get(e, 0) for e in events]
        read = InformationModel(Statistics(index, 30.0, common_counts(counts)))
        assert read.bits(facts) == model_of(corpus).bits(facts)


class TestFullLevel:
    @given(bits=st.lists(st.integers(0, 400), min_size=1), share=st.floats(0.01, 1))
    def test_a_quantile_is_reached_by_its_share(self, bits, share):
        found = quantile(Counter(bits), share) * BINS_A_BIT
        assert found in bits
        assert sum(b <= found for b in bits) >= share * len(bits)
        assert sum(b < found for b in bits) < share * len(bits)

    @given(bits=st.lists(st.integers(0, 400)), at=st.integers(0, 9))
    def test_the_level_does_not_depend_on_how_the_corpus_is_split(self, bits, at):
        parts = [Counter(bits[at:]), Counter(bits[:at])]
        assert full_level(parts, 5.0) == full_level([Counter(bits)], 5.0)

    @pytest.mark.parametrize(
        ("histogram", "prior", "level"),
        [
            ({}, 5.0, 5.0),
            ({16: 10}, 5.0, 5.0),
            ({160: 9, 320: 1}, 5.0, 10.0),
            ({160: 1}, 0.0, 10.0),
        ],
    )
    def test_it_is_the_larger_of_prior_and_corpus(self, histogram, prior, level):
        assert full_level([Counter(histogram)], prior) == level


class TestImbalance:
    """The formulas of the design, to the letter."""

    model = model_of(
        [
            Facts(
                ("dog", "rug"), (Attribute("dog", "brown"),), (Relation("dog", "lie on", "rug"),)
            ),
            *[Facts((name,)) for name in ("dog", "cat", "rug", "ball", "tree")] * 4,
        ]
    )
    dog = Facts(("dog",))
    scene = Facts(("dog", "rug"), (Attribute("dog", "brown"),), (Relation("dog", "lie on", "rug"),))

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
    def test_left_out(self, caption, known, share):
        assert left_out(caption, known) == share

    @given(one=FACTS, other=FACTS, third=FACTS)
    def test_unite_and_intersect_are_those_of_sets(self, one, other, third):
        kinds = ("objects", "attributes", "relations")
        for kind in kinds:
            a, b = set(getattr(one, kind)), set(getattr(other, kind))
            assert set(getattr(unite(one, other), kind)) == a | b
            assert set(getattr(intersect(one, other), kind)) == a & b
        assert unite(unite(one, other), third) == unite(one, other, third)
        assert len(unite(one, other)) + len(intersect(one, other)) == len(one) + len(other)

    def test_by_reference(self):
        model, union = self.model, bits(self.model, self.scene)
        judged = judge_by_reference(self.dog, self.dog, self.scene, model)
        assert judged.imbalance == pytest.approx(1 - bits(model, self.dog) / union)
        assert judged.agreement == 1
        assert judged.basis is Basis.REFERENCE

    def test_the_union_is_that_of_the_raw_caption_not_of_the_written_one(self):
        ball = Facts(("ball",))
        model = self.model
        judged = judge_by_reference(unite(ball, self.dog), self.dog, self.scene, model)
        wanted = 1 - bits(model, unite(ball, self.dog)) / bits(model, self.scene)
        assert judged.imbalance == pytest.approx(max(0, wanted))

    def test_agreement_is_the_share_of_the_raw_information_that_the_reference_confirms(self):
        raw = Facts(("dog", "ball"))
        judged = judge_by_reference(raw, raw, self.scene, self.model)
        assert judged.agreement == pytest.approx(bits(self.model, self.dog) / bits(self.model, raw))

    def test_where_nothing_is_known(self):
        judged = judge_by_reference(Facts(), Facts(), Facts(), self.model)
        assert (judged.imbalance, judged.agreement) == (1, None)

    def test_by_corpus(self):
        judged = judge_by_corpus(self.dog, 20.0, self.model)
        assert judged.imbalance == pytest.approx(1 - bits(self.model, self.dog) / 20)
        assert (judged.agreement, judged.basis) == (None, Basis.CORPUS)

    @given(raw=FACTS, reference=FACTS, caption=FACTS)
    def test_shares_are_between_none_and_all(self, raw, reference, caption):
        judged = judge_by_reference(caption, raw, reference, self.model)
        assert 0 <= judged.imbalance <= 1
        assert judged.agreement is None or 0 <= judged.agreement <= 1 + 1e-12
        full = judge_by_reference(unite(raw, reference), raw, reference, self.model)
        assert full.imbalance == 0 or bits(self.model, unite(raw, reference)) == 0


def test_a_word_that_names_no_object_carries_nothing():
    model = InformationModel(load_statistics(PRIOR))
    assert bits(model, Facts(("thing", "stuff"))) == 0
    red = Facts(("thing",), (Attribute("thing", "red"),))
    assert 0 < bits(model, red) < MAX_BITS
