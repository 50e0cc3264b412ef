"""Word vectors for the caption parser: each word read alone by a small pretrained encoder.

    python -m evenpair.training.word_vectors ENCODER CAPTIONS... --out VECTORS.npz

ENCODER is a folder with a BERT-like model for the transformers auto classes; CAPTIONS are text
files of any form, whose words have vectors besides the commonest ones of English. A word's vector
is the mean of its pieces' states beside the mean of their embeddings, reduced to the first
principal components and rounded to bytes.
"""

import argparse
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..models.arc_network import WordVectors
from ..transforms.text.clean_caption import clean_caption
from .word_lists import word_frequency

if TYPE_CHECKING:
    import torch

DIMENSIONS = 128
WORDS = 30_000
_AT_ONCE = 256


def vectors_of_first(vectors: WordVectors, words: Sequence[str]) -> WordVectors:
    """These words before all others; those of them that have no vector are left out."""
    known = {word: row for row, word in enumerate(vectors.words)}
    order = list(dict.fromkeys([*(word for word in words if word in known), *vectors.words]))
    return WordVectors(order, vectors.table[[known[word] for word in order]], vectors.scale)


def save_vectors(vectors: WordVectors, path: Path) -> None:
    np.savez_compressed(path, words=vectors.words, table=vectors.table, scale=vectors.scale)


def load_vectors(path: Path) -> WordVectors:
    with np.load(path, allow_pickle=False) as arrays:
        return WordVectors(arrays["words"].tolist(), arrays["table"], arrays["scale"])


def make_vectors(encoder: Path, words: Sequence[str]) -> WordVectors:
    """The vectors of distinct ``words``, by the encoder in a folder."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(encoder)
    model = AutoModel.from_pretrained(encoder, add_pooling_layer=False).eval()
    order = sorted(words, key=lambda word: (len(word), word))
    rows = []
    with torch.inference_mode():
        for start in range(0, len(order), _AT_ONCE):
            pieces = tokenizer(
                order[start : start + _AT_ONCE], return_tensors="pt", padding=True, truncation=True,
                max_length=16,
            )  # fmt: skip
            seen = pieces["attention_mask"].float()
            inner = seen.clone()
            inner[:, 0] = 0
            inner[torch.arange(len(seen)), seen.sum(1).long() - 1] = 0
            states = model(**pieces).last_hidden_state
            embedded = model.embeddings.word_embeddings(pieces["input_ids"])
            rows.append(
                torch.cat([_unit_mean(states, seen), _unit_mean(embedded, inner)], 1).numpy()
            )
    return WordVectors(order, *_round(_principal(np.concatenate(rows), DIMENSIONS)))


def _unit_mean(values: "torch.Tensor", mask: "torch.Tensor") -> "torch.Tensor":
    from torch.nn.functional import normalize

    mean = (values * mask[..., None]).sum(1) / mask.sum(1, keepdim=True).clamp(min=1)
    return normalize(mean, dim=-1)


def _principal(rows: NDArray[np.float32], dimensions: int) -> NDArray[np.float32]:
    """The first principal components, together of unit variance in each dimension's mean."""
    centred = rows - rows.mean(axis=0)
    _, directions = np.linalg.eigh(centred.T @ centred)
    chosen = centred @ directions[:, ::-1][:, :dimensions]
    result: NDArray[np.float32] = (chosen / chosen.std()).astype(np.float32)
    return result


def _round(rows: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    scale = (np.abs(rows).max(axis=0) / 127).astype(np.float32)
    return np.round(rows / scale).astype(np.int8), scale


def choose_words(lines: Iterable[str], count: int = WORDS) -> list[str]:
    """Words that ``lines`` have twice or that are common in English, ``count`` in all."""
    counts = Counter(
        word for line in lines for sentence in clean_caption(line) for word in sentence.split(" ")
    )
    frequency = word_frequency()
    common = (word for word in sorted(frequency, key=lambda word: -frequency[word]))
    chosen = dict.fromkeys(word for word, times in counts.most_common() if times > 1)
    chosen |= dict.fromkeys(word for word in common if word.isalpha() and word.isascii())
    return list(chosen)[:count]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("encoder", type=Path)
    parser.add_argument("captions", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    lines = (line for path in given.captions for line in path.open(encoding="utf-8"))
    save_vectors(make_vectors(given.encoder, choose_words(lines)), given.out)


if __name__ == "__main__":
    main()
