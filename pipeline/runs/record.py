"""``run.json``: what a run was asked for, by what it was done, and what came of it."""

import json
import platform
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from ...schemas.errors import UsageError
from ...schemas.phase import Phase
from ...schemas.run_directory import RunDirectory
from ...storage import files
from ..options.options import flag

_PACKAGES = ("evenpair", "apache-beam", "pyarrow", "numpy", "spacy", "torch", "transformers")

ADVICE = "name another --out, or begin afresh with --overwrite"

Record = dict[str, Any]


def load_record(run_dir: RunDirectory) -> Record:
    """Return what ``run.json`` says; an empty record where nothing was begun yet."""
    if not files.exists(run_dir.record):
        return {"phases": {}}
    record: Record = json.loads(files.read_bytes(run_dir.record))
    return record


def keep_record(run_dir: RunDirectory, record: Record) -> None:
    """Write ``record``, with the versions of what is at work now."""
    versions = {name: _version(name) for name in _PACKAGES}
    record = {**record, "versions": {"python": platform.python_version(), **versions}}
    files.write_bytes(run_dir.record, json.dumps(record, indent=2, sort_keys=True).encode() + b"\n")


def options_of(options: Any) -> Record:  # noqa: ANN401 - any options record
    """Return an options record as JSON would give it back."""
    plain: Record = json.loads(json.dumps(asdict(options)))
    return plain


def changed_option(record: Record, phase: Phase, options: Record) -> tuple[str, Any, Any] | None:
    """Return the first option of a phase that differs from before, with both values.

    INPUT is compared by the shards that it names, not here: a pattern may name others now.
    """
    before = record["phases"].get(phase.value, {}).get("options")
    return None if before is None else first_change(before, options)


def first_change(before: Record, options: Record) -> tuple[str, Any, Any] | None:
    """Return the first option, by name, that differs from before, with both values."""
    names = sorted(n for n in options | before if options.get(n) != before.get(n) and n != "inputs")
    return (names[0], before.get(names[0]), options.get(names[0])) if names else None


def said(name: str, value: object) -> str:
    """Return how a message says that an option was given, or was not."""
    given = flag(name)
    if value is None or value in ("", False, []):
        return f"without {given}"
    shown = ",".join(map(str, value)) if isinstance(value, list) else value
    return f"with {given} {shown}"


class NoRunError(UsageError):
    """A folder that is no run directory was given as one."""

    def __init__(self, root: str) -> None:
        advice = f"evenpair score INPUT... --out {root} makes one"
        super().__init__(f"{root} is no run directory: {advice}")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
