"""Untrusted text, such as captions, keys and names of shards, as a terminal may show it."""

import re

_UNSAFE = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f"  # control characters, all but the tab
    "\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"  # line separators, bidirectional controls
    "\ud800-\udfff]"  # surrogates, which UTF-8 cannot encode
)


def printable(text: str) -> str:
    r"""Return ``text`` with escapes for control, bidirectional and unencodable characters.

    >>> printable("a\x1b[2Jb\n")
    'a\\x1b[2Jb\\n'
    """
    return _UNSAFE.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def printable_json(text: str) -> str:
    r"""Return a JSON text with ``\u`` escapes for the characters that ``printable`` escapes.

    Its value stays the same: JSON itself has no control characters inside strings.
    """
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
