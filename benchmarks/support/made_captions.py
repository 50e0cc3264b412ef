"""Captions to measure with, as many as are asked for: half of regions, half of web alt-text."""

import csv
from pathlib import Path

import pyarrow.parquet as pq
from score import SHARD, make_shards

_STEP = 7919


def make_captions(data: Path, count: int) -> list[str]:
    """Return captions of DATA in turn; when they are used up, halves of two are put together.

    So what is said grows with the number of captions, as it does on the web.
    """
    with (data / "factual" / "train.csv").open(newline="", encoding="utf-8") as file:
        regions = [row["caption"] for row in csv.DictReader(file)]
    web = pq.read_table(data / "alt-text" / "alt_text_5k.parquet")["TEXT"].drop_null().to_pylist()
    kinds = (regions, web)
    return [_caption(kinds[at % 2], at // 2) for at in range(count)]


def _caption(known: list[str], number: int) -> str:
    turn, at = divmod(number, len(known))
    first = known[at].split()
    if not turn:
        return known[at]
    other = known[(at + turn * _STEP) % len(known)].split()
    return " ".join([*first[: len(first) // 2], *other[len(other) // 2 :]])


def caption_shards(folder: Path, data: Path, count: int) -> Path:
    """Make shards of captions without images in ``folder``, unless they are there."""
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        make_shards(folder, make_captions(data, count))
    return folder


__all__ = ["SHARD", "caption_shards", "make_captions"]
