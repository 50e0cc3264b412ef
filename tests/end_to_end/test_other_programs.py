"""Other programs read the shards: webdataset, open_clip, img2dataset and DataComp's resharder."""

import hashlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from ..support.commands import call
from ..support.shards import (
    MadePair,
    make_jpeg,
    read_shards,
    read_tar,
    write_members,
    write_source,
)

pytestmark = pytest.mark.slow

CLIENTS = Path(__file__).parents[2] / ".cache" / "clients"
"""Where ``make clients`` puts open_clip and the webdataset that it pins."""

SCRIPT = Path(__file__).parents[1] / "support" / "read_as_others.py"
IMAGES = ("jpg", "png", "jpeg", "webp")


def read_with(folder, *programs, site=""):
    """Return what each program reads in a folder, by its name, and its messages."""
    done = subprocess.run(
        [sys.executable, "-P", str(SCRIPT), str(folder), *programs],
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


def picture(colour, mode, kind):
    stream = io.BytesIO()
    Image.new("RGB", (8, 8), colour).convert(mode).save(stream, kind, lossless=True)
    return stream.getvalue()


PAIRS = [
    MadePair(at, f"a dog on {at} boats", extra={"uid": f"{2**64 - 1 - at:016x}{at:016x}"})
    for at in range(6)
]
OTHERS = [
    ("png", picture("red", "RGBA", "PNG")), ("png", picture("gray", "L", "PNG")),
    ("webp", picture("blue", "RGB", "WEBP")), ("jpeg", make_jpeg(23)),
    ("JPG", make_jpeg(24)), ("png", picture("green", "P", "PNG")),
]  # fmt: skip


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """A shard as DataComp's resharder leaves them, and one of all types of images, without JSON."""
    folder = tmp_path_factory.mktemp("inputs")
    write_source(folder / "00000000.tar", PAIRS, parquet=False)
    members = [
        (f"x/{at}.{field}", content)
        for at, (name, image) in enumerate(OTHERS)
        for field, content in [("txt", f"two cats é {at}".encode()), (name, image)]
    ]
    write_members(folder / "00000001.tar", members)
    return folder


@pytest.fixture(scope="module")
def shards(inputs, tmp_path_factory):
    out = tmp_path_factory.mktemp("written") / "run"
    answer = call("run", inputs, "--out", out, "--shard-size", "6", "--workers", "1")
    assert (answer.status, answer.err) == (0, "")
    return out / "shards"


@pytest.fixture(scope="module")
def samples(shards):
    """The samples as a new webdataset reads them."""
    samples = read_shards(shards)
    assert len(samples) == len(PAIRS) + len(OTHERS)
    return samples


@pytest.fixture(scope="module")
def read(shards):
    if not CLIENTS.exists():
        pytest.skip("no open_clip and old webdataset: 'make clients' installs them beside the venv")
    answer, messages = read_with(shards, "webdataset", "open_clip", site=CLIENTS)
    assert "Ignoring" not in messages  # open_clip's word for a pair that it leaves out
    return answer


def test_open_clips_version_of_webdataset_reads_the_same_samples(shards, samples, read):
    archives = [read_tar(path) for path in sorted(shards.glob("*.tar"))]
    digests = {
        name: hashlib.sha256(content).hexdigest()
        for archive in archives
        for name, content in archive.items()
    }
    assert [key for key, _ in read["webdataset"]] == [sample["__key__"] for sample in samples]
    assert digests == {
        f"{key}.{n}": found for key, m in read["webdataset"] for n, found in m.items()
    }


def test_an_epoch_of_open_clip_holds_every_pair_once(samples, read):
    pairs = []
    for sample in samples:
        image = next(sample[name] for name in IMAGES if name in sample)
        pixel = Image.open(io.BytesIO(image)).convert("RGB").getpixel((0, 0))
        pairs.append([sample["txt"].decode(), list(pixel)])
    assert sorted(read["open_clip"]) == sorted(pairs)


def test_img2dataset_would_download_the_tables(shards, samples):
    answer, _ = read_with(shards, "img2dataset")
    names = ("url", "caption_raw", "sha256", "uid")
    assert answer["img2dataset"] == [[s["json"].get(name) for name in names] for s in samples]


def test_datacomp_finds_the_kept_pairs_in_a_subset(inputs, tmp_path):
    """Its resharder looks up each sample's uid in the sorted array of the file."""
    source, kept = inputs / "00000000.tar", tmp_path / "kept.npy"
    options = ("--keep-fraction", "0.5", "--subset-file", kept, "--workers", "1")
    assert call("run", source, "--out", tmp_path / "run", *options).status == 0
    subset = np.load(kept, mmap_mode="r")
    assert subset.dtype == np.dtype("u8,u8")
    found = []
    for name, content in read_tar(source).items():
        if name.endswith(".json"):
            uid = divmod(int(json.loads(content)["uid"], 16), 2**64)
            asked = np.array([uid], subset.dtype)[0]
            ends = [np.searchsorted(subset, asked, side) for side in ("left", "right")]
            found += [name.removesuffix(".json")] * int(ends[1] - ends[0])
    written = pq.read_table(tmp_path / "run" / "shards" / "00000.parquet")
    assert found == written["key"].to_pylist()
    assert len(found) == 3


JPEG = make_jpeg(1)
LOSSES = {
    "no-image": [("b.txt", b"*"), ("b.json", b"{}")],
    "no-text": [("b.jpg", JPEG), ("b.json", b'{"caption": "*"}')],
    "page": [("b.jpg", b"<html>gone</html>" * 9), ("b.txt", b"*")],
    "cut-image": [("b.jpg", JPEG[:-100]), ("b.txt", b"*")],
    "empty-image": [("b.jpg", b""), ("b.txt", b"*")],
    "dot": [("b.5.jpg", JPEG), ("b.5.txt", b"*")],
    "no-utf-8": [("b.jpg", JPEG), ("b.txt", b"*\xff")],
    "no-json": [("b.jpg", JPEG), ("b.txt", b"*"), ("b.json", b"<html>")],
    "no-integer": [("b.jpg", JPEG), ("b.txt", b"*"), ("b.cls", b"dog")],
    "no-array": [("b.jpg", JPEG), ("b.txt", b"*"), ("b.clip.npy", b"dog")],
    "second-json": [("b.jpg", JPEG), ("b.txt", b"*"), ("b.meta.json", b"{")],
    "second-image": [("b.jpg", JPEG), ("b.txt", b"*"), ("b.png", b"<html>gone</html>" * 9)],
    "cut-mask": [("b.jpg", JPEG), ("b.txt", b"*"), ("b.seg.png", JPEG[:-100])],
    "apart": [("b.jpg", JPEG), ("c.jpg", make_jpeg(2)), ("b.txt", b"*"), ("c.txt", b"*")],
}
"""What open_clip leaves out without stopping, with its caption ``*``, by the name of its shard."""


def test_verify_finds_every_sample_that_open_clip_skips(tmp_path):
    if not CLIENTS.exists():
        pytest.skip("no open_clip: 'make clients' installs it beside the venv")
    for at, (name, members) in enumerate(LOSSES.items()):
        ends = [
            (f"{name}-{end}.{field}", content)
            for end in ("first", "last")
            for field, content in [("jpg", make_jpeg(at)), ("txt", f"{name} {end}".encode())]
        ]
        hit = [(f"{name}-{member}", content) for member, content in members]
        write_members(tmp_path / f"{name}.tar", [*ends[:2], *hit, *ends[2:]])
    cut = tmp_path / "cut.tar"
    write_members(cut, [("0.jpg", JPEG), ("0.txt", b"cut first"), ("1.txt", b"*")])
    cut.write_bytes(cut.read_bytes()[: 5 * 512 + 100])
    (tmp_path / "sizes.json").write_text(
        json.dumps({f"{name}.tar": 3 for name in [*LOSSES, "cut"]})
    )
    read, _ = read_with(tmp_path, "open_clip", site=CLIENTS)
    captions = {f"{name} {end}" for name in LOSSES for end in ("first", "last")} | {"cut first"}
    assert {text for text, _ in read["open_clip"]} == captions
    *lines, _ = call("verify", tmp_path, "--workers", "1").out.splitlines()
    found = {line.partition(".tar ")[0] for line in lines if "counts-differ" not in line}
    assert found == {*LOSSES, "cut"}
