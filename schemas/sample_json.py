"""The JSON of a sample, with fields of ours added and every other field kept to the letter."""

import json
from collections.abc import Mapping
from json import JSONDecodeError
from json.encoder import encode_basestring_ascii
from math import isfinite
from typing import Any

_SPACE = " \t\r\n"
_DECODER = json.JSONDecoder()
INDENT = "    "


def add_fields(original: str | None, fields: Mapping[str, Any]) -> str:
    """Return the JSON object ``original`` with ``fields`` added, and in place of what they replace.

    What is kept is kept as it was written: numbers, escapes and the order are not touched, nor a
    field that says already what it shall. Raises ValueError if ``original`` is no JSON object.
    """
    if original is None:
        return _join("", fields)
    said = json.loads(original)
    if not isinstance(said, dict):
        raise JSONDecodeError("no JSON object", original, 0)
    new = {name: value for name, value in fields.items() if not _says(said, name, value)}
    if said.keys().isdisjoint(new):
        return _join(original.strip(_SPACE)[1:-1].strip(_SPACE), new)
    members = [text for name, text in _members(original) if name not in new]
    return _join(f",\n{INDENT}".join(members), new)


def _join(kept: str, fields: Mapping[str, Any]) -> str:
    members = [kept] if kept else []
    members += [f"{encode_basestring_ascii(n)}: {_encode(v)}" for n, v in fields.items()]
    return f"{{\n{INDENT}" + f",\n{INDENT}".join(members) + "\n}"


def _encode(value: Any) -> str:  # noqa: ANN401 - a value of a JSON object
    """Return ``json.dumps(value)``, sooner for the types that most values have."""
    if value is None:
        return "null"
    if isinstance(value, str):
        return encode_basestring_ascii(value)
    return repr(value) if type(value) is float and isfinite(value) else json.dumps(value)


def _says(said: Mapping[str, Any], name: str, value: object) -> bool:
    return name in said and type(said[name]) is type(value) and said[name] == value


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
