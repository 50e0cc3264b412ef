"""Count the statistics that ship with evenpair: how often people state which fact of a picture.

    python -m evenpair.training.train_prior --data DATA --alt-texts DIR

The captions are Visual Genome's region descriptions as FACTUAL has them (`DATA/factual`; MIT, CC BY
4.0), COCO's of whole photographs (`DATA/coco`; CC BY 4.0) and a captioning model's
(`DIR/vlm_captions.jsonl`; CC BY 4.0); the photos are COCO's, with five captions each.
"""

import argparse
import json
from functools import reduce
from pathlib import Path
from statistics import median
from typing import Any

from ..models.load_parser import load_parser
from ..models.load_prior import prior_path
from ..schemas.facts import Facts
from ..schemas.statistics import Statistics, count_events, statistics_to_table
from ..storage import files
from ..transforms.facts.match_facts import unite_wordings
from ..transforms.facts.parse_captions import parse_captions
from ..transforms.information.information import InformationModel
from .scene_graphs import read_scene_graphs


def train_prior(captions: list[str], photos: list[list[str]]) -> Statistics:
    """Count ``captions``; the full level is the median of what all captions of a photo say.

    What several of them say in other words counts once.
    """
    nlp = load_parser()
    counts = count_events(parse_captions(nlp, captions))
    model = InformationModel(Statistics(counts))

    def unite(one: Facts, other: Facts) -> Facts:
        return unite_wordings(one, other, model.object_bits)

    known = [reduce(unite, parse_captions(nlp, several)) for several in photos]
    return Statistics(counts, median(model.bits(facts).information_bits for facts in known))


def main() -> None:
    """Read the captions, count them and write the prior."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--alt-texts", type=Path, required=True)
    arguments.add_argument("--out", default=prior_path())
    given = arguments.parse_args()
    regions = [graph.caption for graph in read_scene_graphs(given.data / "factual" / "train.csv")]
    coco = [photo["captions"] for photo in _rows(given.data / "coco" / "captions.jsonl")]
    model = [row["caption"] for row in _rows(given.alt_texts / "vlm_captions.jsonl")]
    photos = json.loads((given.data / "photos" / "attribution.json").read_text("utf-8"))
    captions = [*regions, *(caption for several in coco for caption in several), *model]
    statistics = train_prior(captions, [photo["captions"] for photo in photos])
    files.write_table(given.out, statistics_to_table(statistics))
    print(f"{len(captions)} captions, full level {statistics.full_level:.1f} bits: {given.out}")


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


if __name__ == "__main__":
    main()
