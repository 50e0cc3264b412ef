"""Requests to a captioning service: its addresses, its key, replies within a time limit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError, ReadTimeoutError

from ...schemas.errors import EvenpairError, UsageError
from .captioner import CaptionerId
from .endpoint_reply import Reply, complaint, models_in
from .service_key import KEY, redact, service_key
from .timed_session import deadline, timed_session

_CONNECT_SECONDS = 10.0
_MAX_BYTES = 1 << 20


class NoReplyError(Exception):
    """There was no complete reply; unlike the client's error, the message has no address."""


class NoConnectionError(NoReplyError):
    """There was no connection to the service."""


@dataclass(frozen=True, slots=True)
class Service:
    """A service with one model behind one or more endpoints, and the limits of its use."""

    captioner_id: CaptionerId
    urls: tuple[str, ...]
    requests: int = 16
    """Requests at the same time."""
    seconds: float = 120.0
    """The longest wait for a reply."""
    max_new_tokens: int = 64
    first_pause: float = 1.0
    """The first pause of a failed endpoint, in seconds."""


class _Key(AuthBase):
    """Puts the key into the header; the machine's own credentials for the host are not used."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if key := service_key():
            request.headers["Authorization"] = f"Bearer {key}"
        return request


def new_session(connections: int) -> requests.Session:
    """Return a session that keeps ``connections`` open connections to each host."""
    session = timed_session(connections)
    session.auth = _Key()
    return session


def post(session: requests.Session, url: str, body: bytes, service: Service) -> Reply:
    """Ask the endpoint at ``url`` for a completion and return its complete reply.

    Raises NoReplyError if the reply is not complete in time, even if bytes keep coming.
    """
    options = {"data": body, "headers": {"Content-Type": "application/json"}}
    return _exchange(session, "POST", f"{url}/chat/completions", service.seconds, options)


def _exchange(
    session: requests.Session, method: str, url: str, seconds: float, options: dict[str, Any]
) -> Reply:
    options |= {"stream": True, "allow_redirects": False, "timeout": (_CONNECT_SECONDS, seconds)}
    with deadline(seconds) as end:
        try:
            with session.request(method, url, **options) as response:
                reply = _read(response)
        except (requests.RequestException, HTTPError, OSError) as error:
            raise NoReplyError("no reply in time") if end.is_over else _named(error) from error
    if end.is_over:  # a reply that ends with the connection looks complete
        raise NoReplyError("no reply in time")
    return reply


def _read(response: requests.Response) -> Reply:
    """Read a reply, or the beginning of one that is too large; the key is redacted in it."""
    content = b""
    while block := response.raw.read1(_MAX_BYTES, decode_content=True):
        content += block
        if len(content) > _MAX_BYTES:
            break
    return Reply(response.status_code, redact(content), response.headers.get("Retry-After"))


def _named(error: Exception) -> NoReplyError:
    if isinstance(error, (requests.ReadTimeout, ReadTimeoutError)):
        return NoReplyError("no reply in time")
    if isinstance(error, requests.ConnectionError):
        return NoConnectionError("no connection")
    return NoReplyError("the reply was cut off")


def advice(status: int) -> str:
    """Return a hint about a status, in brackets, or an empty text."""
    if status in (401, 403):
        state = "is refused" if service_key() else "is not set"
        return f" ({KEY} {state})"
    return ""


def check_service(service: Service) -> None:
    """Check that the service can be reached and, if it lists its models, has the captioner's.

    Raises UsageError for a key that is malformed or refused, or a model that an endpoint does not
    have, EvenpairError if no endpoint can be reached.
    """
    service_key()
    session = new_session(1)
    failures = [_check_endpoint(url, service, session) for url in service.urls]
    if all(failures):
        raise EvenpairError(f"the captioning service cannot be reached: {failures[0]}")


def _check_endpoint(url: str, service: Service, session: requests.Session) -> str | None:
    """Return the reason why an endpoint cannot be reached, None if it can."""
    try:
        reply = _exchange(session, "GET", f"{url}/models", _CONNECT_SECONDS, {})
    except NoReplyError as error:
        return f"{url}: {error}"
    if reply.status in (401, 403):
        raise UsageError(f"{url}: {complaint(reply)}{advice(reply.status)}")
    models = models_in(reply) if reply.status == 200 else []
    if models and service.captioner_id.model not in models:
        names = ", ".join(models[:5])
        raise UsageError(
            f"{url} has no model {service.captioner_id.model!r}: give --captioner one of {names}"
        )
    return None


def endpoint_urls(addresses: Sequence[str]) -> tuple[str, ...]:
    """Return the base urls of a service, to which ``/chat/completions`` is appended.

    The path is ``/v1`` for an address without one. Raises UsageError for another kind of address,
    or one with a secret.
    """
    urls = []
    for address in addresses:
        parts = urlsplit(address)
        if "@" in (parts.netloc or address) or parts.query:
            raise UsageError(f"--endpoint must not contain a secret: put the key into {KEY}")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(
                f"--endpoint {address}: give an address such as http://localhost:8000/v1"
            )
        path = parts.path.rstrip("/").removesuffix("/chat/completions") or "/v1"
        urls.append(f"{parts.scheme}://{parts.netloc}{path}")
    return tuple(dict.fromkeys(urls))
