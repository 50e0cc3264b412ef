"""Shards that could not be written: a line for each, reported when the others are done."""

from ...schemas.run_directory import RunDirectory
from ...storage import files

_FAULTS = "faults"


def keep_fault(fault: tuple[int, str], run_dir: RunDirectory) -> None:
    """Record the number of a shard that is not written, and the reason."""
    number, message = fault
    line = f"shard {number:05d} is not written: {message}"
    files.write_bytes(run_dir.scratch(_FAULTS, f"{number:05d}"), line.encode())


def kept_faults(run_dir: RunDirectory) -> list[str]:
    """Return a line for each shard that could not be written."""
    paths = files.find_in(run_dir.scratch(_FAULTS), "*")
    return [files.read_bytes(path).decode() for path in paths]


def forget_faults(run_dir: RunDirectory) -> None:
    """Remove the faults of an earlier attempt."""
    files.remove(run_dir.scratch(_FAULTS))
