"""One launcher at a time in a run directory."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

from ..schemas.errors import UsageError
from ..schemas.run_directory import RunDirectory
from ..transforms import storage


@contextlib.contextmanager
def locked(run: RunDirectory) -> Iterator[None]:
    """Hold the run directory; the lock dies with its launcher, however that ends.

    Raises UsageError if another launcher holds it. Object stores know no locks: there two launchers
    may meet, and write the same bytes.
    """
    if not storage.is_local(run.root):
        yield
        return
    Path(run.root).mkdir(parents=True, exist_ok=True)
    with Path(run.path(".lock")).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(f"another evenpair is at work in {run.root}: wait for it") from None
        yield
