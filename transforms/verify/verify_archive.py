"""An archive -> what is wrong with it, and where its images lie; no image byte is read."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from ...schemas.finding import Finding, Problem
from ...schemas.sample import (
    IMAGE_FIELDS,
    Sample,
    group_payloads,
    is_pickled,
    is_safe_key,
    split_name,
)
from ...schemas.tar import CompressedError, Member, TarError, read_members
from ...storage import files
from ...storage.blocks import Blocks
from ..read.check_image import SMALLEST, image_fault
from ..read.read_samples import MOST_TEXT, parse_json
from .check_member import is_checked, is_image, member_fault

_TEXTS = ("txt", "json")
_PARTS = frozenset({*IMAGE_FIELDS, *_TEXTS})


class ImagePlace(NamedTuple):
    """Where an image lies in its archive."""

    key: str
    offset: int
    size: int


Part = bytes | Member
"""What is decoded here; of every other member, where it lies."""


@dataclass(slots=True)
class ShardReport:
    """What is known of one shard."""

    path: str
    name: str
    samples: int = 0
    findings: list[Finding] = field(default_factory=list)
    images: list[ImagePlace] = field(default_factory=list)
    first_key: str = ""
    last_key: str = ""
    """The keys between which the others are, in their order as text."""

    def find(self, problem: Problem, key: str = "", detail: str = "") -> None:
        self.findings.append(Finding(self.name, key, problem, detail))


def verify_archive(path: str, name: str, *, signatures: bool) -> ShardReport:
    """Look at every header, text and JSON of an archive; at images' signatures if asked."""
    report = ShardReport(path, name)
    try:
        with files.open_blocks(path) as archive:
            _Walk(report, archive, signatures).run()
    except OSError as error:
        report.find(Problem.UNREADABLE, detail=files.fault(path, error))
    return report


class _Walk:
    """One pass over an archive."""

    def __init__(self, report: ShardReport, archive: Blocks, signatures: bool) -> None:
        self._report = report
        self._archive = archive
        self._signatures = signatures
        self._lacking: dict[str, list[str]] = {"image": [], "txt": [], "json": []}
        self._looked_at = 0
        self._own_images: list[ImagePlace] = []
        self._keys: set[str] = set()

    def run(self) -> None:
        for sample in group_payloads(self._members(), self._take):
            self._look_at(sample)
        self._report.first_key = min(self._keys, default="")
        self._report.last_key = max(self._keys, default="")
        self._report_lacking()
        self._report_repeated()

    def _members(self) -> Iterator[Member]:
        try:
            for member in read_members(self._archive):
                if split_name(member.name) is None and not _stays_inside(member.name):
                    self._report.find(Problem.UNSAFE_NAME, member.name, "it leaves the folder")
                yield member
        except CompressedError as error:
            self._report.find(Problem.UNREADABLE, detail=str(error))
        except TarError as error:
            split = split_name(error.member or "")
            self._report.find(Problem.TRUNCATED, split[0] if split else "", str(error))

    def _take(self, key: str, field: str, member: Member) -> Part:
        if is_checked(field):
            if member.size <= MOST_TEXT:
                return self._archive[member.offset : member.offset + member.size]
        elif self._signatures and field in IMAGE_FIELDS and member.size >= SMALLEST:
            start = self._archive[member.offset : member.offset + SMALLEST]
            fault = image_fault(start, member.size)
            if fault is not None:
                self._report.find(Problem.UNDECODABLE_IMAGE, key, fault)
        return member

    def _look_at(self, sample: Sample[Part]) -> None:
        report, key = self._report, sample.key
        report.samples += 1
        if not is_safe_key(key):
            report.find(Problem.UNSAFE_NAME, key, "it leaves the folder, or is no UTF-8")
        if key in self._keys:
            report.find(Problem.DUPLICATE_KEY, key, "another sample of the shard has it")
        self._keys.add(key)
        if sample.repeated is not None:
            report.find(Problem.DUPLICATE_MEMBER, key, f"two members {sample.repeated!r}")
        dotted = [] if sample.members.keys() <= _PARTS else _dotted_keys(sample)
        for meant in dotted:
            report.find(Problem.DOT_IN_KEY, meant, f"training takes {key!r} for the key")
        if dotted:
            return
        self._looked_at += 1
        self._look_at_image(sample)
        self._look_at_text(sample)
        self._look_at_json(sample)
        for name, member in sample.members.items():
            if name not in _TEXTS and name != sample.image_field:
                self._look_at_other(sample.key, name, member)

    def _look_at_image(self, sample: Sample[Part]) -> None:
        image = sample.image
        if image is None:
            self._lacking["image"].append(sample.key)
        elif isinstance(image, Member):
            place = self._take_image(sample.key, image)
            if place:
                self._own_images.append(place)

    def _take_image(self, key: str, image: Member) -> ImagePlace | None:
        if image.size == 0:
            self._report.find(Problem.EMPTY_MEMBER, key, f"{image.name} is empty")
            return None
        place = ImagePlace(key, image.offset, image.size)
        self._report.images.append(place)
        return place

    def _look_at_text(self, sample: Sample[Part]) -> None:
        text = sample.members.get("txt")
        if text is None:
            self._lacking["txt"].append(sample.key)
        elif isinstance(text, Member):
            detail = f"its txt is larger than {MOST_TEXT} bytes"
            self._report.find(Problem.BAD_TEXT, sample.key, detail)
        elif not text.strip():
            self._report.find(Problem.EMPTY_MEMBER, sample.key, "its txt is empty")
        elif (fault := member_fault("txt", text)) is not None:
            self._report.find(Problem.BAD_TEXT, sample.key, fault)

    def _look_at_json(self, sample: Sample[Part]) -> None:
        text = sample.members.get("json")
        if text is None:
            self._lacking["json"].append(sample.key)
        elif isinstance(text, Member):
            detail = f"its json is larger than {MOST_TEXT} bytes"
            self._report.find(Problem.BAD_JSON, sample.key, detail)
        elif parse_json(text) is None:
            self._report.find(Problem.BAD_JSON, sample.key, "its json is no JSON object")

    def _look_at_other(self, key: str, name: str, member: Part) -> None:
        if is_pickled(name):
            detail = f"its {name} is a pickle: to read it is to run it"
            self._report.find(Problem.PICKLED_MEMBER, key, detail)
        elif isinstance(member, bytes):
            fault = member_fault(name, member)
            if fault is not None:
                self._report.find(Problem.UNDECODABLE_MEMBER, key, fault)
        elif is_image(name):
            self._take_image(key, member)

    def _report_lacking(self) -> None:
        """Report members that are missing: one by one, or of all samples at once."""
        for name, keys in self._lacking.items():
            if len(keys) == self._looked_at and keys:
                if name != "json":  # a set may come without any
                    detail = f"none of its {len(keys)} samples has one: {name}"
                    self._report.find(Problem.MISSING_MEMBER, detail=detail)
            elif name != "json" or len(keys) <= self._looked_at / 2:
                for key in keys:
                    self._report.find(Problem.MISSING_MEMBER, key, f"it has no {name}")

    def _report_repeated(self) -> None:
        """Report images that many samples share; only those of the same size are compared."""
        most = least_repeated(self._report.samples)
        sizes = Counter(image.size for image in self._own_images)
        for size, count in sizes.items():
            if count >= most:
                alike = [image for image in self._own_images if image.size == size]
                self._report_alike(alike, most)

    def _report_alike(self, images: list[ImagePlace], most: int) -> None:
        first: dict[bytes, str] = {}
        counts: Counter[bytes] = Counter()
        for image in images:
            content = self._archive.view(image.offset, image.offset + image.size)
            digest = hashlib.blake2b(content, digest_size=16).digest()
            first.setdefault(digest, image.key)
            counts[digest] += 1
        for digest, count in counts.items():
            if count >= most:
                detail = f"{count} of {self._report.samples} samples have the same image"
                self._report.find(Problem.REPEATED_IMAGE, first[digest], detail)


def least_repeated(samples: int) -> int:
    """Return how many samples must have one image for it to count as many: half, three at least."""
    return max(3, -(-samples // 2))


def _dotted_keys(sample: Sample[Part]) -> list[str]:
    """Return the keys that what training takes for a sample was meant to have, if with a dot.

    Its fields then begin with the rest of the key: ``b.jpg`` and ``b.txt`` of ``a.b``. A further
    field such as ``seg.png`` beside ``jpg`` is none.
    """
    stems: dict[str, set[str]] = {}
    for name in sample.members:
        stem, dot, last = name.rpartition(".")
        if dot and last in _PARTS:
            stems.setdefault(stem, set()).add(last)
    return [
        f"{sample.key}.{stem}"
        for stem, parts in stems.items()
        if not parts.isdisjoint(IMAGE_FIELDS) and (len(parts) > 1 or sample.image is None)
    ]


def _stays_inside(name: str) -> bool:
    return not name.startswith("/") and ".." not in name.split("/")
