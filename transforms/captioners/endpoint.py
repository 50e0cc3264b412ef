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
"""The time to retry a request for while the service replies that there are too many."""

_IMAGE_ERRORS = frozenset({400, 413, 415, 422})
_OVERLOAD = frozenset({429, 503})
_TRANSIENT = frozenset({408, 409, 425, 500, 502, 504, 507, 529})


class EndpointCaptioner:
    """Sends one image in each request, and as many requests at the same time as allowed.

    Transient failures are retried: no connection, no reply in time, a server's error, a broken
    reply. A pause that the service asks for in Retry-After is kept. The key comes from the
    environment and is sent in the header alone; no message contains it.
    """

    batch_size = 1
    device = "service"

    def __init__(self, service: Service) -> None:
        self.captioner_id = service.captioner_id
        self.name = service.captioner_id.model
        self.calls = service.requests
        self._service = service
        self._pool = EndpointPool(service.urls, service.first_pause)
        self._session = new_session(service.requests)

    def prepare(self, images: Sequence[Image.Image]) -> list[bytes]:
        """Return the body of the request for each image."""
        return [self._body(image) for image in images]

    def caption(self, prepared: Sequence[bytes]) -> list[Answer]:
        """Return one answer for each image.

        Raises UnusableReplyError if the service fails on an image, EvenpairError if it fails for
        good.
        """
        return [self._ask(body) for body in prepared]

    def _body(self, image: Image.Image) -> bytes:
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=_JPEG_QUALITY)
        url = "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode()
        content = [
            {"type": "image_url", "image_url": {"url": url}},
            {"type": "text", "text": self.captioner_id.prompt},
        ]
        request = {
            "model": self.captioner_id.model,
            "messages": [{"role": "user", "content": content}],
            "max_tokens": self._service.max_new_tokens,
            "temperature": 0,
            "seed": 0,
        }
        return json.dumps(request).encode()

    def _ask(self, body: bytes) -> Answer:
        start, successes = time.monotonic(), self._pool.successes
        failures = 0
        while True:
            with self._pool.endpoint() as endpoint:
                result = self._try(endpoint, body)
            if isinstance(result, Answer):
                return result
            failures += result.counts
            if result.counts and not result.is_paused:
                self._pool.wait(failures)
            seconds = time.monotonic() - start
            if failures >= _ATTEMPTS or (not result.counts and seconds > _PATIENCE_SECONDS):
                if self._pool.successes > successes:  # other images were answered
                    raise UnusableReplyError(result.message)
                raise self._given_up(f"{endpoint.url}: {result.message}, several times")

    def _try(self, endpoint: Endpoint, body: bytes) -> "Answer | _Failure":
        """Return the answer to one request, or a transient failure. Raises for any other."""
        try:
            reply = post(self._session, endpoint.url, body, self._service)
            answer = read_answer(reply) if reply.status == 200 else None
        except NoConnectionError as error:
            self._pool.failed(endpoint)
            return _Failure(str(error), is_paused=True)
        except (NoReplyError, UnusableReplyError) as error:
            return _Failure(str(error))
        if answer is None:
            return self._refused(endpoint, reply)
        self._pool.succeeded(endpoint)
        return answer

    def _refused(self, endpoint: Endpoint, reply: Reply) -> "Answer | _Failure":
        if reply.status in _OVERLOAD:
            self._pool.failed(endpoint, pause_of(reply.retry_after))
            return _Failure(complaint(reply), counts=reply.status != 429, is_paused=True)
        if reply.status in _TRANSIENT:
            return _Failure(complaint(reply))
        if reply.status not in _IMAGE_ERRORS:
            raise self._given_up(f"{endpoint.url}: {complaint(reply)}{advice(reply.status)}")
        if is_filtered(reply):
            return Answer(None, Fault.REFUSED)
        raise UnusableReplyError(complaint(reply))

    def _given_up(self, reason: str) -> EvenpairError:
        error = EvenpairError(f"the captioning service failed: {reason}")
        self._pool.close(error)
        return error


@dataclass(frozen=True, slots=True)
class _Failure:
    """The reason to repeat a request.

    ``counts`` if the number of attempts is limited, ``is_paused`` if the pool pauses the endpoint.
    """

    message: str
    counts: bool = True
    is_paused: bool = False
