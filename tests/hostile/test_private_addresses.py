"""Lists of urls reach public addresses only: by name, by redirect and after a name has changed."""

import ipaddress
import socket
from urllib.error import URLError

import pytest

from evenpair.transforms.download import public_addresses
from evenpair.transforms.download.polite_opener import Limits, polite_opener
from evenpair.transforms.download.public_addresses import (
    PrivateAddressError,
    connect_publicly,
    is_public,
)

from ..support.commands import call
from ..support.downloads import NEEDS_EXTRA, fetch, forget_opener, rows, write_list
from ..support.image_server import serve_images
from ..support.messages import numbers_in

OPTION = "--allow-private-addresses"
PUBLIC = "93.184.216.34"
LIMITS = {"max_bytes": 1 << 20, "max_seconds": 20.0, "requests_per_host": 4}


@pytest.fixture(autouse=True)
def fresh_urllib(monkeypatch):
    forget_opener(monkeypatch)
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def server():
    with serve_images() as images:
        yield images


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1",
        "169.254.169.254", "224.0.0.1", "239.255.255.250", "255.255.255.255", "198.18.0.1",
        "::", "::1", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1",
        "ff0e::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a9fe:a9fe::1",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", [PUBLIC, "1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]
)
def test_public_addresses(address):
    assert is_public(address)


def _resolving(monkeypatch, *answers):
    """Let every name resolve to the next of ``answers``, and return what is connected to."""
    waiting, reached = list(answers), []

    def getaddrinfo(host, port, *_arguments, **_options):
        try:
            ipaddress.ip_address(host)
            found = [host]
        except ValueError:
            found = waiting.pop(0)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in found]

    def create_connection(address, *_arguments):
        reached.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(public_addresses.socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(public_addresses.socket, "create_connection", create_connection)
    return reached


def test_a_name_is_resolved_once_and_the_checked_address_is_connected_to(monkeypatch):
    reached = _resolving(monkeypatch, [PUBLIC], ["127.0.0.1"])
    with pytest.raises(ConnectionRefusedError):
        connect_publicly(("rebinding.example", 80))
    assert reached == [(PUBLIC, 80)]
    with pytest.raises(PrivateAddressError):
        connect_publicly(("rebinding.example", 80))
    assert reached == [(PUBLIC, 80)]


def test_only_the_public_addresses_of_a_name_are_connected_to(monkeypatch):
    reached = _resolving(monkeypatch, ["10.0.0.1", PUBLIC, "::1", "1.1.1.1"])
    with pytest.raises(ConnectionRefusedError):
        connect_publicly(("mixed.example", 443))
    assert reached == [(PUBLIC, 443), ("1.1.1.1", 443)]


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "[::ffff:127.0.0.1]"]
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_nothing_is_sent_to_a_private_address(server, host, scheme):
    port = server.url.rpartition(":")[2]
    with pytest.raises(URLError, match=OPTION):
        polite_opener(Limits(**LIMITS)).open(f"{scheme}://{host}:{port}/1.jpg", timeout=5)
    assert server.asked == []


def test_each_redirect_is_checked(server, monkeypatch):
    answers = iter([True, False])
    monkeypatch.setattr(public_addresses, "is_public", lambda _: next(answers))
    with pytest.raises(URLError, match=OPTION):
        polite_opener(Limits(**LIMITS)).open(f"{server.url}/moved", timeout=5)
    assert server.asked == ["moved"]


def test_private_addresses_can_be_allowed(server):
    limits = Limits(**LIMITS, private_addresses=True)
    with polite_opener(limits).open(f"{server.url}/moved", timeout=5) as response:
        assert response.status == 200
    assert server.asked == ["moved", "7.jpg"]


def test_a_proxy_may_be_private_but_what_it_fetches_may_not(server, monkeypatch):
    monkeypatch.setenv("http_proxy", server.url)
    polite_opener.cache_clear()  # it reads the environment
    opener = polite_opener(Limits(**LIMITS))
    with pytest.raises(URLError, match=OPTION):
        opener.open("http://169.254.169.254/latest", timeout=5)
    assert server.asked == []
    with opener.open("http://no-such-host.invalid/7.jpg", timeout=5) as response:
        assert response.status == 200
    polite_opener.cache_clear()


@NEEDS_EXTRA
class TestDownload:
    def test_refusals_are_counted_with_their_reason(self, server, tmp_path):
        urls = [f"{server.url}/{n}.jpg" for n in range(2)] + ["http://169.254.169.254/latest"]
        path = write_list(tmp_path / "urls.parquet", urls)
        answer = call("download", path, "--out", tmp_path / "out", "--workers", "1")
        assert (answer.status, server.asked) == (0, [])
        counts, reason, _ = answer.out.splitlines()
        assert (numbers_in(counts), numbers_in(reason)) == ([3, 0], [3])
        assert OPTION in reason
        assert {row["status"] for row in rows(tmp_path / "out")} == {"failed_to_download"}

    def test_with_the_option_they_are_downloaded(self, server, tmp_path):
        path = write_list(tmp_path / "urls.parquet", [f"{server.url}/1.jpg"])
        fetch(path, tmp_path / "out", allow_private_addresses=True)
        assert [row["status"] for row in rows(tmp_path / "out")] == ["success"]
