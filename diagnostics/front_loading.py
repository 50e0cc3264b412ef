"""Front-loading: the share of a caption in its first sentence (after arXiv 2602.22419)."""

from collections.abc import Iterable

from ..pipeline.facts import state_facts
from ..transforms.text.split_sentences import split_sentences


def front_loading(
    captions: Iterable[str], parser: str = "", statistics: str = ""
) -> list[float | None]:
    """Return the share of each caption's bits that its first sentence carries, 0 to 1.

    None for a caption that carries none. ``parser`` and ``statistics`` are those of
    ``evenpair facts``. Raises UsageError if there are no such statistics.
    """
    both = (part for caption in captions for part in (_first_sentence(caption), caption))
    bits = [s.bits.information_bits for s in state_facts(both, parser, statistics)]
    return [
        min(1.0, first / whole) if whole else None
        for first, whole in zip(bits[::2], bits[1::2], strict=True)
    ]


def _first_sentence(caption: str) -> str:
    return next(iter(split_sentences(caption)), "")
