"""What the demo captioner is made of and how long it learns: every setting, its default visible."""

import math
import re
from dataclasses import dataclass
from random import Random

import torch
from transformers import (
    BertTokenizerFast,
    BlipConfig,
    BlipForConditionalGeneration,
    BlipProcessor,
)
from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

from ..scenes.describe import describe_scene
from ..scenes.scene import sample_scene

SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
MAX_TOKENS = 48
"""Of a caption, [CLS] and [SEP] included."""

_POSITIONS = 128  # more than are learnt, for callers who ask for long answers


@dataclass(frozen=True, slots=True)
class CaptionerConfig:
    """``scenes`` are drawn afresh: none is seen twice."""

    scenes: int = 500_000
    seed: int = 0
    batch_size: int = 64
    learning_rate: float = 1e-3
    warm_up: float = 0.03
    weight_decay: float = 0.05
    patch_loss: float = 0.5
    image_size: int = 96
    patch_size: int = 12
    width: int = 128
    heads: int = 4
    vision_layers: int = 4
    text_layers: int = 3
    threads: int = 2
    workers: int = 2


def vocabulary() -> list[str]:
    """The special tokens, then every word and mark that a description can hold, sorted."""
    words: set[str] = set()
    for index in range(3000):
        text = describe_scene(sample_scene(0, index), Random(index))
        words.update(re.findall(r"\w+|[^\w\s]", text))
    return [*SPECIAL_TOKENS, *sorted(words)]


def make_tokenizer(words: list[str]) -> BertTokenizerFast:
    """A fast BERT tokenizer whose pieces are these words, upper and lower case kept apart."""
    return BertTokenizerFast(
        vocab={word: number for number, word in enumerate(words)},
        do_lower_case=False,
        strip_accents=False,
        model_max_length=MAX_TOKENS,
    )


def make_model(config: CaptionerConfig, words: list[str]) -> BlipForConditionalGeneration:
    """BLIP, small: a vision transformer and a text decoder that attends to its patches."""
    shared = {
        "hidden_size": config.width,
        "intermediate_size": 4 * config.width,
        "num_attention_heads": config.heads,
        # BLIP's own default for the vision layers is 1e-10: nothing would be learnt from there.
        "initializer_range": 0.04,
    }
    text = {
        **shared,
        "vocab_size": len(words),
        "encoder_hidden_size": config.width,
        "num_hidden_layers": config.text_layers,
        "max_position_embeddings": _POSITIONS,
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
        "pad_token_id": words.index("[PAD]"),
        "bos_token_id": words.index("[CLS]"),
        "eos_token_id": words.index("[SEP]"),
        "sep_token_id": words.index("[SEP]"),
    }
    vision = {
        **shared,
        "num_hidden_layers": config.vision_layers,
        "image_size": config.image_size,
        "patch_size": config.patch_size,
    }
    model = BlipForConditionalGeneration(
        BlipConfig(text_config=text, vision_config=vision, projection_dim=config.width)
    )
    with torch.no_grad():
        side = config.image_size // config.patch_size
        model.vision_model.embeddings.position_embedding[0, 1:] = _grid(side, config.width)
    return model


def _grid(side: int, width: int) -> torch.Tensor:
    """Where each patch lies, (side * side, width), as waves along both axes.

    Learning starts from here, so that a patch finds its neighbours from the first step on.
    """
    rates = math.pi * torch.logspace(0, math.log2(side / 2), width // 4, base=2) / side
    waves = torch.arange(side)[:, None] * rates
    line = torch.cat([waves.sin(), waves.cos()], dim=1)
    rows = line[:, None].expand(side, side, -1)
    columns = line[None].expand(side, side, -1)
    return 0.3 * torch.cat([rows, columns], dim=2).reshape(side * side, width)


def make_processor(config: CaptionerConfig, tokenizer: BertTokenizerFast) -> BlipProcessor:
    side = {"height": config.image_size, "width": config.image_size}
    return BlipProcessor(BlipImageProcessorPil(size=side), tokenizer)
