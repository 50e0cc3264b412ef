"""Judge a captioner on scenes that it has not seen, against their known facts.

The command, for the one that ships:

    python -m evenpair.training.evaluate_captioner models/demo_captioner

What it says is read twice: by the wordings that it learnt, and by the caption parser that ships.
"""

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import torch
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor

from ..models.load_parser import load_parser
from ..scenes.render import scene_jpeg
from ..scenes.scene import ABOVE, LEFT_OF, SHAPES, Scene, sample_scene, scene_facts
from ..schemas.facts import Attribute, Facts, Relation
from ..transforms.facts.parse_captions import parse_captions
from .captioner_config import MAX_TOKENS

UNSEEN_SEED = 1_000_003
_BATCH = 64
_RELATED = {
    predicate: re.compile(
        rf"({'|'.join(SHAPES)})(?: is)? {phrase} an? (?:\w+ )*?({'|'.join(SHAPES)})"
    )
    for predicate, phrase in ((ABOVE, "above"), (LEFT_OF, "to the left of"))
}


@dataclass(frozen=True, slots=True)
class Score:
    """Facts over all scenes: how many were said, how many are there, how many of both."""

    said: int
    known: int
    right: int
    whole: int
    scenes: int

    @property
    def precision(self) -> float:
        return self.right / max(1, self.said)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.known)

    def __str__(self) -> str:
        return (
            f"{self.precision:.2%} of the facts said are true, {self.recall:.2%} of the facts"
            f" said, {self.whole / self.scenes:.2%} of {self.scenes} captions are entirely right"
        )


def caption_scenes(folder: str | Path, scenes: Sequence[Scene]) -> Iterator[str]:
    """What the captioner says of each scene's JPEG, decoding greedily."""
    processor = AutoProcessor.from_pretrained(folder, local_files_only=True)
    model = AutoModelForImageTextToText.from_pretrained(
        folder, local_files_only=True, use_safetensors=True
    ).eval()
    for start in range(0, len(scenes), _BATCH):
        files = [io.BytesIO(scene_jpeg(scene)) for scene in scenes[start : start + _BATCH]]
        inputs = processor(images=[Image.open(file) for file in files], return_tensors="pt")
        with torch.inference_mode():
            tokens = model.generate(**inputs, do_sample=False, max_new_tokens=MAX_TOKENS)
        yield from processor.batch_decode(tokens, skip_special_tokens=True)


def read_description(text: str) -> Facts:
    """The facts of a caption in the wordings of ``describe_scene``, right or wrong."""
    text = text.lower()
    objects = tuple(dict.fromkeys(re.findall("|".join(SHAPES), text)))
    attributes = [
        Attribute(match[2], word)
        for match in re.finditer(rf"\ban? ((?:\w+ )*?)({'|'.join(SHAPES)})", text)
        for word in match[1].split()
    ]
    attributes += [
        Attribute(match[1], word)
        for match in re.finditer(r"the (\w+) is (\w+(?:, \w+)* and \w+)", text)
        for word in re.split(", | and ", match[2])
    ]
    relations = [
        Relation(match[1], predicate, match[2])
        for predicate, pattern in _RELATED.items()
        for match in pattern.finditer(text)
    ]
    return Facts(objects, tuple(dict.fromkeys(attributes)), tuple(dict.fromkeys(relations)))


def score(said: Sequence[Facts], known: Sequence[Facts]) -> Score:
    """Distinct facts, summed over the scenes."""
    pairs = [(_all(a), _all(b)) for a, b in zip(said, known, strict=True)]
    return Score(
        said=sum(len(a) for a, _ in pairs),
        known=sum(len(b) for _, b in pairs),
        right=sum(len(a & b) for a, b in pairs),
        whole=sum(a == b for a, b in pairs),
        scenes=len(pairs),
    )


def _all(facts: Facts) -> set[object]:
    return {*facts.objects, *facts.attributes, *facts.relations}


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--scenes", default=2000, show_default=True)
@click.option("--seed", default=UNSEEN_SEED, show_default=True, help="Another than training's.")
@click.option("--show", default=0, show_default=True, help="Print so many wrong captions.")
def main(folder: Path, scenes: int, seed: int, show: int) -> None:
    """Caption unseen scenes and print how much of what is said is true, and the other way round."""
    unseen = [sample_scene(seed, index) for index in range(scenes)]
    known = [scene_facts(scene) for scene in unseen]
    captions = list(caption_scenes(folder, unseen))
    said = [read_description(caption) for caption in captions]
    click.echo(f"as it learnt to say it: {score(said, known)}")
    parsed = list(parse_captions(load_parser(), captions))
    click.echo(f"as the caption parser reads it: {score(parsed, known)}")
    wrong = [number for number in range(scenes) if _all(said[number]) != _all(known[number])]
    for number in wrong[:show]:
        click.echo(f"{captions[number]}\n    said only: {_all(said[number]) - _all(known[number])}")
        click.echo(f"    left out: {_all(known[number]) - _all(said[number])}")


if __name__ == "__main__":
    main()
