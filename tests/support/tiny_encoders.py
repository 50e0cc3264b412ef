"""Tiny encoders of the real classes, with random weights: nothing is downloaded."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers as tf

from .tiny_captioners import tokenizer

SIZE = {"height": 16, "width": 16}
_SHARED = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
}
_VISION = {**_SHARED, "image_size": 16, "patch_size": 8}


def _save(folder: Path, *parts: Any) -> Path:
    for part in parts:
        part.save_pretrained(folder)
    return folder


def _text(words: Any, **more: Any) -> dict[str, Any]:
    special = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
    return {**_SHARED, **special, "vocab_size": len(words), "max_position_embeddings": 24, **more}


def make_clip(folder: Path) -> Path:
    words = tokenizer(close=True)
    config = tf.CLIPConfig(text_config=_text(words), vision_config=_VISION, projection_dim=16)
    pixels = tf.CLIPImageProcessorPil(size={"shortest_edge": 16}, crop_size=SIZE)
    return _save(folder, tf.CLIPModel(config), tf.CLIPProcessor(pixels, words))


def make_siglip(folder: Path) -> Path:
    words = tokenizer(close=True)
    words.model_input_names = ["input_ids"]
    config = tf.SiglipConfig(text_config=_text(words), vision_config=_VISION)
    pixels = tf.SiglipImageProcessorPil(size=SIZE)
    return _save(folder, tf.SiglipModel(config), pixels, words)


def make_dinov2(folder: Path) -> Path:
    model = tf.Dinov2Model(tf.Dinov2Config(**_VISION))
    pixels = tf.BitImageProcessorPil(size={"shortest_edge": 16}, crop_size=SIZE)
    return _save(folder, model, pixels)


def make_bert(folder: Path) -> Path:
    words = tokenizer(close=True)
    return _save(folder, tf.BertModel(tf.BertConfig(**_text(words))), words)


MAKERS: dict[str, Callable[[Path], Path]] = {
    "clip": make_clip,
    "siglip": make_siglip,
    "dinov2": make_dinov2,
    "bert": make_bert,
}


def make_encoder(name: str, folder: Path) -> Path:
    """Save a tiny encoder of a family, the same each time, into ``folder``."""
    torch.manual_seed(0)
    return MAKERS[name](folder)
