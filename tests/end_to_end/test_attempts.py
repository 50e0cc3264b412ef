"""Several attempts at every unit at the same time, as an engine starts them that lost a worker."""

import multiprocessing
import os
import signal
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from evenpair.pipeline.inputs.find_sources import find_sources
from evenpair.pipeline.job import run_job
from evenpair.pipeline.options.captioning_options import EnrichOptions
from evenpair.pipeline.options.phase_options import (
    JobOptions,
    ScoreOptions,
    SelectOptions,
    WriteOptions,
)
from evenpair.pipeline.runs.run import Run
from evenpair.scenes.shards import write_demo_shards
from evenpair.schemas.run_directory import RunDirectory

from ..support.commands import call
from ..support.shards import tree_bytes

COMMAND = (
    *("--statistics", "prior", "--captioner", "demo", "--keep-fraction", "0.8"),
    *("--shard-size", "4", "--workers", "1"),
)
DRAWN = ("report.html", "run.json", ".lock")
PROCESSES = multiprocessing.get_context("fork")


def attempt(build, dies):
    """Do all units of a phase, or die when the first of them would be renamed."""
    if dies:
        os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    pipeline = beam.Pipeline(runner=FnApiRunner())
    build(pipeline)
    pipeline.run().wait_until_finish()


def options_for(inputs, encoders):
    """What COMMAND says, with encoders."""
    return JobOptions(
        score=ScoreOptions(inputs=(str(inputs),), statistics="prior"),
        enrich=EnrichOptions(captioner="demo", **encoders),
        select=SelectOptions(keep_fraction=0.8, shard_size=4),
        write=WriteOptions(),
    )


class Attempts:
    """An engine that makes two attempts at every phase, and a third that is killed."""

    def __init__(self):
        self.ends = []
        self.left = []

    def __call__(self, build, work):
        attempts = [
            PROCESSES.Process(target=attempt, args=(build, dies)) for dies in (True, False, False)
        ]
        for process in attempts:
            process.start()
        for process in attempts:
            process.join()
        self.ends.append([process.exitcode for process in attempts])
        self.left.append(len(temporaries(Path(work.run_dir.root))))


def temporaries(root):
    return [name for name in tree_bytes(root) if ".tmp-" in name]


@pytest.fixture(scope="module", params=[False, True], ids=["captions", "vectors too"])
def encoders(request, tmp_path_factory):
    """No encoders, or three of them, as options that both the command and Python take."""
    if not request.param:
        return {}
    pytest.importorskip("torch", reason="needs the caption extra")
    from ..support.tiny_encoders import make_encoder

    folder = tmp_path_factory.mktemp("encoders")
    models = {"similarity_model": "clip", "image_encoder": "dinov2", "text_encoder": "bert"}
    return {name: str(make_encoder(model, folder / model)) for name, model in models.items()}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_three_attempts_write_the_bytes_of_one_and_leave_no_temporary_files(
    tmp_path, encoders, monkeypatch
):
    monkeypatch.setattr(os, "cpu_count", lambda: 1)  # torch's threads do not survive a fork
    inputs, once, thrice = (tmp_path / name for name in ("in", "once", "thrice"))
    write_demo_shards(inputs, pairs=9, seed=3, shard_size=3)
    more = [f"--{name.replace('_', '-')}={path}" for name, path in encoders.items()]
    assert call("run", inputs, "--out", once, *COMMAND, *more).status == 0
    engine = Attempts()
    run = Run(RunDirectory(str(thrice)), engine)
    run_job(run, find_sources((str(inputs),)), options_for(inputs, encoders))
    assert engine.ends == [[-signal.SIGKILL, 0, 0]] * (5 if encoders else 4)
    assert sum(engine.left) > 0
    assert temporaries(thrice) == []
    whole, made = (tree_bytes(folder) for folder in (once, thrice))
    assert {n: b for n, b in made.items() if n not in DRAWN} == {
        n: b for n, b in whole.items() if n not in DRAWN
    }
    assert "shards/00001.tar" in made
    assert any(name.startswith("embeddings/") for name in made) == bool(encoders)
