"""Where the tables lie by which facts are matched and the information of images is estimated."""

from pathlib import Path

_FOLDER = Path(__file__).parent / "matching"


def pairs_path() -> str:
    """Return the path of the shipped pairs of terms."""
    return str(_FOLDER / "pairs.parquet")


def capture_path() -> str:
    """Return the path of the constants of capture and recapture."""
    return str(_FOLDER / "capture.json")
