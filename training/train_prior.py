"""Count the statistics that ship with evenpair: how often people state which fact of a picture.

    python -m evenpair.training.train_prior --captions TRAIN.csv --photos ATTRIBUTION.json

The captions are Visual Genome's region descriptions as FACTUAL has them (MIT, CC BY 4.0); the
photos are COCO's, with five captions each (CC BY 4.0).
"""

import argparse
import csv
import json
from functools import reduce
from pathlib import Path
from statistics import median

from ..models.load_parser import load_parser
from ..models.load_prior import prior_path
from ..schemas.facts import Facts
from ..schemas.statistics import Statistics, count_events, statistics_to_table
from ..storage import files
from ..transforms.facts.match_facts import unite_wordings
from ..transforms.facts.parse_captions import parse_captions
from ..transforms.information.information import InformationModel


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
    arguments.add_argument("--captions", type=Path, required=True)
    arguments.add_argument("--photos", type=Path, required=True)
    arguments.add_argument("--out", default=prior_path())
    given = arguments.parse_args()
    with given.captions.open(newline="", encoding="utf-8") as file:
        captions = [row["caption"] for row in csv.DictReader(file)]
    photos = [photo["captions"] for photo in json.loads(given.photos.read_text(encoding="utf-8"))]
    statistics = train_prior(captions, photos)
    files.write_table(given.out, statistics_to_table(statistics))
    print(f"{len(captions)} captions, full level {statistics.full_level:.1f} bits: {given.out}")


if __name__ == "__main__":
    main()
