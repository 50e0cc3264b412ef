"""Tiny captioners of the real classes, with random weights: nothing is downloaded."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers as tf

from . import tiny_chat_captioners
from .tiny_models import SIZE, save, text_config, tokenizer, vit


def make_blip(folder: Path) -> Path:
    words = tokenizer(close=True)
    text = text_config(
        words, sep_token_id=2, encoder_hidden_size=32, is_decoder=True, max_position_embeddings=40
    )
    config = tf.BlipConfig(text_config=text, vision_config=vit(initializer_range=0.4))
    processor = tf.BlipProcessor(tf.BlipImageProcessorPil(size=SIZE), words)
    return save(folder, tf.BlipForConditionalGeneration(config), processor)


def _blip2(folder: Path, text: Any, words: Any) -> Path:
    config = tf.Blip2Config(
        vision_config=vit(initializer_range=0.4),
        qformer_config=tf.Blip2QFormerConfig(
            vocab_size=len(words), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
            intermediate_size=48, encoder_hidden_size=32,
        ).to_dict(),
        text_config=text.to_dict(),
        num_query_tokens=4,
        image_token_index=words.convert_tokens_to_ids("<image>"),
    )  # fmt: skip
    processor = tf.Blip2Processor(tf.BlipImageProcessorPil(size=SIZE), words, num_query_tokens=4)
    return save(folder, tf.Blip2ForConditionalGeneration(config), processor)


def make_blip2_opt(folder: Path) -> Path:
    words = tokenizer(close=False)
    text = tf.OPTConfig(
        **text_config(words, ffn_dim=48, word_embed_proj_dim=32, init_std=0.4, dropout=0.0)
    )
    return _blip2(folder, text, words)


def make_blip2_t5(folder: Path) -> Path:
    words = tokenizer(close=False)
    text = tf.T5Config(
        vocab_size=len(words), d_model=32, d_kv=16, d_ff=48, num_layers=2, num_heads=2,
        pad_token_id=0, eos_token_id=2, decoder_start_token_id=0, bos_token_id=1,
        initializer_factor=3.0,
    )  # fmt: skip
    return _blip2(folder, text, words)


def make_git(folder: Path) -> Path:
    words = tokenizer(close=True)
    text = text_config(words, vision_config=vit(initializer_range=0.4))
    processor = tf.GitProcessor(tf.CLIPImageProcessorPil(size=SIZE, crop_size=SIZE), words)
    return save(folder, tf.GitForCausalLM(tf.GitConfig(**text)), processor)


def make_paligemma(folder: Path) -> Path:
    words = tokenizer()
    config = tf.PaliGemmaConfig(
        vision_config=tf.SiglipVisionConfig(**vit(projection_dim=32)).to_dict(),
        text_config=tf.GemmaConfig(**text_config(words, head_dim=16)).to_dict(),
        image_token_index=words.convert_tokens_to_ids("<image>"),
        projection_dim=32,
        hidden_size=32,
    )
    pixels = tf.SiglipImageProcessorPil(size=SIZE)
    pixels.image_seq_length = 4
    processor = tf.PaliGemmaProcessor(pixels, words)
    return save(folder, tf.PaliGemmaForConditionalGeneration(config), processor)


def make_florence2(folder: Path) -> Path:
    words = tokenizer(extra_special_tokens={"image_token": "<image>"})
    config = tf.Florence2Config(
        vision_config={
            "patch_size": [7, 3], "patch_stride": [4, 2], "patch_padding": [3, 1],
            "patch_prenorm": [False, True], "embed_dim": [16, 32], "num_heads": [2, 2],
            "num_groups": [2, 2], "depths": [1, 1], "window_size": 4, "projection_dim": 32,
            "max_position_embeddings": 20, "max_temporal_embeddings": 10,
        },
        text_config=tf.BartConfig(
            vocab_size=len(words), d_model=32, encoder_layers=2, decoder_layers=2,
            encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=48,
            decoder_ffn_dim=48, max_position_embeddings=256, pad_token_id=0, bos_token_id=1,
            eos_token_id=2, decoder_start_token_id=2, forced_eos_token_id=2, init_std=1.0,
        ).to_dict(),
        image_token_id=words.image_token_id,
    )  # fmt: skip
    pixels = tf.CLIPImageProcessorPil(size=SIZE, crop_size=SIZE)
    pixels.image_seq_length = 5
    processor = tf.Florence2Processor(pixels, words)
    return save(folder, tf.Florence2ForConditionalGeneration(config), processor)


MAKERS: dict[str, Callable[[Path], Path]] = {
    name.removeprefix("make_"): make
    for name, make in {**vars(tiny_chat_captioners), **globals()}.items()
    if name.startswith("make_")
}


def make_captioner(name: str, folder: Path) -> Path:
    """Save a tiny model of a family, the same each time, into ``folder``."""
    torch.manual_seed(0)
    return MAKERS[name](folder)
