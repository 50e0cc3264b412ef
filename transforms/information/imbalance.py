"""Facts of the descriptions of an image -> what the image holds, and how much of it each states.

The information of an image is estimated as wildlife is counted, by capture and recapture (Lincoln
and Petersen): descriptions that share much have left out little.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from math import fsum
from pathlib import Path

from ...models.load_matching import capture_path
from ...schemas.facts import Facts
from ..facts.match_facts import Match, match_facts
from .information import InformationModel


@dataclass(frozen=True, slots=True)
class Capture:
    """The constants of capture and recapture, in bits."""

    added_bits: float
    """What each description is credited with: a in the formula."""
    added_shared: float
    """What two descriptions are credited with sharing: b."""
    usual_bits: float
    """The information of an image that has no reference."""


@cache
def shipped_capture() -> Capture:
    """Return the constants that ship with evenpair (``training/matching/fit_capture.py``)."""
    return Capture(**json.loads(Path(capture_path()).read_text("utf-8")))


@dataclass(frozen=True, slots=True)
class Overlap:
    """The bits of two descriptions of one image, and of what they share."""

    first: float
    second: float
    shared_of_first: float
    """What the second states of the first."""
    shared_of_second: float
    """What the first states of the second."""

    @property
    def shared(self) -> float:
        """The bits of what both state: the mean of its bits in the words of each."""
        return (self.shared_of_first + self.shared_of_second) / 2

    @property
    def united(self) -> float:
        """The bits of what both state together."""
        return max(self.first, self.second, self.first + self.second - self.shared)


@dataclass(frozen=True, slots=True)
class Judgement:
    """How much of an image a caption states, by a reference if there is one."""

    image_bits: float
    coverage: float | None = None
    """The share of the reference that the caption states; None if nothing can be compared."""
    agreement: float | None = None
    """The share of the caption that the reference states; None if nothing can be compared."""


def left_out(caption_bits: float, *, known_bits: float) -> float:
    """Return ``max(0, 1 - bits(caption) / bits(known))``, and 1 if nothing is known."""
    return max(0.0, 1.0 - caption_bits / known_bits) if known_bits > 0 else 1.0


def weights_of(facts: Facts, model: InformationModel) -> list[float]:
    """Return the weight of each fact: of the objects, the attributes, then the relations."""
    return [*map(model.weight, (*facts.objects, *facts.attributes, *facts.relations))]


def measure_overlap(first: Facts, second: Facts, model: InformationModel) -> Overlap:
    """Return the bits of two descriptions, and of what corresponds to one another in them."""
    return weigh_overlap(
        match_facts(first, second), weights_of(first, model), weights_of(second, model)
    )


def weigh_overlap(
    matches: Sequence[Match], first: Sequence[float], second: Sequence[float]
) -> Overlap:
    """Return the overlap by matches and the bits of each fact."""
    return Overlap(
        fsum(first),
        fsum(second),
        fsum(match.share * first[match.first] for match in matches),
        fsum(match.share * second[match.second] for match in matches),
    )


def image_bits(overlaps: Sequence[Overlap], capture: Capture, united: float) -> float:
    """Return ``K = sum (r + a)(g + a) / sum (s + b)`` over the pairs of descriptions.

    It is at least ``united``, the bits of all descriptions together, and the usual value if there
    are no pairs.
    """
    if not overlaps:
        return max(capture.usual_bits, united)
    a, b = capture.added_bits, capture.added_shared
    seen = fsum((pair.first + a) * (pair.second + a) for pair in overlaps)
    shared = fsum(pair.shared + b for pair in overlaps)
    return max(seen / shared, united)


def image_bits_of(
    descriptions: Sequence[Facts], model: InformationModel, capture: Capture
) -> float:
    """Return the information of an image from any number of descriptions, in bits."""
    overlaps = [measure_overlap(*pair, model) for pair in combinations(descriptions, 2)]
    return image_bits(overlaps, capture, united_bits(descriptions, model))


def united_bits(descriptions: Sequence[Facts], model: InformationModel) -> float:
    """Return the bits of what all ``descriptions`` state, in whatever words, once.

    Of each fact counts what no description before states: its bits times one minus the largest
    share to which one of them does.
    """
    total = []
    for at, facts in enumerate(descriptions):
        known = [0.0] * len(facts)
        for earlier in descriptions[:at]:
            for match in match_facts(earlier, facts):
                known[match.second] = max(known[match.second], match.share)
        weights = weights_of(facts, model)
        total += [weight * (1 - share) for weight, share in zip(weights, known, strict=True)]
    return fsum(total)


def judge_alone(bits: float, capture: Capture) -> Judgement:
    """Judge a caption without a reference: its image holds the usual bits, or its own if more."""
    return Judgement(image_bits([], capture, bits))


def judge_by_reference(overlap: Overlap, capture: Capture) -> Judgement:
    """Judge a caption, the first of ``overlap``, by a reference, the second."""
    if overlap.first <= 0 or overlap.second <= 0:
        return judge_alone(overlap.united, capture)
    return Judgement(
        image_bits([overlap], capture, overlap.united),
        min(1.0, overlap.shared_of_second / overlap.second),
        min(1.0, overlap.shared_of_first / overlap.first),
    )
