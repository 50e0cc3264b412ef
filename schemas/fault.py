"""Why a pair has no generated caption, or one that must not be used."""

from enum import StrEnum


class Fault(StrEnum):
    """Every fault that a caption can have."""

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
"""Faults that lie in the picture, not in the model: such a pair is no pair."""
