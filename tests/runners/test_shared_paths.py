"""Paths that workers on other hosts can see."""

import socket

import pytest

from evenpair.runners import shared_paths
from evenpair.runners.shared_paths import file_system_of, is_here, require_shared
from evenpair.schemas.errors import UsageError

from ..support.messages import unnamed

ELSEWHERE = "192.0.2.1"


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        (socket.gethostname(), True),
        (ELSEWHERE, False),
        ("no-such-host.invalid", False),
    ],
)
def test_this_machine_is_recognised(host, here):
    assert is_here(host) is here


def refusal_of(path, *hosts):
    """Return the message with which a path is refused, None if workers can see it."""
    try:
        require_shared([str(path)], hosts)
    except UsageError as error:
        return str(error)
    return None


@pytest.mark.parametrize("kind", ["ext4", "xfs", "tmpfs", "overlay"])
def test_a_local_disk_is_refused_for_workers_elsewhere(monkeypatch, tmp_path, kind):
    monkeypatch.setattr(shared_paths, "file_system_of", lambda _: kind)
    assert refusal_of(tmp_path, "localhost") is None
    message = refusal_of(tmp_path, "localhost", ELSEWHERE)
    assert unnamed(message, tmp_path, ELSEWHERE, "--shared-paths") == []


@pytest.mark.parametrize("kind", ["nfs4", "lustre", "fuse.glusterfs", ""])
def test_a_network_file_system_is_accepted(monkeypatch, tmp_path, kind):
    monkeypatch.setattr(shared_paths, "file_system_of", lambda _: kind)
    assert refusal_of(tmp_path, ELSEWHERE) is None


def test_an_object_store_is_accepted(monkeypatch):
    monkeypatch.setattr(shared_paths, "file_system_of", lambda _: "ext4")
    assert refusal_of("gs://bucket/run", ELSEWHERE) is None


def test_the_file_system_of_a_path_is_that_of_its_mount(monkeypatch, tmp_path):
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
        "2 1 0:5 / /data rw shared:1 - nfs4 server:/data rw\n"
        "3 1 0:6 / /data/my\\040own rw - xfs /dev/sdb1 rw\n"
    )
    monkeypatch.setattr(shared_paths, "_MOUNTS", mounts)
    paths = ("/home/run", "/data/run", "/data/my own/run", "/database")
    assert [file_system_of(path) for path in paths] == ["ext4", "nfs4", "xfs", "ext4"]


def test_a_folder_that_this_machine_exports_is_accepted(monkeypatch, tmp_path):
    exports = tmp_path / "etab"
    exports.write_text(f"{tmp_path}\t*(rw)\n")
    monkeypatch.setattr(shared_paths, "file_system_of", lambda _: "ext4")
    assert refusal_of(tmp_path / "run", ELSEWHERE) is not None
    monkeypatch.setattr(shared_paths, "_EXPORTS", exports)
    assert refusal_of(tmp_path / "run", ELSEWHERE) is None
