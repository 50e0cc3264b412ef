"""Unit of judged pairs -> Unit with the reason of the first policy that rejects each."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc

from ..schemas.fault import IMAGE_FAULTS, Fault
from ..schemas.rejection import Reason
from ..schemas.tables import SELECTION
from ..schemas.unit import Unit
from .recognise_language import PARSER_LANGUAGE

Rejects = Callable[[pa.Table], pa.Array]
"""Says of each row whether a policy rejects it; null means that it does."""


@dataclass(frozen=True, slots=True)
class PolicyOptions:
    """The thresholds of the policies; None asks nothing."""

    min_image_size: int | None = None
    languages: tuple[str, ...] = ()
    min_bits: float | None = None
    max_object_share: float | None = None
    min_agreement: float | None = None
    max_imbalance: float | None = None


def policies(options: PolicyOptions) -> Iterator[tuple[Reason, Rejects]]:
    """Yield the policies that ``options`` ask for, in the order in which they reject."""
    yield Reason.MISSING_IMAGE, lambda t: pc.is_in(t["fault"], pa.array([Fault.MISSING_IMAGE]))
    yield Reason.UNDECODABLE_IMAGE, has_image_fault
    if options.min_image_size is not None:
        size = options.min_image_size
        yield Reason.MIN_IMAGE_SIZE, lambda t: pc.less(_shorter_side(t), size)
    if options.languages:
        spoken = pa.array(options.languages)
        yield Reason.LANGUAGES, lambda t: pc.invert(pc.is_in(t["language"], spoken))
    yield from _information_policies(options)
    yield Reason.NO_CAPTION, _has_no_caption


def _information_policies(options: PolicyOptions) -> Iterator[tuple[Reason, Rejects]]:
    """Yield the policies that leave captions in other languages alone."""
    if (least := options.min_bits) is not None:
        yield Reason.MIN_BITS, _if_read(lambda t: pc.less(t["information_bits"], least))
    if (share := options.max_object_share) is not None:
        yield Reason.MAX_OBJECT_SHARE, _if_read(lambda t: pc.greater(t["object_share"], share))
    if (agreed := options.min_agreement) is not None:
        yield Reason.MIN_AGREEMENT, lambda t: _known(pc.less(t["agreement"], agreed))
    if (most := options.max_imbalance) is not None:
        yield Reason.MAX_IMBALANCE, _if_read(lambda t: pc.greater(t["imbalance_after"], most))


def first_reasons(table: pa.Table, options: PolicyOptions) -> pa.Array:
    """Return, for each row, the reason of the first policy that rejects it, null for none."""
    reasons = pa.nulls(table.num_rows, pa.string())
    for reason, rejects in policies(options):
        rejected = pc.and_(pc.fill_null(rejects(table), True), reasons.is_null())
        reasons = pc.if_else(rejected, reason.value, reasons)
    return reasons


def has_image_fault(table: pa.Table) -> pa.Array:
    """Return which pairs have an image that the captioner could not use."""
    return pc.is_in(table["fault"], pa.array(sorted(IMAGE_FAULTS)))


def _if_read(rejects: Rejects) -> Rejects:
    def of_the_language(table: pa.Table) -> pa.Array:
        read = pc.equal(table["language"], PARSER_LANGUAGE)
        return pc.and_(read, pc.fill_null(rejects(table), True))

    return of_the_language


def _known(rejects: pa.Array) -> pa.Array:
    """Reject nothing that could not be compared."""
    return pc.fill_null(rejects, False)


def _shorter_side(table: pa.Table) -> pa.Array:
    return pc.min_element_wise(table["width"], table["height"], skip_nulls=False)


def _has_no_caption(table: pa.Table) -> pa.Array:
    return pc.equal(pc.utf8_length(pc.utf8_trim_whitespace(table["caption"])), 0)


DECIDING = (
    *(name for name in SELECTION.names if name not in ("action", "output_shard", "output_key")),
    "sha256",
    "language",
    "blocked",
)
"""The columns of a judged pair that the rest of the phase asks for."""


def apply_policies(unit: Unit, options: PolicyOptions) -> Unit:
    """Add the columns ``blocked`` and ``reason`` to judged pairs, and keep those of DECIDING."""
    columns = [has_image_fault(unit.table), first_reasons(unit.table, options)]
    return unit.with_columns(["blocked", "reason"], columns).with_order(list(DECIDING))


@dataclass
class ApplyPolicies(beam.PTransform):
    """Unit of judged pairs -> Unit with reasons."""

    options: PolicyOptions

    def expand(self, units: beam.PCollection) -> beam.PCollection:
        return units | beam.Map(apply_policies, self.options)
