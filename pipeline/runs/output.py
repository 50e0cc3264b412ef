"""The folder of output shards: finished shards stay in place until the new ones are whole.

The first shards of a run are written into ``shards``. Once these are finished, those of a later
selection are written beside them. On a local disk the two folders are then exchanged by one rename;
an object store has none, so there the new folder is named in ``run.json``.
"""

import ctypes
import os
from dataclasses import replace

from ...schemas.phase import Phase
from ...schemas.run_directory import RunDirectory
from ...schemas.run_tables import RunEntry
from ...storage import files
from .run import Run

_SHARDS = RunEntry.SHARDS.path
_NEW = f"{_SHARDS}.new"
_HERE, _EXCHANGE = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of renameat2(2)


def begin_shards(run: Run) -> RunDirectory:
    """Return the run directory with the folder to write to: beside the shards that are finished."""
    record = run.record
    if not record.shards_finished:
        return run.directory
    if record.new_shards is None:
        run.save(new_shards=_NEW if _can_swap(run) else _free_folder(run.directory))
    return replace(run.directory, shards_folder=run.record.new_shards or _NEW)


def finish_shards(run: Run) -> None:
    """Put the new shards, which are whole, in the place of the finished ones."""
    new = run.record.new_shards
    if new is None:
        run.save(shards_finished=True)
        return
    if not _can_swap(run):
        old, is_kept = run.directory.shards, run.record.keep_shards
        run.save(shards=new, new_shards=None, keep_shards=False)
        if not is_kept:
            files.remove(old)
        return
    run.save(swapped_inode=os.stat(run.directory.path(new)).st_ino)
    _exchange(run.directory.path(new), run.directory.shards)
    complete_swap(run)


def complete_swap(run: Run) -> bool:
    """Finish an exchange of folders that a kill interrupted; return whether there was one.

    Then the new shards are in place, and the phase that wrote them is done.
    """
    inode, new = run.record.swapped_inode, run.record.new_shards
    if inode is None or new is None:
        return False
    beside, shards = run.directory.path(new), run.directory.shards
    if not os.path.exists(shards):
        os.rename(beside, shards)
    elif os.stat(shards).st_ino != inode:
        _exchange(beside, shards)
    phases = run.record.with_done(Phase.WRITE, done=True).phases
    run.save(phases=phases, new_shards=None, swapped_inode=None)
    files.remove(beside)
    files.remove(f"{shards}.old")
    return True


def _can_swap(run: Run) -> bool:
    return files.is_local(run.directory.root) and not run.record.keep_shards


def _free_folder(run_dir: RunDirectory) -> str:
    number = 2
    while files.find_in(run_dir.path(f"{_SHARDS}-{number}"), "*"):
        number += 1
    return f"{_SHARDS}-{number}"


def _exchange(new: str, old: str) -> None:
    """Exchange two folders in one step, or in two where the system cannot."""
    libc = ctypes.CDLL(None, use_errno=True)
    rename = getattr(libc, "renameat2", None)
    paths = os.fsencode(new), os.fsencode(old)
    if rename and rename(_HERE, paths[0], _HERE, paths[1], _EXCHANGE) == 0:
        return
    aside = f"{old}.old"
    files.remove(aside)
    os.rename(old, aside)
    os.rename(new, old)
    os.rename(aside, new)
