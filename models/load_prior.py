"""Where the statistics lie that ship with evenpair."""

from pathlib import Path


def prior_path() -> str:
    """Return the path of the shipped statistics, counted over captions of everyday photographs."""
    return str(Path(__file__).parent / "prior" / "statistics.parquet")
