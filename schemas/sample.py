"""WebDataset samples: the members of an archive that share a key."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from .tables import encodable
from .tar import Member

IMAGE_FIELDS = ("jpg", "png", "jpeg", "webp")
"""The fields that open_clip tries for the image, in its order."""

PICKLED_FIELDS = frozenset({"pickle", "pkl", "pyd", "pt", "pth", "joblib"})
"""Fields that webdataset or their usual reader unpickles, which can run code."""

Payload = TypeVar("Payload")


@dataclass(slots=True)
class Sample(Generic[Payload]):
    """The members of one sample by field; ``repeated`` names a field that occurs twice."""

    key: str
    members: dict[str, Payload] = field(default_factory=dict)
    repeated: str | None = None
    missing: str = ""
    """Why there is no image, where its source knows."""

    @property
    def image_field(self) -> str | None:
        """The field that training reads the image from."""
        for name in IMAGE_FIELDS:
            if name in self.members:
                return name
        return None

    @property
    def image(self) -> Payload | None:
        """The member that training reads as the image."""
        name = self.image_field
        return None if name is None else self.members[name]


def split_name(name: str) -> tuple[str, str] | None:
    """Split a member's name into key and field, as webdataset does.

    Return None for a name without an extension and for a hidden file, such as those of macOS.

    >>> split_name("a/0001.seg.PNG")
    ('a/0001', 'seg.png')
    """
    folder, slash, base = name.rpartition("/")
    stem, dot, suffix = base.partition(".")
    return (folder + slash + stem, suffix.lower()) if stem and dot else None


def is_pickled(field: str) -> bool:
    """Return whether readers unpickle a field."""
    return not PICKLED_FIELDS.isdisjoint(field.split("."))


def is_safe_key(key: str) -> bool:
    """Return whether files of an archive can be named by a key so that readers find it again.

    It must be valid UTF-8 and stay inside the folder that the archive is unpacked into, and its
    last part must have no dot, for webdataset cuts names at the first one.
    """
    if key.isalnum() and key.isascii():
        return True
    base = key.rpartition("/")[2]
    inside = not key.startswith("/") and ".." not in key.split("/")
    return encodable(key) == key and inside and base != "" and "." not in base and "\0" not in key


def group_samples(members: Iterable[Member]) -> Iterator[Sample[Member]]:
    """Yield the samples of an archive, each made of neighbouring members with one key."""
    return group_payloads(members, lambda _key, _field, member: member)


def group_payloads(
    members: Iterable[Member], take: Callable[[str, str, Member], Payload]
) -> Iterator[Sample[Payload]]:
    """Yield samples; ``take`` makes each payload from key, field and member, in order."""
    sample: Sample[Payload] | None = None
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
        sample.members[name] = take(key, name, member)
    if sample is not None:
        yield sample
