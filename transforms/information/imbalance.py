"""Facts of a caption and of a reference -> the share of the information left out."""

from dataclasses import dataclass
from enum import StrEnum

from ...schemas.facts import Facts
from ..facts.match_facts import shared_facts, unite_wordings
from .information import InformationModel


class Basis(StrEnum):
    """The standard that an imbalance is measured against."""

    REFERENCE = "reference"
    CORPUS = "corpus"


@dataclass(frozen=True, slots=True)
class Judgement:
    """How much a caption leaves out; ``agreement`` is None if nothing can be compared."""

    imbalance: float
    agreement: float | None
    basis: Basis


def left_out(caption_bits: float, *, known_bits: float) -> float:
    """Return ``max(0, 1 - bits(caption) / bits(known))``, and 1 if nothing is known."""
    return max(0.0, 1.0 - caption_bits / known_bits) if known_bits > 0 else 1.0


def judge_by_reference(
    caption: Facts, *, raw: Facts, reference: Facts, model: InformationModel
) -> Judgement:
    """Judge ``caption`` by what the raw caption and the reference state together.

    A fact that both state, in any words, counts once and is agreed on. The agreement is
    ``bits(raw and reference) / bits(raw)``, None if the raw caption has no information.
    """
    known = known_bits(raw, reference, model)
    raw_bits = model.bits(raw).information_bits
    shared = model.bits(shared_facts(raw, reference).of_first).information_bits
    imbalance = left_out(model.bits(caption).information_bits, known_bits=known)
    return Judgement(imbalance, shared / raw_bits if raw_bits > 0 else None, Basis.REFERENCE)


def known_bits(raw: Facts, reference: Facts, model: InformationModel) -> float:
    """Return the bits of the facts that the raw caption or the reference states."""
    return model.bits(unite_wordings(raw, reference, model.object_bits)).information_bits
