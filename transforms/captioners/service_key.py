"""The key of a captioning service: read from the environment, and kept out of everything else."""

import json
import os
import re
from typing import Any

from ...schemas.errors import UsageError

KEY = "OPENAI_API_KEY"
"""The environment variable that holds the key, for services that require one."""

_HIDDEN = "***"
_SENDABLE = re.compile(r"[ -~]*")
_PLACEHOLDER = re.compile(r"[A-Za-z]{0,7}")
"""Texts such as ``EMPTY``, for services without keys: they hide nothing, and may be in captions."""


def service_key() -> str:
    """Return the key without the white space around it; it is empty if none is set.

    Raises UsageError, without the key, for one that an HTTP header cannot hold.
    """
    key = os.environ.get(KEY, "").strip()
    if not _SENDABLE.fullmatch(key):
        raise UsageError(
            f"{KEY} contains line breaks, control characters or letters beyond ASCII, which no "
            "HTTP header can hold: set it to the key alone"
        )
    return key


def redact(body: bytes) -> bytes:
    """Return the body of a reply with ``***`` for each occurrence of the key.

    In JSON it is found however its characters are escaped; JSON that is nested too deeply becomes
    empty. A word of up to seven letters, such as ``EMPTY``, is a placeholder rather than a secret,
    and stays.
    """
    key = service_key()
    if _PLACEHOLDER.fullmatch(key):
        return body
    try:
        return json.dumps(_redacted(json.loads(body), key)).encode()
    except RecursionError:
        return b""
    except ValueError:
        return body.replace(key.encode(), _HIDDEN.encode())


def _redacted(value: Any, key: str) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        return value.replace(key, _HIDDEN)
    if isinstance(value, list):
        return [_redacted(item, key) for item in value]
    if isinstance(value, dict):
        return {_redacted(name, key): _redacted(item, key) for name, item in value.items()}
    return value
