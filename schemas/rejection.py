"""Why a pair was not written: a phase and a reason from a closed list."""

from dataclasses import dataclass
from enum import StrEnum

from .phase import Phase


class Reason(StrEnum):
    """Every reason for which a pair can be rejected."""

    # What the source itself lacks.
    UNREADABLE_SAMPLE = "unreadable-sample"
    TRUNCATED_SOURCE = "truncated-source"
    DUPLICATE_KEY = "duplicate-key"
    MISSING_IMAGE = "missing-image"
    UNDECODABLE_IMAGE = "undecodable-image"
    NO_CAPTION = "no-caption"
    # The policies, in the order in which they are asked.
    BLOCK_LIST = "block-list"
    DUPLICATE_UID = "duplicate-uid"
    DUPLICATE_IMAGE = "duplicate-image"
    MIN_IMAGE_SIZE = "min-image-size"
    LANGUAGES = "languages"
    WHERE = "where"
    MIN_BITS = "min-bits"
    MAX_OBJECT_SHARE = "max-object-share"
    MIN_AGREEMENT = "min-agreement"
    MIN_SIMILARITY = "min-similarity"
    MAX_IMBALANCE = "max-imbalance"
    KEEP_FRACTION = "keep-fraction"


@dataclass(frozen=True, slots=True)
class Rejection:
    """One pair that leaves the run here, and why."""

    uid: str
    shard: str
    key: str
    phase: Phase
    reason: Reason
    detail: str = ""
