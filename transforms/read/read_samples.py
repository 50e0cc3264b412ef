"""Source -> Unit, by walking the archive: text and JSON are read, images are passed over."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from ...schemas.pair import derive_uid, own_uid
from ...schemas.phase import Phase
from ...schemas.rejection import Reason, Rejection
from ...schemas.sample import Sample, group_payloads, is_safe_key, split_name
from ...schemas.source import Source
from ...schemas.tables import PAIRS, with_other_fields
from ...schemas.tar import Member, Readable, TarError, read_members
from ...schemas.unit import Tally, Unit

Fields = dict[str, Any]
"""What the JSON of a sample says of a pair."""

Text = bytes | Member
"""The content of a text or JSON; of everything else, and of what is too large, where it lies."""

MOST_TEXT = 16 << 20
"""The largest text or JSON that is read, in bytes: no caption needs as much."""

_READ = ("txt", "json")
_SHOWN = 8


@dataclass(slots=True)
class _Walk:
    """What has been seen of one archive."""

    source: Source
    archive: Readable
    caption_field: str
    rows: list[Fields] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    fields: frozenset[str] = frozenset()
    fault: TarError | None = None

    def reject(self, uid: str, key: str, reason: Reason, detail: str) -> None:
        self.rejections.append(Rejection(uid, self.source.name, key, Phase.SCORE, reason, detail))


def read_samples(
    source: Source,
    archive: Readable,
    successes: int | None,
    expected: pa.Table | None,
    caption_field: str = "",
) -> Unit:
    """Read the samples of ``archive`` as far as it is whole, in one pass.

    ``successes`` are the pairs that the source's statistics claim. ``expected`` has the pairs
    of the source's parquet, if there is one: those that the archive lost are rejected by name.
    """
    walk = _Walk(source, archive, caption_field)
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
    return Unit(source, _table_of_fields(walk.rows), tally, tuple(walk.rejections))


def json_fields(archive: Readable) -> Iterator[Fields]:
    """Yield the fields in the JSON of each sample, none where it is no JSON object."""
    walk = _Walk(Source(0, "", ""), archive, "")
    return (_read_json(sample) or {} for sample in _samples(walk))


def _samples(walk: _Walk) -> Iterator[Sample[Text]]:
    def read(_key: str, field: str, member: Member) -> Text:
        if field not in _READ or member.size > MOST_TEXT:
            return member
        return walk.archive[member.offset : member.offset + member.size]

    return group_payloads(_members(walk), read)


def _members(walk: _Walk) -> Iterator[Member]:
    """Yield the members that are whole, and note why there are no more."""
    try:
        yield from read_members(walk.archive)
    except TarError as error:
        walk.fault = error


def _is_cut(walk: _Walk, last: Sample[Text]) -> bool:
    """Return whether the end of a damaged archive may have taken members of its last sample."""
    return walk.fault is not None and not walk.fields <= last.members.keys()


def _take(walk: _Walk, sample: Sample[Text], *, is_cut: bool) -> None:
    said = _read_json(sample)
    fields = _read_fields(walk, sample, said or {})
    reason, detail = _refusal(walk, sample, said)
    if is_cut:
        reason, detail = Reason.TRUNCATED_SOURCE, str(walk.fault)
    walk.keys.add(sample.key)
    if reason is None:
        walk.rows.append(fields)
    else:
        walk.reject(fields["uid"], sample.key, reason, detail)


def _reject_cut_member(walk: _Walk) -> None:
    """Reject the sample of which only the header of its first member is left."""
    member = walk.fault.member if walk.fault else None
    split = split_name(member) if member else None
    if split is not None and split[0] not in walk.keys:
        uid = derive_uid(None, walk.source.name, split[0], None)
        walk.reject(uid, split[0], Reason.TRUNCATED_SOURCE, str(walk.fault))


def _reject_lost(walk: _Walk, expected: pa.Table | None) -> None:
    """Reject what the source's parquet lists and its archive does not hold."""
    if expected is None:
        return
    reason = Reason.TRUNCATED_SOURCE if walk.fault else Reason.MISSING_IMAGE
    for uid, key in zip(*(expected[n].to_pylist() for n in ("uid", "key")), strict=True):
        if key not in walk.keys:
            walk.keys.add(key)
            walk.reject(uid, key, reason, "its parquet lists the pair, the archive lacks it")


def _read_json(sample: Sample[Text]) -> Fields | None:
    """Return the sample's JSON, no fields if it has none, None if that is no JSON object."""
    text = sample.members.get("json", b"{}")
    return parse_json(text) if isinstance(text, bytes) else None


def parse_json(text: bytes) -> Fields | None:
    """Return the JSON object that ``text`` is, None if it is none."""
    try:
        fields = json.loads(text.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) else None


def _read_fields(walk: _Walk, sample: Sample[Text], said: Fields) -> Fields:
    """Return the sample's JSON with its caption, key and uid."""
    name = walk.caption_field
    caption, url = (_text(said.get(n)) for n in (name or "caption", "url"))
    text = sample.members.get("txt")
    if isinstance(text, bytes) and not name:
        caption = text.decode("utf-8", "replace")
    if name not in ("", "caption") and "caption" in said:
        said = {**said, "source_caption": said["caption"]}
    shard, key = walk.source.name, sample.key
    uid = own_uid(said.get("uid")) or derive_uid(url, shard, key, caption)
    return {**said, "uid": uid, "shard": shard, "key": key, "url": url, "caption": caption}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _refusal(walk: _Walk, sample: Sample[Text], said: Fields | None) -> tuple[Reason | None, str]:
    """Return why a sample cannot be a pair, or None."""
    if not is_safe_key(sample.key):
        return Reason.UNREADABLE_SAMPLE, "its name leaves the folder, or is no UTF-8"
    large = [name for name in _READ if isinstance(sample.members.get(name), Member)]
    if large:
        return Reason.UNREADABLE_SAMPLE, f"its {large[0]} is larger than {MOST_TEXT} bytes"
    if said is None:
        return Reason.UNREADABLE_SAMPLE, "its json is no JSON object"
    if sample.repeated is not None:
        return Reason.UNREADABLE_SAMPLE, f"it has two members {sample.repeated!r}"
    if sample.key in walk.keys:
        return Reason.DUPLICATE_KEY, "another sample of the shard has the same key"
    if sample.image is None:
        return Reason.MISSING_IMAGE, f"it has only {_some(sorted(sample.members))}"
    return None, ""


def _some(fields: list[str]) -> str:
    """Return the names of fields; where keys had dots these may be those of a whole archive."""
    more = f" and {len(fields) - _SHOWN} more" if len(fields) > _SHOWN else ""
    return ", ".join(fields[:_SHOWN]) + more


def _table_of_fields(rows: list[Fields]) -> pa.Table:
    known = [_known_array([row.get(field.name) for row in rows], field.type) for field in PAIRS]
    pairs = pa.table(known, schema=PAIRS)
    names = dict.fromkeys(name for row in rows for name in row if name not in PAIRS.names)
    others = {_encodable(n): _any_array([row.get(n) for row in rows]) for n in names}
    return with_other_fields(pairs, others)


def _known_array(values: list[Any], kind: pa.DataType) -> pa.Array:
    """Return the values that have the type of the column; a source may hold anything."""
    fits = _is_string if pa.types.is_string(kind) else _is_int32
    return pa.array([_encodable(v) if fits(v) else None for v in values], kind)


def _is_string(value: object) -> bool:
    return isinstance(value, str)


def _is_int32(value: object) -> bool:
    return type(value) is int and abs(value) < 1 << 31


def _any_array(values: list[Any]) -> pa.Array:
    """Return the values under a type that holds them all, as JSON where there is none."""
    try:
        if all(map(_is_plain, values)):
            return pa.array(values)
    except (pa.ArrowException, OverflowError, UnicodeEncodeError):
        pass
    return pa.array([None if v is None else json.dumps(v) for v in values], pa.string())


def _is_plain(value: object, lists: int = 2) -> bool:
    """Return whether ``value`` is a scalar, or a list of such, at most as deep as ``lists``."""
    if isinstance(value, list):
        return lists > 0 and all(_is_plain(item, lists - 1) for item in value)
    return not isinstance(value, dict)


def _encodable(value: Any) -> Any:  # noqa: ANN401 - a value of a JSON object
    """Replace what JSON can escape and UTF-8 cannot hold: lone surrogates."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return value
