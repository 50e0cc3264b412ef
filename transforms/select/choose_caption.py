"""A pair beside its generated caption -> the caption that is written, by the mode."""

import hashlib
from dataclasses import dataclass

from .fuse import Mode, WrittenCaption, append, fuse, replace
from .referenced_pairs import ReferencedPair


@dataclass(frozen=True, slots=True)
class EnrichmentOptions:
    """How generated captions are used, and the thresholds below which they are not."""

    mode: Mode = Mode.FUSE
    max_words: int = 60
    mix_probability: float = 0.5
    min_agreement: float | None = None
    min_similarity: float | None = None
    seed: int = 0


def choose_caption(pair: ReferencedPair, options: EnrichmentOptions) -> WrittenCaption:
    """Return the caption to write; a pair that is not sparse keeps its own."""
    raw = pair.raw
    if not pair.sparse:
        return raw
    if options.mode is Mode.REPLACE:
        return replace(pair.parts)
    if options.mode is Mode.APPEND:
        return append(raw.text, raw.facts, pair.parts)
    if options.mode is Mode.MIX and share_of(pair.uid, options.seed) >= options.mix_probability:
        return raw
    return fuse(raw.text, raw.facts, pair.parts, options.max_words)


def is_withheld(
    *, agreement: float | None, similarity: float | None, options: EnrichmentOptions
) -> bool:
    """Return whether a generated caption agrees too little with the raw one, or the image."""
    return _is_below(agreement, options.min_agreement) or _is_below(
        similarity, options.min_similarity
    )


def _is_below(value: float | None, threshold: float | None) -> bool:
    return threshold is not None and value is not None and value < threshold


def share_of(uid: str, seed: int) -> float:
    """Return a number in [0, 1) that depends on ``uid`` and ``seed`` only."""
    digest = hashlib.blake2b(f"{seed}:{uid}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64
