"""A captioning service as one finds it: its addresses, its key, what it replies in time."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError, ReadTimeoutError

from ...schemas.errors import EvenpairError, UsageError
from .captioner import Asked
from .endpoint_reply import Reply, complaint, models_in

KEY = "OPENAI_API_KEY"
"""The variable of the environment that holds the key, where the service wants one."""

_CONNECT_SECONDS = 10.0
_MOST_BYTES = 1 << 20


class NoReplyError(Exception):
    """Why there was no whole reply, without the addresses that the client's errors repeat."""


class NoConnectionError(NoReplyError):
    """Nobody was there to reply."""


@dataclass(frozen=True, slots=True)
class Service:
    """A service with one model behind one or more endpoints, and how much may be asked of it."""

    asked: Asked
    urls: tuple[str, ...]
    requests: int = 16
    seconds: float = 120.0
    max_new_tokens: int = 64
    first_pause: float = 1.0


class _Key(AuthBase):
    """The key in the header, whatever else this machine knows of the host."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        key = os.environ.get(KEY)
        if key:
            request.headers["Authorization"] = f"Bearer {key}"
        return request


def new_session(connections: int) -> requests.Session:
    """Return a session that keeps so many connections open and follows no redirection."""
    session = requests.Session()
    session.auth = _Key()
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(pool_connections=64, pool_maxsize=connections))
    return session


def post(session: requests.Session, url: str, body: bytes, service: Service) -> Reply:
    """Ask the endpoint at ``url`` for a completion and return its whole reply.

    Raises NoReplyError if there is none in time, however many bytes come in between.
    """
    more = {"data": body, "headers": {"Content-Type": "application/json"}}
    return _exchange(session, "POST", f"{url}/chat/completions", service.seconds, more)


def _exchange(
    session: requests.Session, method: str, url: str, seconds: float, more: dict[str, Any]
) -> Reply:
    latest = time.monotonic() + seconds
    more |= {"stream": True, "allow_redirects": False, "timeout": (_CONNECT_SECONDS, seconds)}
    try:
        with session.request(method, url, **more) as response:
            return _read(response, latest)
    except (requests.RequestException, HTTPError) as error:
        raise _named(error) from error


def _read(response: requests.Response, latest: float) -> Reply:
    content = b""
    while piece := response.raw.read1(_MOST_BYTES, decode_content=True):
        content += piece
        if time.monotonic() > latest:
            raise NoReplyError("no reply in time")
        if len(content) > _MOST_BYTES:
            break
    return Reply(response.status_code, content, response.headers.get("Retry-After"))


def _named(error: Exception) -> NoReplyError:
    if isinstance(error, (requests.ReadTimeout, ReadTimeoutError)):
        return NoReplyError("no reply in time")
    if isinstance(error, requests.ConnectionError):
        return NoConnectionError("no connection")
    return NoReplyError("a reply that breaks off")


def advice(status: int) -> str:
    """Return what to do about a status, in brackets."""
    if status in (401, 403):
        there = "is refused" if os.environ.get(KEY) else "is not set"
        return f" ({KEY} {there})"
    return ""


def check_service(service: Service) -> None:
    """Ask every endpoint which models it has, if it says so, before any work is done.

    Raises UsageError for an address that is none, a key that is refused or a model that is not
    there, EvenpairError if no endpoint can be reached.
    """
    session = new_session(1)
    failures = [_check_endpoint(url, service, session) for url in service.urls]
    if all(failures):
        raise EvenpairError(f"the captioning service fails: {failures[0]}")


def _check_endpoint(url: str, service: Service, session: requests.Session) -> str | None:
    """Return why an endpoint cannot be reached, None if it can."""
    try:
        reply = _exchange(session, "GET", f"{url}/models", _CONNECT_SECONDS, {})
    except NoReplyError as error:
        return f"{url}: {error}"
    if reply.status in (401, 403):
        raise UsageError(f"{url}: {complaint(reply)}{advice(reply.status)}")
    models = models_in(reply) if reply.status == 200 else []
    if models and service.asked.model not in models:
        has = ", ".join(models[:5])
        raise UsageError(f"{url} has no model {service.asked.model!r}; it has {has}")
    return None


def endpoint_urls(given: Sequence[str]) -> tuple[str, ...]:
    """Return the addresses that ``/chat/completions`` is put behind; ``/v1`` if they have no path.

    Raises UsageError for what is no address of a service, or holds a secret.
    """
    urls = []
    for url in given:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"--endpoint {url} is no address such as http://localhost:8000/v1")
        if parts.username or parts.password or parts.query:
            raise UsageError(f"--endpoint must hold no secret: put the key into {KEY}")
        path = parts.path.rstrip("/").removesuffix("/chat/completions") or "/v1"
        urls.append(f"{parts.scheme}://{parts.netloc}{path}")
    return tuple(dict.fromkeys(urls))
