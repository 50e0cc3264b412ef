"""The identity that a pair, one image with its caption, keeps through a run."""

import hashlib
import re

_UID = re.compile(r"[0-9a-f]{32}")


def own_uid(value: object) -> str | None:
    """Return ``value`` if it is a uid, 32 lower-case hexadecimal digits, and None otherwise."""
    return value if isinstance(value, str) and _UID.fullmatch(value) else None


def derive_uid(url: str | None, *, source: str, key: str, caption: str | None) -> str:
    """Return the uid of a pair that came without one: 32 hexadecimal digits of BLAKE2b.

    It depends on the url and the caption or, without a url, on the source's name, the key and the
    caption. A null caption equals an empty one.
    """
    origin = ("url", url) if url else ("key", source, key)
    text = "\x1f".join((*origin, caption or ""))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
