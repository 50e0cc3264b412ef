"""Rows that repeat an earlier pair."""

from random import Random

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from evenpair.schemas.source import Source
from evenpair.schemas.unit import Tally, Unit
from evenpair.transforms.select.find_duplicates import (
    in_buckets,
    merge_rows,
    occurrences,
    repeated_rows,
)

NONE = np.array([], np.int64)
VALUES = st.none() | st.sampled_from(["a", "b", "c", "dé"])
SOURCES = st.lists(st.lists(st.tuples(VALUES, st.booleans()), max_size=6), max_size=4)


def unit_of(number, rows):
    columns = {
        "value": pa.array([value for value, _ in rows], pa.string()),
        "blocked": pa.array([blocked for _, blocked in rows], pa.bool_()),
    }
    return Unit(Source(number, f"s{number}", "s.tar"), pa.table(columns), Tally(len(rows)))


def find(sources, seed=0, passed_over=NONE):
    """Return the rows that repeat a value, by source; units come in random order."""
    buckets = {}
    units = [unit_of(number, rows) for number, rows in enumerate(sources)]
    Random(seed).shuffle(units)
    lists = [occurrences(unit, "value", passed_over) for unit in units]
    for held in (lists[::2], lists[1::2]):  # as two workers pass on what they hold
        for bucket, part in in_buckets(held) if held else ():
            buckets.setdefault(bucket, []).append(part)
    merged = merge_rows([repeated_rows(parts) for parts in buckets.values()])
    return {number: rows.tolist() for number, rows in merged.items()}


@given(sources=SOURCES, seed=st.integers(0, 9))
def test_all_but_the_first_of_equal_values_repeat(sources, seed):
    seen, repeated = set(), {}
    for number, rows in enumerate(sources):
        for at, (value, blocked) in enumerate(rows):
            if value is not None and not blocked:
                if value in seen:
                    repeated.setdefault(number, []).append(at)
                seen.add(value)
    assert find(sources, seed) == repeated


def test_a_pair_that_was_rejected_hides_no_other():
    assert find([[("a", True), ("a", False), ("a", False)]]) == {0: [2]}


def test_a_skipped_row_hides_no_other():
    assert find([[("a", False), ("a", False), ("a", False)]], passed_over=np.array([0])) == {0: [2]}


def test_empty_sources_have_no_duplicates():
    assert merge_rows([]) == {}
    assert find([[]]) == {}
