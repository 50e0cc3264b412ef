"""A captioner over any image-to-text model of ``transformers``."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image

from ..schemas.errors import UsageError

INSTALL = "a captioner needs the caption extra: pip install 'evenpair[caption]'"


@dataclass(frozen=True, slots=True)
class CaptionerOptions:
    """Which model captions, and how: the name that is recorded, and the hub id or folder."""

    model: str
    path: str
    revision: str | None = None
    prompt: str = ""
    max_new_tokens: int = 64


class HuggingFaceCaptioner:
    """A model and its processor, loaded through the auto classes; greedy, so that runs repeat."""

    def __init__(self, options: CaptionerOptions) -> None:
        import torch
        from transformers import AutoModelForImageTextToText, AutoProcessor

        self.model = options.model
        self.prompt = options.prompt
        self._max_new_tokens = options.max_new_tokens
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        where: dict[str, Any] = {"revision": options.revision, "trust_remote_code": False}
        self._processor = AutoProcessor.from_pretrained(options.path, **where)
        loaded = AutoModelForImageTextToText.from_pretrained(
            options.path, use_safetensors=True, **where
        )
        self._model = loaded.to(self._device).eval()
        self.revision = options.revision or getattr(loaded.config, "_commit_hash", None) or ""

    def caption(self, images: Sequence[Image.Image]) -> list[str]:
        """Return one caption for each RGB image, in order."""
        import torch

        text = {"text": [self.prompt] * len(images)} if self.prompt else {}
        inputs = self._processor(images=list(images), return_tensors="pt", **text)
        with torch.inference_mode():
            answers = self._model.generate(
                **inputs.to(self._device),
                max_new_tokens=self._max_new_tokens,
                do_sample=False,
                num_beams=1,
            )
        return list(self._processor.batch_decode(answers, skip_special_tokens=True))


def check_captioner(options: CaptionerOptions) -> None:
    """Raise UsageError if the caption extra is not installed or there is no such model."""
    try:
        import torch  # noqa: F401
        from transformers import AutoConfig
    except ImportError as error:
        raise UsageError(f"{INSTALL} ({error})") from error
    try:
        AutoConfig.from_pretrained(options.path, revision=options.revision, trust_remote_code=False)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"there is no captioner {options.model!r}: it is no folder with a config.json, and the "
            "hub does not answer for it"
        ) from error


def load_captioner(options: CaptionerOptions) -> HuggingFaceCaptioner:
    """Load the model that ``options`` name. Raises UsageError if it cannot be loaded."""
    try:
        return HuggingFaceCaptioner(options)
    except (OSError, ValueError) as error:
        first = str(error).strip().splitlines()[0]
        raise UsageError(f"captioner {options.model!r} cannot be loaded: {first}") from error
