"""What the tiny models of the tests share: a tokenizer of a few words, and small configurations."""

import string
from pathlib import Path
from typing import Any

import transformers as tf
from tokenizers import Tokenizer, models, pre_tokenizers, processors

WORDS = "a photo of dog cat on the rug red and small caption en describe this image user".split()
SPECIAL = ["<pad>", "<s>", "</s>", "<unk>", "<image>"]
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


def save(folder: Path, model: Any, processor: Any) -> Path:
    model.eval().save_pretrained(folder, safe_serialization=True)
    processor.save_pretrained(folder)
    return folder


def vit(**more: Any) -> dict[str, Any]:
    shared = {"hidden_size": 32, "intermediate_size": 48, "num_attention_heads": 2}
    return {**shared, "num_hidden_layers": 2, "image_size": 16, "patch_size": 8, **more}


def text_config(words: Any, **more: Any) -> dict[str, Any]:
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
