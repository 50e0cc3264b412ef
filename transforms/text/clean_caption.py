"""Raw caption -> sentences of plain lower-case words, one space between them.

Whatever separates parts of a web caption (`|`, ` - `, brackets, tags) ends a sentence, so that no
fact ties `sofa` to `store` in `Sofa | Store`. Case and outer punctuation do not matter.
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
_BREAKS = frozenset(".!?;:|()[]{}<>\\•·…–—=~*^«»#\n") | {" - ", " – ", " — "}
_JOINS = {",": ",", "/": ",", "&": "and", "+": "and"}
_QUOTES = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'", "\u00a0": " ", "\0": " "})
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
    """Split a caption into sentences; words, commas and `'s` have one space between them."""
    text = without_article_numbers(_plain(caption).lower().replace("w/ ", "with "))
    if "-" in text:
        text = _SLUG.sub(lambda slug: slug[0].replace("-", " "), text)
    sentences = _sentences(_once(_WORD.findall(text)))
    plain = (_ENDING.sub("", _OPENING.sub("", strip_padding(said))) for said in sentences)
    return [sentence for sentence in plain if sentence]


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


def _sentences(words: list[str]) -> Iterator[str]:
    sentence: list[str] = []
    for word in words:
        if word in _BREAKS or len(sentence) >= MAX_WORDS:
            yield from _finish(sentence)
            sentence = []
        if word[0].isalnum() or word == "'s":
            if word.isalpha() or not _CODE.fullmatch(word):
                sentence.append(word)
        elif word in _JOINS and sentence:
            sentence.append(_JOINS[word])
    yield from _finish(sentence)


def _finish(sentence: list[str]) -> Iterator[str]:
    while sentence and sentence[-1] in {",", "and", "'s"}:
        sentence.pop()
    if sentence:
        yield " ".join(sentence)
