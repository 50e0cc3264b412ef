"""Captioners of true size with random weights, made from their configuration: to measure with."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers as tf
from tokenizers import Tokenizer, models, pre_tokenizers

_CHAT = (
    "{% for message in messages %}{% for part in message.content %}{% if part.type == 'image' %}"
    "<|vision_start|><|image_pad|><|vision_end|>{% else %}{{ part.text }}{% endif %}{% endfor %}"
    "{% endfor %}"
)
_MARKS = ("<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>")


def _tokenizer(size: int, *marks: str) -> tf.PreTrainedTokenizerFast:
    special = ["<pad>", "<s>", "</s>", "<unk>", *marks]
    words = [*special, *(f"w{number}" for number in range(size - len(special)))]
    vocabulary = {word: number for number, word in enumerate(words)}
    made = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    return tf.PreTrainedTokenizerFast(
        tokenizer_object=made,
        pad_token="<pad>",
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        additional_special_tokens=list(marks),
    )


def _blip_base() -> tuple[Any, Any]:
    """BLIP-base: 247 million parameters, images of 384 pixels."""
    words = _tokenizer(30_524)
    config = tf.BlipConfig(
        text_config={"bos_token_id": 1, "eos_token_id": 2, "sep_token_id": 2, "pad_token_id": 0},
        vision_config={"image_size": 384},
    )
    pixels = tf.BlipImageProcessorPil(size={"height": 384, "width": 384})
    model = tf.BlipForConditionalGeneration(config)
    return model, tf.BlipProcessor(pixels, words)


def _blip2() -> tuple[Any, Any]:
    """BLIP-2 with OPT-2.7B: 3.7 billion parameters."""
    words = _tokenizer(50_304, "<image>")
    text = tf.OPTConfig(
        vocab_size=50_304, hidden_size=2560, ffn_dim=10_240, num_hidden_layers=32,
        num_attention_heads=32, word_embed_proj_dim=2560, pad_token_id=0, bos_token_id=1,
        eos_token_id=2,
    )  # fmt: skip
    config = tf.Blip2Config(
        text_config=text.to_dict(),
        num_query_tokens=32,
        image_token_index=words.convert_tokens_to_ids("<image>"),
    )
    pixels = tf.BlipImageProcessorPil(size={"height": 224, "width": 224})
    processor = tf.Blip2Processor(pixels, words, num_query_tokens=32)
    return tf.Blip2ForConditionalGeneration(config), processor


def _qwen(**text: int) -> tuple[Any, Any]:
    words = _tokenizer(151_936, *_MARKS)
    names = ("vision_start", "vision_end", "image", "video")
    ids = dict(zip(names, map(words.convert_tokens_to_ids, _MARKS), strict=True))
    config = tf.Qwen2_5_VLConfig(
        text_config={
            "vocab_size": 151_936,
            "rope_parameters": {"rope_type": "default", "mrope_section": [16, 24, 24]},
            "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0, **text,
        },
        vision_config={
            "hidden_size": 1280,
            "intermediate_size": 3420,
            "out_hidden_size": text["hidden_size"],
        },
        **{f"{name}_token_id": number for name, number in ids.items()},
    )  # fmt: skip
    pixels = tf.Qwen2VLImageProcessorPil(min_pixels=56 * 56, max_pixels=384 * 384)
    video = tf.Qwen2VLVideoProcessor()
    processor = tf.Qwen2_5_VLProcessor(pixels, words, video, chat_template=_CHAT)
    return tf.Qwen2_5_VLForConditionalGeneration(config), processor


def _qwen_3b() -> tuple[Any, Any]:
    """Qwen2.5-VL of 3 billion parameters, its smallest."""
    return _qwen(
        hidden_size=2048, intermediate_size=11_008, num_hidden_layers=36, num_attention_heads=16,
        num_key_value_heads=2,
    )  # fmt: skip


def _qwen_7b() -> tuple[Any, Any]:
    """Qwen2.5-VL of 7 billion parameters."""
    return _qwen(
        hidden_size=3584, intermediate_size=18_944, num_hidden_layers=28, num_attention_heads=28,
        num_key_value_heads=4,
    )  # fmt: skip


MAKERS: dict[str, Callable[[], tuple[Any, Any]]] = {
    "blip-base": _blip_base,
    "blip2-2.7b": _blip2,
    "qwen-3b": _qwen_3b,
    "qwen-7b": _qwen_7b,
}


def make_model(name: str, folder: Path, new_tokens: int) -> Path:
    """Save a model into ``folder`` that answers with so many tokens, never fewer."""
    path = folder / f"{name}-{new_tokens}"
    tf.utils.logging.disable_progress_bar()
    if not (path / "config.json").exists():
        torch.manual_seed(0)
        dtype = torch.float32 if name == "blip-base" else torch.bfloat16
        torch.set_default_dtype(dtype)
        model, processor = MAKERS[name]()
        torch.set_default_dtype(torch.float32)
        model.generation_config.min_new_tokens = new_tokens
        processor.save_pretrained(path)
        model.save_pretrained(path, safe_serialization=True)
    return path
