"""Values of any type -> values that JSON can hold."""

import base64
import json
import math
from collections.abc import Mapping
from typing import Any


def as_json(fields: Mapping[str, Any]) -> bytes:
    """Return a row as the JSON that img2dataset writes beside an image."""
    return json.dumps(json_value(dict(fields)), indent=4).encode()


def json_value(value: Any) -> Any:  # noqa: ANN401 - a value of any type
    """Return a value that JSON can hold.

    Bytes become base64, NaN and infinite numbers null, tuples lists, and other types their text.
    """
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Mapping):
        return {str(name): json_value(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [json_value(item) for item in value]
    return str(value)
