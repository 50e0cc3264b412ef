"""Duplicates, the cut and the plan as Beam transforms, however their input is split."""

import apache_beam as beam
import pyarrow as pa
import pytest
from apache_beam.pvalue import AsSingleton
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.util import assert_that, equal_to

from evenpair.schemas.rejection import Reason
from evenpair.schemas.source import name_sources
from evenpair.schemas.unit import Tally, Unit
from evenpair.transforms.select.decide import RejectBeyondCut, RejectDuplicates
from evenpair.transforms.select.find_cut import ROUNDS, NarrowCut, to_cut
from evenpair.transforms.select.find_duplicates import FindDuplicates
from evenpair.transforms.select.plan_shards import PlanShards, load_plan

SOURCES = name_sources(["/data/0.tar", "/data/1.tar", "/data/2.tar"])


def pipeline():
    """Return a pipeline on Beam's own runner; if none is named, Beam looks for others."""
    return beam.Pipeline(runner=FnApiRunner())


def unit(at, columns):
    table = pa.table(columns)
    return Unit(SOURCES[at], table, Tally(table.num_rows))


def column(name):
    return beam.Map(lambda unit: (unit.source.name, unit.table[name].to_pylist()))


def decisions(at, uids, imbalances):
    rows = len(uids)
    return unit(
        at,
        {
            "uid": pa.array(uids, pa.string()),
            "blocked": pa.array([False] * rows, pa.bool_()),
            "reason": pa.nulls(rows, pa.string()),
            "language": pa.array(["en"] * rows, pa.string()),
            "imbalance_after": pa.array(imbalances, pa.float64()),
            "agreement": pa.nulls(rows, pa.float64()),
            "caption_source": pa.array(["raw"] * rows, pa.string()),
        },
    )


@pytest.mark.parametrize(
    ("fraction", "kept"),
    [
        (None, [("0", [None, None]), ("1", ["duplicate-uid", None]), ("2", [])]),
        (
            0.34,
            [
                ("0", ["keep-fraction", None]),
                ("1", ["duplicate-uid", "keep-fraction"]),
                ("2", []),
            ],
        ),
    ],
)
def test_duplicates_are_rejected_and_the_rest_is_cut(tmp_path, fraction, kept):
    with pipeline() as root:
        units = root | beam.Create(
            [
                decisions(1, ["b" * 32, "c" * 32], [0.0, 0.5]),
                decisions(0, ["a" * 32, "b" * 32], [0.9, 0.1]),
                decisions(2, [], []),
            ]
        )
        repeated = units | FindDuplicates("uid", f"{tmp_path}/values")
        assert_that(
            repeated | beam.Map(lambda rows: {n: r.tolist() for n, r in rows.items()}),
            equal_to([{1: [0]}]),
            "repeated",
        )
        distinct = units | RejectDuplicates({Reason.DUPLICATE_UID: AsSingleton(repeated)})
        found = root | "Nothing found" >> beam.Create([None])
        for number in range(ROUNDS if fraction is not None else 0):
            found = distinct | f"Round {number}" >> NarrowCut(fraction, AsSingleton(found))
        cut = found | "Cut" >> beam.Map(to_cut)
        decided = distinct | RejectBeyondCut(AsSingleton(cut))
        assert_that(decided | column("reason"), equal_to(kept), "reasons")


def test_the_plan_follows_the_order_of_the_sources(tmp_path):
    path = str(tmp_path / "plan.parquet")
    units = [
        decisions(at, ["a" * 32] * count, [0.0] * count) for at, count in ((2, 1), (0, 2), (1, 3))
    ]
    with pipeline() as root:
        none = root | "No repeated keys" >> beam.Create([False])
        plan = root | beam.Create(units) | PlanShards(4, path, AsSingleton(none))
        pieces = plan | beam.Map(
            lambda made: {
                n: [(s, p.start, p.stop) for s, p in found] for n, found in made.pieces.items()
            }
        )
        expected = {0: [(0, 0, 2)], 1: [(1, 0, 3)], 2: [(1, 0, 1)]}
        assert_that(pieces, equal_to([expected]), "pieces")
        assert_that(
            plan | "Width" >> beam.Map(lambda made: made.number_width), equal_to([0]), "width"
        )
        kept = plan | "Load" >> beam.Map(lambda _: [s.pairs for s in load_plan(SOURCES, path)])
        assert_that(kept, equal_to([[2, 4]]), "kept")
