"""Two small shards with one pair of every kind, and the whole job on them."""

from pathlib import Path

from .commands import Answer, call
from .shards import MadePair, write_source

SCENES = (
    "a dog",
    "a brown dog lies on a red rug in front of a small wooden house",
    "two women ride white horses along a sandy beach",
    "a cat",
    "a man in a blue jacket holds a green umbrella beside a parked car",
    "boats",
)
NO_PICTURE = b"<html>not found</html>" * 9
EXIF = '{"Image Orientation": "1", "Artist": "J\\u00f6rg"}'
JAPANESE = "赤いじゅうたんの上に犬がいる"

FIRST = (
    *(MadePair(number, caption) for number, caption in enumerate(SCENES)),
    MadePair(6, "a page that was saved as a picture", image=NO_PICTURE),
    MadePair(7, None),
    MadePair(8, JAPANESE),
    MadePair(0, SCENES[0]),
)
SECOND = tuple(
    MadePair(20 + number, caption, extra={"exif": EXIF, "punsafe": number / 8, "n": 2**53 + 1})
    for number, caption in enumerate(SCENES)
)
WRITTEN = [FIRST[at] for at in (0, 1, 2, 3, 4, 5, 8)] + list(SECOND)
KEYS = [f"0000000000000{at}" for at in (0, 1, 2, 3, 4, 5, 8)] + [
    f"0000100000000{at}" for at in range(6)
]
REJECTED = {
    "a/00000:000000006": "undecodable-image",
    "a/00000:000000007": "no-caption",
    "a/00000:000000009": "duplicate-uid",
}
SIZES = [4, 3, 3, 3]
OPTIONS = ("--shard-size", "5", "--workers", "1")


def make_inputs(folder: Path) -> Path:
    """Write two shards with the same keys; one is like real data, the other has no parquet."""
    write_source(folder / "a" / "00000.tar", FIRST)
    write_source(folder / "b" / "00000.tar", SECOND, parquet=False)
    return folder


def run(inputs: Path, out: Path, *more: object) -> Answer:
    """Run the whole job on both shards."""
    return call("run", inputs / "a", inputs / "b", "--out", out, *OPTIONS, *more)
