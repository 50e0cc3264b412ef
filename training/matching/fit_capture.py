"""Fit the constants of capture and recapture: how much two descriptions tell of what a third says.

    python -m evenpair.training.matching.fit_capture --data DATA

`DATA/coco/captions.jsonl` has five captions each of 2,400 photographs (COCO val2017, CC BY 4.0). In
``K = (r + a)(g + a) / (s + b)`` each a has the b with which the median of K, over all pairs of
captions, is the bits of the five together. The a is chosen with which ``bits(caption) / K`` is
ranked most like the share that captions state of the other three: the lower of two correlations,
of single captions and of these pooled with two captions together. The usual K is the median of the
bits of five captions together.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.stats import spearmanr

from ...models.load_matching import capture_path
from ...models.load_parser import load_parser
from ...schemas.facts import Facts
from ...transforms.facts.parse_captions import parse_captions
from ...transforms.information.imbalance import Capture, measure_overlap, united_bits
from ...transforms.information.information import InformationModel
from ...transforms.information.keep_statistics import PRIOR, load_model

_ADDED = (0.0, 1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0, 30.0, 45.0, 70.0, 100.0)
_FOLDS = 5
_MOST = 1e4

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Trials:
    """Two captions each of photographs, as arrays (trials): what they and the others state."""

    image: npt.NDArray[np.int64]
    raw: Floats
    reference: Floats
    shared: Floats
    united: Floats
    """The bits of the two captions together."""
    five: Floats
    """The bits of all captions of the photograph together."""
    raw_truth: Floats
    """The share of what the other three state that the raw caption states."""
    united_truth: Floats

    def take(self, rows: npt.NDArray[np.bool_]) -> "Trials":
        """Return some of the trials."""
        return Trials(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))

    def image_bits(self, added: float, shared: float) -> Floats:
        """Return K of each trial, in bits."""
        estimate = (self.raw + added) * (self.reference + added) / (self.shared + shared)
        found: Floats = np.maximum(estimate, self.united)
        return found

    def correlations(self, bits: Floats) -> tuple[float, float]:
        """Return the rank correlations of scores with truths: of raw captions, and pooled."""
        raw, both = self.raw / bits, self.united / bits
        pooled = np.concatenate([raw, both]), np.concatenate([self.raw_truth, self.united_truth])
        return float(spearmanr(raw, self.raw_truth)[0]), float(spearmanr(*pooled)[0])


def make_trials(images: Sequence[Sequence[Facts]], model: InformationModel) -> Trials:
    """Return a trial for each photograph and each of two pairs of its captions."""
    rows = [row for at, facts in enumerate(images) for row in _trials(at, facts, model)]
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    return Trials(*columns)


def _trials(
    at: int, facts: Sequence[Facts], model: InformationModel
) -> Iterator[tuple[float, ...]]:
    five = united_bits(facts, model)
    for raw, reference in ((0, 1), (2, 3)):
        others = [row for place, row in enumerate(facts) if place not in (raw, reference)]
        known = united_bits(others, model)
        overlap = measure_overlap(facts[raw], facts[reference], model)
        if not overlap.first or not overlap.second or not known:
            continue
        pair = [facts[raw], facts[reference]]
        truths = (
            1 - (united_bits([*stated, *others], model) - united_bits(stated, model)) / known
            for stated in (pair[:1], pair)
        )
        bits = (overlap.first, overlap.second, overlap.shared, united_bits(pair, model))
        yield (at, *bits, five, *truths)


def fit_capture(trials: Trials) -> Capture:
    """Return the constants that fit the trials best."""
    fitted = [(added, _shared_for(trials, added)) for added in _ADDED]
    scores = [min(trials.correlations(trials.image_bits(*pair))) for pair in fitted]
    added, shared = fitted[int(np.argmax(scores))]
    return Capture(added, round(shared, 2), round(float(np.median(trials.five)), 1))


def _shared_for(trials: Trials, added: float) -> float:
    """Return the b with which the median of K is that of five captions together."""

    def excess(shared: float) -> float:
        return float(np.median(trials.image_bits(added, shared) / trials.five)) - 1

    least = 1e-3
    return float(brentq(excess, least, _MOST)) if excess(least) > 0 else least


def held_out(trials: Trials) -> Iterator[tuple[float, float, float]]:
    """Yield, for each fold, both correlations and the median of K / bits of five captions."""
    for fold in range(_FOLDS):
        mine = trials.image % _FOLDS == fold
        capture, rest = fit_capture(trials.take(~mine)), trials.take(mine)
        bits = rest.image_bits(capture.added_bits, capture.added_shared)
        yield *rest.correlations(bits), float(np.median(bits / rest.five))


def read_images(data: Path) -> list[list[Facts]]:
    """Return the facts of the captions of each photograph, the first five of them."""
    lines = (data / "coco" / "captions.jsonl").read_text("utf-8").splitlines()
    images = [json.loads(line)["captions"][:5] for line in lines]
    parsed = parse_captions(load_parser(), [text for captions in images for text in captions])
    return [[next(parsed) for _ in captions] for captions in images]


def main() -> None:
    """Fit the constants, print how they do on photographs held out, and write them."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--out", type=Path, default=Path(capture_path()))
    given = arguments.parse_args()
    trials = make_trials(read_images(given.data), load_model(PRIOR))
    raw, pooled, ratio = np.mean([*held_out(trials)], axis=0)
    print(f"held out, {_FOLDS} folds: rank correlation {raw:.3f} of raw captions, {pooled:.3f}")
    print(f"pooled with two together; median of K / bits of five together {ratio:.2f}")
    capture = fit_capture(trials)
    given.out.write_text(json.dumps(asdict(capture), indent=1) + "\n", "utf-8")
    print(f"{capture}: {given.out}")


if __name__ == "__main__":
    main()
