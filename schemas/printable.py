"""Control characters in untrusted text, such as captions, keys and names of shards."""

import re

_BIDIRECTIONAL = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_SPACES = "\t-\r\x1c-\x1f\x85\u2028\u2029"  # they separate lines, columns and pages
_OTHERS = "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"
_SURROGATES = "\ud800-\udfff"  # which UTF-8 cannot encode

_UNSAFE = re.compile(f"[\x0a-\x0d\x1c-\x1f\x85\u2028\u2029{_OTHERS}{_BIDIRECTIONAL}{_SURROGATES}]")
_SPACE = re.compile(f"[{_SPACES}]")
_CONTROL = re.compile(f"[{_OTHERS}{_BIDIRECTIONAL}]")


def printable(text: str) -> str:
    r"""Return ``text`` with escapes for control, bidirectional and unencodable characters.

    Tabs stay.

    >>> printable("a\x1b[2Jb\n")
    'a\\x1b[2Jb\\n'
    """
    return _UNSAFE.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def printable_json(text: str) -> str:
    r"""Return a JSON text with ``\u`` escapes for the characters that ``printable`` escapes.

    Its value stays the same: JSON itself has no control characters inside strings.
    """
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def without_controls(text: str) -> str:
    r"""Return ``text`` without control and bidirectional characters; newlines and tabs are spaces.

    >>> without_controls("a\x1b dog\n\u202eruns\0")
    'a dog runs'
    """
    return _CONTROL.sub("", _SPACE.sub(" ", text))


def first_control(text: str) -> str | None:
    r"""Return the first character that ``without_controls`` removes, as U+XXXX; None without one.

    >>> first_control("a dog\n\x1b[2J")
    'U+001B'
    """
    match = _CONTROL.search(text)
    return None if match is None else f"U+{ord(match[0]):04X}"
