"""Host and port -> a connection to an address of the public Internet, or a refusal.

A list of urls comes from elsewhere. It must not reach what only this machine or its network can:
services on loopback, routers, the metadata server of a cloud. Names are resolved once, and the
connection goes to an address that was checked, so a name that changes its address gains nothing.
"""

import ipaddress
import socket
from contextlib import suppress

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

OPTION = "--allow-private-addresses"

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_IPV4_BITS = 0xFFFFFFFF


class PrivateAddressError(OSError):
    """A host that has no public address. The message is the same for all, so that it is counted."""

    def __init__(self) -> None:
        super().__init__(f"the host has no public address (see {OPTION})")


def is_public(text: str) -> bool:
    """Return whether an address is public: not loopback, link-local, private, multicast or none.

    An IPv4 address inside one of IPv6 is judged too.
    """
    address = ipaddress.ip_address(text)
    return all(map(_is_public, (address, *_inside(address))))


def connect_publicly(
    address: tuple[str, int],
    timeout: float | None = None,
    source_address: tuple[str, int] | None = None,
) -> socket.socket:
    """Connect to a host and port as ``socket.create_connection`` does, to public addresses only.

    Raises PrivateAddressError if the host has none, OSError if none of them answers.
    """
    host, port = address
    public = [found for found in _resolve(host, port) if is_public(found)]
    if not public:
        raise PrivateAddressError
    for last, found in enumerate(public, start=1 - len(public)):
        try:
            return socket.create_connection((found, port), timeout, source_address)
        except OSError:
            if last == 0:
                raise
    raise PrivateAddressError


def require_public(host: str, port: int) -> None:
    """Raise PrivateAddressError for a host that is reached through a proxy and is not public.

    A host that does not resolve here is left to the proxy.
    """
    with suppress(socket.gaierror):
        if not all(map(is_public, _resolve(host, port))):
            raise PrivateAddressError


def _resolve(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _is_public(address: Address) -> bool:
    is_local = isinstance(address, ipaddress.IPv6Address) and address.is_site_local
    return address.is_global and not (address.is_multicast or is_local)


def _inside(address: Address) -> list[Address]:
    """Return the IPv4 addresses that one of IPv6 stands for: mapped, translated or tunnelled."""
    if isinstance(address, ipaddress.IPv4Address):
        return []
    teredo = address.teredo
    translated = ipaddress.IPv4Address(int(address) & _IPV4_BITS) if address in _NAT64 else None
    found = (address.ipv4_mapped, address.sixtofour, teredo and teredo[1], translated)
    return [each for each in found if each is not None]
