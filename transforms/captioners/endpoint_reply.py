"""Reply of an OpenAI-compatible service -> an answer, or a description of the error."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from ...schemas.fault import Fault
from .captioner import Answer

_CUT = {"stop": False, "length": True}
_FILTERED = "content_filter"
_LONGEST_PAUSE = 300.0


@dataclass(frozen=True, slots=True)
class Reply:
    """A complete reply of a service, in which the key was redacted."""

    status: int
    body: bytes
    retry_after: str | None = None


class UnusableReplyError(ValueError):
    """A reply without an answer that the interface defines."""


def read_answer(reply: Reply) -> Answer:
    """Return the answer in a reply of status 200. Raises UnusableReplyError if there is none."""
    try:
        choice = json.loads(reply.body)["choices"][0]
        message, reason = choice["message"], choice.get("finish_reason")
        content, refusal = message.get("content"), message.get("refusal")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise UnusableReplyError("the reply is not a chat completion") from error
    if reason == _FILTERED or (refusal and not content):
        return Answer(None, Fault.REFUSED)
    return Answer(_text(content), is_cut=_CUT.get(reason) if isinstance(reason, str) else None)


def _text(content: Any) -> str:  # noqa: ANN401 - JSON
    """Return the text of a message, which may come in parts; it is empty without content."""
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        return " ".join(part for part in parts if isinstance(part, str))
    return content if isinstance(content, str) else ""


def models_in(reply: Reply) -> list[str]:
    """Return the names in a service's list of models, none if the reply is not such a list."""
    try:
        return [str(model["id"]) for model in json.loads(reply.body)["data"]]
    except (ValueError, LookupError, TypeError, RecursionError):
        return []


def is_filtered(reply: Reply) -> bool:
    """Return whether a reply of status 400 refuses the image because of what it shows."""
    body = reply.body.lower()
    return b"content_filter" in body or b"content_policy" in body or b"safety" in body


def complaint(reply: Reply) -> str:
    """Return the status and the error message of a reply, in one line."""
    try:
        message = json.loads(reply.body)
    except (ValueError, RecursionError):
        message = None
    for name in ("error", "message", "detail"):
        message = message.get(name, message) if isinstance(message, dict) else message
    text = message if isinstance(message, str) else ""
    return f"HTTP {reply.status}" + (f": {' '.join(text.split())[:200]}" if text.strip() else "")


def pause_of(retry_after: str | None, now: datetime | None = None) -> float | None:
    """Return the seconds that a Retry-After header asks for, 300 at most; None without one.

    It holds seconds or a date (RFC 9110, section 10.2.3).
    """
    if not retry_after:
        return None
    try:
        seconds = float(retry_after)
    except ValueError:
        try:
            then = parsedate_to_datetime(retry_after)
        except ValueError:
            return None
        then = then if then.tzinfo else then.replace(tzinfo=UTC)
        seconds = (then - (now or datetime.now(UTC))).total_seconds()
    return min(max(0.0, seconds), _LONGEST_PAUSE) if seconds == seconds else None
