"""Shards that could not be written: a line for each, told when the others are done."""

from ..schemas.run_directory import RunDirectory
from ..transforms import storage

_FAULTS = "work/faults"


def keep_fault(fault: tuple[int, str], run: RunDirectory) -> None:
    """Note that the shard of a number is not written, and why."""
    number, said = fault
    line = f"shard {number:05d} is not written: {said}"
    storage.write_bytes(run.path(_FAULTS, f"{number:05d}"), line.encode())


def kept_faults(run: RunDirectory) -> list[str]:
    """Return a line for each shard that could not be written."""
    paths = storage.find_in(run.path(_FAULTS), "*")
    return [storage.read_bytes(path).decode() for path in paths]


def forget_faults(run: RunDirectory) -> None:
    """Remove what an earlier attempt left."""
    storage.remove(run.path(_FAULTS))
