"""open_clip's training command learns from the shards of a run, as they are."""

import math
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from evenpair.scenes.shards import write_demo_shards

from ..support.commands import call
from .test_other_programs import CLIENTS

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).parents[1] / "support" / "train_open_clip.py"
BATCH = 16
OPTIONS = (
    *("--batch-size", BATCH, "--epochs", 20, "--workers", 1, "--lr", 3e-3, "--wd", 0),
    *("--warmup", 10, "--device", "cpu", "--precision", "fp32", "--save-frequency", 0),
)


def test_the_loss_falls_in_a_hundred_steps(tmp_path):
    if not CLIENTS.exists():
        pytest.skip("no open_clip: 'make clients' installs it beside the venv")
    write_demo_shards(tmp_path / "in", pairs=256, seed=1, shard_size=128)
    answer = call("run", tmp_path / "in", "--out", tmp_path / "run", "--workers", "1")
    [flags] = [line for line in answer.out.splitlines() if "--train-data" in line]
    command = [sys.executable, "-P", SCRIPT, *shlex.split(flags), *OPTIONS]
    done = subprocess.run(
        [*map(str, command), "--logs", str(tmp_path / "logs")],
        env={**os.environ, "PYTHONPATH": str(CLIENTS)},
        capture_output=True,
        text=True,
        check=False,
    )
    losses = [float(loss) for loss in re.findall(r" Loss: \S+ \((\S+)\)", done.stderr)]
    assert (done.returncode, len(losses) > 9) == (0, True), done.stderr
    assert losses[-1] < math.log(BATCH) - 0.1
