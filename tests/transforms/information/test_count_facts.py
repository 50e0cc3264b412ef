"""Counting a corpus in parts: the sums do not depend on where parts are held or pruned."""

from collections import Counter

import apache_beam as beam
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import given
from hypothesis import strategies as st

from evenpair.schemas.facts import Facts
from evenpair.schemas.source import Source
from evenpair.schemas.statistics import Statistics, count_events, statistics_to_table
from evenpair.schemas.tables import FACTS, facts_to_arrow
from evenpair.schemas.unit import Tally, Unit
from evenpair.transforms.information import count_facts, event_tables, sum_events
from evenpair.transforms.information.count_facts import CountFacts, count_unit, split
from evenpair.transforms.information.keep_statistics import keep_statistics
from evenpair.transforms.information.sum_events import SumEvents, sum_bucket

EVENTS = st.tuples(st.sampled_from(["object", "quality"]), st.sampled_from("abcdefgh"))
COUNTS = st.lists(st.dictionaries(EVENTS, st.integers(1, 9)), min_size=1, max_size=6)


def unit_of(number, facts):
    columns = dict(zip(FACTS.names, facts_to_arrow(facts), strict=True))
    table = pa.table(columns | {"language": pa.array(["en"] * len(facts))})
    return Unit(Source(number, str(number), f"/{number}.tar"), table, Tally(len(facts)))


def plain(events):
    return dict(zip(*events.to_pydict().values(), strict=True))


@given(parts=COUNTS)
def test_early_sums_do_not_change_the_total(parts):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(event_tables, "_FEW", 2)
        total = event_tables.sum_events(map(event_tables.events_to_table, parts))
    expected = sum(map(Counter, parts), Counter())
    assert plain(total) == {"\x1f".join(event): count for event, count in expected.items()}


@given(parts=COUNTS, limit=st.integers(1, 4))
def test_a_bucket_is_pruned_the_same_in_parts_and_as_a_whole(parts, limit):
    whole = event_tables.sum_events(map(event_tables.events_to_table, parts))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sum_events, "BUCKETS", 1)
        patch.setattr(sum_events, "_MAX_EVENTS", limit)
        summed = [sum_bucket(number, [packed]) for number, packed in split(whole)]
        bucket, packed = sum_bucket(0, [packed for _, packed in summed])
    assert {number for number, _ in summed} <= {bucket}
    assert plain(event_tables.unpack(packed)) == plain(event_tables.prune(whole, limit))


@pytest.mark.parametrize("most", [0, 10**6])
def test_the_counts_do_not_depend_on_how_much_a_worker_holds(tmp_path, monkeypatch, most):
    monkeypatch.setattr(count_facts, "_MOST_HELD", most)
    corpus = [[Facts((f"dog {at % 7}", "cat"))] * (at + 1) for at in range(20)]
    prior = keep_statistics(Statistics(count_events(corpus[0]), 1.0), f"{tmp_path}/prior.parquet")
    everything = [*corpus[0], *(caption for facts in corpus for caption in facts)]
    expected = statistics_to_table(Statistics(count_events(everything), 1.0))
    path, folder = f"{tmp_path}/counts.parquet", f"{tmp_path}/spilled"
    with beam.Pipeline(runner=FnApiRunner()) as root:
        units = root | beam.Create([unit_of(at, facts) for at, facts in enumerate(corpus)])
        counted = units | CountFacts(folder) | SumEvents(prior, path, folder)
        assert_that(counted, equal_to([path]))
    kept = pq.read_table(path)
    assert (kept, kept.schema.metadata) == (expected, expected.schema.metadata)


def test_an_empty_corpus_has_no_counts():
    assert (
        list(split(count_unit(unit_of(0, [])))) == [*split(event_tables.EventSum().total())] == []
    )
