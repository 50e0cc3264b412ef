"""Tiny models of the real classes, with random weights: nothing is downloaded."""

import string
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers as tf
from tokenizers import Tokenizer, models, pre_tokenizers, processors

WORDS = "a photo of dog cat on the rug red and small caption en describe this image user".split()
SPECIAL = ["<pad>", "<s>", "</s>", "<unk>", "<image>"]
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ message.role }} {% for part in message.content %}"
    "{% if part.type == 'image' %}IMAGE{% else %}{{ part.text }}{% endif %}{% endfor %}"
    " {% endfor %}{% if add_generation_prompt %}assistant {% endif %}"
)
SIZE = {"height": 16, "width": 16}


def tokenizer(*more: str, close: bool = False, **options: Any) -> tf.PreTrainedTokenizerFast:
    """Words, then single characters for what is no word; ``close`` sets marks around each text."""
    special = [*SPECIAL, *more]
    pieces = [*special, *WORDS, *string.printable.strip(), *string.ascii_lowercase]
    vocabulary = {piece: number for number, piece in enumerate(dict.fromkeys(pieces))}
    made = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    if close:
        made.post_processor = processors.TemplateProcessing(
            single="<s> $A </s>", special_tokens=[("<s>", 1), ("</s>", 2)]
        )
    return tf.PreTrainedTokenizerFast(
        tokenizer_object=made,
        pad_token="<pad>",
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        additional_special_tokens=["<image>", *more],
        **options,
    )


def _save(folder: Path, model: Any, processor: Any) -> Path:
    model.eval().save_pretrained(folder, safe_serialization=True)
    processor.save_pretrained(folder)
    return folder


def _vit(**more: Any) -> dict[str, Any]:
    shared = {"hidden_size": 32, "intermediate_size": 48, "num_attention_heads": 2}
    return {**shared, "num_hidden_layers": 2, "image_size": 16, "patch_size": 8, **more}


def _text(words: Any, **more: Any) -> dict[str, Any]:
    return {
        "vocab_size": len(words),
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "max_position_embeddings": 512,
        "pad_token_id": 0,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "initializer_range": 0.4,
        **more,
    }


def make_blip(folder: Path) -> Path:
    words = tokenizer(close=True)
    text = _text(
        words, sep_token_id=2, encoder_hidden_size=32, is_decoder=True, max_position_embeddings=40
    )
    config = tf.BlipConfig(text_config=text, vision_config=_vit(initializer_range=0.4))
    processor = tf.BlipProcessor(tf.BlipImageProcessorPil(size=SIZE), words)
    return _save(folder, tf.BlipForConditionalGeneration(config), processor)


def _blip2(folder: Path, text: Any, words: Any) -> Path:
    config = tf.Blip2Config(
        vision_config=_vit(initializer_range=0.4),
        qformer_config=tf.Blip2QFormerConfig(
            vocab_size=len(words), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
            intermediate_size=48, encoder_hidden_size=32,
        ).to_dict(),
        text_config=text.to_dict(),
        num_query_tokens=4,
        image_token_index=words.convert_tokens_to_ids("<image>"),
    )  # fmt: skip
    processor = tf.Blip2Processor(tf.BlipImageProcessorPil(size=SIZE), words, num_query_tokens=4)
    return _save(folder, tf.Blip2ForConditionalGeneration(config), processor)


def make_blip2_opt(folder: Path) -> Path:
    words = tokenizer(close=False)
    text = tf.OPTConfig(
        **_text(words, ffn_dim=48, word_embed_proj_dim=32, init_std=0.4, dropout=0.0)
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
    text = _text(words, vision_config=_vit(initializer_range=0.4))
    processor = tf.GitProcessor(tf.CLIPImageProcessorPil(size=SIZE, crop_size=SIZE), words)
    return _save(folder, tf.GitForCausalLM(tf.GitConfig(**text)), processor)


def make_llava_next(folder: Path) -> Path:
    words = tokenizer()
    config = tf.LlavaNextConfig(
        vision_config=tf.CLIPVisionConfig(**_vit(initializer_range=0.4)).to_dict(),
        text_config=tf.LlamaConfig(**_text(words)).to_dict(),
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
    return _save(folder, tf.LlavaNextForConditionalGeneration(config), processor)


def make_llava_onevision(folder: Path) -> Path:
    words = tokenizer("<video>")
    config = tf.LlavaOnevisionConfig(
        vision_config=tf.SiglipVisionConfig(**_vit()).to_dict(),
        text_config=tf.Qwen2Config(**_text(words)).to_dict(),
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
    return _save(folder, tf.LlavaOnevisionForConditionalGeneration(config), processor)


_QWEN_MARKS = ("<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>")


def _qwen(
    folder: Path, name: str, text: dict[str, Any], vision: dict[str, Any], video: Any
) -> Path:
    words = tokenizer(*_QWEN_MARKS)
    ids = dict(zip(("vision_start", "vision_end", "image", "video"), _QWEN_MARKS, strict=True))
    config = getattr(tf, f"{name}Config")(
        text_config=_text(words, **text),
        vision_config=vision,
        **{f"{key}_token_id": words.convert_tokens_to_ids(mark) for key, mark in ids.items()},
    )
    small = {"min_pixels": 32 * 32, "max_pixels": 64 * 64}
    pixels = tf.Qwen2VLImageProcessorPil(patch_size=vision["patch_size"], merge_size=2, **small)
    marked = CHAT_TEMPLATE.replace("IMAGE", "<|vision_start|><|image_pad|><|vision_end|>")
    processor = getattr(tf, f"{name.replace('Qwen2_5_VL', 'Qwen2_5_VL')}Processor")(
        pixels, words, video, chat_template=marked
    )
    return _save(folder, getattr(tf, f"{name}ForConditionalGeneration")(config), processor)


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
        vision_config=_vit(),
        text_config=tf.LlamaConfig(**_text(words)).to_dict(),
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
    return _save(folder, getattr(tf, f"{name}ForConditionalGeneration")(config), processor)


def make_idefics3(folder: Path) -> Path:
    return _idefics(folder, "Idefics3")


def make_smolvlm(folder: Path) -> Path:
    return _idefics(folder, "SmolVLM", video_processor=tf.SmolVLMVideoProcessor())


def make_paligemma(folder: Path) -> Path:
    words = tokenizer()
    config = tf.PaliGemmaConfig(
        vision_config=tf.SiglipVisionConfig(**_vit(projection_dim=32)).to_dict(),
        text_config=tf.GemmaConfig(**_text(words, head_dim=16)).to_dict(),
        image_token_index=words.convert_tokens_to_ids("<image>"),
        projection_dim=32,
        hidden_size=32,
    )
    pixels = tf.SiglipImageProcessorPil(size=SIZE)
    pixels.image_seq_length = 4
    processor = tf.PaliGemmaProcessor(pixels, words)
    return _save(folder, tf.PaliGemmaForConditionalGeneration(config), processor)


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
    return _save(folder, tf.Florence2ForConditionalGeneration(config), processor)


MAKERS: dict[str, Callable[[Path], Path]] = {
    name.removeprefix("make_"): made
    for name, made in dict(globals()).items()
    if name.startswith("make_")
}


def make_captioner(name: str, folder: Path) -> Path:
    """Save a tiny model of a family, the same each time, into ``folder``."""
    torch.manual_seed(0)
    return MAKERS[name](folder)
