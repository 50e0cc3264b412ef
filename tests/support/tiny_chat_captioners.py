"""Tiny chat models of the real classes, with random weights: nothing is downloaded."""

from pathlib import Path
from typing import Any

import transformers as tf

from .tiny_models import SIZE, save, text_config, tokenizer, vit

CHAT_TEMPLATE = (
    "{% for message in messages %}{{ message.role }} {% for part in message.content %}"
    "{% if part.type == 'image' %}IMAGE{% else %}{{ part.text }}{% endif %}{% endfor %}"
    " {% endfor %}{% if add_generation_prompt %}assistant {% endif %}"
)


def make_llava_next(folder: Path) -> Path:
    words = tokenizer()
    config = tf.LlavaNextConfig(
        vision_config=tf.CLIPVisionConfig(**vit(initializer_range=0.4)).to_dict(),
        text_config=tf.LlamaConfig(**text_config(words)).to_dict(),
        image_token_index=words.convert_tokens_to_ids("<image>"),
        image_grid_pinpoints=[[16, 32], [32, 16], [32, 32]],
        vision_feature_select_strategy="default",
    )
    pixels = tf.LlavaNextImageProcessorPil(
        size={"shortest_edge": 16},
        crop_size=SIZE,
        image_grid_pinpoints=[[16, 32], [32, 16], [32, 32]],
    )
    processor = tf.LlavaNextProcessor(
        pixels, words, patch_size=8, vision_feature_select_strategy="default",
        num_additional_image_tokens=1, chat_template=CHAT_TEMPLATE.replace("IMAGE", "<image>"),
    )  # fmt: skip
    return save(folder, tf.LlavaNextForConditionalGeneration(config), processor)


def make_llava_onevision(folder: Path) -> Path:
    words = tokenizer("<video>")
    config = tf.LlavaOnevisionConfig(
        vision_config=tf.SiglipVisionConfig(**vit()).to_dict(),
        text_config=tf.Qwen2Config(**text_config(words)).to_dict(),
        image_token_index=words.convert_tokens_to_ids("<image>"),
        video_token_index=words.convert_tokens_to_ids("<video>"),
        image_grid_pinpoints=[[16, 32], [32, 16], [32, 32]],
        vision_feature_select_strategy="full",
    )
    pixels = tf.LlavaOnevisionImageProcessorPil(
        size=SIZE, image_grid_pinpoints=[[16, 32], [32, 16], [32, 32]]
    )
    processor = tf.LlavaOnevisionProcessor(
        pixels, words, tf.LlavaOnevisionVideoProcessor(size=SIZE), num_image_tokens=4,
        vision_feature_select_strategy="full", vision_aspect_ratio="anyres_max_9",
        chat_template=CHAT_TEMPLATE.replace("IMAGE", "<image>"),
    )  # fmt: skip
    return save(folder, tf.LlavaOnevisionForConditionalGeneration(config), processor)


_QWEN_MARKS = ("<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>")


def _qwen(
    folder: Path, name: str, text: dict[str, Any], vision: dict[str, Any], video: Any
) -> Path:
    words = tokenizer(*_QWEN_MARKS)
    ids = dict(zip(("vision_start", "vision_end", "image", "video"), _QWEN_MARKS, strict=True))
    config = getattr(tf, f"{name}Config")(
        text_config=text_config(words, **text),
        vision_config=vision,
        **{f"{key}_token_id": words.convert_tokens_to_ids(mark) for key, mark in ids.items()},
    )
    small = {"min_pixels": 32 * 32, "max_pixels": 64 * 64}
    pixels = tf.Qwen2VLImageProcessorPil(patch_size=vision["patch_size"], merge_size=2, **small)
    marked = CHAT_TEMPLATE.replace("IMAGE", "<|vision_start|><|image_pad|><|vision_end|>")
    processor = getattr(tf, f"{name.replace('Qwen2_5_VL', 'Qwen2_5_VL')}Processor")(
        pixels, words, video, chat_template=marked
    )
    return save(folder, getattr(tf, f"{name}ForConditionalGeneration")(config), processor)


def make_qwen2_5_vl(folder: Path) -> Path:
    text = {"rope_parameters": {"rope_type": "default", "mrope_section": [2, 3, 3]}}
    vision = {
        "depth": 2, "hidden_size": 32, "intermediate_size": 48, "num_heads": 2, "patch_size": 8,
        "out_hidden_size": 32, "window_size": 32, "fullatt_block_indexes": [1],
        "initializer_range": 0.4,
    }  # fmt: skip
    return _qwen(folder, "Qwen2_5_VL", text, vision, tf.Qwen2VLVideoProcessor())


def make_qwen3_vl(folder: Path) -> Path:
    text = {
        "head_dim": 16,
        "rope_parameters": {
            "rope_type": "default",
            "mrope_section": [2, 3, 3],
            "mrope_interleaved": True,
        },
    }
    vision = {
        "depth": 2, "hidden_size": 32, "intermediate_size": 48, "num_heads": 2, "patch_size": 8,
        "out_hidden_size": 32, "deepstack_visual_indexes": [0], "num_position_embeddings": 64,
        "initializer_range": 0.4,
    }  # fmt: skip
    return _qwen(folder, "Qwen3VL", text, vision, tf.Qwen3VLVideoProcessor())


def _idefics(folder: Path, name: str, **more: Any) -> Path:
    marks = ("<fake_token_around_image>", "<global-img>", "<end_of_utterance>")
    grid = [f"<row_{r}_col_{c}>" for r in range(1, 7) for c in range(1, 7)]
    words = tokenizer(*marks, *grid)
    config = getattr(tf, f"{name}Config")(
        vision_config=vit(),
        text_config=tf.LlamaConfig(**text_config(words)).to_dict(),
        image_token_id=words.convert_tokens_to_ids("<image>"),
        scale_factor=2,
        pad_token_id=0,
    )
    pixels = getattr(tf, f"{name}ImageProcessorPil")(
        size={"longest_edge": 32}, max_image_size={"longest_edge": 16}
    )
    processor = getattr(tf, f"{name}Processor")(
        pixels,
        words,
        image_seq_len=1,
        chat_template=CHAT_TEMPLATE.replace("IMAGE", "<image>"),
        **more,
    )
    return save(folder, getattr(tf, f"{name}ForConditionalGeneration")(config), processor)


def make_idefics3(folder: Path) -> Path:
    return _idefics(folder, "Idefics3")


def make_smolvlm(folder: Path) -> Path:
    return _idefics(folder, "SmolVLM", video_processor=tf.SmolVLMVideoProcessor())
