"""More examples from a few: words never seen in a role, longer captions, common openings."""

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..models.arc_network import Arc
from .deny_and_quote import deny, quote
from .graphs.graph_to_arcs import Example, insert, moved, named_objects

OPENINGS = tuple(
    text.split()
    for text in (
        "a photo of",
        "photo of",
        "an image of",
        "image of",
        "a picture of",
        "a close up of",
        "close-up of",
        "a photograph of",
        "a view of",
        "the image shows",
        "this image shows",
        "the picture shows",
        "the photo shows",
        "this picture depicts",
        "the image features",
        "the image depicts",
        "the scene shows",
        "in this image there is",
        "in this image we can see",
        "in the image , there is",
        "here we can see",
        "we see",
        "there is",
        "there is also",
        "there are",
        "it shows",
        "stock photo of",
        "an illustration of",
        "a drawing of",
    )
)
_JOINTS = (",", "and", ", and", ", while", ", with", ", there is", ", along with", "|")
_TITLE_PREPOSITIONS = ("for", "with", "in", "from", "on", "by")


@dataclass(frozen=True)
class WordStock:
    """Words by kind, from which a variant takes words that its caption never had."""

    modifiers: Sequence[str]
    nouns: Sequence[str]
    plurals: Sequence[str]


def augment_examples(
    examples: Sequence[Example], stock: WordStock, rng: random.Random
) -> Iterator[Example]:
    """A variant of each of the examples, or a title."""
    by_first = _by_first(examples)
    nouns = [own.words[item] for own in examples for item in named_objects(own)] or stock.nouns
    for example in examples:
        chance = rng.random()
        if chance < 0.25:
            yield insert_modifier(example, stock, rng)
        elif chance < 0.4:
            yield replace_noun(example, stock, rng)
        elif chance < 0.65:
            way = extend if rng.random() < 0.5 else elaborate
            longer = way(example, by_first, rng)
            yield insert_modifier(longer, stock, rng) if rng.random() < 0.3 else longer
        elif chance < 0.75:
            yield join(example, rng.choice(examples), rng.choice(_JOINTS).split())
        elif chance < 0.85:
            yield open_with(rng.choice(OPENINGS), example)
        elif chance < 0.9:
            yield make_title(stock, rng)
        elif chance < 0.95:
            yield deny(example, nouns, stock.modifiers, rng)
        else:
            yield quote(example, rng.choice(examples).words, rng)


def make_title(stock: WordStock, rng: random.Random) -> Example:
    """A title such as products have: modifiers of all kinds before a noun, perhaps a second one."""
    words, arcs = _noun_phrase(stock, rng, rng.randrange(5), 0)
    if rng.random() < 0.4:
        head, anchor = len(words) - 1, len(words)
        words.append(rng.choice(_TITLE_PREPOSITIONS))
        more, others = _noun_phrase(stock, rng, rng.randrange(3), anchor + 1)
        words += more
        arcs += [*others, Arc(anchor, head, "subj"), Arc(anchor, len(words) - 1, "obj")]
    return Example(tuple(words), tuple(sorted(arcs)))


def _noun_phrase(
    stock: WordStock, rng: random.Random, modifiers: int, start: int
) -> tuple[list[str], list[Arc]]:
    words = [rng.choice(rng.choice((stock.modifiers, stock.nouns))) for _ in range(modifiers)]
    words.append(rng.choice(rng.choice((stock.nouns, stock.plurals))))
    head = start + modifiers
    attributes = [Arc(head, start + number, "attr") for number in range(modifiers)]
    return words, [*attributes, Arc(head, head, "object")]


def _name_start(example: Example, item: int, labels: frozenset[str]) -> int:
    """Where the words before an object begin that hang from it under these labels."""
    hanging = {word for head, word, label in example.arcs if head == item and label in labels}
    start = item
    while start - 1 in hanging:
        start -= 1
    return start


def insert_modifier(example: Example, stock: WordStock, rng: random.Random) -> Example:
    """One or two modifiers before an object."""
    items = named_objects(example)
    if not items:
        return example
    item = rng.choice(items)
    kinds = frozenset({"compound"} if rng.random() < 0.6 else {"compound", "attr"})
    at = _name_start(example, item, kinds)
    words = [rng.choice(stock.modifiers) for _ in range(2 if rng.random() < 0.15 else 1)]
    head = item + len(words)
    return insert(
        example, at, words, [Arc(head, at + number, "attr") for number in range(len(words))]
    )


def replace_noun(example: Example, stock: WordStock, rng: random.Random) -> Example:
    """Another word in the place of one or two objects' heads."""
    items = named_objects(example)
    words = list(example.words)
    for item in rng.sample(items, min(len(items), rng.choice((1, 2)))):
        plural = words[item].endswith("s") and not words[item].endswith("ss")
        words[item] = rng.choice(stock.plurals if plural else stock.nouns)
    return example._replace(words=tuple(words))


def _by_first(examples: Sequence[Example]) -> Mapping[str, list[Example]]:
    """Examples of several objects by the noun of the first one, if nothing precedes its name."""
    found: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        items = named_objects(example)
        if len(items) > 1:
            found[example.words[items[0]]].append(example)
    return found


def extend(example: Example, by_first: Mapping[str, list[Example]], rng: random.Random) -> Example:
    """`man on a horse` and `brown horse in a field` make `man on brown horse in a field`."""
    for _ in range(rng.choice((1, 1, 2))):
        items = named_objects(example)
        last = len(example.words) - 1
        more = by_first.get(example.words[last])
        if len(items) < 2 or items[-1] != last or not more:
            return example
        start = _name_start(example, last, frozenset({"compound", "attr", "part"}))
        other = rng.choice(more)
        root = start + named_objects(other)[0]
        kept = [arc for arc in example.arcs if not _within(arc, start, last)]
        if any(start <= end < last for head, word, _ in kept for end in (head, word)):
            return example
        renamed = [
            Arc(root if head == last else head, root if word == last else word, label)
            for head, word, label in kept
        ]
        shifted = [Arc(head + start, word + start, label) for head, word, label in other.arcs]
        example = Example(example.words[:start] + other.words, tuple(sorted({*renamed, *shifted})))
    return example


def _within(arc: Arc, start: int, stop: int) -> bool:
    return start <= arc.head <= stop and start <= arc.word <= stop


def elaborate(
    example: Example, by_first: Mapping[str, list[Example]], rng: random.Random
) -> Example:
    """`man in a hat` and `man riding a horse` make `man in a hat riding a horse`."""
    items = named_objects(example)
    more = by_first.get(example.words[items[0]]) if items else None
    if not more or items[0] == len(example.words) - 1:
        return example
    item, other = items[0], rng.choice(more)
    start = named_objects(other)[0]
    tail = other.words[start + 1 :]
    verb = example.words[item + 1].endswith(("ing", "ed"))
    joint = rng.choice(((), (), ("and",), (",",)) if verb else (("and",), (",",)))
    added = [
        Arc(head - start + item, word - start + item, label)
        for head, word, label in other.arcs
        if head >= start and word >= start and (head, word) != (start, start)
    ]
    return insert(example, item + 1, (*tail, *joint), added)


def join(first: Example, second: Example, joint: Sequence[str]) -> Example:
    """Two captions in one sentence that no fact ties together."""
    second = open_with(joint, second)
    start = len(first.words)
    return Example(first.words + second.words, first.arcs + tuple(moved(second.arcs, 0, start)))


def open_with(words: Sequence[str], example: Example) -> Example:
    """The example with words before it that say nothing."""
    return insert(example, 0, words)
