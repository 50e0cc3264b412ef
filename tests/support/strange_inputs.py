"""Archives that somebody damaged, and captions as the web has them."""

import io
import json
import tarfile
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from PIL import Image

from evenpair.schemas.tar_header import BLOCK

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
    fields: dict[str, Any] = {"url": f"u{number}", "score": random.random(), "caption": "from json"}
    members = {
        "jpg": PICTURES[number],
        "json": json.dumps(fields, indent=random.choice([None, 4])).encode(),
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
