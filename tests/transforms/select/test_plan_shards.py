"""The sources of each output shard."""

from itertools import accumulate, pairwise

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenpair.schemas.phase import Phase
from evenpair.schemas.rejection import Reason, Rejection
from evenpair.schemas.source import Source
from evenpair.schemas.tables import SELECTION, rejections_to_table
from evenpair.schemas.unit import Tally, Unit
from evenpair.transforms.select.assign_shards import assign_shards, rejections_of
from evenpair.transforms.select.plan_shards import (
    Plan,
    by_source,
    keep_plan,
    load_plan,
    plan_shards,
)

COUNTS = st.lists(st.integers(0, 40), max_size=8)
SIZES = st.integers(1, 25)


def sources(number):
    return [Source(n, f"s{n}", f"/s{n}.tar") for n in range(number)]


def planned(counts, size):
    return plan_shards(zip(sources(len(counts)), counts, strict=True), size)


def ranges(shard):
    return [(piece.source.number, piece.start, piece.stop) for piece in shard.pieces]


@given(counts=COUNTS, size=SIZES)
def test_every_kept_pair_is_in_one_piece_in_the_order_of_the_sources(counts, size):
    pieces = [piece for shard in planned(counts, size) for piece in shard.pieces]
    pairs = [(p.source.number, at) for p in pieces for at in range(p.start, p.stop)]
    assert pairs == [(number, at) for number, count in enumerate(counts) for at in range(count)]


@given(counts=COUNTS, size=SIZES)
def test_shards_are_numbered_filled_and_never_too_large(counts, size):
    shards = planned(counts, size)
    assert [shard.number for shard in shards] == list(range(len(shards)))
    pairs = [shard.pairs for shard in shards]
    assert [n for n in pairs if not 1 <= n <= size] == []
    first_pieces = [shard.pieces[0] for shard in shards[1:]]
    room = [size - before for before in pairs[: len(first_pieces)]]
    fits = [p.stop - p.start <= r for p, r in zip(first_pieces, room, strict=True)]
    assert True not in fits  # a piece that still fitted was not moved to the next shard


@pytest.mark.parametrize(
    ("counts", "size", "shards"),
    [
        ([], 5, []),
        ([0, 0], 5, []),
        ([2, 3, 1], 5, [[(0, 0, 2), (1, 0, 3)], [(2, 0, 1)]]),
        ([2, 0, 4], 5, [[(0, 0, 2)], [(2, 0, 4)]]),
        ([11], 5, [[(0, 0, 3)], [(0, 3, 7)], [(0, 7, 11)]]),
        ([6, 2], 5, [[(0, 0, 3)], [(0, 3, 6), (1, 0, 2)]]),
    ],
)
def test_consecutive_sources_are_packed_to_the_size(counts, size, shards):
    assert [ranges(shard) for shard in planned(counts, size)] == shards


@given(counts=COUNTS, size=SIZES)
def test_pieces_by_source_are_those_of_the_shards(counts, size):
    shards = planned(counts, size)
    assert sorted(
        (shard, number, piece.start, piece.stop)
        for number, pieces in by_source(shards).items()
        for shard, piece in pieces
    ) == sorted((shard.number, *piece) for shard in shards for piece in ranges(shard))


@pytest.mark.parametrize("counts", [[], [0], [3, 12, 0, 1]])
def test_a_plan_survives_the_round_trip(tmp_path, counts):
    shards = planned(counts, 5)
    keep_plan(shards, str(tmp_path / "plan.parquet"))
    assert load_plan(sources(len(counts)), str(tmp_path / "plan.parquet")) == shards


def decided(number, reasons):
    """Return a unit of decisions; a pair without a reason is kept."""
    rows = [
        {"uid": f"{number}{at}", "shard": f"s{number}", "key": f"k{at}", "reason": reason}
        for at, reason in enumerate(reasons)
    ]
    missing = [f for f in SELECTION if f.name not in ("uid", "shard", "key", "reason")]
    names = [f for f in SELECTION if f.name in ("uid", "shard", "key", "reason")]
    table = pa.Table.from_pylist(rows, schema=pa.schema(names))
    for field in missing:
        table = table.append_column(field.name, pa.nulls(len(rows), field.type))
    return Unit(sources(number + 1)[number], table, Tally(len(rows)))


@given(
    reasons=st.lists(st.lists(st.sampled_from([None, "where", "min-bits"])), max_size=4), size=SIZES
)
def test_kept_pairs_get_the_shards_of_the_plan(reasons, size):
    counts = [row.count(None) for row in reasons]
    shards = planned(counts, size)
    plan = Plan(by_source(shards))
    units = [assign_shards(decided(number, row), plan) for number, row in enumerate(reasons)]
    rows = [row for unit in units for row in unit.table.to_pylist()]
    kept = [row for row in rows if row["reason"] is None]
    edges = pairwise(accumulate((shard.pairs for shard in shards), initial=0))
    assert [row["output_shard"] for row in kept] == [
        number for number, (start, stop) in enumerate(edges) for _ in range(start, stop)
    ]
    assert [row["output_key"] for row in kept] == [row["key"] for row in kept]
    dropped = [row for row in rows if row["reason"] is not None]
    assert {(row["action"], row["output_shard"], row["output_key"]) for row in dropped} <= {
        ("reject", None, None)
    }
    assert {row["action"] for row in kept} <= {"keep"}


def test_dropped_pairs_become_rejections():
    unit = assign_shards(decided(0, [None, "min-bits", "where"]), Plan({}))
    assert rejections_of(unit.table) == rejections_to_table(
        [
            Rejection("01", "s0", "k1", Phase.SELECT, Reason.MIN_BITS),
            Rejection("02", "s0", "k2", Phase.SELECT, Reason.WHERE),
        ]
    )


def test_keys_that_two_sources_share_start_with_the_number_of_the_source():
    unit = assign_shards(decided(3, [None, None]), Plan({}, number_width=5))
    assert unit.table["output_key"].to_pylist() == ["00003k0", "00003k1"]
