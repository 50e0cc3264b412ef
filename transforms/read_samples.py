"""Source -> Unit, by walking the archive: text and JSON are read, images are passed over."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from ..schemas.pair import derive_uid, own_uid
from ..schemas.rejection import Phase, Reason, Rejection
from ..schemas.sample import Sample, group_samples, is_safe_key, split_name
from ..schemas.source import Source
from ..schemas.tables import PAIRS, with_other_fields
from ..schemas.tar import Member, Readable, TarError, read_members
from ..schemas.unit import Tally, Unit

Fields = dict[str, Any]
"""What the JSON of a sample says of a pair."""

_TEXTS = ("caption", "url")


@dataclass(slots=True)
class _Walk:
    """What has been seen of one archive."""

    source: Source
    archive: Readable
    rows: list[Fields] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    fields: frozenset[str] = frozenset()
    fault: TarError | None = None

    def reject(self, uid: str, key: str, reason: Reason, detail: str) -> None:
        self.rejections.append(Rejection(uid, self.source.name, key, Phase.SCORE, reason, detail))


def read_samples(
    source: Source, archive: Readable, successes: int | None, expected: pa.Table | None
) -> Unit:
    """Read the samples of ``archive`` as far as it is whole.

    ``successes`` are the pairs that the source's statistics claim. ``expected`` has the pairs
    of the source's parquet, if there is one: those that the archive lost are rejected by name.
    """
    walk = _Walk(source, archive)
    samples = list(group_samples(_members(walk)))
    walk.fields = frozenset(samples[0].members) if samples else frozenset()
    for at, sample in enumerate(samples):
        _take(walk, sample, is_cut=_is_cut(walk, sample, is_last=at == len(samples) - 1))
    _reject_lost(walk, expected)
    _reject_cut_member(walk)
    fault = None if walk.fault is None else f"{source.path}: {walk.fault}"
    tally = Tally(len(walk.rows) + len(walk.rejections), successes, fault)
    return Unit(source, _table_of_fields(walk.rows), tally, tuple(walk.rejections))


def _members(walk: _Walk) -> Iterator[Member]:
    """Yield the members that are whole, and note why there are no more."""
    try:
        yield from read_members(walk.archive)
    except TarError as error:
        walk.fault = error


def _is_cut(walk: _Walk, sample: Sample, *, is_last: bool) -> bool:
    """Return whether the end of a damaged archive may have taken members of this sample."""
    return walk.fault is not None and is_last and not walk.fields <= sample.members.keys()


def _take(walk: _Walk, sample: Sample, *, is_cut: bool) -> None:
    said = _read_json(walk, sample)
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


def _read_json(walk: _Walk, sample: Sample) -> Fields | None:
    """Return the sample's JSON, no fields if it has none, None if that is no JSON object."""
    if "json" not in sample.members:
        return {}
    try:
        fields = json.loads(_payload(walk, sample.members["json"]).decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    return dict(fields) if isinstance(fields, dict) else None


def _read_fields(walk: _Walk, sample: Sample, said: Fields) -> Fields:
    """Return the sample's JSON with its caption, key and uid."""
    caption, url = (said.get(n) if isinstance(said.get(n), str) else None for n in _TEXTS)
    if "txt" in sample.members:
        caption = _payload(walk, sample.members["txt"]).decode("utf-8", "replace")
    shard, key = walk.source.name, sample.key
    uid = own_uid(said.get("uid")) or derive_uid(url, shard, key, caption)
    return {**said, "uid": uid, "shard": shard, "key": key, "url": url, "caption": caption}


def _payload(walk: _Walk, member: Member) -> bytes:
    return bytes(walk.archive[member.offset : member.offset + member.size])


def _refusal(walk: _Walk, sample: Sample, said: Fields | None) -> tuple[Reason | None, str]:
    """Return why a sample cannot be a pair, or None."""
    if not is_safe_key(sample.key):
        return Reason.UNREADABLE_SAMPLE, "its name leaves the folder, or is no UTF-8"
    if said is None:
        return Reason.UNREADABLE_SAMPLE, "its json is no JSON object"
    if sample.repeated is not None:
        return Reason.UNREADABLE_SAMPLE, f"it has two members {sample.repeated!r}"
    if sample.key in walk.keys:
        return Reason.DUPLICATE_KEY, "another sample of the shard has the same key"
    if sample.image is None:
        return Reason.MISSING_IMAGE, f"it has only {', '.join(sorted(sample.members))}"
    return None, ""


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
