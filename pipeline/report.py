"""``report.html``: what a run did, for a person to read."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from ..schemas.run_directory import RunDirectory
from ..schemas.sample import group_samples
from ..schemas.tar import read_members
from ..transforms import storage

_TEMPLATE = Path(__file__).with_name("report.html")
_PAIRS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class ShownPair:
    """A written pair as the report shows it."""

    image: str
    caption: str
    fields: dict[str, Any]


def draw_report(run: RunDirectory) -> None:
    """Draw the report of a finished run from its record and its shards."""
    record = json.loads(storage.read_bytes(run.record))
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    page = template.render(record=record, pairs=list(shown_pairs(run, _PAIRS_SHOWN)))
    storage.write_bytes(run.report, page.encode())


def shown_pairs(run: RunDirectory, count: int) -> Iterator[ShownPair]:
    """Yield the first written pairs, those with an enriched caption before the others."""
    shards = storage.find_in(run.shards, "*.tar")
    found = sorted(_pairs(shards[:1]), key=lambda pair: pair.fields["caption_source"] == "raw")
    yield from found[:count]


def _pairs(shards: list[str]) -> Iterator[ShownPair]:
    for path in shards:
        with storage.open_blocks(path) as archive:
            for sample in group_samples(read_members(archive)):
                image = sample.image
                if image is not None:
                    members = {
                        n: archive[m.offset : m.offset + m.size] for n, m in sample.members.items()
                    }
                    content = archive[image.offset : image.offset + image.size]
                    yield ShownPair(
                        base64.b64encode(content).decode(),
                        members["txt"].decode(),
                        json.loads(members["json"]),
                    )
