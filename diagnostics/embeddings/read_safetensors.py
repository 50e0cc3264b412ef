"""``.safetensors`` -> arrays; rows of floating-point numbers stay in the file.

The library maps the whole file into memory; its format is a length, JSON and the numbers.
"""

import json
import math
import os
from typing import IO, Any

import numpy as np

from ...schemas.errors import EvenpairError
from .file_rows import BFLOAT16, FileRows

_KINDS = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": BFLOAT16, "BOOL": "|b1",
    "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "|i1", "U8": "|u1", "U16": "<u2", "U32": "<u4",
}  # fmt: skip
_LENGTH = 8
_MOST_HEADER = 100_000_000


def read_safetensors(name: str, file: IO[bytes]) -> dict[str, Any]:
    """Return the arrays by name; rows of floating-point numbers as ``FileRows``.

    Raises EvenpairError for a file that is damaged or holds numbers of another kind.
    """
    size = os.fstat(file.fileno()).st_size
    length = int.from_bytes(file.read(_LENGTH), "little")
    try:
        if length > min(_MOST_HEADER, size - _LENGTH):
            raise ValueError("its header is cut short")
        header = json.loads(file.read(length))
        header.pop("__metadata__", None)
        start = _LENGTH + length
        return {key: _read(f"{name}: {key}", file, start, size, e) for key, e in header.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise EvenpairError(f"{name} cannot be read as .safetensors: {error}") from error


def _read(name: str, file: IO[bytes], start: int, size: int, entry: dict[str, Any]) -> Any:  # noqa: ANN401 - an array or FileRows
    kind, shape = _KINDS[entry["dtype"]], tuple(int(length) for length in entry["shape"])
    first, last = (start + int(offset) for offset in entry["data_offsets"])
    width = np.dtype("<u2" if kind == BFLOAT16 else kind).itemsize
    whole = min(shape, default=0) >= 0 and last - first == math.prod(shape) * width
    if not whole or not start <= first <= last <= size:
        raise ValueError(f"{name} is cut short")
    if len(shape) == 2 and entry["dtype"] in ("F64", "F32", "F16", "BF16"):
        return FileRows(name, file, first, kind, shape)
    file.seek(first)
    if kind == BFLOAT16:
        values = np.frombuffer(file.read(last - first), "<u2").astype(np.uint32) << 16
        return values.view(np.float32).reshape(shape)
    return np.frombuffer(file.read(last - first), kind).reshape(shape)
