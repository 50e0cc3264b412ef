"""A captioner over any image-to-text model of ``transformers``."""

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image

from ...schemas.errors import UsageError
from .captioner import Answer, Asked
from .families import Asks, Family, family_of
from .wait_passively import wait_passively

Inputs = dict[str, Any]
"""What a model takes, as tensors on the CPU."""


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A model on this machine: what is recorded of it, where it lies, and how it is asked.

    ``device`` numbers the GPU, where there are several; ``threads`` is for a CPU, 0 for as many as
    the process was told to use.
    """

    model: str
    revision: str
    prompt: str
    folder: str
    batch_size: int = 16
    max_new_tokens: int = 64
    device: int = 0
    threads: int = 0


class HuggingFaceCaptioner:
    """A model and its processor, loaded through the auto classes; greedy, so that runs repeat.

    Weights are read as safetensors only, and code that comes with a model is never run.
    """

    calls = 1

    def __init__(self, chosen: LocalModel) -> None:
        wait_passively()
        from transformers import AutoModelForImageTextToText

        self.asked = Asked(chosen.model, chosen.revision, chosen.prompt)
        self.batch_size = chosen.batch_size
        silence_transformers()
        self._device, self._dtype = _place(chosen)
        self.device = str(self._device)
        loaded = AutoModelForImageTextToText.from_pretrained(
            chosen.folder, use_safetensors=True, dtype=self._dtype, **_LOCAL
        )
        self._model = loaded.to(self._device).eval()
        self._family = family_of(loaded.config.model_type)
        self._processor = _load_processor(chosen, loaded.config)
        self._stops = _stop_tokens(loaded, self._processor.tokenizer)
        self._max_new_tokens = chosen.max_new_tokens
        self._one_at_a_time = threading.Lock()

    def prepare(self, images: Sequence[Image.Image]) -> Inputs:
        """Return the model's inputs for RGB images: pixels, and the prompt where it takes one."""
        return dict(prepare_inputs(self._processor, self._family, images, self.asked.prompt))

    def caption(self, prepared: Inputs) -> list[Answer]:
        """Return one answer for each image that was prepared, in order."""
        import torch

        asked = prepared.get("input_ids")
        with self._one_at_a_time, torch.inference_mode():
            inputs = {name: self._placed(value) for name, value in prepared.items()}
            longest = self._longest_answer(asked)
            try:
                tokens = self._model.generate(**inputs, max_new_tokens=longest, **_GREEDY).cpu()
            except torch.OutOfMemoryError:
                inputs.clear()
                torch.cuda.empty_cache()
                raise
        rows = tokens[:, self._echoed(tokens, asked) :]
        texts = self._processor.batch_decode(rows, skip_special_tokens=True)
        return [
            Answer(text, is_cut=len(row) >= longest and row[-1] not in self._stops)
            for text, row in zip(texts, rows.tolist(), strict=True)
        ]

    def _placed(self, value: Any) -> Any:  # noqa: ANN401 - whatever a processor makes
        if not hasattr(value, "is_floating_point"):
            return value
        dtype = self._dtype if value.is_floating_point() else None
        return value.to(self._device, dtype)

    def _echoed(self, tokens: Any, asked: Any) -> int:  # noqa: ANN401 - tensors
        """Return how many tokens in front of the answers are the prompt's own.

        Told by the tokens, for a text may come back otherwise than it went in; the first one may be
        replaced by the model's own mark.
        """
        if asked is None or self._model.config.is_encoder_decoder:
            return 0
        length = int(asked.shape[1]) - (self._model.config.model_type == "blip")
        echoes = tokens.shape[1] >= length and bool(
            (tokens[:, 1:length] == asked[:, 1:length]).all()
        )
        return length if echoes else 0

    def _longest_answer(self, asked: Any) -> int:  # noqa: ANN401 - a tensor, or none
        """Return how many tokens may be answered: a model has a position for so many."""
        config = self._model.config.get_text_config(decoder=True)
        positions = getattr(config, "max_position_embeddings", None) or math.inf
        before = 1 if asked is None or self._model.config.is_encoder_decoder else asked.shape[1]
        return int(max(1, min(self._max_new_tokens, positions - before)))


def load_huggingface(chosen: LocalModel) -> HuggingFaceCaptioner:
    """Load the model that was chosen. Raises UsageError if it cannot be loaded."""
    try:
        return HuggingFaceCaptioner(chosen)
    except (OSError, ValueError, ImportError, KeyError) as error:
        said = str(error).strip().splitlines() or [type(error).__name__]
        raise UsageError(f"captioner {chosen.model!r} cannot be loaded: {said[0]}") from error


def prepare_inputs(
    processor: Any,  # noqa: ANN401 - transformers ships no types
    family: Family,
    images: Sequence[Image.Image],
    prompt: str,
) -> Inputs:
    """Return what a model of ``family`` takes for ``images`` and one prompt for all of them."""
    if family.asks is Asks.CHAT:
        return dict(
            processor.apply_chat_template(
                [_conversation(image, prompt) for image in images],
                tokenize=True,
                add_generation_prompt=True,
                return_dict=True,
                return_tensors="pt",
                padding=True,
            )
        )
    given: Inputs = {}
    if prompt or family.needs_text:
        mark = "<image>" if family.asks is Asks.MARKED else ""
        given = {"text": [mark + prompt] * len(images), "padding": True}
    inputs = dict(processor(images=list(images), return_tensors="pt", **given))
    if given and family.closes_prompt:
        inputs |= {n: inputs[n][:, :-1] for n in _TEXT_INPUTS if n in inputs}
    return inputs


_GREEDY = {
    "do_sample": False,
    "num_beams": 1,
    "forced_eos_token_id": None,  # an answer that was cut would look finished
}
_TEXT_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
_LOCAL = {"local_files_only": True, "trust_remote_code": False}


def _conversation(image: Image.Image, prompt: str) -> list[dict[str, Any]]:
    said = [{"type": "image", "image": image}, {"type": "text", "text": prompt}]
    return [{"role": "user", "content": said}]


def _place(chosen: LocalModel) -> tuple[Any, Any]:
    """Return the device to run on and the type of number that suits it."""
    import torch

    if not torch.cuda.is_available():
        torch.set_num_threads(chosen.threads or torch.get_num_threads())
        return torch.device("cpu"), torch.float32
    device = torch.device("cuda", chosen.device % torch.cuda.device_count())
    with torch.cuda.device(device):
        return device, torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32


def _load_processor(chosen: LocalModel, config: Any) -> Any:  # noqa: ANN401 - see prepare_inputs
    from transformers import AutoImageProcessor, AutoProcessor

    processor = AutoProcessor.from_pretrained(chosen.folder, **_LOCAL)
    if family_of(config.model_type).asks is Asks.CHAT and not processor.chat_template:
        raise UsageError(f"captioner {chosen.model!r} has no chat template to be asked with")
    processor.tokenizer.padding_side = "left"
    if processor.tokenizer.pad_token is None:
        processor.tokenizer.pad_token = processor.tokenizer.eos_token
    if getattr(processor, "num_query_tokens", 1) is None:
        processor.num_query_tokens = config.num_query_tokens
    processor.image_processor = AutoImageProcessor.from_pretrained(
        chosen.folder, backend="pil", **_LOCAL
    )
    return processor


def _stop_tokens(model: Any, tokenizer: Any) -> frozenset[int]:  # noqa: ANN401
    """Return the tokens that an answer which came to its end can end in."""
    settings = model.generation_config
    ends = settings.eos_token_id
    several = ends if isinstance(ends, list) else [ends]
    ids = [*several, settings.pad_token_id, *(getattr(tokenizer, f"{n}_token_id") for n in _ENDS)]
    return frozenset(number for number in ids if number is not None)


_ENDS = ("eos", "sep", "pad")


def silence_transformers() -> None:
    """Let ``transformers`` say nothing on the terminal."""
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
