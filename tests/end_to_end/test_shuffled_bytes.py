"""No image passes from one stage to the next, whatever an engine fuses.

Here nothing is fused: every collection of every phase is encoded, buffered and read again.
"""

import io
import random
from dataclasses import dataclass, field

import pytest
from apache_beam.runners.portability.fn_api_runner import execution, translations
from PIL import Image

from ..support.commands import call
from ..support.shards import MadePair, read_shards, tree_bytes, write_source

pytestmark = pytest.mark.slow

PAIRS = 8
LARGE, SMALL = 96, 24
OPTIONS = (
    *("--captioner", "demo", "--reference-sample", "2", "--keep-fraction", "0.8"),
    *("--shard-size", "5", "--workers", "1"),
)


@dataclass
class Crossed:
    """The bytes that went into the buffers between stages: those that group, and the others."""

    grouped: list[bytes] = field(default_factory=list)
    passed: list[bytes] = field(default_factory=list)


@dataclass
class Job:
    """A run in which each step is a stage of its own, and the bytes that crossed."""

    pairs: list[MadePair]
    inputs: object
    out: object
    crossed: Crossed

    @property
    def image_bytes(self):
        return sum(len(pair.content) for pair in self.pairs)


def noise(number, size):
    """Return a picture of noise, which no encoding makes smaller."""
    pixels = random.Random(number).randbytes(3 * size * size)
    stream = io.BytesIO()
    Image.frombytes("RGB", (size, size), pixels).save(stream, "JPEG", quality=95)
    return stream.getvalue()


def make_pairs(size):
    captions = ("a dog", "a red ball on a rug", "a cat sleeps", "two green boats in a harbour")
    return [
        MadePair(number, f"{captions[number % 4]} {number}", image=noise(number, size))
        for number in range(2 * PAIRS)
    ]


def noting(append, notes):
    def note(buffer, data):
        notes.append(data)
        append(buffer, data)

    return note


def run_unfused(folder, size):
    pairs, crossed = make_pairs(size), Crossed()
    for shard in range(2):
        write_source(folder / f"in/{shard}.tar", pairs[shard * PAIRS : (shard + 1) * PAIRS])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(translations.Stage, "can_fuse", lambda *_: False)
        for buffer, notes in (
            (execution.GroupingBuffer, crossed.grouped),
            (execution.ListBuffer, crossed.passed),
        ):
            patch.setattr(buffer, "append", noting(buffer.append, notes))
        answer = call("run", folder / "in", "--out", folder / "run", *OPTIONS)
    assert (answer.status, answer.err) == (0, "")
    return Job(pairs, folder / "in", folder / "run", crossed)


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    return run_unfused(tmp_path_factory.mktemp("large"), LARGE)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return run_unfused(tmp_path_factory.mktemp("small"), SMALL)


def test_the_result_does_not_depend_on_fusion(large, tmp_path):
    assert call("run", large.inputs, "--out", tmp_path / "run", *OPTIONS).status == 0
    assert tree_bytes(large.out / "shards") == tree_bytes(tmp_path / "run" / "shards")
    assert len(read_shards(large.out / "shards")) == 13


def test_no_bytes_of_an_image_leave_its_stage(large):
    everything = b"".join(large.crossed.passed + large.crossed.grouped)
    pieces = [pair.content[at : at + 32] for pair in large.pairs for at in (1000, 4000)]
    assert [piece for piece in pieces if piece in everything] == []
    assert b"a red ball on a rug" in everything


def test_the_shuffled_bytes_do_not_grow_with_the_images(large, small):
    assert large.image_bytes > 6 * small.image_bytes
    more, less = (sum(map(len, job.crossed.grouped)) for job in (large, small))
    captions_differ = (large.image_bytes - small.image_bytes) / 50
    assert less > 0
    assert abs(more - less) < captions_differ
