"""Places of images in an archive -> a finding for each that cannot be decoded."""

from collections.abc import Sequence

from ...schemas.finding import Finding, Problem
from ...storage import files
from ..read.decode_image import ImageFaultError, decode_image
from ..read.payload import MOST_BYTES
from .shard_report import ImagePlace


def verify_images(path: str, name: str, places: Sequence[ImagePlace]) -> list[Finding]:
    """Decode the images at ``places``, of which there is at least one, in their order."""
    findings = []
    try:
        with files.open_blocks(path) as archive:
            for key, offset, size in places:
                if size > MOST_BYTES:
                    fault: str | None = f"a file of {size} bytes"
                else:
                    fault = decoding_fault(archive[offset : offset + size])
                if fault is not None:
                    findings.append(Finding(name, key, Problem.UNDECODABLE_IMAGE, fault))
    except OSError as error:
        detail = files.fault(path, error)
        findings.append(Finding(name, places[0].key, Problem.UNREADABLE, detail))
    return findings


def decoding_fault(content: bytes) -> str | None:
    """Return why an image cannot be decoded, None if it can."""
    try:
        decode_image(content)
    except ImageFaultError as error:
        return str(error) or error.fault.value
    return None
