"""What is kept of raw and generated captions that are fused: by these rules, by a language model.

    python benchmarks/fuse.py CAPSFUSION.jsonl [--read 50]

Each row holds a raw caption, a generated one, and one that a language model fused from both. The
peer is that one. Measured are the share of the raw captions' names (capitalised words that do not
open a sentence) that are still there, the share of the facts of both, and the number of words.
Facts are those that the parser finds in the finished text. ``--read N`` prints N rows, drawn by
hash, to be judged by a person.
"""

import argparse
import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from evenpair.models.load_parser import load_parser
from evenpair.schemas.facts import Facts
from evenpair.transforms.enrich.check_caption import check_caption
from evenpair.transforms.enrich.find_generated_facts import find_parts
from evenpair.transforms.facts.match_facts import shared_facts
from evenpair.transforms.facts.parse_captions import parse_captions
from evenpair.transforms.information.imbalance import unite
from evenpair.transforms.select.fuse import Written, fuse
from evenpair.transforms.select.join_captions import names_in

MAX_WORDS = 56
Row = dict[str, str]


def fuse_rows(rows: Sequence[Row]) -> list[Written]:
    nlp = load_parser()
    raw_facts = parse_captions(nlp, [row["raw"] for row in rows])
    parts = find_parts(nlp, [check_caption(row["generated"])[0] for row in rows])
    return [
        fuse(row["raw"], facts, own, MAX_WORDS)
        for row, facts, own in zip(rows, raw_facts, parts, strict=True)
    ]


def share_of_names(rows: Sequence[Row], texts: Sequence[str]) -> float:
    """Return the share of the distinct names of each raw caption in its text, in whatever case."""
    kept = known = 0
    for row, text in zip(rows, texts, strict=True):
        wanted = {name.lower() for name in names_in(row["raw"])}
        known += len(wanted)
        kept += sum(name in text.lower() for name in wanted)
    return kept / known


def share_of_facts(rows: Sequence[Row], texts: Sequence[str]) -> tuple[float, float]:
    """Return the share of the facts of both captions in ``texts``: to the letter, in any words."""
    nlp = load_parser()
    columns = [[row["raw"] for row in rows], [row["generated"] for row in rows], texts]
    parsed = zip(*(parse_captions(nlp, column) for column in columns), strict=True)
    known = same = alike = 0
    for raw, generated, written in parsed:
        both = unite(raw, generated)
        known += len(both)
        same += len(_all(both) & _all(written))
        alike += len(shared_facts(both, written).of_first)
    return same / known, alike / known


def _all(facts: Facts) -> set[object]:
    return {*facts.objects, *facts.attributes, *facts.relations}


def print_shares(name: str, rows: Sequence[Row], texts: Sequence[str]) -> None:
    words = sum(len(text.split()) for text in texts) / len(texts)
    same, alike = share_of_facts(rows, texts)
    print(f"{name:28s}{share_of_names(rows, texts):8.2%}{same:8.2%}{alike:8.2%}{words:8.2f}")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("captions", type=Path)
    arguments.add_argument("--read", type=int, default=0, metavar="N")
    given = arguments.parse_args()
    rows = [json.loads(line) for line in given.captions.read_text(encoding="utf-8").splitlines()]
    written = fuse_rows(rows)
    ours, theirs = [one.text for one in written], [row["fused"] for row in rows]
    print(f"{len(rows)} images                 names   facts  any words  words")
    print_shares("raw alone", rows, [row["raw"] for row in rows])
    print_shares("language model", rows, theirs)
    print_shares("evenpair", rows, ours)
    print(Counter(one.source.value for one in written))
    drawn = sorted(range(len(rows)), key=lambda at: _hash(rows[at]["raw"]))[: given.read]
    for number, at in enumerate(drawn, 1):
        print(f"\n{number}\n  raw        {rows[at]['raw']}\n  generated  {rows[at]['generated']}")
        print(f"  ours       {ours[at]}\n  theirs     {theirs[at]}")


def _hash(text: str) -> bytes:
    return hashlib.blake2b(text.encode()).digest()


if __name__ == "__main__":
    main()
