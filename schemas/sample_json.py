"""The JSON of a sample, with fields of ours added and every other field kept to the letter."""

import json
from collections.abc import Mapping
from json import JSONDecodeError
from typing import Any

_SPACE = " \t\r\n"
_DECODER = json.JSONDecoder()
INDENT = "    "


def add_fields(original: str | None, fields: Mapping[str, Any]) -> str:
    """Return the JSON object ``original`` with ``fields`` added, and in place of what they replace.

    What is kept is kept as it was written: numbers, escapes and the order are not touched.
    Raises ValueError if ``original`` is no JSON object.
    """
    kept = [] if original is None else _members(original)
    lines = [f"{INDENT}{text}" for name, text in kept if name not in fields]
    lines += [f"{INDENT}{json.dumps(name)}: {json.dumps(value)}" for name, value in fields.items()]
    return "{\n" + ",\n".join(lines) + "\n}"


def _members(text: str) -> list[tuple[str, str]]:
    """Return the members of a JSON object, each by its name and as it was written."""
    at = _skip(text, 0)
    if text[at : at + 1] != "{":
        raise JSONDecodeError("no JSON object", text, at)
    members = []
    at = _skip(text, at + 1)
    while text[at : at + 1] != "}":
        start = at
        if text[at : at + 1] != '"':
            raise JSONDecodeError("no name", text, at)
        name, at = _DECODER.raw_decode(text, at)
        at = _skip(text, at)
        if text[at : at + 1] != ":":
            raise JSONDecodeError("no colon", text, at)
        _, at = _DECODER.raw_decode(text, _skip(text, at + 1))
        members.append((name, text[start:at]))
        at = _skip(text, at)
        if text[at : at + 1] == ",":
            at = _skip(text, at + 1)
        elif text[at : at + 1] != "}":
            raise JSONDecodeError("no comma", text, at)
    return members


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in _SPACE:
        at += 1
    return at
