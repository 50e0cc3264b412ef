"""Raw, generated and fused captions of the same images: which of them leaves out least.

    python benchmarks/capsfusion.py CAPSFUSION.jsonl

Each row holds the three captions of one image. What is known of the image is the union of all
three, what they say in other words counted once. The fused caption should leave out less of it than
the raw and than the generated one. The peers are the number of words, and the same captions cut to
equal length: the shortest of the three, in words.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from statistics import quantiles

from evenpair.models.load_parser import load_parser
from evenpair.schemas.facts import Facts
from evenpair.transforms.facts.match_facts import unite_wordings
from evenpair.transforms.facts.parse_captions import parse_captions
from evenpair.transforms.information.imbalance import left_out
from evenpair.transforms.information.information import InformationModel
from evenpair.transforms.information.keep_statistics import PRIOR, load_model

KINDS = ("raw", "generated", "fused")
Texts = dict[str, str]


def imbalances(facts: dict[str, Facts], model: InformationModel) -> dict[str, float]:
    known = Facts()
    for kind in KINDS:
        known = unite_wordings(known, facts[kind], model.object_bits)
    bits = model.bits(known).information_bits
    return {kind: left_out(model.bits(facts[kind]).information_bits, bits) for kind in KINDS}


def parse(rows: Sequence[Texts]) -> list[dict[str, Facts]]:
    nlp = load_parser()
    columns = {kind: list(parse_captions(nlp, [row[kind] for row in rows])) for kind in KINDS}
    return [{kind: columns[kind][at] for kind in KINDS} for at in range(len(rows))]


def cut(row: Texts) -> Texts:
    words = min(len(row[kind].split()) for kind in KINDS)
    return {kind: " ".join(row[kind].split()[:words]) for kind in KINDS}


def print_lower(name: str, found: Sequence[dict[str, float]]) -> None:
    """Print in how many rows the fused caption has the least of a measure."""
    raw = sum(row["fused"] < row["raw"] for row in found)
    generated = sum(row["fused"] < row["generated"] for row in found)
    both = sum(row["fused"] < min(row["raw"], row["generated"]) for row in found)
    shares = (f"{count / len(found):6.1%}" for count in (raw, generated, both))
    print(f"{name:34s}", *shares)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("captions", type=Path)
    lines = arguments.parse_args().captions.read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    model = load_model(PRIOR)
    whole = [imbalances(facts, model) for facts in parse(rows)]
    equal = [imbalances(facts, model) for facts in parse([cut(row) for row in rows])]
    words = [{kind: -float(len(row[kind].split())) for kind in KINDS} for row in rows]
    print(f"{len(rows)} images; fused lower than   raw  generated  both")
    print_lower("imbalance", whole)
    print_lower("imbalance at equal length", equal)
    print_lower("number of words, negated", words)
    print("imbalance at                        10 %   25 %   50 %   75 %   90 %")
    for name, found in (("", whole), (", equal length", equal)):
        for kind in KINDS:
            edges = quantiles([row[kind] for row in found], n=20)
            shown = " ".join(f"{edges[at]:6.2f}" for at in (1, 4, 9, 14, 17))
            print(f"{kind + name:34s}{shown}")


if __name__ == "__main__":
    main()
