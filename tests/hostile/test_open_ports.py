"""Servers that evenpair starts, whose protocols have no authentication, listen on loopback only."""

import ipaddress
import os
import subprocess
from pathlib import Path

import grpc
import psutil
import pytest

from evenpair.pipeline.options.engine_options import EngineOptions
from evenpair.runners import worker
from evenpair.runners.addresses import is_loopback

from ..support.commands import COMMAND
from ..support.job_servers import free_port
from ..support.units import run_units


def listening(pid):
    """The addresses on which a process waits for connections."""
    connections = psutil.Process(pid).net_connections("inet")
    return {c.laddr.ip for c in connections if c.status == psutil.CONN_LISTEN}


def open_to_others(addresses):
    mapped = "::ffff:"  # an address of IPv4, as sockets of IPv6 show it
    parsed = (ipaddress.ip_address(each.removeprefix(mapped)) for each in addresses)
    return {str(each) for each in parsed if not each.is_loopback}


@pytest.mark.parametrize(
    "engine",
    [EngineOptions(workers=2), EngineOptions(beam=("--direct_running_mode=multi_threading",))],
    ids=["processes", "threads"],
)
def test_a_direct_run(engine, tmp_path):
    launcher = os.getpid()

    def write_addresses(path):
        names = [process.pid for process in psutil.Process(launcher).children(recursive=True)]
        Path(path).write_text(" ".join(set().union(*map(listening, [launcher, *names]))))

    def listening(pid):  # nested: workers cannot import this file
        connections = psutil.Process(pid).net_connections("inet")
        return {c.laddr.ip for c in connections if c.status == psutil.CONN_LISTEN}

    paths = [tmp_path / "a", tmp_path / "b"]
    run_units(write_addresses, [str(path) for path in paths], tmp_path, engine)
    addresses = {address for path in paths for address in path.read_text().split()}
    assert addresses != set()
    assert open_to_others(addresses) == set()


def test_a_pool_of_workers():
    address = f"localhost:{free_port()}"
    pool = subprocess.Popen([str(COMMAND.with_name("evenpair-worker")), "--pool", address])
    try:
        with grpc.insecure_channel(address) as channel:
            grpc.channel_ready_future(channel).result(60)
        addresses = listening(pool.pid)
    finally:
        pool.terminate()
        pool.wait()
    assert addresses != set()
    assert open_to_others(addresses) == set()


@pytest.mark.parametrize("address", ["0.0.0.0:50000", "[::]:50000", "192.0.2.1:50000"])
def test_a_pool_opens_to_other_hosts_only_on_request(address, capsys):
    with pytest.raises(SystemExit, match="2"):
        worker.parse(["--pool", address])
    message = capsys.readouterr().err
    assert [word for word in ("--pool", address, "--open-to-network") if word not in message] == []
    assert worker.parse(["--pool", address, "--open-to-network"]).pool == address


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("localhost:1", True),
        ("127.0.0.1:1", True),
        ("127.1.2.3:1", True),
        ("[::1]:1", True),
        ("0.0.0.0:1", False),
        ("[::]:1", False),
        ("192.0.2.1:1", False),
        ("no-such-host.invalid:1", False),
    ],
)
def test_loopback_addresses(address, expected):
    assert is_loopback(address) is expected
