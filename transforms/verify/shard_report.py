"""The report of one shard, and the checks of keys and images that archives and tables share."""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from ...schemas.finding import Finding, Problem
from ...schemas.printable import first_control
from ...schemas.sample import is_safe_key


class ImagePlace(NamedTuple):
    """The place of an image in its archive, in bytes."""

    key: str
    offset: int
    size: int


@dataclass(slots=True)
class ShardReport:
    """The findings in one shard, and what is compared with other shards or read again."""

    path: str
    name: str
    samples: int = 0
    findings: list[Finding] = field(default_factory=list)
    images: list[ImagePlace] = field(default_factory=list)
    first_key: str = ""
    last_key: str = ""
    """The first and the last key in the order of strings, not of the shard."""

    def add(self, problem: Problem, detail: str, *, key: str = "") -> None:
        """Add a finding."""
        self.findings.append(Finding(self.name, key, problem, detail))


class ReportedKeys:
    """The keys of a shard, checked one by one."""

    def __init__(self, report: ShardReport) -> None:
        self._report = report
        self._keys: set[str] = set()

    def add(self, key: str) -> None:
        """Count a sample, and report its key if it is unsafe or repeats an earlier one."""
        self._report.samples += 1
        if not is_safe_key(key):
            self._report.add(
                Problem.UNSAFE_NAME, "it leaves the folder, has a dot or is not UTF-8", key=key
            )
        if key in self._keys:
            self._report.add(Problem.DUPLICATE_KEY, "another sample of the shard has it", key=key)
        self._keys.add(key)

    def finish(self) -> None:
        """Report the range of the keys."""
        self._report.first_key = min(self._keys, default="")
        self._report.last_key = max(self._keys, default="")


class ReportedImages:
    """The images of a shard, compared by a hash of their bytes."""

    def __init__(self, report: ShardReport) -> None:
        self._report = report
        self._keys: dict[bytes, str] = {}
        self._counts: Counter[bytes] = Counter()

    def add(self, key: str, image: bytes | memoryview) -> None:
        """Add the image of a sample."""
        digest = hashlib.blake2b(image, digest_size=16).digest()
        self._keys.setdefault(digest, key)
        self._counts[digest] += 1

    def finish(self) -> None:
        """Report every image that too many samples share, with the first of their keys."""
        samples = self._report.samples
        for digest, count in self._counts.items():
            if count >= least_repeated(samples):
                detail = f"{count} of {samples} samples have the same image"
                self._report.add(Problem.REPEATED_IMAGE, detail, key=self._keys[digest])


class ReportedControls:
    """The captions of a shard that have control characters."""

    def __init__(self, report: ShardReport) -> None:
        self._report = report
        self._count = 0
        self._key = ""
        self._control = ""

    def add(self, key: str, caption: str) -> None:
        """Look at the caption of a sample."""
        control = first_control(caption)
        if control is not None:
            if not self._count:
                self._key, self._control = key, control
            self._count += 1

    def finish(self) -> None:
        """Report all of them in one finding, with the key of the first and its character."""
        if self._count:
            detail = f"{self._count} captions have control characters, this one {self._control}"
            self._report.add(Problem.CONTROL_CHARACTERS, detail, key=self._key)


def least_repeated(samples: int) -> int:
    """Return how many samples must share an image for it to be reported: half, at least three."""
    return max(3, -(-samples // 2))
