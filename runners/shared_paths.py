"""Whether workers on other hosts can read and write a path of this machine."""

import os
import socket
from collections.abc import Iterable
from pathlib import Path

from ..schemas.errors import UsageError
from ..storage import files

_OWN_DISKS = frozenset(
    {"apfs", "btrfs", "ext2", "ext3", "ext4", "f2fs", "hfs", "overlay", "ramfs", "tmpfs", "xfs"}
)
_MOUNTS = Path("/proc/self/mountinfo")
_EXPORTS = Path("/var/lib/nfs/etab")


def require_shared(paths: Iterable[str], hosts: Iterable[str]) -> None:
    """Raise UsageError if one of ``hosts`` is another machine and a path is on this one's own disk.

    Object stores, network file systems and exported folders count as shared, and so do file systems
    of an unknown kind.
    """
    others = [host for host in hosts if not is_here(host)]
    for path in paths if others else ():
        if files.is_local(path) and _is_private(os.path.abspath(path)):
            raise UsageError(
                f"{path} lies on this machine's own disk, where the workers on {others[0]} cannot "
                "reach it: give a path on a shared file system, or gs://, s3:// or hdfs:// "
                "(or --shared-paths if they can)"
            )


def is_here(host: str) -> bool:
    """Return whether ``host`` is this machine."""
    try:
        addresses = socket.getaddrinfo(host, 0, type=socket.SOCK_DGRAM)
    except OSError:
        return False
    return any(_is_own(family, address) for family, *_, address in addresses)


def _is_own(family: int, address: tuple[object, ...]) -> bool:
    """Return whether an address can be bound, which works for one's own only."""
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind(address)
    except OSError:
        return False
    return True


def _is_private(path: str) -> bool:
    return file_system_of(path) in _OWN_DISKS and not _is_exported(path)


def file_system_of(path: str) -> str:
    """Return the type of the file system that holds ``path``; empty on systems without /proc."""
    if not _MOUNTS.exists():
        return ""
    kind, longest = "", -1
    for line in _MOUNTS.read_text().splitlines():
        fields = line.split()
        mount = fields[4].replace("\\040", " ")
        if _is_below(path, mount) and len(mount) >= longest:
            kind, longest = fields[fields.index("-") + 1], len(mount)
    return kind


def _is_exported(path: str) -> bool:
    if not _EXPORTS.exists():
        return False
    folders = (line.split()[0] for line in _EXPORTS.read_text().splitlines() if line.strip())
    return any(_is_below(path, folder) for folder in folders)


def _is_below(path: str, folder: str) -> bool:
    return os.path.commonpath([os.path.realpath(path), folder]) == folder
