"""Counts of a corpus: tables, columns of events and an index agree, however the corpus is split."""

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
from evenpair.transforms.information.count_index import CountIndex, index_of
from evenpair.transforms.information.event_tables import events_to_table, prune, sum_events
from evenpair.transforms.information.information import InformationModel
from evenpair.transforms.sum_counts import sum_counts

from ...support.corpora import CORPORA, FACTS, PLAIN, model_of

DOG = Facts(("dog", "rug"), (Attribute("dog", "brown"),), (Relation("dog", "on", "rug"),))


def test_events_are_counted_in_captions():
    assert count_events([DOG, Facts(("dog",)), Facts()]) == {
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
def test_statistics_survive_the_round_trip(corpus, full):
    statistics = Statistics(count_events(corpus), full)
    table = statistics_to_table(statistics)
    assert statistics_from_table(table) == statistics
    assert full_level_of(table.schema) == full


@given(corpus=CORPORA, at=st.integers(0, 12))
def test_counts_do_not_depend_on_how_the_corpus_is_split(corpus, at):
    parts = [count_events(corpus[at:]), count_events(corpus[:at])]
    counts = sum_counts(parts)
    assert counts == count_events(corpus)
    assert statistics_to_table(Statistics(counts)) == statistics_to_table(
        Statistics(count_events(corpus))
    )


def test_a_table_of_something_else_is_refused():
    table = statistics_to_table(Statistics())
    with pytest.raises(ValueError, match="statistics"):
        statistics_from_table(table.replace_schema_metadata(None))


@given(corpus=CORPORA, full=st.floats(0, 1e6))
def test_columns_of_events_make_the_same_table(corpus, full):
    counts = count_events(corpus)
    table = statistics_to_table(Statistics(counts, full))
    for events in (events_to_table(counts), events_of_statistics(table)):
        made = rows_of_events(events.sort_by("event"), schema_of_events(events, full))
        assert (made, made.schema.metadata) == (table, table.schema.metadata)


def test_the_rarest_are_pruned_by_count_then_by_term():
    counts = Counter({("object", "c"): 1, ("object", "b"): 1, ("object", "a"): 2})
    kept = prune(events_to_table(counts), 2)
    expected = events_to_table({("object", "a"): 2, ("object", "b"): 1})
    assert sum_events([kept]).sort_by("event") == expected
    assert prune(expected, 2) == expected


@given(corpus=CORPORA, facts=FACTS, text=st.text())
def test_an_index_counts_as_the_table_does(corpus, facts, text):
    counts = count_events(corpus)
    index = CountIndex(index_of(events_to_table(counts)))
    events = [*counts, ("object", text), ("attribute", "dog", text)]
    assert [index.get(e) for e in events] == [counts.get(e, 0) for e in events]
    read = InformationModel(Statistics(index, 30.0, common_counts(counts)), PLAIN)
    assert read.bits(facts) == model_of(corpus).bits(facts)
