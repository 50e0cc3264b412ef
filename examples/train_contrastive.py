r"""Train two small towers on shards that evenpair wrote, and measure what came of it.

    python examples/train_contrastive.py 'RUN/shards/{00000..00007}.tar' \
        --held-out RUN/shards/00008.tar --captions caption=0.5,caption_generated=0.5 --loss soft

Copy what you need. `batches` reads shards, draws one of several captions of a pair, and takes soft
targets from the members that `evenpair enrich --image-encoder M --text-encoder M` has `write` put
into the shards. Put your own towers and tokeniser in place of these. Under torchrun every process
reads shards of its own, and the losses see the pairs of all processes.
"""

import argparse
import io
import json
import os
import random
import subprocess
import zlib
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import islice, pairwise
from typing import Any

import numpy as np
import torch
import webdataset as wds
from PIL import Image
from torch import Tensor, distributed, nn
from torch.nn.functional import normalize
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader

from evenpair.diagnostics import losses

SIDE, WIDTH, VOCABULARY, LONGEST = 64, 128, 8192, 64
IMAGES, TEACHERS = ("jpg", "png", "webp", "jpeg"), ("image_embedding.npy", "text_embedding.npy")
LOSSES = {
    "clip": losses.clip_loss,
    "sigmoid": losses.sigmoid_loss,
    "cua": partial(losses.cua_loss, uniformity=0.1, alignment=0.1),
    "cuaxu": partial(losses.cuaxu_loss, uniformity=0.1, alignment=0.1, cross_uniformity=0.1),
    "modgap": partial(losses.modgap_loss, uniformity=0.1, alignment=0.1),
}
OF_TEACHERS = {
    "soft": losses.soft_target_loss,
    "masked": lambda x, y, scale, alike: losses.masked_clip_loss(x, y, scale, alike > 0.7),
}


def draw_caption(sample: dict[str, bytes], captions: dict[str, float]) -> str:
    """Draw one of the captions in a sample's JSON, by the probabilities of those that it has."""
    fields = json.loads(sample.get("json", b"{}"))
    there = {name: share for name, share in captions.items() if fields.get(name)}
    if not there:
        return sample["txt"].decode()
    return str(fields[random.choices(list(there), list(there.values()))[0]])


def read_sample(sample: dict[str, bytes], captions: dict[str, float]) -> dict[str, Tensor]:
    """Decode what training needs and nothing else: members of a shard may hold anything."""
    content = next(sample[kind] for kind in IMAGES if kind in sample)
    picture = Image.open(io.BytesIO(content)).convert("RGB").resize((SIDE, SIDE))
    words = draw_caption(sample, captions).lower().replace(".", "").split()[:LONGEST]
    text = torch.zeros(LONGEST, dtype=torch.long)  # 0 is no word
    text[: len(words)] = torch.tensor([1 + zlib.crc32(w.encode()) % VOCABULARY for w in words])
    vectors = {
        name: torch.from_numpy(np.load(io.BytesIO(sample[name]), allow_pickle=False)).float()
        for name in TEACHERS
        if name in sample
    }
    image = torch.from_numpy(np.array(picture)).permute(2, 0, 1).float() / 255 - 0.5
    return {"image": image, "text": text, **vectors}


def collate(read: Sequence[dict[str, Tensor]]) -> tuple[Tensor, ...]:
    """Return images, texts and teachers' vectors; zeros stand for a vector that is missing."""
    found = [torch.stack([sample[name] for sample in read]) for name in ("image", "text")]
    for name in TEACHERS:
        nothing = next((torch.zeros_like(s[name]) for s in read if name in s), None)
        if nothing is not None:
            found.append(torch.stack([sample.get(name, nothing) for sample in read]))
    return tuple(found)


def batches(shards: str, captions: dict[str, float], size: int, train: bool) -> Iterable[Any]:
    """Return batches of a training set, shuffled and without end, or of all others in order."""
    steps = [
        wds.ResampledShards(shards) if train else wds.SimpleShardList(shards),
        wds.tarfile_to_samples(),
        *([wds.shuffle(1000)] if train else []),
        wds.map(partial(read_sample, captions=captions)),
    ]
    return DataLoader(wds.DataPipeline(*steps), size, collate_fn=collate, drop_last=train)


class Towers(nn.Module):
    """Stand-ins for a vision model and a language model, and the scale of their logits."""

    def __init__(self) -> None:
        super().__init__()
        widths = (3, 32, 64, 128, WIDTH)
        layers = [
            nn.Sequential(nn.Conv2d(a, b, 3, 2, 1), nn.GroupNorm(8, b), nn.GELU())
            for a, b in pairwise(widths)
        ]
        self.image = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(2), nn.Flatten())
        self.image.append(nn.Linear(4 * WIDTH, WIDTH))
        self.words = nn.Embedding(VOCABULARY + 1, WIDTH, padding_idx=0)
        self.text = nn.Sequential(nn.LayerNorm(WIDTH), nn.Linear(WIDTH, WIDTH), nn.GELU())
        self.text.append(nn.Linear(WIDTH, WIDTH))
        self.log_scale = nn.Parameter(torch.tensor(1 / 0.07).log())  # where CLIP starts

    def forward(self, image: Tensor, text: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return unit vectors of images and of texts, and the scale."""
        x, y = self.image(image), self.text(self.words(text).sum(dim=1))
        return normalize(x, dim=1), normalize(y, dim=1), self.log_scale.exp().clamp(max=100)


def train(towers: nn.Module, data: Iterable[Any], loss: str, device: torch.device) -> None:
    """Train ``towers`` on the batches of ``data``."""
    optimiser = torch.optim.AdamW(towers.parameters(), lr=1e-3)
    for step, batch in enumerate(data):
        image, text, *teachers = (tensor.to(device) for tensor in batch)
        x, y, scale = towers(image, text)
        x, y, *teachers = losses.gather(x, y, *teachers)
        if loss in OF_TEACHERS:
            value = OF_TEACHERS[loss](x, y, scale, losses.teacher_similarity(*teachers))
        else:
            value = LOSSES[loss](x, y, scale)
        optimiser.zero_grad()
        value.backward()
        optimiser.step()
        if step % 50 == 0:
            print(f"step {step}: loss {value.item():.4f}", flush=True)


@torch.no_grad()
def save_embeddings(towers: Towers, data: Iterable[Any], out: str, device: torch.device) -> None:
    """Write what ``evenpair measure`` reads."""
    found = [towers(image.to(device), text.to(device)) for image, text, *_ in data]
    image, text = (torch.cat([batch[n] for batch in found]).cpu().numpy() for n in (0, 1))
    np.savez(out, image=image, text=text, temperature=1 / found[0][2].item())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shards")
    parser.add_argument("--held-out", required=True, help="Shards to measure on.")
    parser.add_argument("--captions", default="caption=1", help="FIELD=PROBABILITY,...")
    parser.add_argument("--loss", choices=[*LOSSES, *OF_TEACHERS], default="clip")
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--out", default="embeddings.npz")
    given = parser.parse_args()
    drawn = {n: float(p) for n, p in (part.split("=") for part in given.captions.split(","))}
    rank, local = (int(os.environ.get(name, 0)) for name in ("RANK", "LOCAL_RANK"))
    device = torch.device("cuda", local) if torch.cuda.is_available() else torch.device("cpu")
    torch.manual_seed(0)
    random.seed(rank)
    towers = trained = Towers().to(device)
    if "WORLD_SIZE" in os.environ:
        distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
        trained = DistributedDataParallel(towers)
    data = batches(given.shards, drawn, given.batch, train=True)
    train(trained, islice(data, given.steps), given.loss, device)
    if rank == 0:
        held_out = batches(given.held_out, {"caption": 1.0}, given.batch, train=False)
        save_embeddings(towers.eval(), held_out, given.out, device)
        subprocess.run(["evenpair", "measure", given.out], check=True)
    if distributed.is_initialized():
        distributed.destroy_process_group()


if __name__ == "__main__":
    main()
