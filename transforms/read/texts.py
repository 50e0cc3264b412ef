"""Values of a field of captions -> one caption, and all of them where there are several."""

from collections.abc import Iterator
from typing import Any

CAPTION_FIELDS = ("caption", "text", "captions", "sentences", "prompt", "title")
"""The usual names of a field of captions."""

CAPTIONS_RAW = "captions_raw"
"""The field with all captions of an image that has several."""

CHOICES = ("first", "longest")
"""How one of several captions is chosen."""

_OF_OBJECTS = ("raw", "caption", "text", "sentence")
_DEEPEST = 3


def choose_text(value: Any, choice: str) -> tuple[str | None, list[str] | None]:  # noqa: ANN401
    """Return the caption in ``value``, and all captions if there are several.

    ``value`` is a text, a list of texts, or a list of objects with one, as in COCO. Of a list the
    first caption that is not blank is taken or, if ``choice`` is ``longest``, the longest one.
    """
    if isinstance(value, str):
        return value, None
    texts = list(_texts(value, 0))
    full = [text for text in texts if text.strip()]
    if not full:
        return (texts[0] if texts else None), None
    chosen = max(full, key=len) if choice == "longest" else full[0]
    return chosen, full if len(full) > 1 else None


def _texts(value: Any, depth: int) -> Iterator[str]:  # noqa: ANN401 - a value of JSON or Arrow
    if isinstance(value, str):
        yield value
    elif isinstance(value, bytes):
        yield from _decoded(value)
    elif isinstance(value, list) and depth < _DEEPEST:
        for item in value:
            yield from _texts(item, depth + 1)
    elif isinstance(value, dict) and depth < _DEEPEST:
        named = next((name for name in _OF_OBJECTS if name in value), None)
        if named is not None:
            yield from _texts(value[named], depth + 1)


def _decoded(content: bytes) -> Iterator[str]:
    try:
        yield content.decode()
    except UnicodeDecodeError:
        return
