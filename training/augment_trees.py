"""More trees from a few: words never seen in a role, longer captions, common openings."""

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..transforms.facts.extract_facts import OBJECT_KINDS
from .graph_to_tree import Tree

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
_JOINTS = (",", "and", ", and", ", while", ", with", ", there is", ", along with")
_TITLE_PREPOSITIONS = ("for", "with", "in", "from", "on", "by")


@dataclass(frozen=True)
class WordStock:
    """Words by kind, from which an augmented tree takes words that its caption never had."""

    modifiers: Sequence[str]
    nouns: Sequence[str]
    plurals: Sequence[str]


def augment_trees(trees: Sequence[Tree], stock: WordStock, rng: random.Random) -> Iterator[Tree]:
    """The trees themselves, and variants of a part of them."""
    by_root = _by_root(trees)
    for tree in trees:
        yield tree
        if len(tree.words) >= 10:
            yield from (tree, tree)
        chance = rng.random()
        if chance < 0.25:
            yield insert_modifier(tree, stock, rng)
        elif chance < 0.4:
            yield replace_noun(tree, stock, rng)
        elif chance < 0.65:
            way = extend if rng.random() < 0.5 else elaborate
            longer = way(tree, by_root, rng)
            yield insert_modifier(longer, stock, rng) if rng.random() < 0.3 else longer
        elif chance < 0.75:
            yield join(tree, rng.choice(trees), rng.choice(_JOINTS).split())
        elif chance < 0.85:
            yield open_with(rng.choice(OPENINGS), tree)
        elif chance < 0.93:
            yield make_title(stock, rng)


def make_title(stock: WordStock, rng: random.Random) -> Tree:
    """A title such as products have: modifiers of all kinds before a noun, perhaps a second one."""
    words, heads, labels = _noun_phrase(stock, rng, rng.randrange(5))
    head = len(words) - 1
    labels[head] = "ROOT"
    if rng.random() < 0.4:
        words.append(rng.choice(_TITLE_PREPOSITIONS))
        heads.append(head)
        labels.append("rel")
        start = len(words)
        more, inner, kinds = _noun_phrase(stock, rng, rng.randrange(3))
        words += more
        heads += [start + position for position in inner]
        labels += kinds
        heads[-1] = start - 1
    return Tree(tuple(words), heads, labels)


def _noun_phrase(
    stock: WordStock, rng: random.Random, modifiers: int
) -> tuple[list[str], list[int], list[str]]:
    words = [rng.choice(rng.choice((stock.modifiers, stock.nouns))) for _ in range(modifiers)]
    words.append(rng.choice(rng.choice((stock.nouns, stock.plurals))))
    return words, [modifiers] * len(words), ["attr"] * modifiers + ["arg"]


def _objects(tree: Tree) -> list[int]:
    silent = {head for head, label in zip(tree.heads, tree.labels, strict=True) if label == "nil"}
    return [
        word
        for word, label in enumerate(tree.labels)
        if label.partition("=")[0] in OBJECT_KINDS and word not in silent
    ]


def _name_start(tree: Tree, item: int, labels: frozenset[str]) -> int:
    """Where the words before an object begin that hang from it under these labels."""
    start = item
    while start and tree.heads[start - 1] == item and tree.labels[start - 1] in labels:
        start -= 1
    return start


def insert(tree: Tree, at: int, words: Sequence[str], head: int, label: str) -> Tree:
    """The tree with words put in before position `at`, all hanging from `head` (old position)."""
    more = len(words)

    def moved(position: int) -> int:
        return position + more if position >= at else position

    heads = [moved(position) for position in tree.heads]
    return Tree(
        (*tree.words[:at], *words, *tree.words[at:]),
        [*heads[:at], *[moved(head)] * more, *heads[at:]],
        [*tree.labels[:at], *[label] * more, *tree.labels[at:]],
    )


def insert_modifier(tree: Tree, stock: WordStock, rng: random.Random) -> Tree:
    """One or two modifiers before an object."""
    items = _objects(tree)
    if not items:
        return tree
    item = rng.choice(items)
    kinds = frozenset({"compound"} if rng.random() < 0.6 else {"compound", "attr", "part"})
    at = _name_start(tree, item, kinds)
    count = 2 if rng.random() < 0.15 else 1
    words = [rng.choice(stock.modifiers) for _ in range(count)]
    return insert(tree, at, words, item, "attr")


def replace_noun(tree: Tree, stock: WordStock, rng: random.Random) -> Tree:
    """Another word in the place of one or two objects' heads."""
    items = _objects(tree)
    words = list(tree.words)
    for item in rng.sample(items, min(len(items), rng.choice((1, 2)))):
        plural = words[item].endswith("s") and not words[item].endswith("ss")
        words[item] = rng.choice(stock.plurals if plural else stock.nouns)
    return tree._replace(words=tuple(words))


def _by_root(trees: Sequence[Tree]) -> Mapping[str, list[Tree]]:
    """Trees by the noun they begin with."""
    found: dict[str, list[Tree]] = defaultdict(list)
    for tree in trees:
        items = _objects(tree)
        if items and tree.labels[items[0]] == "ROOT" and len(items) > 1:
            found[tree.words[items[0]]].append(tree)
    return found


def extend(tree: Tree, by_root: Mapping[str, list[Tree]], rng: random.Random) -> Tree:
    """`man on a horse` and `brown horse in a field` make `man on brown horse in a field`."""
    for _ in range(rng.choice((1, 1, 2))):
        items = _objects(tree)
        last = len(tree.words) - 1
        if not items or items[-1] != last or tree.labels[last] == "ROOT":
            return tree
        more = by_root.get(tree.words[last])
        start = _name_start(tree, last, frozenset({"compound", "attr", "part"}))
        if not more or last in tree.heads[:start]:
            return tree
        tree = _graft(tree, start, rng.choice(more))
    return tree


def _graft(tree: Tree, start: int, other: Tree) -> Tree:
    """Put `other` in the place of the words from `start`, its root under their head."""
    last = len(tree.words) - 1
    while start and tree.heads[start - 1] >= start:
        start -= 1
    if any(head >= start for head in tree.heads[:start]):
        return tree
    heads = [head + start for head in other.heads]
    labels = list(other.labels)
    root = other.labels.index("ROOT")
    heads[root], labels[root] = tree.heads[last], tree.labels[last]
    return Tree(
        tree.words[:start] + other.words,
        tree.heads[:start] + heads,
        tree.labels[:start] + labels,
    )


def elaborate(tree: Tree, by_root: Mapping[str, list[Tree]], rng: random.Random) -> Tree:
    """`man in a hat` and `man riding a horse` make `man in a hat riding a horse`."""
    root = tree.labels.index("ROOT")
    more = by_root.get(tree.words[root])
    if not more or root == len(tree.words) - 1 or tree.labels.count("ROOT") > 1:
        return tree
    other = rng.choice(more)
    start = other.labels.index("ROOT")
    if any(head < start for head in other.heads[start:]):
        return tree
    tail = other.words[start + 1 :]
    after = len(tail)

    def moved(position: int) -> int:
        return position + after if position > root else position

    heads = [moved(position) for position in tree.heads]
    longer = Tree(
        (*tree.words[: root + 1], *tail, *tree.words[root + 1 :]),
        [
            *heads[: root + 1],
            *(head - start + root for head in other.heads[start + 1 :]),
            *heads[root + 1 :],
        ],
        [*tree.labels[: root + 1], *other.labels[start + 1 :], *tree.labels[root + 1 :]],
    )
    at = root + after + 1
    following = next((i for i in range(at, len(longer.words)) if longer.labels[i] != "skip"), root)
    verb = longer.words[following].endswith(("ing", "ed"))
    joint = rng.choice(((), (), ("and",), (",",)) if verb else (("and",), (",",)))
    return insert(longer, at, joint, following, "skip")


def join(first: Tree, second: Tree, joint: Sequence[str]) -> Tree:
    """Two captions in one sentence that no fact ties together."""
    second = open_with(joint, second)
    start = len(first.words)
    root = second.labels.index("ROOT")
    heads = [head + start for head in second.heads]
    labels = list(second.labels)
    heads[root], labels[root] = first.labels.index("ROOT"), "other"
    return Tree(first.words + second.words, first.heads + heads, first.labels + labels)


def open_with(words: Sequence[str], tree: Tree) -> Tree:
    """The tree with words before it that say nothing."""
    first = next(i for i, label in enumerate((*tree.labels, "ROOT")) if label != "skip")
    return insert(tree, 0, words, min(first, len(tree.words) - 1), "skip")
