"""Train the captioner that ships for the demo, from nothing, on scenes drawn as it learns.

The command, with a setting without which threads that wait spin, and take the cores from the
workers that draw the scenes:

    export OMP_WAIT_POLICY=passive
    python -m evenpair.training.train_captioner --out models/demo_captioner
"""

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import click
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader
from transformers import BlipForConditionalGeneration, BlipProcessor

from .captioner_config import (
    CaptionerConfig,
    make_model,
    make_processor,
    make_tokenizer,
    vocabulary,
)
from .captioner_data import PATCH_CLASSES, Batch, SceneBatches

_REPORT_EVERY = 250
_DEFAULTS = CaptionerConfig()


class PatchReader(nn.Module):
    """Tells from a patch's last hidden state what object it shows.

    It trains with the captioner and is then thrown away: a caption says little about where in the
    picture to look, a label for every patch says it at once.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.heads = nn.ModuleList(nn.Linear(width, classes) for classes in PATCH_CLASSES)

    def loss(self, states: Tensor, classes: Tensor) -> Tensor:
        """Cross entropy over (n, patches, width) and (n, patches, 6), summed over the heads."""
        losses = [
            functional.cross_entropy(
                head(states).float().flatten(0, 1), classes[..., number].flatten()
            )
            for number, head in enumerate(self.heads)
        ]
        return torch.stack(losses).sum()


def train(
    config: CaptionerConfig, say: Callable[[str], None]
) -> tuple[BlipForConditionalGeneration, BlipProcessor]:
    """The trained model and its processor."""
    torch.manual_seed(config.seed)
    torch.set_num_threads(config.threads)
    torch.set_flush_denormal(True)
    words = vocabulary()
    processor = make_processor(config, make_tokenizer(words))
    model, reader = make_model(config, words), PatchReader(config.width)
    scale = _Scale(processor)
    batches = SceneBatches(config, processor.tokenizer)
    descent = _Descent([*model.parameters(), *reader.parameters()], config, len(batches))
    started = time.monotonic()
    for step, batch in enumerate(_load(batches, config.workers), start=1):
        text_loss, patch_loss = _losses(model, reader, batch, scale)
        descent.step(text_loss + config.patch_loss * patch_loss)
        if step % _REPORT_EVERY == 0:
            spent = time.monotonic() - started
            say(f"{step}/{len(batches)} {spent:.0f}s text {text_loss:.4f} patch {patch_loss:.4f}")
    return model.eval(), processor


def _load(batches: SceneBatches, workers: int) -> Iterable[Batch]:
    return DataLoader(batches, batch_size=None, num_workers=workers)


class _Descent:
    """AdamW, its rate a rising line, then half a cosine down to nothing."""

    def __init__(
        self, parameters: Sequence[nn.Parameter], config: CaptionerConfig, steps: int
    ) -> None:
        self._parameters = parameters
        self._optimizer = torch.optim.AdamW(
            parameters,
            lr=config.learning_rate,
            betas=(0.9, 0.98),
            weight_decay=config.weight_decay,
            fused=True,
        )
        self._schedule = torch.optim.lr_scheduler.LambdaLR(
            self._optimizer, lambda step: _pace(step / steps, config.warm_up)
        )

    def step(self, loss: Tensor) -> None:
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self._parameters, 1.0)
        self._optimizer.step()
        self._optimizer.zero_grad()
        self._schedule.step()


class _Scale:
    """The processor's scaling of pixel values, for a batch of bytes."""

    def __init__(self, processor: BlipProcessor) -> None:
        self._mean = 255 * torch.tensor(processor.image_processor.image_mean).view(3, 1, 1)
        self._std = 255 * torch.tensor(processor.image_processor.image_std).view(3, 1, 1)

    def __call__(self, pixels: Tensor) -> Tensor:
        return (pixels.float() - self._mean) / self._std


def _losses(
    model: BlipForConditionalGeneration, reader: PatchReader, batch: Batch, scale: _Scale
) -> tuple[Tensor, Tensor]:
    with torch.autocast("cpu", torch.bfloat16):
        states = model.vision_model(scale(batch.pixels)).last_hidden_state
        tokens = batch.tokens
        logits = model.text_decoder(
            input_ids=tokens[:, :-1],
            attention_mask=(tokens[:, :-1] != 0).long(),
            encoder_hidden_states=states,
        ).logits
        patch_loss = reader.loss(states[:, 1:], batch.patches)
    text_loss = functional.cross_entropy(
        logits.float().flatten(0, 1), tokens[:, 1:].flatten(), ignore_index=0
    )
    return text_loss, patch_loss


def _pace(done: float, warm_up: float) -> float:
    """The share of the learning rate when this share of the steps is done."""
    if done < warm_up:
        return done / warm_up
    return 0.5 * (1 + math.cos(math.pi * (done - warm_up) / (1 - warm_up)))


@click.command()
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True)
@click.option("--scenes", default=_DEFAULTS.scenes, show_default=True)
@click.option("--seed", default=_DEFAULTS.seed, show_default=True)
@click.option("--threads", default=_DEFAULTS.threads, show_default=True)
def main(out: Path, scenes: int, seed: int, threads: int) -> None:
    """Train the demo captioner and save it, ready for the transformers auto classes."""
    config = replace(_DEFAULTS, scenes=scenes, seed=seed, threads=threads)
    model, processor = train(config, click.echo)
    model.save_pretrained(out)
    processor.save_pretrained(out)


if __name__ == "__main__":
    main()
