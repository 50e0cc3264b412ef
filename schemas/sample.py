"""WebDataset samples: the members of an archive that share a key."""

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from .tar import Member

IMAGE_FIELDS = ("jpg", "png", "jpeg", "webp")
"""The fields that open_clip takes for the image, in its order."""


@dataclass(slots=True)
class Sample:
    """The members of one sample by field; ``repeated`` names a field that came twice."""

    key: str
    members: dict[str, Member] = field(default_factory=dict)
    repeated: str | None = None

    @property
    def image(self) -> Member | None:
        """The member that training takes for the image."""
        return next((self.members[f] for f in IMAGE_FIELDS if f in self.members), None)


def split_name(name: str) -> tuple[str, str]:
    """Split a member's name into key and field, as webdataset does.

    >>> split_name("a/0001.seg.PNG")
    ('a/0001', 'seg.png')
    """
    folder, base = posixpath.split(name)
    stem, _, suffix = base.partition(".")
    return posixpath.join(folder, stem), suffix.lower()


def is_safe_key(key: str) -> bool:
    """Return whether a key stays inside the folder that it would be unpacked into."""
    return not key.startswith("/") and ".." not in key.split("/") and "\0" not in key


def group_samples(members: Iterable[Member]) -> Iterator[Sample]:
    """Yield the samples of an archive; only neighbouring members belong together."""
    sample: Sample | None = None
    for member in members:
        key, name = split_name(member.name)
        if sample is None or sample.key != key:
            if sample is not None:
                yield sample
            sample = Sample(key)
        if name in sample.members:
            sample.repeated = name
        sample.members[name] = member
    if sample is not None:
        yield sample
