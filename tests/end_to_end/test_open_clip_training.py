"""open_clip's training command learns from the shards of a run, as they are."""

import io
import math
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from ..support.commands import call
from ..support.shards import MadePair, write_source
from .test_other_programs import CLIENTS

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).parents[1] / "support" / "train_open_clip.py"
BATCH = 16
COLOURS = ("red", "green", "blue", "yellow", "black", "white", "purple", "orange")
OPTIONS = (
    *("--batch-size", BATCH, "--epochs", 7, "--workers", 1, "--lr", 3e-3, "--wd", 0),
    *("--warmup", 10, "--device", "cpu", "--precision", "fp32", "--save-frequency", 0),
)


def coloured(colour, number):
    """Return a caption of one plain picture, and the picture."""
    stream = io.BytesIO()
    Image.new("RGB", (32, 32), colour).save(stream, "JPEG", comment=str(number).encode())
    return f"a {colour} wall", stream.getvalue()


def test_the_loss_falls_in_a_hundred_steps(tmp_path):
    if not CLIENTS.exists():
        pytest.skip("no open_clip: 'make clients' installs it beside the venv")
    pairs = [MadePair(at, *coloured(COLOURS[at % len(COLOURS)], at)) for at in range(256)]
    write_source(tmp_path / "0.tar", pairs)
    answer = call("run", tmp_path / "0.tar", "--out", tmp_path / "run", "--workers", "1")
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
    assert losses[-1] < math.log(BATCH) - 0.5, losses
