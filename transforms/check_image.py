"""The bytes of an image file -> what is wrong with them, told by signature and size."""

_SIGNATURES = (
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n",
    b"GIF87a",
    b"GIF89a",
    b"BM",
    b"II*\0",
    b"MM\0*",
)
_SMALLEST = 32


def image_fault(content: bytes) -> str | None:
    """Return why ``content`` is no image file, None if it looks like one.

    The extension is not asked: without re-encoding, img2dataset calls everything ``jpg``.
    """
    if len(content) < _SMALLEST:
        return f"only {len(content)} bytes"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        said = int.from_bytes(content[4:8], "little") + 8
        return None if said <= len(content) else f"cut short: {len(content)} of {said} bytes"
    if content[4:8] == b"ftyp" or content.startswith(_SIGNATURES):
        return None
    return f"it begins with {bytes(content[:8])!r}, like no image format"
