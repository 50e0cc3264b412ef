"""What is done is recognised, what changed is redone; the engine here does nothing."""

import json

import pytest

from evenpair.pipeline.job import enrich as enrich_if_asked
from evenpair.pipeline.options.options import (
    EnrichOptions,
    ScoreOptions,
    SelectOptions,
    WriteOptions,
)
from evenpair.pipeline.phases import steps as phases
from evenpair.pipeline.phases.select import MEASURES
from evenpair.pipeline.runs.record import NoRunError, changed_option
from evenpair.pipeline.runs.run import Run
from evenpair.schemas.errors import UsageError
from evenpair.schemas.phase import Phase
from evenpair.schemas.run_directory import RunDirectory
from evenpair.schemas.source import name_sources
from evenpair.schemas.statistics import Statistics
from evenpair.storage import files
from evenpair.transforms.captioners.captioner import Asked
from evenpair.transforms.information.keep_statistics import keep_statistics
from evenpair.transforms.select.plan_shards import keep_plan

ONE = name_sources(["/data/0.tar", "/data/1.tar"])
OTHER = name_sources(["/data/0.tar", "/data/2.tar"])
KEEP_HALF = SelectOptions(keep_fraction=0.5)
X = Asked("x", "", "")


class Killed(BaseException):
    pass


class Steps:
    """A run whose engine only notes what it is asked for, and leaves what each phase leaves."""

    def __init__(self, root):
        self.directory = RunDirectory(str(root))
        self.done = []

    @property
    def run(self):
        """The run as a new process finds it."""
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

    def all(self, sources=ONE, score=None, select=None):
        phases.score(self.run, sources, score or ScoreOptions())
        phases.select(self.run, select or SelectOptions())
        phases.write(self.run, WriteOptions())
        return self.take()

    def enrich(self, **options):
        phases.enrich(self.run, EnrichOptions(captioner="x", **options), X, lambda: None)

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


def test_what_is_done_is_not_done_again(steps):
    assert steps.all() == []


def test_new_options_redo_their_phase_and_those_after_it(steps):
    phases.select(steps.run, KEEP_HALF)
    assert steps.take() == ["select"]
    assert steps.has("scores", "selection", "shards") == [True, True, False]
    assert steps.all(select=KEEP_HALF) == ["write"]
    assert steps.all(score=ScoreOptions(enrich_below=0.9), select=KEEP_HALF) == [
        "score",
        "select",
        "write",
    ]


def test_new_scores_remove_what_was_made_from_the_old(steps):
    phases.score(steps.run, ONE, ScoreOptions(enrich_below=0.9))
    left = steps.has("scores", "selection", "plan.parquet", "shards", "rejections/select-0.parquet")
    assert left == [True, False, False, False, False]
    with pytest.raises(UsageError, match=r"^select is not done in .*: evenpair select .* first$"):
        phases.write(steps.run, WriteOptions())


def test_other_shards_are_scored_though_the_input_is_called_the_same(steps):
    assert steps.all(OTHER) == ["score", "select", "write"]
    assert steps.run.sources() == OTHER


def test_the_same_shards_are_the_same_whatever_the_input_is_called(steps):
    assert steps.all(score=ScoreOptions(inputs=("elsewhere/*.tar",))) == []


def test_the_first_captions_make_an_earlier_selection_invalid(steps):
    steps.enrich()
    assert steps.take() == ["enrich"]
    assert steps.has("selection", "shards") == [False, False]
    assert steps.all() == ["select", "write"]


def test_captions_stay_when_scores_are_redone(steps):
    steps.enrich()
    files.write_bytes(steps.directory.path("captions", "kept"), b"")
    phases.score(steps.run, ONE, ScoreOptions(enrich_below=0.9))
    assert steps.has("captions/kept") == [True]


def test_captions_that_are_to_be_made_again_are_waited_for(steps):
    steps.enrich()
    phases.score(steps.run, ONE, ScoreOptions(enrich_below=0.9))
    with pytest.raises(UsageError, match=r"^enrich is not done in "):
        phases.select(steps.run, SelectOptions())
    steps.enrich()
    phases.select(steps.run, SelectOptions())
    assert steps.take() == ["enrich", "score", "enrich", "select"]


def test_without_a_captioner_enrich_is_nothing_to_wait_for(steps):
    enrich_if_asked(steps.run, EnrichOptions())
    assert steps.all() == []
    assert steps.all(score=ScoreOptions(enrich_below=0.9)) == ["score", "select", "write"]


def test_work_of_an_attempt_with_the_same_options_stays(steps):
    kept = steps.directory.path("work", "parsed", "0.parquet")
    for options, stays in [(ScoreOptions(enrich_below=0.9), False), (ScoreOptions(), True)]:
        files.write_bytes(kept, b"")
        run = steps.run
        run.record["phases"]["score"]["done"] = False
        run.begin(Phase.SCORE, options)
        assert files.exists(kept) is stays
        steps.run.begin(Phase.SCORE, ScoreOptions())


def test_who_is_killed_while_removing_leaves_nothing_that_looks_finished(steps, monkeypatch):
    def killed(path):
        raise Killed(path)

    with monkeypatch.context() as patched:
        patched.setattr(files, "remove", killed)
        with pytest.raises(Killed):
            phases.select(steps.run, KEEP_HALF)
    assert steps.all() == ["select", "write"]


@pytest.mark.parametrize("phase", ["enrich", "select", "write"])
def test_a_folder_that_is_no_run_says_what_makes_one(tmp_path, phase):
    run = Steps(tmp_path / "none").run
    calls = {
        "enrich": lambda: phases.enrich(run, EnrichOptions(captioner="x"), X, lambda: None),
        "select": lambda: phases.select(run, SelectOptions()),
        "write": lambda: phases.write(run, WriteOptions()),
    }
    with pytest.raises(NoRunError, match=r"is no run directory: evenpair score INPUT\.\.\. --out"):
        calls[phase]()
    assert not (tmp_path / "none").exists()


def test_models_that_do_not_exist_are_named_before_anything_is_removed(steps):
    for options in (ScoreOptions(statistics="/no/such.parquet"), ScoreOptions(parser="no_such")):
        with pytest.raises(ValueError if options.parser else UsageError, match=r"^no "):
            phases.score(steps.run, ONE, options)
    assert steps.has("scores", "selection", "shards") == [True, True, True]
    assert steps.all() == []


def test_the_record_is_json_that_a_person_can_read(steps):
    record = json.loads((files.read_bytes(steps.directory.record)).decode())
    assert sorted(record) == ["measures", "phases", "versions"]
    assert record["phases"]["select"]["options"]["mode"] == "fuse"


def test_the_changed_option_is_the_first_by_name():
    record = {"phases": {"select": {"options": {"seed": 0, "mode": "fuse"}}}}
    changed = changed_option(record, Phase.SELECT, {"seed": 1, "mode": "mix"})
    assert changed == ("mode", "fuse", "mix")
    assert changed_option(record, Phase.SELECT, {"seed": 0, "mode": "fuse"}) is None
    assert changed_option(record, Phase.WRITE, {"check_images": True}) is None
