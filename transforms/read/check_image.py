"""The bytes of an image file -> their fault, recognised by signature and size."""

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
    """Return why ``content`` cannot be an image file, None if it looks like one.

    The first 32 bytes are enough if ``size``, the number of bytes of the file, is given. The
    extension does not matter: without re-encoding, img2dataset calls every image ``jpg``.
    """
    size = len(content) if size is None else size
    start = bytes(content[:SMALLEST])
    if size < SMALLEST:
        return f"only {size} bytes"
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        full_size = int.from_bytes(start[4:8], "little") + 8
        return None if full_size <= size else f"cut short: {size} of {full_size} bytes"
    if start[4:8] == b"ftyp" or start.startswith(_SIGNATURES):
        return None
    return f"it begins with {start[:8]!r}, like no image format"


def image_field(start: bytes) -> str:
    """Return the field that an image with these first bytes has in a sample.

    Training reads only ``jpg``, ``png`` and ``webp``, and decodes each by its content: other
    formats are ``jpg``, as img2dataset has them.
    """
    if start.startswith(b"\x89PNG"):
        return "png"
    return "webp" if start[:4] == b"RIFF" and start[8:12] == b"WEBP" else "jpg"
