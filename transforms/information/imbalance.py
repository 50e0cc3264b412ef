"""Facts of a caption and of a reference -> the share of the information left out."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from ...schemas.facts import Facts
from ..facts.match_facts import shared_facts, unite_wordings
from .information import InformationModel

_Fact = TypeVar("_Fact")


class Basis(StrEnum):
    """What an imbalance was measured against."""

    REFERENCE = "reference"
    CORPUS = "corpus"


@dataclass(frozen=True, slots=True)
class Judgement:
    """How much of what is known a caption says; agreement is None where nothing can be compared."""

    imbalance: float
    agreement: float | None
    basis: Basis


def unite(*parts: Facts) -> Facts:
    """Return the distinct facts of all parts, in the order in which they are first named."""
    return Facts(
        _distinct(part.objects for part in parts),
        _distinct(part.attributes for part in parts),
        _distinct(part.relations for part in parts),
    )


def intersect(one: Facts, other: Facts) -> Facts:
    """Return the facts that both state."""
    return Facts(
        tuple(term for term in one.objects if term in set(other.objects)),
        tuple(fact for fact in one.attributes if fact in set(other.attributes)),
        tuple(fact for fact in one.relations if fact in set(other.relations)),
    )


def left_out(caption_bits: float, known_bits: float) -> float:
    """Return ``max(0, 1 - bits(caption) / bits(known))``, and 1 where nothing is known."""
    return max(0.0, 1.0 - caption_bits / known_bits) if known_bits > 0 else 1.0


def judge_by_reference(
    caption: Facts, raw: Facts, reference: Facts, model: InformationModel
) -> Judgement:
    """Judge ``caption`` by what the raw caption and the reference say together.

    What both say in other words counts once, and is agreed on. The agreement is
    ``bits(raw and reference) / bits(raw)``, None where the raw one says nothing.
    """
    known = known_bits(raw, reference, model)
    raw_bits = model.bits(raw).information_bits
    shared = model.bits(shared_facts(raw, reference).of_first).information_bits
    imbalance = left_out(model.bits(caption).information_bits, known)
    return Judgement(imbalance, shared / raw_bits if raw_bits > 0 else None, Basis.REFERENCE)


def known_bits(raw: Facts, reference: Facts, model: InformationModel) -> float:
    """Return ``bits(U)``, U being what the raw caption and the reference say of the image."""
    return model.bits(unite_wordings(raw, reference, model.object_bits)).information_bits


def judge_by_corpus(caption: Facts, full_level: float, model: InformationModel) -> Judgement:
    """Judge ``caption`` by the information of a full caption."""
    bits = model.bits(caption).information_bits
    return Judgement(left_out(bits, full_level), None, Basis.CORPUS)


def _distinct(parts: Iterable[tuple[_Fact, ...]]) -> tuple[_Fact, ...]:
    return tuple(dict.fromkeys(term for part in parts for term in part))
