"""Files that a run reads must lie outside its directory, where they could be overwritten."""

import os
from collections.abc import Iterable

from ...schemas.errors import UsageError
from ...storage import files

_WILDCARDS = "*?[{"


def refuse_nested(root: str, inputs: Iterable[str], named: str = "INPUT") -> None:
    """Raise UsageError if one of ``inputs`` lies inside the run directory, or it inside one.

    An input is a path, a glob or a brace range: only what stands before its first wildcard counts.
    ``named`` is the option or argument that names them.
    """
    run = _resolved(root)
    for argument in filter(None, inputs):
        path = _resolved(_fixed_part(argument))
        if _is_within(path, run):
            raise UsageError(
                f"{named} {argument} lies inside the run directory {root}, which is written: "
                "name another --out, or move it"
            )
        if _is_folder(argument) and _is_within(run, path):
            raise UsageError(
                f"the run directory {root} lies inside {named} {argument}: name another --out"
            )


def _fixed_part(argument: str) -> str:
    """Return the path up to the folder before the first wildcard."""
    at = min((argument.find(c) for c in _WILDCARDS if c in argument), default=-1)
    if at < 0 or os.path.lexists(argument):
        return argument
    return os.path.dirname(argument[:at]) or "."


def _is_folder(argument: str) -> bool:
    return files.is_local(argument) and os.path.isdir(argument)


def _resolved(path: str) -> str:
    return os.path.realpath(path) if files.is_local(path) else path.rstrip("/")


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder.rstrip('/')}/")
