"""The reasons for which a pair has no usable generated caption."""

from enum import StrEnum


class Fault(StrEnum):
    """A reason for which a generated caption is missing or must not be used."""

    MISSING_IMAGE = "missing-image"
    UNDECODABLE_IMAGE = "undecodable-image"
    IMAGE_TOO_LARGE = "image-too-large"
    MODEL_FAILED = "model-failed"
    REFUSED = "refused"
    EMPTY = "empty"
    REPEATING = "repeating"
    CUT_OFF = "cut-off"
    ECHOED_PROMPT = "echoed-prompt"
    OTHER_LANGUAGE = "other-language"


IMAGE_FAULTS = frozenset({Fault.MISSING_IMAGE, Fault.UNDECODABLE_IMAGE, Fault.IMAGE_TOO_LARGE})
"""Faults of the image rather than of the model: select rejects the pair."""
