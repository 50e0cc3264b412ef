"""Where the prior lies that ships with evenpair."""

from pathlib import Path

_FOLDER = Path(__file__).parent / "prior"


def prior_path() -> str:
    """Return the path of the shipped statistics, counted over captions of everyday photographs."""
    return str(_FOLDER / "statistics.parquet")


def terms_path() -> str:
    """Return the path of the shipped terms: how much each shows, and how common it is."""
    return str(_FOLDER / "terms.parquet")
