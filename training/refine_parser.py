"""A trained parser -> the same, trained further on captions that each round varies anew."""

import random
from collections.abc import Iterator, Sequence

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import fix_random_seed
from thinc.api import Adam

from .augment_trees import WordStock, augment_trees
from .graph_to_tree import Tree

STEPS = 2000
WARMUP = 100
WORDS = 1000
"""How many words a step sees at least."""
RATE = 0.001
DROPOUT = 0.2


def refine_parser(nlp: Language, trees: Sequence[Tree], stock: WordStock, seed: int) -> Language:
    """Train all of `nlp` that these trees' labels allow; the weights are the steps' average."""
    fix_random_seed(seed)
    known = {*nlp.get_pipe("parser").labels, "ROOT"}
    usual = [tree for tree in trees if known.issuperset(tree.labels)]
    varied = _varied(usual, stock, random.Random(seed))
    nlp.resume_training()
    optimizer = Adam(RATE, L2=0.01, L2_is_weight_decay=True, grad_clip=1.0, use_averages=True)
    for step in range(STEPS):
        optimizer.learn_rate = RATE * min((step + 1) / WARMUP, 1 - step / STEPS)
        nlp.update(list(_batch(nlp, varied)), sgd=optimizer, drop=DROPOUT)
    with nlp.use_params(optimizer.averages):
        averaged = nlp.to_bytes()
    return nlp.from_bytes(averaged)


def _varied(trees: Sequence[Tree], stock: WordStock, rng: random.Random) -> Iterator[Tree]:
    while True:
        round_ = list(augment_trees(trees, stock, rng))
        rng.shuffle(round_)
        yield from round_


def _batch(nlp: Language, trees: Iterator[Tree]) -> Iterator[Example]:
    words = 0
    while words < WORDS:
        tree = next(trees)
        words += len(tree.words)
        said = list(tree.words)
        gold = Doc(nlp.vocab, words=said, heads=tree.heads, deps=tree.labels)
        yield Example(Doc(nlp.vocab, words=said), gold)
