"""Caption -> the language it is written in, told by its script."""

import re

PARSER_LANGUAGE = "en"

_LETTERS = re.compile(r"[^\W\d_]")
_SCRIPTS = (
    ("ja", re.compile(r"[぀-ヿ]")),
    ("ko", re.compile(r"[ᄀ-ᇿ가-힯]")),
    ("zh", re.compile(r"[㐀-鿿]")),
    ("ru", re.compile(r"[Ѐ-ԯ]")),
    ("el", re.compile(r"[Ͱ-Ͽ]")),
    ("he", re.compile(r"[֐-׿]")),
    ("ar", re.compile(r"[؀-ۿ]")),
    ("hi", re.compile(r"[ऀ-ॿ]")),
    ("th", re.compile(r"[฀-๿]")),
)


def recognise_language(caption: str) -> str:
    """Return the code of the language that most letters of ``caption`` belong to.

    In doubt it is the parser's language. A script stands for the language that uses it most: an
    Ukrainian caption is called ``ru``; what matters is that the parser cannot read it.
    """
    if caption.isascii():
        return PARSER_LANGUAGE
    letters = len(_LETTERS.findall(caption))
    for code, script in _SCRIPTS:
        if 2 * len(script.findall(caption)) > letters:
            return code
    return PARSER_LANGUAGE
