"""The names of `import evenpair`: captions in memory, and the phases as functions."""

import subprocess
import sys

import pyarrow.parquet as pq
import pytest

import evenpair
from evenpair.schemas.tables import PAIRS, SCORES

from ..support.commands import call
from ..support.messages import raises_naming
from ..support.shards import MadePair, read_shards, tree_bytes, write_source

CAPTIONS = ["a large brown dog lies on a red rug", "dog", None, "犬が赤い敷物の上にいる"]


def test_importing_evenpair_imports_nothing_else():
    script = "import sys, evenpair; dir(evenpair); print('numpy' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


def test_every_public_name_is_there():
    assert {name for name in evenpair.__all__ if getattr(evenpair, name) is None} == set()
    assert {*evenpair.__all__} <= {*dir(evenpair)}
    with pytest.raises(AttributeError, match="nothing"):
        _ = evenpair.nothing


def test_facts_are_read_in_order():
    dog, nothing = evenpair.read_facts(["a brown dog", ""])
    assert dog == evenpair.Facts(("dog",), (evenpair.Attribute("dog", "brown"),))
    assert len(nothing) == 0


def test_scores_are_those_of_the_command(tmp_path):
    pairs = [MadePair(at, caption or "") for at, caption in enumerate(CAPTIONS)]
    write_source(tmp_path / "0.tar", pairs)
    command = ("score", tmp_path / "0.tar", "--out", tmp_path / "run", "--statistics", "prior")
    assert call(*command, "--workers", "1").status == 0
    scored = evenpair.score_captions(caption or "" for caption in CAPTIONS)
    names = [name for name in SCORES.names if name not in PAIRS.names or name == "caption"]
    assert scored.equals(pq.read_table(tmp_path / "run/scores/0.parquet").select(names))


def test_a_caption_may_be_missing():
    [row] = evenpair.score_captions([None]).to_pylist()
    assert (row["caption"], row["words"], row["information_bits"]) == (None, 0, 0)


@pytest.mark.slow
def test_the_phases_write_what_the_commands_write(tmp_path):
    write_source(tmp_path / "0.tar", [MadePair(at, f"a dog on {at} boats") for at in range(4)])
    shards, out = str(tmp_path / "0.tar"), str(tmp_path / "run")
    counts = evenpair.run(shards, out, keep_fraction=0.5, workers=1)
    assert (counts.pairs_read, counts.pairs_written, dict(counts.rejected)) == (
        4, 2, {"keep-fraction": 2},
    )  # fmt: skip
    steps = str(tmp_path / "steps")
    evenpair.score([shards], steps, workers=1)
    assert evenpair.enrich(steps, workers=1)
    evenpair.select(steps, workers=1)
    assert evenpair.write(steps, workers=1).pairs_written == 4
    with raises_naming(evenpair.UsageError, "--overwrite"):
        evenpair.select(steps, keep_fraction=0.5, workers=1)
    evenpair.select(steps, keep_fraction=0.5, workers=1, overwrite=True)
    assert evenpair.write(steps, workers=1) == counts
    assert len(read_shards(tmp_path / "run/shards")) == 2
    assert tree_bytes(tmp_path / "run/shards") == tree_bytes(tmp_path / "steps/shards")


@pytest.mark.parametrize(
    ("options", "named"),
    [({"mod": "fuse"}, ["'mod'", "mode"]), ({"mode": "x"}, ["--mode", "'x'", "fuse"])],
)
def test_unknown_options_and_choices_are_refused(tmp_path, options, named):
    with raises_naming(evenpair.UsageError, *named):
        evenpair.select(str(tmp_path), **options)
