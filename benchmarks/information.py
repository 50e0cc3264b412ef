"""What the README claims of the bits: they follow what is said, not how long it is said.

    python benchmarks/information.py DATA

DATA holds `factual` and `photos`. A fact is put into captions that people wrote: an attribute in
front of one of the objects, or an object beside it. Its words were never an attribute, or the
object, of the caption before. Against it stands the same caption, padded to equal length with words
that say nothing. Every figure is a share of captions, of one run.
"""

import argparse
import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from evenpair.models.load_parser import load_parser
from evenpair.transforms.facts.parse_captions import parse_captions
from evenpair.transforms.information.information import Bits, InformationModel
from evenpair.transforms.information.keep_statistics import PRIOR, load_statistics

ATTRIBUTES = """
red blue wooden tall tiny rusty fluffy striped shiny broken elderly plastic empty wet dirty golden
muddy ornate crumpled translucent vintage speckled weathered sleek chubby lush faded foggy jagged
metallic leather snowy sleepy polished wrinkled dusty
""".split()
OBJECTS = """
dog lamp ladder bicycle umbrella bench candle suitcase guitar clock parrot bucket statue lantern
basket telescope rabbit kite barrel accordion wheelbarrow trumpet hammock scarecrow
""".split()
PADDING = "really very quite truly indeed actually just simply".split()
BESIDE = ("{} and a {}", "{} next to a {}", "{} with a {}", "{} beside a {}")

Read = Callable[[Sequence[str]], list[Bits]]


def captions_of(data: Path) -> dict[str, list[str]]:
    with (data / "factual" / "dev.csv").open(newline="", encoding="utf-8") as file:
        regions = [row["caption"] for row in csv.DictReader(file)]
    photos = json.loads((data / "photos" / "attribution.json").read_text("utf-8"))
    return {
        "regions": regions,
        "photographs": [caption.strip() for photo in photos for caption in photo["captions"]],
    }


def nouns_in(caption: str, objects: Sequence[str]) -> list[int]:
    """Return where the words of ``caption`` stand that begin one of its objects."""
    first = {name.split(" ")[0] for name in objects}
    words = [word.lower().strip(".,") for word in caption.split()]
    return [at for at, word in enumerate(words) if {word, word.removesuffix("s")} & first]


def with_attribute(caption: str, at: int, random: Random) -> str:
    words = caption.split()
    new = random.choice([word for word in ATTRIBUTES if word not in words])
    if at and words[at - 1].lower() in ("a", "an"):
        words[at - 1] = "an" if new[0] in "aeiou" else "a"
    return " ".join([*words[:at], new, *words[at:]])


def with_object(caption: str, _at: int, random: Random) -> str:
    new = random.choice([word for word in OBJECTS if word not in caption])
    bare = caption.rstrip(" .")
    return random.choice(BESIDE).format(bare, new) + caption[len(bare) :]


def padded(caption: str, words: int, random: Random) -> str:
    said = caption.split()
    for _ in range(words - len(said)):
        said.insert(random.randrange(len(said) + 1), random.choice(PADDING))
    return " ".join(said)


def share(flags: Sequence[bool]) -> str:
    return f"{sum(flags) / len(flags):.1%}"


def added(name: str, captions: Sequence[str], places: Sequence[list[int]], read: Read) -> None:
    """What an added fact does to the bits, alone and against words that say nothing."""
    for kind, add in (("attribute", with_attribute), ("object", with_object)):
        random = Random(0)
        rows = [(c, random.choice(p)) for c, p in zip(captions, places, strict=True) if p]
        longer = [add(caption, at, random) for caption, at in rows]
        fillers = [
            padded(caption, len(text.split()), random)
            for (caption, _), text in zip(rows, longer, strict=True)
        ]
        before, after, beside = read([c for c, _ in rows]), read(longer), read(fillers)
        both = list(zip(before, after, beside, strict=True))
        of_kind = [getattr(a, f"{kind}_bits") > getattr(b, f"{kind}_bits") for b, a, _ in both]
        more = [a.information_bits > b.information_bits for b, a, _ in both]
        beats = [a.information_bits > p.information_bits for _, a, p in both]
        print(
            f"{name}, {kind} added to {len(rows)}: more {kind} bits {share(of_kind)}, more "
            f"information {share(more)}, than padded to equal length {share(beats)}"
        )


def unchanged(name: str, captions: Sequence[str], read: Read) -> None:
    """How many captions keep their bits within 5 % when words are added that say nothing."""
    random = Random(0)
    before = read(captions)
    changes: dict[str, Callable[[str], str]] = {
        "said twice": lambda text: f"{text.rstrip(' .')}. {text}",
        "padded by a stock phrase": lambda text: f"{text.rstrip(' .')}, high quality stock photo",
        "with an article number": lambda text: f"{text} {random.randrange(10**6, 10**9)}",
        "padded by half its words": lambda t: padded(t, round(1.5 * len(t.split())), random),
    }
    for what, change in changes.items():
        after = read([change(caption) for caption in captions])
        pairs = zip(before, after, strict=True)
        near = [
            abs(a.information_bits - b.information_bits) < 0.05 * max(b.information_bits, 1)
            for b, a in pairs
        ]
        mean = sum(a.information_bits for a in after) / sum(b.information_bits for b in before)
        print(f"{name}, {what}: within 5 % {share(near)}, all together {mean - 1:+.1%}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    options = parser.parse_args()
    nlp = load_parser(None)
    model = InformationModel(load_statistics(PRIOR))

    def read(captions: Sequence[str]) -> list[Bits]:
        return [model.bits(facts) for facts in parse_captions(nlp, captions)]

    for name, captions in captions_of(options.data).items():
        objects = [facts.objects for facts in parse_captions(nlp, captions)]
        places = [nouns_in(*pair) for pair in zip(captions, objects, strict=True)]
        added(name, captions, places, read)
        unchanged(name, captions, read)


if __name__ == "__main__":
    main()
