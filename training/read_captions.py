"""The captions that were read and whose facts were written down (`captions/README.md`)."""

from pathlib import Path

from .graphs.scene_graphs import SceneGraph, parse_facts, read_scene_graphs

FOLDER = Path(__file__).with_name("captions")
KINDS = ("coco", "vlm", "human", "whole")


def read_captions(alt_texts: Path) -> dict[str, list[SceneGraph]]:
    """The captions of each kind, with their facts.

    The alt-texts themselves lie elsewhere: in ``alt_texts``, `train.csv` has some with their facts
    and `pool.tsv` numbered ones, whose facts are in the file `alt.tsv` here.
    """
    read = {kind: list(read_scene_graphs(FOLDER / f"{kind}.csv")) for kind in KINDS}
    pool = _numbered(alt_texts / "pool.tsv")
    own = [
        parse_facts(pool[number], facts) for number, facts in _numbered(FOLDER / "alt.tsv").items()
    ]
    return read | {"alt": [*read_scene_graphs(alt_texts / "train.csv", "alt"), *own]}


def _numbered(path: Path) -> dict[str, str]:
    """Lines of `number<TAB>text`."""
    lines = (line.partition("\t") for line in path.read_text("utf-8").splitlines())
    return {number: text for number, _, text in lines}
