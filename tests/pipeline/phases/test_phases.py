"""Finished phases are recognised, changed ones redone; the engine here does nothing."""

import json

import pytest

from evenpair.pipeline.options.captioning_options import EnrichOptions
from evenpair.pipeline.options.phase_options import ScoreOptions, SelectOptions, WriteOptions
from evenpair.pipeline.phases.captioning import Chosen
from evenpair.pipeline.phases.enrich import caption, enrich
from evenpair.pipeline.phases.prepare import Prepared, prepare
from evenpair.pipeline.phases.score import score
from evenpair.pipeline.phases.select import MEASURES, select
from evenpair.pipeline.phases.write import write
from evenpair.pipeline.runs.record import NoRunError, PhaseRecord, RunRecord
from evenpair.pipeline.runs.run import Run
from evenpair.schemas.errors import UsageError
from evenpair.schemas.phase import Phase
from evenpair.schemas.run_directory import RunDirectory
from evenpair.schemas.source import name_sources
from evenpair.schemas.statistics import Statistics
from evenpair.storage import files
from evenpair.transforms.captioners.captioner import CaptionerId
from evenpair.transforms.captioners.endpoint_service import Service
from evenpair.transforms.information.keep_statistics import keep_statistics
from evenpair.transforms.select.plan_shards import keep_plan

from ...support.messages import raises_naming

ONE = name_sources(["/data/0.tar", "/data/1.tar"])
OTHER = name_sources(["/data/0.tar", "/data/2.tar"])
KEEP_HALF = SelectOptions(keep_fraction=0.5)
X = Chosen(Service(CaptionerId("x", "", ""), ("http://127.0.0.1:9",), 1, 1.0, 8))


class Killed(BaseException):
    pass


class Steps:
    """A run whose engine notes each phase and writes one file where its results would be."""

    def __init__(self, root):
        self.directory = RunDirectory(str(root))
        self.done = []

    @property
    def run(self):
        """The run as a new process opens it."""
        return Run(self.directory, self.execute)

    def execute(self, build, work):
        self.done.append(work.phase.value)
        folder = {"write": "shards", "select": "selection"}.get(work.phase.value, "scores")
        files.write_bytes(self.directory.path(folder, "unit"), b"")
        if work.phase is Phase.SCORE:
            keep_statistics(Statistics(), self.directory.statistics)
        if work.phase is Phase.SELECT:
            keep_plan([], self.directory.plan)
            files.write_bytes(self.directory.scratch(MEASURES), b"{}")
            files.write_bytes(self.directory.path("rejections", "select-0.parquet"), b"")

    def all(self, sources=ONE, score_options=None, select_options=None):
        score(self.run, sources, score_options or ScoreOptions(), Prepared())
        select(self.run, select_options or SelectOptions())
        write(self.run, WriteOptions())
        return self.take()

    def enrich(self, **options):
        caption(self.run, EnrichOptions(captioner="x", **options), X)

    def take(self):
        done, self.done = self.done, []
        return done

    def has(self, *names):
        return [files.exists(self.directory.path(name)) for name in names]


@pytest.fixture
def steps(tmp_path):
    steps = Steps(tmp_path / "run")
    assert steps.all() == ["score", "select", "write"]
    return steps


def test_a_finished_phase_is_not_run_again(steps):
    assert steps.all() == []


def test_new_options_redo_their_phase_and_those_after_it(steps):
    select(steps.run, KEEP_HALF)
    assert steps.take() == ["select"]
    assert steps.has("scores", "selection", "shards") == [True, True, True]
    assert steps.all(select_options=KEEP_HALF) == ["write"]
    assert steps.all(score_options=ScoreOptions(enrich_below=0.9), select_options=KEEP_HALF) == [
        "score",
        "select",
        "write",
    ]


def test_new_scores_remove_the_results_of_the_old(steps):
    score(steps.run, ONE, ScoreOptions(enrich_below=0.9), Prepared())
    left = steps.has("scores", "selection", "plan.parquet", "shards", "rejections/select-0.parquet")
    assert left == [True, False, False, True, False]
    with raises_naming(UsageError, f"evenpair select {steps.directory.root}"):
        write(steps.run, WriteOptions())


def test_other_shards_are_scored_even_if_the_input_has_the_same_name(steps):
    assert steps.all(OTHER) == ["score", "select", "write"]
    assert steps.run.sources() == OTHER


def test_the_same_shards_are_recognised_under_another_name(steps):
    assert steps.all(score_options=ScoreOptions(inputs=("elsewhere/*.tar",))) == []


def test_the_first_captions_invalidate_an_earlier_selection(steps):
    steps.enrich()
    assert steps.take() == ["enrich"]
    assert steps.has("selection", "shards") == [False, True]
    assert steps.all() == ["select", "write"]


def test_captions_stay_when_scores_are_redone(steps):
    steps.enrich()
    files.write_bytes(steps.directory.path("captions", "kept"), b"")
    score(steps.run, ONE, ScoreOptions(enrich_below=0.9), Prepared())
    assert steps.has("captions/kept") == [True]


def test_select_needs_enrich_again_after_new_scores(steps):
    steps.enrich()
    score(steps.run, ONE, ScoreOptions(enrich_below=0.9), Prepared())
    with raises_naming(UsageError, f"evenpair enrich {steps.directory.root}"):
        select(steps.run, SelectOptions())
    steps.enrich()
    select(steps.run, SelectOptions())
    assert steps.take() == ["enrich", "score", "enrich", "select"]


def test_without_a_captioner_select_does_not_need_enrich(steps):
    enrich(steps.run, EnrichOptions(), Prepared())
    assert steps.all() == []
    assert steps.all(score_options=ScoreOptions(enrich_below=0.9)) == ["score", "select", "write"]


def test_unfinished_work_is_kept_only_for_the_same_options(steps):
    kept = steps.directory.path("work", "parsed", "0.parquet")
    for options, stays in [(ScoreOptions(enrich_below=0.9), False), (ScoreOptions(), True)]:
        files.write_bytes(kept, b"")
        run = steps.run
        run.save(phases=run.record.with_done(Phase.SCORE, done=False).phases)
        run.begin(Phase.SCORE, options)
        assert files.exists(kept) is stays
        steps.run.begin(Phase.SCORE, ScoreOptions())


def test_a_run_killed_while_removing_results_does_not_look_finished(steps, monkeypatch):
    def killed(path):
        raise Killed(path)

    with monkeypatch.context() as patched:
        patched.setattr(files, "remove", killed)
        with pytest.raises(Killed):
            select(steps.run, KEEP_HALF)
    assert steps.all() == ["select", "write"]


@pytest.mark.parametrize("phase", ["enrich", "select", "write"])
def test_a_folder_without_a_run_is_refused_with_the_command_that_starts_one(tmp_path, phase):
    run = Steps(tmp_path / "none").run
    calls = {
        "enrich": lambda: caption(run, EnrichOptions(captioner="x"), X),
        "select": lambda: select(run, SelectOptions()),
        "write": lambda: write(run, WriteOptions()),
    }
    with raises_naming(NoRunError, tmp_path / "none", "evenpair score INPUT..."):
        calls[phase]()
    assert not (tmp_path / "none").exists()


def test_a_missing_model_is_named_before_anything_is_removed(steps):
    for options in (ScoreOptions(statistics="/no/such.parquet"), ScoreOptions(parser="no_such")):
        with pytest.raises(ValueError if options.parser else UsageError, match=r"no.such"):
            prepare(steps.run, score=options, sources=ONE)
    assert steps.has("scores", "selection", "shards") == [True, True, True]
    assert steps.all() == []


def test_the_record_is_readable_json(steps):
    record = json.loads((files.read_bytes(steps.directory.record)).decode())
    assert {"counts", "measures", "phases", "versions"} <= set(record)
    assert record["phases"]["select"]["options"]["mode"] == "fuse"


def test_the_changed_option_is_the_first_by_name():
    record = RunRecord(phases={Phase.SELECT: PhaseRecord({"seed": 0, "mode": "fuse"})})
    changed = record.changed_option(Phase.SELECT, {"seed": 1, "mode": "mix"})
    assert changed == ("mode", "fuse", "mix")
    assert record.changed_option(Phase.SELECT, {"seed": 0, "mode": "fuse"}) is None
    assert record.changed_option(Phase.WRITE, {"check_images": True}) is None
