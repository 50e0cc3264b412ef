"""INPUT arguments -> the source shards that they name."""

import os

from ..schemas.errors import UsageError
from ..schemas.source import Source, expand_braces, name_sources
from ..transforms import storage

_WILDCARDS = frozenset("*?[")


def find_sources(inputs: tuple[str, ...]) -> list[Source]:
    """Return the shards that ``inputs`` name, each once, in the order in which they are named.

    An input is a tar, a folder of tars, a glob or a brace range. Raises UsageError for an input
    that names nothing that can be read.
    """
    paths = dict.fromkeys(path for given in inputs for path in _expand(given))
    return name_sources(list(paths))


def _expand(given: str) -> list[str]:
    return [path for pattern in expand_braces(given) for path in _match(pattern, given)]


def _match(pattern: str, given: str) -> list[str]:
    if storage.is_local(pattern):
        pattern = os.path.abspath(pattern)
    found = _find(pattern)
    if not found:
        within = "" if pattern.endswith(given) else f" (in {given})"
        raise UsageError(f"no such input: {pattern}{within}")
    for path in found:
        if not path.endswith(".tar"):
            raise UsageError(f"{path} is no tar: name img2dataset's WebDataset shards")
    return found


def _find(pattern: str) -> list[str]:
    """Return what there is at a path, or what a glob matches; a path may look like a glob."""
    if storage.is_local(pattern) and os.path.isdir(pattern):
        return storage.find_in(pattern, "*.tar")
    if storage.is_local(pattern) and os.path.exists(pattern):
        return [pattern]
    if _WILDCARDS & set(pattern):
        return storage.find(pattern)
    return [pattern] if storage.exists(pattern) else []
