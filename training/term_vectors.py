"""Terms -> their vectors, by a small pretrained sentence encoder."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

_AT_ONCE = 256
_MOST_TOKENS = 16


def term_vectors(encoder: Path, terms: Sequence[str]) -> npt.NDArray[np.float32]:
    """Return vectors (terms, dimensions) of length 1: the means of an encoder's last states.

    ``encoder`` is a folder with a BERT-like model for the transformers auto classes.
    """
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(encoder, local_files_only=True)
    model = AutoModel.from_pretrained(encoder, local_files_only=True, add_pooling_layer=False)
    model.eval()
    order = sorted({*terms}, key=lambda term: (len(term), term))
    rows = []
    with torch.inference_mode():
        for start in range(0, len(order), _AT_ONCE):
            pieces = tokenizer(
                order[start : start + _AT_ONCE],
                return_tensors="pt",
                padding=True,
                truncation=True,
                max_length=_MOST_TOKENS,
            )
            mask = pieces["attention_mask"][..., None].float()
            total = (model(**pieces).last_hidden_state * mask).sum(1)
            rows.append(torch.nn.functional.normalize(total, dim=-1).numpy())
    places = {term: at for at, term in enumerate(order)}
    vectors: npt.NDArray[np.float32] = np.concatenate(rows)
    return vectors[[places[term] for term in terms]]
