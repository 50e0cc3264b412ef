"""``--captions FILES --join COLUMN`` -> files of captions from elsewhere, and their columns."""

import hashlib
import re
from collections.abc import Iterable, Sequence

from ...schemas.errors import UsageError
from ...storage import files
from ...storage.find_inputs import find_inputs
from ...transforms.join.read_caption_file import (
    CAPTION_FIELDS,
    MODEL,
    TEXTS,
    CaptionFile,
    fields_of,
)
from ..options.captioning_options import EnrichOptions

_BETWEEN_FILES = re.compile(r",(?![^{]*\})")
_BLOCK = 1 << 23


def find_caption_files(options: EnrichOptions) -> tuple[CaptionFile, ...]:
    """Return the files that ``--captions`` names, each with its column of captions.

    Raises UsageError if there are none, or for a file without captions or the column to join on.
    """
    patterns = filter(None, _BETWEEN_FILES.split(options.captions))
    paths = dict.fromkeys(path for pattern in patterns for path in _paths(pattern))
    with_fields = ((path, fields_of(path)) for path in paths)
    on = options.join or ""
    columns = {path: _columns(path, fields, on) for path, fields in with_fields if fields}
    if not columns:
        raise UsageError(f"--captions {options.captions}: there is no line in any of these files")
    return tuple(CaptionFile(n, path, *columns[path]) for n, path in enumerate(columns))


def digest_files(caption_files: Iterable[CaptionFile]) -> str:
    """Return a hash of the columns used and of the content of ``caption_files``."""
    digests = files.each(lambda file: f"{file.name} {_digest(file.path)}", caption_files)
    return hashlib.blake2b("\n".join(digests).encode(), digest_size=16).hexdigest()


def _paths(pattern: str) -> list[str]:
    paths = find_inputs(pattern, _files_in)
    if missing := [name for name, matches in paths.items() if not matches]:
        raise UsageError(f"no captions at {missing[0]} (--captions {pattern})")
    return [path for matches in paths.values() for path in matches]


def _files_in(folder: str) -> list[str]:
    return [path for end in (".parquet", *TEXTS) for path in files.find_in(folder, f"*{end}")]


def _columns(path: str, fields: Sequence[str], on: str) -> tuple[str, str]:
    """Return the column to join on, and the column of captions."""
    has = f"it has {', '.join(fields)}"
    if on not in fields:
        raise UsageError(f"{path} has no {on} to join on (--join {on}): {has}")
    caption = next((name for name in CAPTION_FIELDS if name in fields), None)
    if caption is None:
        names = ", ".join(CAPTION_FIELDS)
        raise UsageError(f"{path} has no captions: name them one of {names}; {has}")
    for name in (on, caption, MODEL):
        if fields.count(name) > 1:
            raise UsageError(f"{path} has {fields.count(name)} columns {name!r}: keep one of them")
    return on, caption


def _digest(path: str) -> str:
    hashed = hashlib.blake2b(digest_size=16)
    with files.open_for_reading(path) as file:
        while block := file.read(_BLOCK):
            hashed.update(block)
    return hashed.hexdigest()
