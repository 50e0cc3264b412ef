"""The work of a phase: how much there is, and which paths workers need."""

import pytest

from evenpair.pipeline.runs.work import FEW, Work
from evenpair.schemas.phase import Phase
from evenpair.schemas.run_directory import RunDirectory


def work_of(pairs, phase=Phase.SCORE):
    return Work(phase, 2, RunDirectory("/run"), pairs)


@pytest.mark.parametrize(
    ("pairs", "small"),
    [([], True), ([FEW[Phase.SCORE]], True), ([FEW[Phase.SCORE], 1], False), ([10**9], False)],
)
def test_work_on_few_pairs_is_small(pairs, small):
    assert work_of(pairs).is_small() is small


def test_pairs_are_counted_only_until_the_limit_is_passed():
    counts = iter([10**9, 1])
    assert not work_of(counts).is_small()
    assert next(counts) == 1


def test_enriching_is_never_small():
    assert not work_of([1], Phase.ENRICH).is_small()


def test_workers_need_the_files_of_captions_too():
    work = Work(Phase.ENRICH, 2, RunDirectory("/run"), files=["/captions/a.parquet"])
    assert work.paths() == ["/run", "/captions/a.parquet"]
