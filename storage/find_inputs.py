"""A path, folder, glob or brace range that a user names -> the files there."""

import os
from collections.abc import Callable
from itertools import chain

from braceexpand import braceexpand

from . import files
from .regular_files import refuse_irregular

_WILDCARDS = frozenset("*?[")


def find_inputs(argument: str, files_in: Callable[[str], list[str]]) -> dict[str, list[str]]:
    """Return the files that ``argument`` names, by each path or glob that its braces stand for.

    Local paths are made absolute. A folder stands for ``files_in`` of it. A path that exists is
    not a glob, whatever its characters. Raises EvenpairError if a file system cannot be used, and
    UsageError for a FIFO, a socket or a device.
    """
    paths = {pattern: _find(pattern, files_in) for pattern in expand_braces(argument)}
    for path in chain.from_iterable(paths.values()):
        if files.is_local(path):
            refuse_irregular(path)
    return paths


def expand_braces(pattern: str) -> list[str]:
    """Expand ``{00000..00012}`` and ``{a,b}`` as a shell and webdataset do, each text once.

    A range keeps its width. Braces without a range or a comma, or without their other half, stay.
    """
    try:
        return list(dict.fromkeys(braceexpand(pattern, escape=False)))
    except ValueError:  # unbalanced braces
        return [pattern]


def _find(pattern: str, files_in: Callable[[str], list[str]]) -> list[str]:
    is_local = files.is_local(pattern)
    pattern = os.path.abspath(pattern) if is_local else pattern
    files.require_access(pattern)
    if is_local and os.path.isdir(pattern):
        return files_in(pattern)
    if files.exists(pattern):
        return [pattern]
    if _WILDCARDS & set(pattern):
        return files.find(pattern)
    return [] if is_local else files_in(pattern.rstrip("/"))
