"""Shards that could not be written: a line for each, told when the others are done."""

from ...schemas.run_directory import RunDirectory
from ...storage import files

_FAULTS = "faults"


def keep_fault(fault: tuple[int, str], run_dir: RunDirectory) -> None:
    """Note that the shard of a number is not written, and why."""
    number, said = fault
    line = f"shard {number:05d} is not written: {said}"
    files.write_bytes(run_dir.scratch(_FAULTS, f"{number:05d}"), line.encode())


def kept_faults(run_dir: RunDirectory) -> list[str]:
    """Return a line for each shard that could not be written."""
    paths = files.find_in(run_dir.scratch(_FAULTS), "*")
    return [files.read_bytes(path).decode() for path in paths]


def forget_faults(run_dir: RunDirectory) -> None:
    """Remove what an earlier attempt left."""
    files.remove(run_dir.scratch(_FAULTS))
