"""Addresses of servers, ``HOST:PORT``, as options name them."""

from ..schemas.errors import UsageError

_LARGEST_PORT = 65535


def split_address(address: str) -> tuple[str, int]:
    """Return host and port of ``HOST:PORT``. Raises UsageError for any other text."""
    host, colon, port = address.rpartition(":")
    if not (colon and host and port.isdecimal() and 0 < int(port) <= _LARGEST_PORT):
        raise UsageError(f"{address!r} is not HOST:PORT, such as localhost:8099")
    return host, int(port)
