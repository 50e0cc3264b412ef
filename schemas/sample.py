"""WebDataset samples: the members of an archive that share a key."""

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


def split_name(name: str) -> tuple[str, str] | None:
    """Split a member's name into key and field, as webdataset does.

    A name without an extension and a hidden file (macOS adds some) belong to no sample.

    >>> split_name("a/0001.seg.PNG")
    ('a/0001', 'seg.png')
    """
    folder, slash, base = name.rpartition("/")
    stem, dot, suffix = base.partition(".")
    return (folder + slash + stem, suffix.lower()) if stem and dot else None


def is_safe_key(key: str) -> bool:
    """Return whether a key is UTF-8 and stays inside the folder that it would be unpacked into."""
    encodable = key.encode("utf-8", "replace").decode() == key
    return encodable and not key.startswith("/") and ".." not in key.split("/")


def group_samples(members: Iterable[Member]) -> Iterator[Sample]:
    """Yield the samples of an archive; only neighbouring members belong together."""
    sample: Sample | None = None
    for member in members:
        split = split_name(member.name)
        if split is None:
            continue
        key, name = split
        if sample is None or sample.key != key:
            if sample is not None:
                yield sample
            sample = Sample(key)
        if name in sample.members:
            sample.repeated = name
        sample.members[name] = member
    if sample is not None:
        yield sample


def first_samples(samples: Iterable[Sample]) -> Iterator[Sample]:
    """Yield the first sample of each key: a later one with the same key is no pair."""
    seen: set[str] = set()
    for sample in samples:
        if sample.key not in seen:
            seen.add(sample.key)
            yield sample
