"""The JSON of a sample: fields are added, and every other field stays as it was written."""

import json
from collections.abc import Collection, Mapping
from json import JSONDecodeError
from json.encoder import encode_basestring_ascii
from math import isfinite
from typing import Any

_SPACE = " \t\r\n"
_DECODER = json.JSONDecoder()
INDENT = "    "


class SampleJson:
    """The JSON object of a sample, as text and as fields.

    Raises ValueError if the text is not a JSON object; without a text the object is empty.
    """

    def __init__(self, text: str | None) -> None:
        fields = {} if text is None else json.loads(text)
        if not isinstance(fields, dict):
            raise JSONDecodeError("not a JSON object", text or "", 0)
        self.fields: Mapping[str, Any] = fields
        self._text = "{}" if text is None else text

    def with_fields(self, fields: Mapping[str, Any], without: Collection[str] = ()) -> str:
        """Return the text with ``fields`` in place of those of the same name, and ``without`` some.

        Other fields, and those that already have the value, keep their text and place: numbers and
        escapes are not touched.
        """
        new = {n: value for n, value in fields.items() if not _has(self.fields, n, value)}
        dropped = new.keys() | (set(without) - fields.keys())
        if self.fields.keys().isdisjoint(dropped):
            return _join(self._text.strip(_SPACE)[1:-1].strip(_SPACE), new)
        members = [text for name, text in _members(self._text) if name not in dropped]
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
