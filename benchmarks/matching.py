"""What agreement, the estimated information of an image and imbalance say about human captions.

    python benchmarks/matching.py DATA [--images 2400]

DATA holds `coco/captions.jsonl` (five captions each of photographs), `coco/similarity_dev.jsonl`
(people's ratings of pairs of these captions) and `alt-text/alt_text_5k.parquet`. The peers, in the
same run, are plain words: their overlap, and their number. Table and constants were fitted to these
photographs; `training/matching/fit_capture.py` prints its figures on held-out folds.
"""

import argparse
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
import pyarrow.parquet as pq
from scipy.stats import spearmanr

from evenpair.models.load_parser import load_parser
from evenpair.schemas.captions import CaptionPart
from evenpair.schemas.facts import Facts
from evenpair.transforms.enrich.find_generated_facts import find_parts
from evenpair.transforms.facts.parse_captions import parse_captions
from evenpair.transforms.information.imbalance import (
    image_bits_of,
    judge_alone,
    judge_by_reference,
    left_out,
    measure_overlap,
    shipped_capture,
    united_bits,
)
from evenpair.transforms.information.information import InformationModel
from evenpair.transforms.information.keep_statistics import PRIOR, load_model
from evenpair.transforms.select.fuse import fuse
from evenpair.transforms.select.rank_pairs import kept_count

MAX_WORDS = 56
WORDS = re.compile(r"[a-z]+")


def correlation(scores: Sequence[float], truths: Sequence[float]) -> float:
    return float(spearmanr(scores, truths)[0])


def agreement_of(first: Facts, second: Facts, model: InformationModel) -> float:
    overlap = measure_overlap(first, second, model)
    both = (overlap.shared_of_first, overlap.first), (overlap.shared_of_second, overlap.second)
    return float(np.mean([shared / bits if bits else 0.0 for shared, bits in both]))


def word_overlap(first: str, second: str) -> float:
    one, other = (set(WORDS.findall(text.lower())) for text in (first, second))
    return len(one & other) / (len(one) * len(other)) ** 0.5


def print_ratings(path: Path, model: InformationModel) -> None:
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    pairs = [(row["caption1"], row["caption2"]) for row in rows]
    texts = sorted({text for pair in pairs for text in pair})
    facts = dict(zip(texts, parse_captions(load_parser(), texts), strict=True))
    agreements = [agreement_of(facts[one], facts[other], model) for one, other in pairs]
    ratings = [row["rating"] for row in rows]
    words = correlation([word_overlap(*pair) for pair in pairs], ratings)
    print(
        f"ratings of {len(rows)} pairs: rank correlation of agreement "
        f"{correlation(agreements, ratings):.3f}, of word overlap {words:.3f}; its "
        f"median {np.median(agreements):.2f}, none in {np.mean(np.array(agreements) == 0):.1%}"
    )


@dataclass(frozen=True)
class Photo:
    """A photograph's captions, their facts and the parts of the second one."""

    texts: Sequence[str]
    facts: Sequence[Facts]
    parts: Sequence[CaptionPart]


def read_photos(path: Path, count: int) -> list[Photo]:
    lines = path.read_text("utf-8").splitlines()[:count]
    texts = [json.loads(line)["captions"][:5] for line in lines]
    nlp = load_parser()
    facts = parse_captions(nlp, [text for captions in texts for text in captions])
    parts = find_parts(nlp, [captions[1] for captions in texts])
    return [Photo(t, [next(facts) for _ in t], own) for t, own in zip(texts, parts, strict=True)]


def stated(of: Sequence[Facts], by: Sequence[Facts], model: InformationModel) -> float:
    """Return the share of what some captions state that others state."""
    known = united_bits(of, model)
    more = united_bits([*by, *of], model) - united_bits(by, model)
    return 1 - more / known if known else 0.0


def print_truths(photos: Sequence[Photo], model: InformationModel) -> None:
    """One caption is raw, one is the reference; the truth is what the other three state."""
    capture = shipped_capture()
    rows, ratios = [], []
    for photo in photos:
        raw, reference, *others = photo.facts
        if not len(raw) or not len(reference):
            continue
        judged = judge_by_reference(measure_overlap(raw, reference, model), capture)
        written = fuse(photo.texts[0], raw, photo.parts, MAX_WORDS)
        for text, parts in (
            (photo.texts[0], [raw]),
            (written.text, [raw, written.facts.difference(raw)]),
        ):
            bits = united_bits(parts, model)
            score = -left_out(bits, known_bits=judged.image_bits)
            rows.append((score, bits, len(text.split()), stated(others, parts, model)))
        ratios.append(judged.image_bits / united_bits(photo.facts, model))
    scores = np.array(rows).T
    for name, chosen in (("raw captions", scores[:, ::2]), ("raw and fused captions", scores)):
        found = [correlation(chosen[at], chosen[3]) for at in range(3)]
        print(
            f"{name}: rank correlation of what they state with imbalance {found[0]:.3f} (negated), "
            f"bits {found[1]:.3f}, number of words {found[2]:.3f}"
        )
    print(f"median of K / bits of five captions together: {np.median(ratios):.3f}")
    several = [image_bits_of(p.facts[:3], model, capture) for p in photos]
    five = np.array([united_bits(photo.facts, model) for photo in photos])
    print(f"median of K from three captions / bits of five: {np.median(several / five):.3f}")


def print_mixture(photos: Sequence[Photo], alt_texts: Path, model: InformationModel) -> None:
    """A third good captions, a third alt-texts of other images, a third cut down to an object."""
    random, capture, nlp = Random(0), shipped_capture(), load_parser()
    texts = [t for t in pq.read_table(alt_texts)["TEXT"].to_pylist() if t and len(t.split()) > 2]
    kinds = [("good", "mismatched", "cut")[at % 3] for at in range(len(photos))]
    captions = []
    for kind, photo in zip(kinds, photos, strict=True):
        objects = photo.facts[0].objects
        cut = random.choice(objects) if objects else photo.texts[0].split()[0]
        captions.append(
            {"good": photo.texts[0], "mismatched": random.choice(texts), "cut": cut}[kind]
        )
    rows = []
    for kind, text, photo, facts in zip(
        kinds, captions, photos, parse_captions(nlp, captions), strict=True
    ):
        bits = united_bits([facts], model)
        judged = judge_alone(bits, capture)
        if random.random() < 0.8:
            judged = judge_by_reference(measure_overlap(facts, photo.facts[1], model), capture)
        imbalance = left_out(bits, known_bits=judged.image_bits)
        rows.append((imbalance, -(judged.agreement or -1), len(text.split()), kind == "good"))
    kept = kept_count(0.33, len(rows))
    by_imbalance = np.mean([row[3] for row in sorted(rows)[:kept]])
    by_words = np.mean([row[3] for row in sorted(rows, key=lambda row: -row[2])[:kept]])
    print(
        f"--keep-fraction 0.33 of {len(rows)} pairs, a third of them good: {by_imbalance:.1%} of "
        f"those kept are good, by words {by_words:.1%}"
    )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("data", type=Path)
    arguments.add_argument("--images", type=int, default=2400)
    given = arguments.parse_args()
    model = load_model(PRIOR)
    print_ratings(given.data / "coco" / "similarity_dev.jsonl", model)
    photos = read_photos(given.data / "coco" / "captions.jsonl", given.images)
    print_truths(photos, model)
    print_mixture(photos, given.data / "alt-text" / "alt_text_5k.parquet", model)


if __name__ == "__main__":
    main()
