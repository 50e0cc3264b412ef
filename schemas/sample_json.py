"""Adds fields to the JSON of a sample and leaves every other field as it was written."""

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
    """Return the JSON object ``original`` with ``fields``, which replace fields of the same name.

    Other fields, and those that already have the value, keep their text and place: numbers and
    escapes are not touched. Raises ValueError if ``original`` is not a JSON object.
    """
    if original is None:
        return _join("", fields)
    old = json.loads(original)
    if not isinstance(old, dict):
        raise JSONDecodeError("not a JSON object", original, 0)
    new = {name: value for name, value in fields.items() if not _has(old, name, value)}
    if old.keys().isdisjoint(new):
        return _join(original.strip(_SPACE)[1:-1].strip(_SPACE), new)
    members = [text for name, text in _members(original) if name not in new]
    return _join(f",\n{INDENT}".join(members), new)


def _join(members_text: str, fields: Mapping[str, Any]) -> str:
    members = [members_text] if members_text else []
    members += [f"{encode_basestring_ascii(n)}: {_encode(v)}" for n, v in fields.items()]
    return f"{{\n{INDENT}" + f",\n{INDENT}".join(members) + "\n}"


def _encode(value: Any) -> str:  # noqa: ANN401 - a value of a JSON object
    """Return ``json.dumps(value)``, faster for the most frequent types."""
    if value is None:
        return "null"
    if isinstance(value, str):
        return encode_basestring_ascii(value)
    return repr(value) if type(value) is float and isfinite(value) else json.dumps(value)


def _has(fields: Mapping[str, Any], name: str, value: object) -> bool:
    return name in fields and type(fields[name]) is type(value) and fields[name] == value


def _members(text: str) -> list[tuple[str, str]]:
    """Return the name of each member of a JSON object, with the member as it was written."""
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
