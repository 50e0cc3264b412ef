"""The captions that the prior is counted and learned from."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from .graphs.scene_graphs import read_scene_graphs
from .read_captions import FOLDER


@dataclass(frozen=True, slots=True)
class PriorCaptions:
    """Captions by where they come from."""

    regions: list[str]
    """By people, of regions of pictures: FACTUAL's training captions."""
    photographs: list[list[str]]
    """By people, of whole photographs: COCO's, five of each."""
    model: list[str]
    """By a captioning model, several sentences each."""
    sentences: list[str]
    """By trained people: sentences of long descriptions."""
    alt_texts: list[str]
    """Of the web, each once."""


def read_prior_captions(data: Path, alt_texts: Path) -> PriorCaptions:
    """Read the captions of DATA and of the folder with the alt-texts, in a fixed order."""
    factual = read_scene_graphs(data / "factual" / "train.csv")
    coco = _rows(data / "coco" / "captions.jsonl")
    sentences = read_scene_graphs(FOLDER / "human.csv")
    return PriorCaptions(
        [graph.caption for graph in factual],
        [photo["captions"] for photo in coco],
        [row["caption"] for row in _rows(alt_texts / "vlm_captions.jsonl")],
        [graph.caption for graph in sentences],
        sorted({text.strip() for text in _alt_texts(data, alt_texts)}),
    )


def _alt_texts(data: Path, folder: Path) -> Iterator[str]:
    table = pq.read_table(data / "alt-text" / "alt_text_5k.parquet", columns=["TEXT"])
    yield from (text or "" for text in table["TEXT"].to_pylist())
    yield from (graph.caption for graph in read_scene_graphs(folder / "train.csv", "alt"))
    for line in (folder / "pool.tsv").read_text("utf-8").splitlines():
        number, _, text = line.partition("\t")
        if number.startswith("alt"):
            yield text


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]
