"""The four phases of a run."""

from enum import StrEnum


class Phase(StrEnum):
    """The four phases of a run, in their order."""

    SCORE = "score"
    ENRICH = "enrich"
    SELECT = "select"
    WRITE = "write"

    @property
    def following(self) -> list["Phase"]:
        """The phases after this one."""
        phases = list(Phase)
        return phases[phases.index(self) + 1 :]
