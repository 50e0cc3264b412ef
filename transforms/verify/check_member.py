"""The bytes of a member -> why training could not decode it.

webdataset, and so open_clip, decodes every member of a sample by the end of its name, and skips the
sample if that fails for one of them.
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
    **dict.fromkeys(("cls", "cls2", "index", "inx", "id"), ("an integer", int)),
    **dict.fromkeys(("txt", "text", "transcript"), ("UTF-8", bytes.decode)),
    **dict.fromkeys(("json", "jsn"), ("JSON", json.loads)),
    "npy": ("an array of numbers", _array),
}
"""The content of a member, and its decoder, by the end of its field."""


def is_checked(field: str) -> bool:
    """Return whether ``member_fault`` can check a field."""
    return _extension(field) in _DECODERS


def is_image(field: str) -> bool:
    """Return whether training decodes a field as an image, even if it is not the main image."""
    return _extension(field) in _IMAGES


def member_fault(field: str, content: bytes) -> str | None:
    """Return why training could not decode a member, None if it can or that is not known.

    >>> member_fault("cls", b"dog")
    'its cls cannot be decoded as an integer'
    """
    content_type, decode = _DECODERS.get(_extension(field), ("", bytes))
    try:
        decode(content)
    except (ValueError, RecursionError, MemoryError):
        return f"its {field} cannot be decoded as {content_type}"
    return None


def _extension(field: str) -> str:
    return field.rpartition(".")[2]
