"""Archive -> Unit of its pairs, from the text and JSON of its samples; images are skipped."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from ...schemas.other_fields import gather_fields, with_columns
from ...schemas.pair import derive_uid, own_uid
from ...schemas.phase import Phase
from ...schemas.rejection import Reason, Rejection
from ...schemas.sample import Sample, group_payloads, is_safe_key, split_name
from ...schemas.source import Source
from ...schemas.tables import PAIRS
from ...schemas.tar import Member, Readable, TarError, read_members
from ...schemas.unit import Tally, Unit
from .fit_types import fit_values
from .texts import CAPTION_FIELDS, CAPTIONS_RAW, choose_text

Fields = dict[str, Any]
"""The JSON object of a sample."""

Text = bytes | Member
"""The content of a text or JSON; the position of any other member, and of one too large."""

MOST_TEXT = 16 << 20
"""The largest text or JSON that is read, in bytes."""

TEXT_MEMBERS = ("txt", "caption", "text", "cap")
"""The members of a sample that hold its caption, the preferred first."""

_READ = (*TEXT_MEMBERS, "json")
_SHOWN = 8


@dataclass(slots=True)
class _Walk:
    """The samples of one archive that have been read so far."""

    source: Source
    archive: Readable
    caption_field: str
    choice: str = "first"
    rows: list[Fields] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    fields: frozenset[str] = frozenset()
    """The fields of the first sample."""
    fault: TarError | None = None

    def reject(self, uid: str, key: str, reason: Reason, detail: str) -> None:
        self.rejections.append(Rejection(uid, self.source.name, key, Phase.SCORE, reason, detail))


def read_samples(
    source: Source,
    archive: Readable,
    *,
    successes: int | None = None,
    expected: pa.Table | None = None,
    caption_field: str = "",
    choice: str = "first",
) -> Unit:
    """Read the samples of ``archive`` up to its end, or its damage, in one pass.

    ``successes`` is the number of pairs by the source's statistics, for the tally. ``expected`` are
    the pairs of the source's parquet: those that the archive lacks are rejected.
    """
    walk = _Walk(source, archive, caption_field, choice)
    last: Sample[Text] | None = None
    for sample in _samples(walk):
        if last is None:
            walk.fields = frozenset(sample.members)
        else:
            _take(walk, last, is_cut=False)
        last = sample
    if last is not None:
        _take(walk, last, is_cut=_is_cut(walk, last))
    _reject_lost(walk, expected)
    _reject_cut_member(walk)
    fault = None if walk.fault is None else f"{source.path}: {walk.fault}"
    tally = Tally(len(walk.rows) + len(walk.rejections), successes, fault)
    return Unit(source, table_of_fields(walk.rows), tally, tuple(walk.rejections))


def json_fields(archive: Readable) -> Iterator[Fields]:
    """Yield the JSON object of each sample, an empty one if its JSON is something else."""
    walk = _Walk(Source(0, "", ""), archive, "")
    return (_read_json(sample) or {} for sample in _samples(walk))


def _samples(walk: _Walk) -> Iterator[Sample[Text]]:
    def read(_key: str, field: str, member: Member) -> Text:
        if field not in _READ or member.size > MOST_TEXT:
            return member
        return walk.archive[member.offset : member.offset + member.size]

    return group_payloads(_members(walk), read)


def _members(walk: _Walk) -> Iterator[Member]:
    """Yield the complete members, and record the fault of a damaged archive."""
    try:
        yield from read_members(walk.archive)
    except TarError as error:
        walk.fault = error


def _is_cut(walk: _Walk, last: Sample[Text]) -> bool:
    """Return whether the last sample of a damaged archive may lack members."""
    return walk.fault is not None and not walk.fields <= last.members.keys()


def _take(walk: _Walk, sample: Sample[Text], *, is_cut: bool) -> None:
    json_object = _read_json(sample)
    fields = _read_fields(walk, sample, json_object or {})
    reason, detail = _refusal(walk, sample, json_object)
    if is_cut:
        reason, detail = Reason.TRUNCATED_SOURCE, str(walk.fault)
    walk.keys.add(sample.key)
    if reason is None:
        walk.rows.append(fields)
    else:
        walk.reject(fields["uid"], sample.key, reason, detail)


def _reject_cut_member(walk: _Walk) -> None:
    """Reject a sample that is cut inside its first member."""
    member = walk.fault.member if walk.fault else None
    split = split_name(member) if member else None
    if split is not None and split[0] not in walk.keys:
        uid = derive_uid(None, source=walk.source.name, key=split[0], caption=None)
        walk.reject(uid, split[0], Reason.TRUNCATED_SOURCE, str(walk.fault))


def _reject_lost(walk: _Walk, expected: pa.Table | None) -> None:
    """Reject the pairs of the source's parquet that its archive lacks."""
    if expected is None:
        return
    reason = Reason.TRUNCATED_SOURCE if walk.fault else Reason.MISSING_IMAGE
    for uid, key in zip(*(expected[n].to_pylist() for n in ("uid", "key")), strict=True):
        if key not in walk.keys:
            walk.keys.add(key)
            walk.reject(uid, key, reason, "its parquet lists the pair, the archive lacks it")


def _read_json(sample: Sample[Text]) -> Fields | None:
    """Return the sample's JSON object, an empty one without JSON, None for any other JSON."""
    text = sample.members.get("json", b"{}")
    return parse_json(text) if isinstance(text, bytes) else None


def parse_json(text: bytes) -> Fields | None:
    """Return the JSON object in ``text``, None if it is something else."""
    try:
        fields = json.loads(text.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) else None


def _read_fields(walk: _Walk, sample: Sample[Text], json_object: Fields) -> Fields:
    """Return the fields of a sample: its JSON with its uid, shard, key, url and caption."""
    name = walk.caption_field
    caption, several = _caption(walk, sample, json_object)
    url = _text(json_object.get("url"))
    if name not in ("", "caption") and "caption" in json_object:
        json_object = {**json_object, "source_caption": json_object["caption"]}
    if several is not None:
        json_object = {CAPTIONS_RAW: several, **json_object}
    shard, key = walk.source.name, sample.key
    uid = own_uid(json_object.get("uid")) or derive_uid(url, source=shard, key=key, caption=caption)
    return {**json_object, "uid": uid, "shard": shard, "key": key, "url": url, "caption": caption}


def _caption(
    walk: _Walk, sample: Sample[Text], json_object: Fields
) -> tuple[str | None, list[str] | None]:
    """Return the caption of a sample, and all captions if there are several.

    Without a field of choice it is the text, or else the first usual field of the JSON.
    """
    if walk.caption_field:
        return choose_text(json_object.get(walk.caption_field), walk.choice)
    for name in TEXT_MEMBERS:
        text = sample.members.get(name)
        if isinstance(text, bytes):
            return text.decode("utf-8", "replace"), None
    names = (name for name in CAPTION_FIELDS if name in json_object)
    return choose_text(json_object.get(next(names, "")), walk.choice)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _refusal(
    walk: _Walk, sample: Sample[Text], json_object: Fields | None
) -> tuple[Reason | None, str]:
    """Return the reason and the detail of a sample's rejection, None and "" for a pair."""
    if not is_safe_key(sample.key):
        return Reason.UNREADABLE_SAMPLE, "its name leaves the folder, or is no UTF-8"
    large = [name for name in _READ if isinstance(sample.members.get(name), Member)]
    if large:
        return Reason.UNREADABLE_SAMPLE, f"its {large[0]} is larger than {MOST_TEXT} bytes"
    if json_object is None:
        return Reason.UNREADABLE_SAMPLE, "its json is no JSON object"
    if sample.repeated is not None:
        return Reason.UNREADABLE_SAMPLE, f"it has two members {sample.repeated!r}"
    if sample.key in walk.keys:
        return Reason.DUPLICATE_KEY, "another sample of the shard has the same key"
    if sample.image is None:
        return Reason.MISSING_IMAGE, f"it has only {_some(sorted(sample.members))}"
    return None, ""


def _some(fields: list[str]) -> str:
    """Return up to eight names: a key with dots makes a field of every member of an archive."""
    more = f" and {len(fields) - _SHOWN} more" if len(fields) > _SHOWN else ""
    return ", ".join(fields[:_SHOWN]) + more


def table_of_fields(rows: list[Fields]) -> pa.Table:
    """Return the pairs of samples with these fields, with their other fields behind."""
    known = [fit_values([row.get(field.name) for row in rows], field.type) for field in PAIRS]
    pairs = pa.table(known, schema=PAIRS)
    return with_columns(pairs, gather_fields(rows, PAIRS.names))
