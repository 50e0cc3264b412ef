"""The problems that shards can have, and the findings that ``verify`` reports."""

from dataclasses import dataclass
from enum import StrEnum


class Problem(StrEnum):
    """A problem that shards can have."""

    UNREADABLE = "unreadable"
    TRUNCATED = "truncated"
    UNFINISHED = "unfinished"
    COUNTS_DIFFER = "counts-differ"
    DUPLICATE_KEY = "duplicate-key"
    DOT_IN_KEY = "dot-in-key"
    UNSAFE_NAME = "unsafe-name"
    MISSING_MEMBER = "missing-member"
    EMPTY_MEMBER = "empty-member"
    DUPLICATE_MEMBER = "duplicate-member"
    BAD_TEXT = "bad-text"
    BAD_JSON = "bad-json"
    UNDECODABLE_IMAGE = "undecodable-image"
    UNDECODABLE_MEMBER = "undecodable-member"
    PICKLED_MEMBER = "pickled-member"
    REPEATED_IMAGE = "repeated-image"
    FEW_SHARDS = "few-shards"
    STRAY_JSON = "stray-json"
    CONTROL_CHARACTERS = "control-characters"

    @property
    def is_warning(self) -> bool:
        """Whether training reads the shard all the same: the caption is as its source has it."""
        return self is Problem.CONTROL_CHARACTERS


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem of one shard; ``key`` is empty where it concerns more than one sample."""

    shard: str
    key: str
    problem: Problem
    detail: str

    def line(self) -> str:
        """Return the finding as one line, with the key escaped: it may hold any character."""
        key = self.key.encode("unicode_escape", "surrogateescape").decode("ascii") or "-"
        return f"{self.shard}  {key}  {self.problem}: {' '.join(self.detail.split())}"
