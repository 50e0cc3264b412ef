"""What an OpenAI-compatible service replies -> an answer, or what it says is wrong."""

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
    """A whole reply of a service."""

    status: int
    body: bytes
    retry_after: str | None = None


class UnusableReplyError(ValueError):
    """A reply that is none of those the interface knows."""


def read_answer(reply: Reply) -> Answer:
    """Return the answer in a reply of status 200. Raises UnusableReplyError if there is none."""
    try:
        choice = json.loads(reply.body)["choices"][0]
        message, reason = choice["message"], choice.get("finish_reason")
        said, refusal = message.get("content"), message.get("refusal")
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise UnusableReplyError("the reply is no chat completion") from error
    if reason == _FILTERED or (refusal and not said):
        return Answer(None, Fault.REFUSED)
    return Answer(_text(said), is_cut=_CUT.get(reason))


def _text(said: Any) -> str:  # noqa: ANN401 - JSON
    """Return the text of a message, which may come in parts; no content is an empty text."""
    if isinstance(said, list):
        parts = [part.get("text") for part in said if isinstance(part, dict)]
        return " ".join(part for part in parts if isinstance(part, str))
    return said if isinstance(said, str) else ""


def models_in(reply: Reply) -> list[str]:
    """Return the names in a service's list of its models, none if it has no such list."""
    try:
        return [str(model["id"]) for model in json.loads(reply.body)["data"]]
    except (ValueError, LookupError, TypeError):
        return []


def is_filtered(reply: Reply) -> bool:
    """Return whether a refusal (status 400) is the service's judgement of the image."""
    said = reply.body.lower()
    return b"content_filter" in said or b"content_policy" in said or b"safety" in said


def complaint(reply: Reply) -> str:
    """Return what a service says is wrong, in one line."""
    try:
        said = json.loads(reply.body)
    except ValueError:
        said = None
    for name in ("error", "message", "detail"):
        said = said.get(name, said) if isinstance(said, dict) else said
    text = said if isinstance(said, str) else ""
    return f"HTTP {reply.status}" + (f": {' '.join(text.split())[:200]}" if text.strip() else "")


def pause_of(retry_after: str | None, now: datetime | None = None) -> float | None:
    """Return the seconds that a Retry-After header asks for, None if it asks for none.

    It holds seconds or a date (RFC 9110, section 10.2.3); more than five minutes are five minutes.
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
