"""WebDataset samples: the members of an archive that share a key."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from .tar import Member, Readable, TarError, read_members

IMAGE_FIELDS = ("jpg", "png", "jpeg", "webp")
"""The fields that open_clip takes for the image, in its order."""

PICKLED_FIELDS = frozenset({"pickle", "pkl", "pyd", "pt", "pth", "joblib"})
"""Fields that webdataset or their usual reader unpickles: to read them is to run them."""

Payload = TypeVar("Payload")


@dataclass(slots=True)
class Sample(Generic[Payload]):
    """The members of one sample by field; ``repeated`` names a field that came twice."""

    key: str
    members: dict[str, Payload] = field(default_factory=dict)
    repeated: str | None = None

    @property
    def image_field(self) -> str | None:
        """The field that training takes for the image."""
        for name in IMAGE_FIELDS:
            if name in self.members:
                return name
        return None

    @property
    def image(self) -> Payload | None:
        """The member that training takes for the image."""
        name = self.image_field
        return None if name is None else self.members[name]


def split_name(name: str) -> tuple[str, str] | None:
    """Split a member's name into key and field, as webdataset does.

    A name without an extension and a hidden file (macOS adds some) belong to no sample.

    >>> split_name("a/0001.seg.PNG")
    ('a/0001', 'seg.png')
    """
    folder, slash, base = name.rpartition("/")
    stem, dot, suffix = base.partition(".")
    return (folder + slash + stem, suffix.lower()) if stem and dot else None


def is_pickled(field: str) -> bool:
    """Return whether whoever reads a field would run what is in it."""
    return not PICKLED_FIELDS.isdisjoint(field.split("."))


def is_safe_key(key: str) -> bool:
    """Return whether a key can name files in an archive, each of which gives it back.

    It is UTF-8, stays inside the folder that it would be unpacked into, and its last part, which
    webdataset cuts at the first dot, has none.
    """
    if key.isalnum() and key.isascii():
        return True
    base = key.rpartition("/")[2]
    inside = not key.startswith("/") and ".." not in key.split("/")
    encodable = key.encode("utf-8", "replace").decode() == key
    return encodable and inside and base != "" and "." not in base and "\0" not in key


def group_samples(members: Iterable[Member]) -> Iterator[Sample[Member]]:
    """Yield the samples of an archive; only neighbouring members belong together."""
    return group_payloads(members, lambda _key, _field, member: member)


def group_payloads(
    members: Iterable[Member], take: Callable[[str, str, Member], Payload]
) -> Iterator[Sample[Payload]]:
    """Yield samples of what ``take`` makes of key, field and member, called as members pass by."""
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


def first_samples(archive: Readable) -> Iterator[Sample[Member]]:
    """Yield the first sample of each key, a later one is no pair; up to damage, if there is any."""
    seen: set[str] = set()
    for sample in group_samples(_until_damage(archive)):
        if sample.key not in seen:
            seen.add(sample.key)
            yield sample


def _until_damage(archive: Readable) -> Iterator[Member]:
    with suppress(TarError):
        yield from read_members(archive)
