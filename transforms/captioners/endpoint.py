"""A captioner behind an OpenAI-compatible service, such as vLLM, SGLang or TGI."""

import base64
import io
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from ...schemas.errors import EvenpairError
from ...schemas.fault import Fault
from .captioner import Answer
from .endpoint_pool import Endpoint, EndpointPool
from .endpoint_reply import (
    Reply,
    UnusableReplyError,
    complaint,
    is_filtered,
    pause_of,
    read_answer,
)
from .endpoint_service import NoConnectionError, NoReplyError, Service, advice, new_session, post

_JPEG_QUALITY = 92
_ATTEMPTS = 5
_PATIENCE_SECONDS = 900.0
"""How long a service may go on to say that there are too many requests, while none succeeds."""

_OF_THE_IMAGE = frozenset({400, 413, 415, 422})
_TOO_MANY = frozenset({429, 503})
_PASSING = frozenset({408, 409, 425, 500, 502, 504, 507, 529})


class EndpointCaptioner:
    """Asks a service about one image in each request; as many at the same time as allowed.

    What passes is tried again: no connection, no reply in time, a server's error, a broken reply.
    What a service asks for in Retry-After is kept. The key is read from the environment, is sent in
    the header alone, and stands in no message.
    """

    batch_size = 1
    device = "service"

    def __init__(self, service: Service) -> None:
        self.asked = service.asked
        self.calls = service.requests
        self._service = service
        self._pool = EndpointPool(service.urls, service.first_pause)
        self._session = new_session(service.requests)

    def prepare(self, images: Sequence[Image.Image]) -> list[bytes]:
        """Return the body of the request for each image."""
        return [self._body(image) for image in images]

    def caption(self, prepared: Sequence[bytes]) -> list[Answer]:
        """Return one answer for each image.

        Raises UnusableReplyError for an image that the service cannot bear, EvenpairError if it
        fails for good.
        """
        return [self._ask(body) for body in prepared]

    def _body(self, image: Image.Image) -> bytes:
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=_JPEG_QUALITY)
        url = "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode()
        content = [
            {"type": "image_url", "image_url": {"url": url}},
            {"type": "text", "text": self.asked.prompt},
        ]
        asked = {
            "model": self.asked.model,
            "messages": [{"role": "user", "content": content}],
            "max_tokens": self._service.max_new_tokens,
            "temperature": 0,
            "seed": 0,
        }
        return json.dumps(asked).encode()

    def _ask(self, body: bytes) -> Answer:
        begun, before = time.monotonic(), self._pool.successes
        failures = 0
        while True:
            with self._pool.endpoint() as endpoint:
                found = self._try(endpoint, body)
            if isinstance(found, Answer):
                return found
            failures += found.counts
            if found.counts and not found.paused:
                self._pool.wait(failures)
            waited = time.monotonic() - begun
            if failures >= _ATTEMPTS or (not found.counts and waited > _PATIENCE_SECONDS):
                if self._pool.successes > before:
                    raise UnusableReplyError(found.said)  # others were answered: it is the image
                raise self._given_up(f"{endpoint.url}: {found.said}, again and again")

    def _try(self, endpoint: Endpoint, body: bytes) -> "Answer | _Failure":
        """Ask once; return the answer, or what passes. Raises what does not pass."""
        try:
            reply = post(self._session, endpoint.url, body, self._service)
            answer = read_answer(reply) if reply.status == 200 else None
        except NoConnectionError as error:
            self._pool.failed(endpoint)
            return _Failure(str(error), paused=True)
        except (NoReplyError, UnusableReplyError) as error:
            return _Failure(str(error))
        if answer is None:
            return self._refused(endpoint, reply)
        self._pool.succeeded(endpoint)
        return answer

    def _refused(self, endpoint: Endpoint, reply: Reply) -> "Answer | _Failure":
        if reply.status in _TOO_MANY:
            self._pool.failed(endpoint, pause_of(reply.retry_after))
            return _Failure(complaint(reply), counts=reply.status != 429, paused=True)
        if reply.status in _PASSING:
            return _Failure(complaint(reply))
        if reply.status not in _OF_THE_IMAGE:
            raise self._given_up(f"{endpoint.url}: {complaint(reply)}{advice(reply.status)}")
        if is_filtered(reply):
            return Answer(None, Fault.REFUSED)
        raise UnusableReplyError(complaint(reply))

    def _given_up(self, said: str) -> EvenpairError:
        error = EvenpairError(f"the captioning service fails: {said}")
        self._pool.close(error)
        return error


@dataclass(frozen=True, slots=True)
class _Failure:
    """Why a request is to be made again.

    ``counts`` if that may not go on for ever, ``paused`` if the endpoint is left alone meanwhile.
    """

    said: str
    counts: bool = True
    paused: bool = False
