"""Unit of judged pairs -> Unit with the reason of the first policy that rejects each pair."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc

from ...schemas.fault import IMAGE_FAULTS, Fault
from ...schemas.other_fields import lift_fields
from ...schemas.rejection import Reason
from ...schemas.tables import SELECTION
from ...schemas.unit import Unit
from ..fingerprint import Fingerprints
from ..text.recognise_language import PARSER_LANGUAGE
from .block_list import is_blocked, load_block_list
from .judge_pairs import PRESENCE
from .where import Where

Rejects = Callable[[pa.Table], pa.Array]
"""Table -> whether a policy rejects each row; null means that it does."""


@dataclass(frozen=True, slots=True)
class PolicyOptions:
    """The thresholds of the policies; None and the empty string turn a policy off."""

    block_list: str = ""
    min_image_size: int | None = None
    languages: tuple[str, ...] = ()
    where: str = ""
    fields: pa.Schema | None = None
    """The columns that ``where`` names, with types that those of all sources can be cast to."""
    min_bits: float | None = None
    max_object_share: float | None = None
    min_agreement: float | None = None
    min_similarity: float | None = None
    max_imbalance: float | None = None
    rank_by: str = ""


@dataclass(frozen=True, slots=True)
class PolicyTools:
    """The block list and the condition, loaded once for many units."""

    block_list: Fingerprints | None = None
    where: Where | None = None

    @classmethod
    def load(cls, options: PolicyOptions) -> "PolicyTools":
        """Load those that ``options`` name. Raises UsageError for an unreadable block list."""
        return cls(
            load_block_list(options.block_list) if options.block_list else None,
            Where(options.where) if options.where else None,
        )


_NO_TOOLS = PolicyTools()


def policies(
    options: PolicyOptions, tools: PolicyTools = _NO_TOOLS
) -> Iterator[tuple[Reason, Rejects]]:
    """Yield the policies that ``options`` turn on, in the order in which they reject.

    Duplicates are found by comparing pairs, elsewhere; they come between block list and image size.
    """
    yield Reason.MISSING_IMAGE, lambda t: pc.is_in(t["fault"], pa.array([Fault.MISSING_IMAGE]))
    yield Reason.UNDECODABLE_IMAGE, has_image_fault
    if (entries := tools.block_list) is not None:
        yield Reason.BLOCK_LIST, lambda t: pa.array(is_blocked(t, entries))
    if options.min_image_size is not None:
        size = options.min_image_size
        yield Reason.MIN_IMAGE_SIZE, lambda t: pc.less(_shorter_side(t), size)
    if options.languages:
        languages = pa.array(options.languages)
        yield Reason.LANGUAGES, lambda t: pc.invert(pc.is_in(t["language"], languages))
    if (where := tools.where) is not None:
        yield Reason.WHERE, lambda t: pc.invert(where.holds(_with_fields(t, options.fields)))
    yield from _information_policies(options)
    yield Reason.NO_CAPTION, _has_no_caption


def _information_policies(options: PolicyOptions) -> Iterator[tuple[Reason, Rejects]]:
    """Yield the policies that do not reject captions in other languages."""
    if (bits := options.min_bits) is not None:
        yield Reason.MIN_BITS, _if_readable(lambda t: pc.less(t["information_bits"], bits))
    if (share := options.max_object_share) is not None:
        yield Reason.MAX_OBJECT_SHARE, _if_readable(lambda t: pc.greater(t["object_share"], share))
    if (agreement := options.min_agreement) is not None:
        yield Reason.MIN_AGREEMENT, _if_known(lambda t: pc.less(t["agreement"], agreement))
    if (similarity := options.min_similarity) is not None:
        yield Reason.MIN_SIMILARITY, _if_known(lambda t: pc.less(t["similarity"], similarity))
    if (imbalance := options.max_imbalance) is not None:
        yield (
            Reason.MAX_IMBALANCE,
            _if_readable(lambda t: pc.greater(t["imbalance_after"], imbalance)),
        )


def first_reasons(
    table: pa.Table, options: PolicyOptions, tools: PolicyTools = _NO_TOOLS
) -> pa.Array:
    """Return, for each row, the reason of the first policy that rejects it, null for none."""
    reasons = pa.nulls(table.num_rows, pa.string())
    for reason, rejects in policies(options, tools):
        rejected = pc.and_(pc.fill_null(rejects(table), True), pc.is_null(reasons))
        reasons = pc.if_else(rejected, reason.value, reasons)
    return reasons


def has_image_fault(table: pa.Table) -> pa.Array:
    """Return which pairs have an image that could not be decoded for the captioner."""
    return pc.is_in(table["fault"], pa.array(sorted(IMAGE_FAULTS)))


def _with_fields(table: pa.Table, fields: pa.Schema | None) -> pa.Table:
    """Return ``table`` with every column of ``fields``; missing ones are null."""
    if fields is None:
        return table
    columns = [
        table[field.name].cast(field.type, safe=False)  # large integers become floats
        if field.name in table.column_names
        else pa.nulls(table.num_rows, field.type)
        for field in fields
    ]
    return pa.table(columns, schema=fields)


def _if_readable(rejects: Rejects) -> Rejects:
    """Return ``rejects`` for captions in the parser's language alone."""

    def rejects_readable(table: pa.Table) -> pa.Array:
        readable = pc.equal(table["language"], PARSER_LANGUAGE)
        return pc.and_(readable, pc.fill_null(rejects(table), True))

    return rejects_readable


def _if_known(rejects: Rejects) -> Rejects:
    """Return ``rejects``, but never for a value that is null."""
    return lambda table: pc.fill_null(rejects(table), False)


def _shorter_side(table: pa.Table) -> pa.Array:
    return pc.min_element_wise(table["width"], table["height"], skip_nulls=False)


def _has_no_caption(table: pa.Table) -> pa.Array:
    return pc.equal(pc.utf8_length(pc.utf8_trim_whitespace(table["caption"])), 0)


RANK_BY = "_rank_by"
"""The column that ``--rank-by`` names, as a number."""

JUDGED_COLUMNS = (
    *(name for name in SELECTION.names if name not in ("action", "output_shard", "output_key")),
    "sha256",
    "language",
    "similarity",
    "blocked",
    "words",
    "raw_bits",
    "raw_object_share",
    "object_share",
    "sampled",
    *PRESENCE,
)
"""The columns of judged pairs that the rest of the phase needs."""

RANK_COLUMNS = ("uid", "reason", "language", "imbalance_after", "agreement", "similarity",
           "caption_source", RANK_BY)  # fmt: skip
"""The columns of judged pairs by which they are ranked and cut."""

_BEFORE_DUPLICATES = (Reason.MISSING_IMAGE, Reason.UNDECODABLE_IMAGE, Reason.BLOCK_LIST)
BLOCKED = pa.array([reason.value for reason in _BEFORE_DUPLICATES])
"""Reasons that come before duplicates: a pair with one of them is not compared with others."""


def apply_policies(unit: Unit, options: PolicyOptions, tools: PolicyTools = _NO_TOOLS) -> Unit:
    """Return the JUDGED_COLUMNS of pairs, with ``blocked`` and ``reason`` among them."""
    names = [*(options.fields.names if options.fields else []), *filter(None, [options.rank_by])]
    unit = replace(unit, table=lift_fields(unit.table, names))
    reasons = first_reasons(unit.table, options, tools)
    added, columns = ["blocked", "reason"], [pc.is_in(reasons, BLOCKED), reasons]
    if options.rank_by:
        added.append(RANK_BY)
        columns.append(_number(unit.table, options.rank_by))
    order = [*JUDGED_COLUMNS, *([RANK_BY] if options.rank_by else [])]
    return unit.with_columns(added, columns).with_order(order)


def _number(table: pa.Table, name: str) -> pa.Array:
    if name not in table.column_names:
        return pa.nulls(table.num_rows, pa.float64())
    return table[name].cast(pa.float64())


class _Apply(beam.DoFn):
    def __init__(self, options: PolicyOptions) -> None:
        self._options = options

    def setup(self) -> None:
        self._tools = PolicyTools.load(self._options)

    def process(self, unit: Unit) -> Iterator[Unit]:
        yield apply_policies(unit, self._options, self._tools)


@dataclass
class ApplyPolicies(beam.PTransform):
    """Unit of judged pairs -> Unit with reasons."""

    options: PolicyOptions

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return units | beam.ParDo(_Apply(self.options))
