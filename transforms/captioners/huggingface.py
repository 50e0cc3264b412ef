"""A captioner that runs any image-to-text model of ``transformers``."""

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image

from ...schemas.errors import EvenpairError, UsageError, first_line
from .captioner import Answer, CaptionerId
from .families import Asks, Family, family_of
from .find_model import ModelLocation, fetch_model
from .wait_passively import wait_passively

Inputs = dict[str, Any]
"""The input of a model, as tensors on the CPU."""


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A model to run on this machine, and how.

    ``device`` is the number of the GPU, if there are several. ``threads`` are those of a CPU, 0 for
    torch's own number.
    """

    location: ModelLocation
    prompt: str
    batch_size: int = 16
    max_new_tokens: int = 64
    device: int = 0
    threads: int = 0

    @property
    def captioner_id(self) -> CaptionerId:
        """Recorded with every answer."""
        return CaptionerId(self.location.name, self.location.revision, self.prompt)


class HuggingFaceCaptioner:
    """A model and its processor, loaded through the auto classes, with greedy decoding.

    Only weights in safetensors are read, and code that comes with a model is never run.
    """

    calls = 1

    def __init__(self, model: LocalModel) -> None:
        wait_passively()
        folder = fetch_model(model.location)
        from transformers import AutoModelForImageTextToText

        self.name, self.captioner_id = model.location.name, model.captioner_id
        self.batch_size = model.batch_size
        silence_transformers()
        self._device, self._dtype = _place(model)
        self.device = str(self._device)
        loaded = AutoModelForImageTextToText.from_pretrained(
            folder, use_safetensors=True, dtype=self._dtype, **LOCAL_ONLY
        )
        self._model = loaded.to(self._device).eval()
        self._family = family_of(loaded.config.model_type)
        self._processor = _load_processor(folder, self.name, loaded.config)
        self._stops = _stop_tokens(loaded, self._processor.tokenizer)
        self._max_new_tokens = model.max_new_tokens
        self._one_at_a_time = threading.Lock()

    def prepare(self, images: Sequence[Image.Image]) -> Inputs:
        """Return the model's inputs for RGB images: pixels, and the prompt if it takes one."""
        prompt = self.captioner_id.prompt
        return prepare_inputs(self._processor, self._family, images, prompt)

    def caption(self, prepared: Inputs) -> list[Answer]:
        """Return one answer for each prepared image, in order."""
        import torch

        prompts = prepared.get("input_ids")
        with self._one_at_a_time, torch.inference_mode():
            inputs = {name: self._placed(value) for name, value in prepared.items()}
            longest = self._longest_answer(prompts)
            try:
                tokens = self._model.generate(**inputs, max_new_tokens=longest, **_GREEDY).cpu()
            except torch.OutOfMemoryError:
                inputs.clear()
                torch.cuda.empty_cache()
                raise
        rows = tokens[:, self._echoed(tokens, prompts) :]
        texts = self._processor.batch_decode(rows, skip_special_tokens=True)
        return [
            Answer(text, is_cut=len(row) >= longest and row[-1] not in self._stops)
            for text, row in zip(texts, rows.tolist(), strict=True)
        ]

    def _placed(self, value: Any) -> Any:  # noqa: ANN401 - a processor's output
        if not hasattr(value, "is_floating_point"):
            return value
        dtype = self._dtype if value.is_floating_point() else None
        return value.to(self._device, dtype)

    def _echoed(self, tokens: Any, prompts: Any) -> int:  # noqa: ANN401 - tensors
        """Return how many tokens in front of the answers repeat the prompt.

        Tokens are compared because a decoded text may differ from the prompt. The first one is not:
        a model may replace it by a token of its own.
        """
        if prompts is None or self._model.config.is_encoder_decoder:
            return 0
        length = int(prompts.shape[1]) - (self._model.config.model_type == "blip")
        is_echo = tokens.shape[1] >= length and bool(
            (tokens[:, 1:length] == prompts[:, 1:length]).all()
        )
        return length if is_echo else 0

    def _longest_answer(self, prompts: Any) -> int:  # noqa: ANN401 - a tensor, or None
        """Return the limit of an answer in tokens, for which the model has positions."""
        config = self._model.config.get_text_config(decoder=True)
        positions = getattr(config, "max_position_embeddings", None) or math.inf
        before = 1 if prompts is None or self._model.config.is_encoder_decoder else prompts.shape[1]
        return int(max(1, min(self._max_new_tokens, positions - before)))


def load_captioner(model: LocalModel) -> HuggingFaceCaptioner:
    """Load a captioner, fetched from the hub if need be.

    Raises UsageError if it cannot be loaded, EvenpairError if it cannot be fetched.
    """
    try:
        return HuggingFaceCaptioner(model)
    except (EvenpairError, MemoryError):
        raise
    except Exception as error:  # each class of transformers reads its files in its own way
        raise UsageError(
            f"captioner {model.location.name!r} cannot be loaded: "
            f"{type(error).__name__}: {first_line(error)}"
        ) from error


def prepare_inputs(
    processor: Any,  # noqa: ANN401 - transformers ships no types
    family: Family,
    images: Sequence[Image.Image],
    prompt: str,
) -> Inputs:
    """Return the input of a model of ``family`` for ``images`` with one prompt."""
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
    text: Inputs = {}
    if prompt or family.needs_text:
        mark = "<image>" if family.asks is Asks.MARKED else ""
        text = {"text": [mark + prompt] * len(images), "padding": True}
    inputs = dict(processor(images=list(images), return_tensors="pt", **text))
    if text and family.closes_prompt:
        inputs |= {n: inputs[n][:, :-1] for n in _TEXT_INPUTS if n in inputs}
    return inputs


_GREEDY = {
    "do_sample": False,
    "num_beams": 1,
    "forced_eos_token_id": None,  # it makes a cut answer look finished
}
_TEXT_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
LOCAL_ONLY = {"local_files_only": True, "trust_remote_code": False}


def _conversation(image: Image.Image, prompt: str) -> list[dict[str, Any]]:
    content = [{"type": "image", "image": image}, {"type": "text", "text": prompt}]
    return [{"role": "user", "content": content}]


def _place(model: LocalModel) -> tuple[Any, Any]:
    """Return the device to run on and the torch dtype for it."""
    import torch

    device = pick_device(model.device, threads=model.threads)
    if device.type == "cpu":
        return device, torch.float32
    with torch.cuda.device(device):
        return device, torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32


def pick_device(number: int, *, threads: int) -> Any:  # noqa: ANN401 - torch is not imported
    """Return the GPU with a number, counted round, or the CPU if there is none.

    The CPU will use ``threads`` threads, 0 for torch's own number.
    """
    import torch

    if torch.cuda.is_available():
        return torch.device("cuda", number % torch.cuda.device_count())
    torch.set_num_threads(threads or torch.get_num_threads())
    return torch.device("cpu")


def _load_processor(folder: str, name: str, config: Any) -> Any:  # noqa: ANN401 - see above
    from transformers import AutoImageProcessor, AutoProcessor

    processor = AutoProcessor.from_pretrained(folder, **LOCAL_ONLY)
    if family_of(config.model_type).asks is Asks.CHAT and not processor.chat_template:
        raise UsageError(f"captioner {name!r} has no chat template for its prompt: choose another")
    processor.tokenizer.padding_side = "left"
    if processor.tokenizer.pad_token is None:
        processor.tokenizer.pad_token = processor.tokenizer.eos_token
    if getattr(processor, "num_query_tokens", 1) is None:
        processor.num_query_tokens = config.num_query_tokens
    processor.image_processor = AutoImageProcessor.from_pretrained(
        folder, backend="pil", **LOCAL_ONLY
    )
    return processor


def _stop_tokens(model: Any, tokenizer: Any) -> frozenset[int]:  # noqa: ANN401
    """Return the tokens in which a finished answer can end."""
    settings = model.generation_config
    ends = settings.eos_token_id
    ids = [*(ends if isinstance(ends, list) else [ends]), settings.pad_token_id]
    ids += [getattr(tokenizer, f"{name}_token_id") for name in _ENDS]
    return frozenset(number for number in ids if number is not None)


_ENDS = ("eos", "sep", "pad")


def silence_transformers() -> None:
    """Stop ``transformers`` from printing warnings and progress."""
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
