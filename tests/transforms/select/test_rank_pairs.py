"""--keep-fraction: the order of the pairs, and where it is cut."""

import math
from collections import Counter
from random import Random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenpair.schemas.rejection import Reason
from evenpair.schemas.source import Source
from evenpair.schemas.unit import Tally, Unit
from evenpair.transforms.select.decide import is_counted, with_cut, with_duplicates
from evenpair.transforms.select.find_cut import ROUNDS, count_digits, narrow, to_cut
from evenpair.transforms.select.rank_pairs import deciding, is_beyond, kept_count, ranks

SOURCES = ["raw", "fused", "generated"]
SHARES = st.none() | st.sampled_from([0.0, 0.25, 1 / 3, 0.5, 1.0])
ROWS = st.lists(
    st.tuples(
        SHARES,
        SHARES,
        st.sampled_from(SOURCES),
        st.text("0123456789abcdef", min_size=32, max_size=32),
    ),
    unique_by=lambda row: row[3],
    max_size=20,
)
SCHEMA = pa.schema(
    [
        ("imbalance_after", pa.float64()),
        ("agreement", pa.float64()),
        ("caption_source", pa.string()),
        ("uid", pa.string()),
        ("language", pa.string()),
        ("reason", pa.string()),
    ]
)


def table_of(rows, language="en", reason=None):
    columns = [*(zip(*rows, strict=True) if rows else [(), (), (), ()])]
    columns += [[value] * len(rows) for value in (language, reason)]
    arrays = [pa.array(c, f.type) for c, f in zip(columns, SCHEMA, strict=True)]
    return pa.table(arrays, schema=SCHEMA)


def unit_of(*tables):
    return Unit(Source(0, "s", "s.tar"), pa.concat_tables(tables), Tally(0))


def cut_of(parts, fraction):
    """Return the cut of the parts, found round by round."""
    position = None
    for _ in range(ROUNDS):
        digits = () if position is None else position.digits
        counts = [count_digits(ranks(part), digits) for part in parts]
        position = narrow(position, sum(counts, Counter()), fraction)
    return to_cut(position)


def stated_order(row):
    """Sort by imbalance, higher agreement, source and uid; unknown values come last."""
    imbalance, agreement, source, uid = row
    return (
        math.inf if imbalance is None else imbalance,
        1.0 if agreement is None else -agreement,
        SOURCES.index(source),
        uid,
    )


@pytest.mark.parametrize(
    ("fraction", "pairs", "kept"),
    [(0.7, 26, 18), (0.5, 5, 3), (0.5, 0, 0), (0.0, 9, 0), (1.0, 9, 9), (0.1, 4, 0), (0.1, 5, 1)],
)
def test_the_kept_count_is_rounded_half_up(fraction, pairs, kept):
    assert kept_count(fraction, pairs) == kept


@given(rows=ROWS, fraction=st.floats(0, 1), seed=st.integers(0, 9))
def test_the_first_pairs_are_kept_however_the_corpus_is_split(rows, fraction, seed):
    shuffled = rows.copy()
    Random(seed).shuffle(shuffled)
    at = Random(seed + 1).randint(0, len(rows))
    parts = [table_of(shuffled[:at]), table_of(shuffled[at:])]
    cut = cut_of(parts, fraction)
    kept = [
        row for row, after in zip(rows, is_beyond(table_of(rows), cut), strict=True) if not after
    ]
    wanted = sorted(rows, key=stated_order)[: math.floor(fraction * len(rows) + 0.5)]
    assert sorted(kept, key=stated_order) == wanted


def test_ties_are_ordered_by_uid():
    rows = [(0.5, None, "raw", digit * 32) for digit in "b9a0"]
    cut = cut_of([table_of(rows)], 0.5)
    assert is_beyond(table_of(rows), cut).tolist() == [True, False, True, False]


def test_every_decision_counts_for_the_first_part_of_the_rank_that_differs():
    rows = [
        (0.1, 0.5, "raw", "1" * 32),
        (0.5, 0.9, "raw", "2" * 32),
        (0.5, 0.5, "raw", "3" * 32),
        (0.5, 0.5, "fused", "4" * 32),
        (0.5, 0.5, "fused", "5" * 32),
        (0.5, 0.5, "generated", "6" * 32),
        (0.5, 0.1, "raw", "7" * 32),
        (0.9, 1.0, "raw", "8" * 32),
    ]
    table = table_of(rows)
    cut = cut_of([table], 0.5)
    assert is_beyond(table, cut).tolist() == [False] * 4 + [True] * 4
    assert deciding(table, cut) == {"imbalance": 2, "disagreement": 2, "source": 2, "uid": 2}
    assert deciding(table, None) == {}


def test_other_languages_and_rejected_pairs_are_neither_counted_nor_cut():
    unit = unit_of(
        table_of([(0.9, None, "raw", "1" * 32)]),
        table_of([(None, None, "raw", "2" * 32)], language="ja"),
        table_of([(0.1, None, "raw", "3" * 32)], reason="min-bits"),
    )
    assert is_counted(unit).tolist() == [True, False, False]
    nothing_kept = cut_of([unit.table], 0.0)
    reasons = with_cut(unit, nothing_kept).table["reason"].to_pylist()
    assert reasons == ["keep-fraction", None, "min-bits"]


def test_without_a_cut_every_pair_is_kept():
    unit = unit_of(table_of([(0.9, None, "raw", "1" * 32)]))
    assert with_cut(unit, None).table["reason"].to_pylist() == [None]


def test_the_reason_duplicate_replaces_later_ones():
    unit = unit_of(table_of([(0.5, None, "raw", c * 32) for c in "123"], reason="min-bits"))
    rows = np.array([0, 2])
    reasons = with_duplicates(unit, rows, Reason.DUPLICATE_UID).table["reason"].to_pylist()
    assert reasons == ["duplicate-uid", "min-bits", "duplicate-uid"]
    assert with_duplicates(unit, None, Reason.DUPLICATE_UID) is unit
