"""Damaged archives and strange captions: none may crash, hang, or lose a pair without a name.

    python tests/support/fuzz.py [--tars 20000] [--captions 20000] [--seed 0]

test_fuzz.py tries a few of the same in every run of the tests.
"""

import argparse
import io
import json
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
from PIL import Image

from evenpair.models.load_parser import load_parser
from evenpair.schemas.finding import Problem
from evenpair.schemas.phase import Phase
from evenpair.schemas.run_directory import RunDirectory
from evenpair.schemas.run_tables import RunTable
from evenpair.schemas.shard_tables import shard_tally
from evenpair.schemas.source import Source
from evenpair.schemas.tables import SELECTION
from evenpair.schemas.tar import END_OF_ARCHIVE
from evenpair.schemas.tar_header import BLOCK, make_header, padding
from evenpair.schemas.unit import Unit
from evenpair.storage import files
from evenpair.transforms.facts.parse_captions import parse_captions
from evenpair.transforms.read.read_captions import read_captions
from evenpair.transforms.select.plan_shards import OutputShard, Piece
from evenpair.transforms.verify.verify_archive import verify_archive
from evenpair.transforms.verify.verify_images import verify_images
from evenpair.transforms.write.write_shards import ShardFormat, write_shard

HOSTILE_NAMES = (
    b"../../etc/passwd.jpg", b"/etc/passwd.txt", b"a\0b.jpg", b"", b".", b"..", b"1.jpg/",
    b"1.JPG", b"\xff\xfe.txt", b"1.pyd", b"1.json", b"0.jpg", b"a.b.c.jpg", b"x" * 100, b"./1.txt",
)  # fmt: skip
SIZES = (
    b"77777777777\0", b"00000000000\0", b"00000001000\0", b"-0000000001\0", b"9999", b" " * 12,
    b"\x80" + b"\xff" * 11, b"\x80" + bytes(7) + b"\0\0\xff\xff", b"0o17\0",
)  # fmt: skip
KINDS = b"0\0 1234567xgXLKSVMDN"


def picture(number: int) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (8, 8), (number * 37 % 256, 9, 9)).save(stream, "JPEG")
    return stream.getvalue()


PICTURES = [picture(number) for number in range(8)]


def whole_archive(random: Random) -> bytes:
    """An archive that some program might write, of some samples."""
    stream = io.BytesIO()
    kind = random.choice([tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
    long_names = kind != tarfile.USTAR_FORMAT and random.random() < 0.3
    with tarfile.open(fileobj=stream, mode="w", format=kind) as archive:
        for number in range(random.randint(1, 4)):
            key = "folder/" * 20 + str(number) if long_names else str(number)
            for name, payload in sample(random, number).items():
                member = tarfile.TarInfo(f"{key}.{name}")
                member.size = len(payload)
                archive.addfile(member, io.BytesIO(payload))
    return stream.getvalue()


def sample(random: Random, number: int) -> dict[str, bytes]:
    said: dict[str, Any] = {"url": f"u{number}", "score": random.random(), "caption": "from json"}
    members = {
        "jpg": PICTURES[number],
        "json": json.dumps(said, indent=random.choice([None, 4])).encode(),
        "txt": strange_caption(random),
    }
    names = random.sample(sorted(members), random.choice([3, 3, 3, 2, 1]))
    return {name: members[name] for name in names}


PIECES = (
    "a dog", "two red cars on a road", "\0", "\U0001f436", "\u202e", "\ud83d", "<b>bold</b>",
    "IMG_0042.JPG", "کلمه", "犬が走る", "and " * 300, "x" * 5000, "\n\r\t", "%s{}",
    "&amp;&#x1f600;", "a" * 300 + " ", "ﷺ" * 50, "1/2 €", "\u0301" * 100, "the the the",
    ", , ,", "({[", '"', "\\", "''", "-", ".", "….", "http://a.b/c?d=e",
)  # fmt: skip


def strange_caption(random: Random) -> bytes:
    """The bytes of a caption as the web, or somebody hostile, might have written it."""
    pieces = random.choices(PIECES, k=random.randint(0, 4))
    content = bytearray(random.choice(["", " "]).join(pieces).encode("utf-8", "surrogatepass"))
    for _ in range(random.choice([0, 0, 1, 3])):
        if content:
            content[random.randrange(len(content))] = random.randrange(256)
    return bytes(content)


def cut(archive: bytearray, random: Random) -> None:
    del archive[random.randrange(len(archive)) :]


def flip(archive: bytearray, random: Random) -> None:
    for _ in range(random.randint(1, 8)):
        archive[random.randrange(len(archive))] = random.randrange(256)


def move_blocks(archive: bytearray, random: Random) -> None:
    blocks = len(archive) // BLOCK
    start = random.randrange(blocks) * BLOCK
    size = random.randint(1, 4) * BLOCK
    moved = archive[start : start + size]
    if random.random() < 0.5:
        del archive[start : start + size]
    target = random.randrange(len(archive) // BLOCK + 1) * BLOCK
    archive[target:target] = moved


def insert_noise(archive: bytearray, random: Random) -> None:
    at = random.randrange(len(archive) // BLOCK + 1) * BLOCK
    size = random.choice([1, 511, BLOCK, 2 * BLOCK])
    archive[at:at] = random.randbytes(size) if random.random() < 0.7 else bytes(size)


def change_header(archive: bytearray, random: Random) -> None:
    """Change a header and set its checksum right, so that the change is believed."""
    headers = [
        at
        for at in range(0, len(archive) - BLOCK + 1, BLOCK)
        if archive[at + 257 : at + 262] == b"ustar"
    ]
    if not headers:
        return
    at = random.choice(headers)
    change = random.randrange(5)
    if change == 0:
        archive[at + 124 : at + 136] = random.choice(SIZES)[:12].ljust(12, b"\0")
    elif change == 1:
        archive[at : at + 100] = random.choice(HOSTILE_NAMES).ljust(100, b"\0")
    elif change == 2:
        archive[at + 156] = random.choice(KINDS)
    elif change == 3:
        archive[at + 345 : at + 500] = random.choice(HOSTILE_NAMES).ljust(155, b"\0")
    else:
        archive[at + random.randrange(500)] = random.randrange(256)
    blank = bytes(archive[at : at + 148]) + b" " * 8 + bytes(archive[at + 156 : at + BLOCK])
    archive[at + 148 : at + 156] = b"%06o\0 " % sum(blank)


def append_another(archive: bytearray, random: Random) -> None:
    archive += whole_archive(random)


MUTATIONS: Sequence[Callable[[bytearray, Random], None]] = (
    cut, flip, flip, move_blocks, insert_noise, change_header, change_header, append_another,
)  # fmt: skip


def mutated_archive(random: Random) -> bytes:
    """An archive after one to three mutations."""
    archive = bytearray(whole_archive(random))
    for mutate in random.choices(MUTATIONS, k=random.randint(1, 3)):
        if len(archive) >= BLOCK:
            mutate(archive, random)
    return bytes(archive)


def check_archive(content: bytes, folder: Path) -> int:
    """Read, write and verify an archive; return how many of its pairs were written.

    Raises AssertionError if a pair is lost without a name, or what was written is not whole.
    """
    source = Source(0, "s", str(folder / "s.tar"))
    Path(source.path).write_bytes(content)
    unit = read_captions(source)
    rejected = len(unit.rejections)
    assert unit.tally.pairs_read == unit.table.num_rows + rejected
    keys = unit.table["key"].to_pylist()
    assert len(set(keys)) == len(keys)
    written = write(unit, RunDirectory(str(folder / "run")))
    report = verify_archive(source.path, "s", signatures=True)
    verify_images(source.path, "s", report.images)
    assert report.findings or unit.tally.fault is None
    return written


def write(unit: Unit, run: RunDirectory) -> int:
    """Write all pairs of a unit, and look at what became of them."""
    rows = unit.table.num_rows
    columns = {
        **{name: unit.table[name] for name in ("uid", "shard", "key")},
        "caption": pa.array(
            [f"caption of {key}" for key in unit.table["key"].to_pylist()], pa.string()
        ),
        "caption_source": pa.array(["raw"] * rows, pa.string()),
        "output_shard": pa.array([0] * rows, pa.int32()),
        "output_key": unit.table["key"],
    }
    arrays = [columns.get(field.name, pa.nulls(rows, field.type)) for field in SELECTION]
    files.write_table(run.table(RunTable.SELECTION, "s"), pa.table(arrays, schema=SELECTION))
    files.write_table(run.table(RunTable.SCORES, "s"), unit.table)
    planned = OutputShard(0, (Piece(unit.source, 0, rows),))
    written = write_shard(planned, run, ShardFormat())
    rejections = files.read_table(run.rejections(Phase.WRITE, "00000"))
    assert written + rejections.num_rows == rows
    path = f"{run.shards}/00000"
    tally = shard_tally(files.read_schema(f"{path}.parquet"))
    assert tally.written == {"s": written}
    report = verify_archive(f"{path}.tar", "out", signatures=True)
    assert report.samples == written
    assert {f.problem for f in report.findings} <= {Problem.REPEATED_IMAGE}
    check_members(Path(f"{path}.tar"), written)
    return written


def check_members(path: Path, written: int) -> None:
    """Read an archive that evenpair wrote as anybody would."""
    with tarfile.open(path) as archive:
        members = {m.name: archive.extractfile(m).read() for m in archive}  # type: ignore[union-attr]
    texts = [payload.decode() for name, payload in members.items() if name.endswith(".txt")]
    assert len([text for text in texts if text.startswith("caption of ")]) == written
    for name, payload in members.items():
        if name.endswith(".json"):
            json.loads(payload)
        assert not name.startswith("/")
        assert ".." not in name.split("/")


def check_captions(captions: Sequence[bytes], folder: Path) -> None:
    """Put captions into an archive, read them, and have their facts found."""
    with (folder / "s.tar").open("wb") as file:
        for number, caption in enumerate(captions):
            for name, payload in (("jpg", b"x"), ("txt", caption)):
                file.write(make_header(f"{number}.{name}", len(payload)))
                file.write(payload + bytes(padding(len(payload))))
        file.write(END_OF_ARCHIVE)
    unit = read_captions(Source(0, "s", str(folder / "s.tar")))
    assert (unit.table.num_rows, unit.rejections, unit.tally.fault) == (len(captions), (), None)
    read = unit.table["caption"].to_pylist()
    assert read == [caption.decode("utf-8", "replace") for caption in captions]
    facts = list(parse_captions(load_parser(None), read))
    assert len(facts) == len(captions)


def in_batches(items: Iterable[bytes], size: int) -> Iterable[list[bytes]]:
    batch: list[bytes] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tars", type=int, default=20000)
    parser.add_argument("--captions", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    pairs = 0
    with tempfile.TemporaryDirectory() as name:
        for number in range(given.tars):
            random = Random(f"{given.seed} {number}")
            try:
                pairs += check_archive(mutated_archive(random), Path(name))
            except BaseException:
                print(f"archive {number} of seed {given.seed}")
                raise
        print(f"{given.tars} mutated archives: {pairs} pairs written, every other one named")
        random = Random(given.seed)
        captions = (strange_caption(random) for _ in range(given.captions))
        for batch in in_batches(captions, 1000):
            check_captions(batch, Path(name))
        print(f"{given.captions} strange captions: each read, each with its facts")


if __name__ == "__main__":
    main()
