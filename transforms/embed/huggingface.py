"""Encoders over the models of ``transformers``: CLIP and SigLIP, DINOv2, sentence encoders."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from ...schemas.errors import UsageError
from ..captioners.find_model import FoundModel, fetch_model
from ..captioners.huggingface import silence_transformers
from ..captioners.wait_passively import wait_passively
from .encoder import EncodedBy, Encodes, Vector

_LOCAL = {"local_files_only": True, "trust_remote_code": False}
_MOST_TOKENS = 512
_PADS_TO_THE_END = ("siglip", "siglip2")
"""Models that were trained on texts of one length, and take a shorter one for another text."""


@dataclass(frozen=True, slots=True)
class ChosenEncoder:
    """An encoder that was found, and how it is used; ``device`` and ``threads`` as a captioner."""

    encodes: Encodes
    found: FoundModel
    batch_size: int = 64
    device: int = 0
    threads: int = 0

    @property
    def by(self) -> EncodedBy:
        """What is recorded with every vector."""
        return EncodedBy(self.encodes, self.found.model, self.found.revision)


class HuggingFaceEncoder:
    """A model and what prepares its input, loaded through the auto classes, in 32 bits.

    Weights are read as safetensors only, and code that comes with a model is never run.
    """

    def __init__(self, chosen: ChosenEncoder) -> None:
        wait_passively()
        import torch
        from transformers import AutoModel

        silence_transformers()
        self.by, self.batch_size = chosen.by, chosen.batch_size
        self._device = torch.device("cpu")
        if torch.cuda.is_available():
            self._device = torch.device("cuda", chosen.device % torch.cuda.device_count())
        else:
            torch.set_num_threads(chosen.threads or torch.get_num_threads())
        folder = fetch_model(chosen.found)
        loaded, told = AutoModel.from_pretrained(
            folder,
            use_safetensors=True,
            dtype=torch.float32,
            output_loading_info=True,
            **_LOCAL,
        )
        self._has_pooler = _check_weights(told["missing_keys"])
        self._model = loaded.to(self._device).eval()
        self._one_at_a_time = threading.Lock()
        if self.by.reads_images:
            self._pixels = _load_image_processor(folder)
        if self.by.reads_texts:
            self._tokenizer, self._words = _load_tokenizer(folder, loaded.config)

    def prepare(self, images: Sequence[Image.Image]) -> dict[str, Any]:
        """Return the model's inputs for RGB images."""
        return dict(self._pixels(images=list(images), return_tensors="pt"))

    def encode_images(self, prepared: dict[str, Any]) -> list[Vector]:
        """Return the vector of each image that was prepared, in order."""
        return self._encode(prepared, self._image_features)

    def encode_texts(self, texts: Sequence[str]) -> list[Vector]:
        """Return the vector of each text, in order."""
        prepared = self._tokenizer(list(texts), return_tensors="pt", **self._words)
        return self._encode(dict(prepared), self._text_features)

    def _encode(self, prepared: dict[str, Any], features: Any) -> list[Vector]:  # noqa: ANN401
        import torch

        with self._one_at_a_time, torch.inference_mode():
            inputs = {name: value.to(self._device) for name, value in prepared.items()}
            try:
                found = torch.nn.functional.normalize(features(inputs).float(), dim=-1)
                return list(found.cpu().numpy().astype(np.float32, copy=False))
            except torch.OutOfMemoryError:
                inputs.clear()
                torch.cuda.empty_cache()
                raise

    def _image_features(self, inputs: dict[str, Any]) -> Any:  # noqa: ANN401 - a tensor
        """Return what the model makes of images: its features, what it pools, or its first token.

        A pooler that no weights were loaded for is chance.
        """
        if hasattr(self._model, "get_image_features"):
            return _tensor(self._model.get_image_features(**inputs))
        output = self._model(**inputs)
        pooled = getattr(output, "pooler_output", None)
        if pooled is not None and self._has_pooler:
            return pooled.flatten(1)
        return output.last_hidden_state[:, 0]

    def _text_features(self, inputs: dict[str, Any]) -> Any:  # noqa: ANN401 - a tensor
        """Return the features of texts, or the mean over the tokens of each."""
        if hasattr(self._model, "get_text_features"):
            return _tensor(self._model.get_text_features(**inputs))
        states = self._model(**inputs).last_hidden_state
        mask = inputs["attention_mask"].unsqueeze(-1).to(states.dtype)
        return (states * mask).sum(1) / mask.sum(1).clamp(min=1)


def load_encoder(chosen: ChosenEncoder) -> HuggingFaceEncoder:
    """Load the model that was chosen, fetched first if need be.

    Raises UsageError if it cannot be loaded, EvenpairError if it cannot be fetched.
    """
    try:
        return HuggingFaceEncoder(chosen)
    except (OSError, ValueError, ImportError, KeyError) as error:
        said = str(error).strip().splitlines() or [type(error).__name__]
        named = f"{chosen.encodes.role.option} {chosen.found.model}"
        raise UsageError(f"{named}: it cannot be loaded: {said[0]}") from error


def require_encoder(chosen: ChosenEncoder) -> None:
    """Raise UsageError if what was chosen is of a type that does not encode what it is to."""
    wait_passively()
    import transformers
    from transformers.models.auto.modeling_auto import MODEL_MAPPING_NAMES as KNOWN

    model_type = chosen.found.model_type
    name = KNOWN.get(model_type, "")
    kind = getattr(transformers, name if isinstance(name, str) else name[0], None)
    features = [hasattr(kind, f"get_{part}_features") for part in ("image", "text")]
    reads = getattr(kind, "main_input_name", "")
    fits = {
        Encodes.BOTH: all(features),
        Encodes.IMAGES: features[0] or reads == "pixel_values",
        Encodes.TEXTS: features[1] or (reads == "input_ids" and not _answers(kind)),
    }
    if kind is None or not fits[chosen.encodes]:
        said = f"{chosen.encodes.role.option} {chosen.found.model}: a {model_type} model"
        raise UsageError(f"{said} is none that encodes {_ENCODED[chosen.encodes]}")


_ENCODED = {
    Encodes.BOTH: "images and texts in one space, as CLIP and SigLIP do",
    Encodes.IMAGES: "images, as DINOv2 does",
    Encodes.TEXTS: "texts, as sentence encoders do",
}


def _answers(kind: Any) -> bool:  # noqa: ANN401 - a class of transformers
    """Return whether a model wants the beginning of an answer beside the text."""
    import inspect

    return "decoder_input_ids" in inspect.signature(kind.forward).parameters


def _tensor(output: Any) -> Any:  # noqa: ANN401 - a tensor, or since transformers 5 more
    return getattr(output, "pooler_output", output)


def _check_weights(missing: set[str] | list[str]) -> bool:
    """Return whether the pooler's weights are there. Raises ValueError if any others are not."""
    others = sorted(name for name in missing if "pooler" not in name)
    if others:
        raise ValueError(f"it has no weights for {others[0]}")
    return not missing


def _load_image_processor(folder: str) -> Any:  # noqa: ANN401 - transformers ships no types
    from transformers import AutoImageProcessor

    return AutoImageProcessor.from_pretrained(folder, backend="pil", **_LOCAL)


def _load_tokenizer(folder: str, config: Any) -> tuple[Any, dict[str, Any]]:  # noqa: ANN401
    """Return a model's tokenizer, and how it is to make all texts of a call equally long."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder, **_LOCAL)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    text = getattr(config, "text_config", config)
    positions = getattr(text, "max_position_embeddings", None) or _MOST_TOKENS
    length = min(positions, tokenizer.model_max_length, _MOST_TOKENS)
    pads = "max_length" if config.model_type in _PADS_TO_THE_END else True
    return tokenizer, {"padding": pads, "truncation": True, "max_length": int(length)}
