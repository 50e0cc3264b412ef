"""Raw caption -> sentences of plain lower-case words, one space between them.

What separates parts of a sentence (` - `, brackets, tags, a colon) becomes the word `|`; quotation
marks that come in pairs are words too. Case and other outer punctuation do not matter.
"""

import html
import re
from collections.abc import Iterator

from .strip_padding import strip_padding, without_article_numbers

MAX_WORDS = 80
"""Longer sentences are cut: the time to parse grows with the length of the text, no faster."""

_TAG = re.compile(r"<(?:/|!--)?[a-z][^<>]{0,1000}>", re.IGNORECASE)
_WEB = re.compile(
    r"(?:https?://|www\.)\S+"
    r"|\S+\.(?:jpe?g|png|gif|webp|svg|bmp|tiff?|pdf|html?|php)\b"
    r"|\b(?:img|dsc[fn]?|image)[-_]?\d+\b"
    r"|\S+@\S+\.\w+",
    re.IGNORECASE,
)
_WORD = re.compile(
    r"'s\b|\d+(?:[.,:]\d+)+|[^\W_]+(?:[-.][^\W_]+)*(?:'(?!s\b)[^\W_]+)*| [-–—] |[^\w\s]|\n"
)
_DIGIT = re.compile(r"\d")
_PARTS = re.compile(r"[|•·\n]| [-–—] ")
_SLUG = re.compile(r"[^\s-]+(?:-[^\s-]+){4,}")
_CODE = re.compile(r"(?=\S*\d\S*\d)(?=\S*[a-z])[a-z\d.-]{5,}|\d[\d.,-]{3,}")
PART = "|"
"""The word between two parts of a sentence."""

_STOPS = frozenset(".!?;\n")
_BREAKS = frozenset(":|()[]{}<>\\•·…–—=~*^«»#") | {" - ", " – ", " — "}
_DASHES = frozenset("-–—")
_JOINS = {",": ",", "/": ",", "&": "and", "+": "and"}
QUOTE = '"'
_QUOTES = str.maketrans(
    {
        **dict.fromkeys("’‘`´", "'"),
        **dict.fromkeys("“”„‟", QUOTE),
        **dict.fromkeys("\u00a0\0", " "),
    }
)
_OPENING = re.compile(
    r"^(?:(?:a|an|the|this|these|some|here is|here are|this is|there is|stock|vector|royalty"
    r"|free|hd|high|resolution|quality|beautiful|stunning|close-up|closeup|close up|aerial|digital"
    r"|black and white|color|colour|cropped|blurry|blurred|detailed) )*"
    r"(?:photos?|images?|pictures?|photographs?|pics?|snapshots?|footage|illustrations?"
    r"|close-ups?|closeups?|close up|view|shot|vector) "
    r"(?:of|shows?|showing|depicts?|depicting|features?|featuring|captures?|displays?|with)(?: |$)"
)
_ENDING = re.compile(
    r"(?:^| )(?:(?:royalty free|royalty-free|free|stock) )+"
    r"(?:vector |stock |video )?(?:photo\w*|images?|pictures?|footage|vectors?|illustrations?)$"
)


def clean_caption(caption: str) -> list[str]:
    """Split a caption into sentences; one space stands between words, commas, `'s`, `|` and `"`."""
    text = without_article_numbers(_plain(caption).lower().replace("w/ ", "with "))
    if "-" in text:
        text = _SLUG.sub(lambda slug: slug[0].replace("-", " "), text)
    sentences = _sentences(_once(_WORD.findall(text)))
    plain = (f" {PART} ".join(filter(None, map(_plain_part, parts))) for parts in sentences)
    return [sentence for sentence in plain if sentence]


def _plain_part(part: str) -> str:
    return _ENDING.sub("", _OPENING.sub("", strip_padding(part)))


def plain_text(caption: str) -> list[str]:
    """The parts of a caption as they stand, for parsers that read case and punctuation.

    A caption all in capitals is lower-cased; parts longer than a thousand characters are cut.
    """
    text = _plain(caption)
    text = text.lower() if text.isupper() else text
    parts = (" ".join(part.split()) for part in _PARTS.split(text))
    return [part[at : at + 1000] for part in parts for at in range(0, len(part), 1000)]


def _plain(caption: str) -> str:
    """Without entities, tags, addresses and file names."""
    text = caption.translate(_QUOTES)
    if "&" in text:
        text = html.unescape(text).translate(_QUOTES)
    if "<" in text:
        text = _TAG.sub(" | ", text)
    if "." in text or "@" in text or _DIGIT.search(text):
        text = _WEB.sub(" | ", text)
    return text


def _once(words: list[str]) -> list[str]:
    """A text that is said twice over says it once."""
    middle, odd = divmod(len(words), 2)
    while middle and not odd and words[:middle] == words[middle:]:
        words = words[:middle]
        middle, odd = divmod(len(words), 2)
    return words


def _sentences(words: list[str]) -> Iterator[list[str]]:
    """The parts of each sentence."""
    parts: list[str] = []
    part: list[str] = []
    length = 0
    quotes = words.count(QUOTE) % 2 == 0
    quoted = False
    for word in words:
        stops = (word in _STOPS and not quoted) or length >= MAX_WORDS
        if stops or (word in _BREAKS and not quoted):
            parts += _finish(part)
            part = []
        if stops:
            yield parts
            parts, length = [], 0
        if word == QUOTE and quotes:
            quoted = not quoted
            part.append(word)
        elif word[0].isalnum() or word == "'s":
            if quoted or word.isalpha() or not _CODE.fullmatch(word):
                part.append(word)
                length += 1
        elif quoted and word.strip() in _DASHES:
            part.append("-")
        elif word in _JOINS and part:
            part.append(_JOINS[word])
            length += 1
    yield [*parts, *_finish(part)]


def _finish(part: list[str]) -> Iterator[str]:
    while part and part[-1] in {",", "and", "'s"}:
        part.pop()
    if any(word != QUOTE for word in part):
        yield " ".join(part)
