"""Addresses of servers, ``HOST:PORT``, as options name them."""

import ipaddress
import socket

from ..schemas.errors import UsageError

_LARGEST_PORT = 65535


def split_address(address: str) -> tuple[str, int]:
    """Return host and port of ``HOST:PORT``. Raises UsageError for any other text."""
    host, colon, port = address.rpartition(":")
    if not (colon and host and port.isdecimal() and 0 < int(port) <= _LARGEST_PORT):
        raise UsageError(f"{address!r} is not HOST:PORT, such as localhost:8099")
    return host, int(port)


def is_loopback(address: str) -> bool:
    """Return whether only processes on this machine can connect to ``HOST:PORT``."""
    host = split_address(address)[0].strip("[]")
    try:
        resolved = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return False
    hosts = {str(sockaddr[0]).partition("%")[0] for *_, sockaddr in resolved}
    return all(ipaddress.ip_address(each).is_loopback for each in hosts)
