"""Caption -> the part of it that a CLIP text encoder sees."""

import re

CONTEXT_TOKENS = 77
"""What CLIP's text encoder takes, its two marks for start and end included."""

_PIECE = re.compile(r"[^\W\d_]+|\d|[^\s\w]+|_")
_LETTERS_A_TOKEN = 9


def visible_text(caption: str) -> str | None:
    """Return ``caption`` up to the token at which CLIP cuts it, or None if it sees all of it.

    The tokens are estimated: one for each digit, each run of punctuation and each nine letters of a
    word begun. On English captions that is what the byte pairs of CLIP come to, within a tenth.
    """
    if len(caption) <= CONTEXT_TOKENS - 2:
        return None
    left = CONTEXT_TOKENS - 2
    for piece in _PIECE.finditer(caption):
        left -= -(-len(piece[0]) // _LETTERS_A_TOKEN) if piece[0].isalpha() else 1
        if left < 0:
            return caption[: piece.start()].rstrip()
    return None
