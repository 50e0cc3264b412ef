"""One launcher at a time in a run directory."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from ...schemas.errors import UsageError
from ...schemas.run_directory import RunDirectory
from ...storage import files
from .part import WHOLE, Part


@contextlib.contextmanager
def locked(run_dir: RunDirectory, part: Part = WHOLE) -> Iterator[bool]:
    """Lock the run directory until the block ends, or this process, in whatever way.

    Parts of one phase may share the lock. Yields whether no other part holds it. Raises UsageError
    if another launcher holds it. Object stores have no locks: two launchers may run there at the
    same time, and write the same bytes.
    """
    if not files.is_local(run_dir.root):
        yield part.is_whole
        return
    Path(run_dir.root).mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        alone = _hold(run_dir, stack, part)
        yield alone


def _hold(run_dir: RunDirectory, stack: contextlib.ExitStack, part: Part) -> bool:
    whole = _open(run_dir.path(".lock"), stack)
    alone = _flock(whole, fcntl.LOCK_EX)
    if part.is_whole:
        if not alone:
            raise UsageError(f"another evenpair is at work in {run_dir.root}: wait for it")
        return True
    own = _open(run_dir.path(f".lock-{part.number}-of-{part.parts}"), stack)
    if not _flock(whole, fcntl.LOCK_SH) or not _flock(own, fcntl.LOCK_EX):
        raise UsageError(
            f"another evenpair is at work on part {part} of {run_dir.root}: wait for it"
        )
    return alone


def _open(path: str, stack: contextlib.ExitStack) -> IO[str]:
    return stack.enter_context(open(path, "w"))


def _flock(file: IO[str], kind: int) -> bool:
    """Lock a file without waiting; return whether that succeeded."""
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
