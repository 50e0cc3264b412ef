"""An archive -> its report, with the places of its images; images are not read."""

from collections import Counter
from collections.abc import Iterator

from ...schemas.finding import Problem
from ...schemas.sample import IMAGE_FIELDS, Sample, group_payloads, is_pickled, split_name
from ...schemas.tar import CompressedError, Member, TarError, read_members
from ...storage import files
from ...storage.blocks import Blocks
from ..read.check_image import SMALLEST, image_fault
from ..read.read_samples import MOST_TEXT, parse_json
from .check_member import is_checked, is_image, member_fault
from .shard_report import (
    ImagePlace,
    ReportedControls,
    ReportedImages,
    ReportedKeys,
    ShardReport,
    least_repeated,
)

_TEXTS = ("txt", "json")
_KNOWN_FIELDS = frozenset({*IMAGE_FIELDS, *_TEXTS})

Content = bytes | Member
"""The bytes of a member that is decoded here; the place of any other."""


def verify_archive(path: str, name: str, *, signatures: bool) -> ShardReport:
    """Check every header, text and JSON of an archive; with ``signatures`` those of images too."""
    report = ShardReport(path, name)
    try:
        with files.open_blocks(path) as archive:
            _Archive(report, archive, signatures).check()
    except OSError as error:
        report.add(Problem.UNREADABLE, files.fault(path, error))
    return report


class _Archive:
    """One pass over an archive."""

    def __init__(self, report: ShardReport, archive: Blocks, signatures: bool) -> None:
        self._report = report
        self._archive = archive
        self._signatures = signatures
        self._keys = ReportedKeys(report)
        self._controls = ReportedControls(report)
        self._keys_without: dict[str, list[str]] = {"image": [], "txt": [], "json": []}
        self._complete = 0
        """Samples whose members were checked: all but those with a dot in their key."""
        self._main_images: list[ImagePlace] = []

    def check(self) -> None:
        for sample in group_payloads(self._members(), self._content):
            self._check_sample(sample)
        self._keys.finish()
        self._controls.finish()
        self._report_missing()
        self._report_repeated()

    def _members(self) -> Iterator[Member]:
        try:
            for member in read_members(self._archive):
                if split_name(member.name) is None and not _stays_inside(member.name):
                    self._report.add(Problem.UNSAFE_NAME, "it leaves the folder", key=member.name)
                yield member
        except CompressedError as error:
            self._report.add(Problem.UNREADABLE, str(error))
        except TarError as error:
            split = split_name(error.member or "")
            self._report.add(Problem.TRUNCATED, str(error), key=split[0] if split else "")

    def _content(self, key: str, name: str, member: Member) -> Content:
        if is_checked(name):
            if member.size <= MOST_TEXT:
                return self._archive[member.offset : member.offset + member.size]
        elif self._signatures and name in IMAGE_FIELDS and member.size >= SMALLEST:
            start = self._archive[member.offset : member.offset + SMALLEST]
            fault = image_fault(start, member.size)
            if fault is not None:
                self._report.add(Problem.UNDECODABLE_IMAGE, fault, key=key)
        return member

    def _check_sample(self, sample: Sample[Content]) -> None:
        report, key = self._report, sample.key
        self._keys.add(key)
        if sample.repeated is not None:
            report.add(Problem.DUPLICATE_MEMBER, f"two members {sample.repeated!r}", key=key)
        dotted = [] if sample.members.keys() <= _KNOWN_FIELDS else _dotted_keys(sample)
        for intended in dotted:
            report.add(Problem.DOT_IN_KEY, f"training takes {key!r} for the key", key=intended)
        if dotted:
            return
        self._complete += 1
        self._check_image(sample)
        for name in _TEXTS:
            self._check_text(key, name, sample.members.get(name))
        for name, content in sample.members.items():
            if name not in _TEXTS and name != sample.image_field:
                self._check_other(key, name, content)

    def _check_image(self, sample: Sample[Content]) -> None:
        image = sample.image
        if image is None:
            self._keys_without["image"].append(sample.key)
        elif isinstance(image, Member) and self._add_image(sample.key, image):
            self._main_images.append(self._report.images[-1])

    def _add_image(self, key: str, image: Member) -> bool:
        """Add the place of an image to the report; return whether the image has any bytes."""
        if image.size == 0:
            self._report.add(Problem.EMPTY_MEMBER, f"{image.name} is empty", key=key)
            return False
        self._report.images.append(ImagePlace(key, image.offset, image.size))
        return True

    def _check_text(self, key: str, name: str, content: Content | None) -> None:
        problem = Problem.BAD_TEXT if name == "txt" else Problem.BAD_JSON
        if content is None:
            self._keys_without[name].append(key)
        elif isinstance(content, Member):
            detail = f"its {name} is larger than {MOST_TEXT} bytes"
            self._report.add(problem, detail, key=key)
        elif name == "json":
            if parse_json(content) is None:
                self._report.add(problem, "its json is not a JSON object", key=key)
        elif not content.strip():
            self._report.add(Problem.EMPTY_MEMBER, "its txt is empty", key=key)
        elif (fault := member_fault(name, content)) is not None:
            self._report.add(problem, fault, key=key)
        else:
            self._controls.add(key, content.decode())

    def _check_other(self, key: str, name: str, content: Content) -> None:
        if is_pickled(name):
            detail = f"its {name} is a pickle: reading it can run code"
            self._report.add(Problem.PICKLED_MEMBER, detail, key=key)
        elif isinstance(content, bytes):
            fault = member_fault(name, content)
            if fault is not None:
                self._report.add(Problem.UNDECODABLE_MEMBER, fault, key=key)
        elif is_image(name):
            self._add_image(key, content)

    def _report_missing(self) -> None:
        """Report missing members, sample by sample or, if all samples lack one, in one finding.

        JSON is optional: it is reported only if at least half of the samples have it.
        """
        for name, keys in self._keys_without.items():
            if len(keys) == self._complete and keys:
                if name != "json":
                    detail = f"none of its {len(keys)} samples has one: {name}"
                    self._report.add(Problem.MISSING_MEMBER, detail)
            elif name != "json" or len(keys) <= self._complete / 2:
                for key in keys:
                    self._report.add(Problem.MISSING_MEMBER, f"it has no {name}", key=key)

    def _report_repeated(self) -> None:
        """Report images that many samples share. Only images of a frequent size are read."""
        least = least_repeated(self._report.samples)
        sizes = Counter(place.size for place in self._main_images)
        for size in (size for size, count in sizes.items() if count >= least):
            images = ReportedImages(self._report)
            for place in self._main_images:
                if place.size == size:
                    image = self._archive.view(place.offset, place.offset + size)
                    images.add(place.key, image)
            images.finish()


def _dotted_keys(sample: Sample[Content]) -> list[str]:
    """Return the keys with a dot that were intended where training finds one sample.

    The fields of the sample then begin with the rest of such a key: ``b.jpg`` and ``b.txt`` of the
    key ``a.b``. A further image beside the main one, such as ``seg.png``, has an ordinary field.
    """
    stems: dict[str, set[str]] = {}
    for name in sample.members:
        stem, dot, last = name.rpartition(".")
        if dot and last in _KNOWN_FIELDS:
            stems.setdefault(stem, set()).add(last)
    return [
        f"{sample.key}.{stem}"
        for stem, fields in stems.items()
        if not fields.isdisjoint(IMAGE_FIELDS) and (len(fields) > 1 or sample.image is None)
    ]


def _stays_inside(name: str) -> bool:
    return not name.startswith("/") and ".." not in name.split("/")
