"""Path of img2dataset's statistics of a shard -> the number of its downloaded pairs."""

import json

from ...storage import files


def read_successes(path: str) -> int:
    """Return the number of downloaded pairs that the statistics at ``path`` state.

    Raises OSError if the file cannot be read, ValueError if it has no such number.
    """
    try:
        return int(json.loads(files.read_bytes(path))["successes"])
    except (KeyError, TypeError, OverflowError, RecursionError) as error:
        raise ValueError(f"it has no number of successes ({type(error).__name__})") from error
