"""What the README claims of visible bits: descriptions have them, titles and slogans do not.

    python benchmarks/visibility.py DATA --alt-texts DIR --wordnet DIR

1. 1,000 COCO captions against 1,000 alt-texts of three words or more, drawn by hash: the share of
   pairs in which the caption has more visible bits (AUC). The prior that ships has learned from
   these texts; so a second one is learned from half of the photographs and half of the alt-texts
   and measures the other halves, and the other way round. The peer is the number of words.
2. `data/unseen_words.tsv`: 150 concrete nouns that no caption of the prior has, and 150 words that
   show nothing, each by itself as an object. The lists were written down before anything was
   measured by them; the constants of the training were then chosen among few by both figures.
3. The share of captions of both kinds that are sparse with the defaults.

Learning takes about a minute of a core, parsing two.
"""

import argparse
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from statistics import fmean, median

from sklearn.metrics import roc_auc_score

from evenpair.models.load_prior import prior_path
from evenpair.pipeline.options.phase_options import ENRICH_BELOW
from evenpair.schemas.facts import Facts
from evenpair.training.english import English
from evenpair.training.prior_captions import PriorCaptions, read_prior_captions
from evenpair.training.train_prior import ParsedCaptions, parse_all, train_prior
from evenpair.training.visibility import Vocabulary, read_vocabulary
from evenpair.training.wordnet import WordNet
from evenpair.transforms.information.information import InformationModel
from evenpair.transforms.information.keep_statistics import load_model
from evenpair.transforms.information.terms import Terms

WORDS = Path(__file__).with_name("data") / "unseen_words.tsv"
DRAWN = 1_000
_FIGURES = (
    "AUC {:.3f}, medians {:.1f} and {:.1f}, level {:.1f}, sparse {:.1%} and {:.1%}; words {:.3f}"
)
Texts = list[tuple[str, Facts]]


def half_of(text: str) -> int:
    return hashlib.sha256(text.encode()).digest()[0] % 2


def drawn(texts: Iterable[tuple[str, Facts]]) -> Texts:
    return sorted(texts, key=lambda row: hashlib.sha256(row[0].encode()).digest())[:DRAWN]


class Halves:
    """The texts with their facts, split in two by the hash of a photograph's first caption."""

    def __init__(self, captions: PriorCaptions, parsed: ParsedCaptions) -> None:
        self.parsed = parsed
        self.photographs = list(zip(captions.photographs, parsed.photographs, strict=True))
        self.alt_texts = list(zip(captions.alt_texts, parsed.alt_texts, strict=True))

    def without(self, half: int) -> ParsedCaptions:
        return replace(
            self.parsed,
            photographs=[f for texts, f in self.photographs if half_of(texts[0]) != half],
            alt_texts=[facts for text, facts in self.alt_texts if half_of(text) != half],
        )

    def of(self, halves: Sequence[int]) -> tuple[Texts, Texts]:
        """Return captions and alt-texts of some halves, drawn by hash."""
        captions = chain.from_iterable(
            zip(texts, facts, strict=True)
            for texts, facts in self.photographs
            if half_of(texts[0]) in halves
        )
        long = ((t, f) for t, f in self.alt_texts if len(t.split()) >= 3 and half_of(t) in halves)
        return drawn(captions), drawn(long)


def auc(shown: Sequence[float], others: Sequence[float]) -> float:
    return float(roc_auc_score([1] * len(shown) + [0] * len(others), [*shown, *others]))


def of_words(model: InformationModel) -> float:
    rows = [line.split("\t") for line in WORDS.read_text("utf-8").splitlines()]
    weights = [(model.weight(word), shown == "1") for word, shown in rows]
    return auc([w for w, shown in weights if shown], [w for w, shown in weights if not shown])


def show(name: str, model: InformationModel, captions: Texts, alt_texts: Texts) -> list[float]:
    """Print and return the figures of a model."""
    both = [[model.bits(facts).information_bits for _, facts in t] for t in (captions, alt_texts)]
    limit = ENRICH_BELOW * model.full_level
    sparse = [fmean(b < limit for b in bits) for bits in both]
    figures = [auc(*both), *map(median, both), model.full_level, *sparse, of_words(model)]
    print(f"{name}: {_FIGURES.format(*figures)}", flush=True)
    return figures


def cross_fitted(halves: Halves, vocabulary: Vocabulary) -> None:
    found = []
    for half in (0, 1):
        statistics, terms = train_prior(halves.without(half), vocabulary)
        model = InformationModel(statistics, Terms(terms))
        found.append(show(f"half {half}, learned from the other", model, *halves.of([half])))
    means = [fmean(column) for column in zip(*found, strict=True)]
    print(
        f"held out: AUC of visible bits {means[0]:.3f}, AUC of unseen words {means[-1]:.3f}, "
        f"sparse {means[4]:.1%} of captions, {means[5]:.1%} of alt-texts"
    )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("data", type=Path)
    arguments.add_argument("--alt-texts", type=Path, required=True)
    arguments.add_argument("--wordnet", type=Path, required=True)
    given = arguments.parse_args()
    captions = read_prior_captions(given.data, given.alt_texts)
    halves = Halves(captions, parse_all(captions))
    both = halves.of([0, 1])
    lengths = [[float(len(text.split())) for text, _ in texts] for texts in both]
    print(f"number of words: AUC {auc(*lengths):.3f}")
    show("as it ships (learned from these texts)", load_model(prior_path()), *both)
    cross_fitted(halves, read_vocabulary(English(WordNet(given.wordnet))))


if __name__ == "__main__":
    main()
