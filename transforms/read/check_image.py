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
SMALLEST = 32


def image_fault(content: bytes | memoryview, size: int | None = None) -> str | None:
    """Return why ``content`` is no image file, None if it looks like one.

    The first 32 bytes are enough, with the ``size`` of the file. The extension is not asked:
    without re-encoding, img2dataset calls everything ``jpg``.
    """
    size = len(content) if size is None else size
    start = bytes(content[:SMALLEST])
    if size < SMALLEST:
        return f"only {size} bytes"
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        said = int.from_bytes(start[4:8], "little") + 8
        return None if said <= size else f"cut short: {size} of {said} bytes"
    if start[4:8] == b"ftyp" or start.startswith(_SIGNATURES):
        return None
    return f"it begins with {start[:8]!r}, like no image format"
