"""Encoders that run models of ``transformers``: CLIP, SigLIP, DINOv2, sentence encoders."""

import inspect
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from ...schemas.errors import EvenpairError, UsageError, first_line
from ..captioners.find_model import ModelLocation, fetch_model
from ..captioners.huggingface import LOCAL_ONLY, pick_device, silence_transformers
from ..captioners.wait_passively import wait_passively
from .encoder import EncoderId, Modality, Vector

_MOST_TOKENS = 512
_PADDED_TO_MAX_LENGTH = ("siglip", "siglip2")
"""Models that were trained on texts padded to one length; others give another vector."""


@dataclass(frozen=True, slots=True)
class LocalEncoder:
    """A model to encode with on this machine, and how.

    ``device`` is the number of the GPU, if there are several. ``threads`` are those of a CPU, 0 for
    torch's own number.
    """

    encodes: Modality
    location: ModelLocation
    batch_size: int = 64
    device: int = 0
    threads: int = 0

    @property
    def encoder_id(self) -> EncoderId:
        """Recorded with every vector."""
        return EncoderId(self.encodes, self.location.name, self.location.revision)


class HuggingFaceEncoder:
    """A model with its image processor and tokenizer, loaded by the auto classes, in 32 bits.

    Only weights in safetensors are read, and code that comes with a model is never run.
    """

    def __init__(self, encoder: LocalEncoder) -> None:
        wait_passively()
        import torch
        from transformers import AutoModel

        silence_transformers()
        self.encoder_id, self.batch_size = encoder.encoder_id, encoder.batch_size
        self._device = pick_device(encoder.device, threads=encoder.threads)
        folder = fetch_model(encoder.location)
        loaded, loading_info = AutoModel.from_pretrained(
            folder,
            use_safetensors=True,
            dtype=torch.float32,
            output_loading_info=True,
            **LOCAL_ONLY,
        )
        self._has_pooler = _check_weights(loading_info["missing_keys"])
        self._model = loaded.to(self._device).eval()
        self._one_at_a_time = threading.Lock()
        if self.encoder_id.reads_images:
            self._image_processor = _load_image_processor(folder)
        if self.encoder_id.reads_texts:
            self._tokenizer, self._padding = _load_tokenizer(folder, loaded.config)

    def prepare(self, images: Sequence[Image.Image]) -> dict[str, Any]:
        """Return the model's inputs for RGB images."""
        return dict(self._image_processor(images=list(images), return_tensors="pt"))

    def encode_images(self, prepared: dict[str, Any]) -> list[Vector]:
        """Return the vector of each prepared image, in order."""
        return self._encode(prepared, self._image_features)

    def encode_texts(self, texts: Sequence[str]) -> list[Vector]:
        """Return the vector of each text, in order."""
        prepared = self._tokenizer(list(texts), return_tensors="pt", **self._padding)
        return self._encode(dict(prepared), self._text_features)

    def _encode(self, prepared: dict[str, Any], features: Any) -> list[Vector]:  # noqa: ANN401
        import torch

        with self._one_at_a_time, torch.inference_mode():
            inputs = {name: value.to(self._device) for name, value in prepared.items()}
            try:
                vectors = torch.nn.functional.normalize(features(inputs).float(), dim=-1)
                return list(vectors.cpu().numpy().astype(np.float32, copy=False))
            except torch.OutOfMemoryError:
                inputs.clear()
                torch.cuda.empty_cache()
                raise

    def _image_features(self, inputs: dict[str, Any]) -> Any:  # noqa: ANN401 - a tensor
        """Return the model's image features, else its pooled output, else its first token.

        A pooler without loaded weights is random, so it is not used.
        """
        if hasattr(self._model, "get_image_features"):
            return _tensor(self._model.get_image_features(**inputs))
        output = self._model(**inputs)
        pooled = getattr(output, "pooler_output", None)
        if pooled is not None and self._has_pooler:
            return pooled.flatten(1)
        return output.last_hidden_state[:, 0]

    def _text_features(self, inputs: dict[str, Any]) -> Any:  # noqa: ANN401 - a tensor
        """Return the model's text features, else the mean over the tokens of each text."""
        if hasattr(self._model, "get_text_features"):
            return _tensor(self._model.get_text_features(**inputs))
        states = self._model(**inputs).last_hidden_state
        mask = inputs["attention_mask"].unsqueeze(-1).to(states.dtype)
        return (states * mask).sum(1) / mask.sum(1).clamp(min=1)


def load_encoder(encoder: LocalEncoder) -> HuggingFaceEncoder:
    """Load a model, fetched first if need be.

    Raises UsageError if it cannot be loaded, EvenpairError if it cannot be fetched.
    """
    try:
        return HuggingFaceEncoder(encoder)
    except (EvenpairError, MemoryError):
        raise
    except Exception as error:  # each class of transformers reads its files in its own way
        raise UsageError(
            f"{_option(encoder)} cannot be loaded: {type(error).__name__}: {first_line(error)}"
        ) from error


def require_encoder(encoder: LocalEncoder) -> None:
    """Raise UsageError if a model of this type cannot encode images, texts, or both."""
    wait_passively()
    import transformers
    from transformers.models.auto.modeling_auto import MODEL_MAPPING_NAMES as KNOWN

    model_type = encoder.location.model_type
    name = KNOWN.get(model_type, "")
    model_class = getattr(transformers, name if isinstance(name, str) else name[0], None)
    images, texts = (hasattr(model_class, f"get_{kind}_features") for kind in ("image", "text"))
    main_input = getattr(model_class, "main_input_name", "")
    fits = {
        Modality.BOTH: images and texts,
        Modality.IMAGES: images or main_input == "pixel_values",
        Modality.TEXTS: texts or (main_input == "input_ids" and not _has_decoder(model_class)),
    }
    if model_class is None or not fits[encoder.encodes]:
        raise UsageError(
            f"{_option(encoder)} is a {model_type} model: name one that encodes "
            f"{_NEEDED[encoder.encodes]}"
        )


_NEEDED = {
    Modality.BOTH: "images and texts in one space, as CLIP and SigLIP do",
    Modality.IMAGES: "images, as DINOv2 does",
    Modality.TEXTS: "texts, as sentence encoders do",
}


def _option(encoder: LocalEncoder) -> str:
    return f"{encoder.encodes.role.option} {encoder.location.name}"


def _has_decoder(model_class: Any) -> bool:  # noqa: ANN401 - a class of transformers
    return "decoder_input_ids" in inspect.signature(model_class.forward).parameters


def _tensor(output: Any) -> Any:  # noqa: ANN401 - a tensor, or since transformers 5 more
    return getattr(output, "pooler_output", output)


def _check_weights(missing: set[str] | list[str]) -> bool:
    """Return whether the pooler has weights. Raises ValueError if anything else has none."""
    others = sorted(name for name in missing if "pooler" not in name)
    if others:
        raise ValueError(f"it has no weights for {others[0]}")
    return not missing


def _load_image_processor(folder: str) -> Any:  # noqa: ANN401 - transformers ships no types
    from transformers import AutoImageProcessor

    return AutoImageProcessor.from_pretrained(folder, backend="pil", **LOCAL_ONLY)


def _load_tokenizer(folder: str, config: Any) -> tuple[Any, dict[str, Any]]:  # noqa: ANN401
    """Return a model's tokenizer, and its options to pad and cut off the texts of a call."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, **LOCAL_ONLY)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    text = getattr(config, "text_config", config)
    positions = getattr(text, "max_position_embeddings", None) or _MOST_TOKENS
    length = min(positions, tokenizer.model_max_length, _MOST_TOKENS)
    padding = "max_length" if config.model_type in _PADDED_TO_MAX_LENGTH else True
    return tokenizer, {"padding": padding, "truncation": True, "max_length": int(length)}
