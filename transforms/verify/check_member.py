"""The bytes of a member beside image, text and JSON -> why training could not decode it.

webdataset, and with it open_clip, decodes every member of a sample by the end of its name, and a
sample of which one fails is passed over.
"""

import io
import json
from collections.abc import Callable

import numpy as np

_IMAGES = frozenset("jpg jpeg png webp gif bmp tif tiff".split())

_Decode = Callable[[bytes], object]


def _array(content: bytes) -> object:
    return np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)


_DECODERS: dict[str, tuple[str, _Decode]] = {
    **dict.fromkeys(("cls", "cls2", "index", "inx", "id"), ("integer", int)),
    **dict.fromkeys(("txt", "text", "transcript"), ("UTF-8", bytes.decode)),
    **dict.fromkeys(("json", "jsn"), ("JSON", json.loads)),
    "npy": ("array of numbers", _array),
}
"""What stands in a member, by the end of its field."""


def is_checked(field: str) -> bool:
    """Return whether `member_fault` knows what a field should hold."""
    return _extension(field) in _DECODERS


def is_image(field: str) -> bool:
    """Return whether training takes a field for an image, be it not the sample's own."""
    return _extension(field) in _IMAGES


def member_fault(field: str, content: bytes) -> str | None:
    """Return why training could not decode a member, None if it can or is not known.

    >>> member_fault("cls", b"dog")
    'its cls is no integer'
    """
    kind, decode = _DECODERS.get(_extension(field), ("", bytes))
    try:
        decode(content)
    except (ValueError, RecursionError, MemoryError):
        return f"its {field} is no {kind}"
    return None


def _extension(field: str) -> str:
    return field.rpartition(".")[2]
