"""``report.html``: what a run did, for a person to read."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from ..schemas.run_directory import RunDirectory
from ..schemas.sample import Sample, group_samples
from ..schemas.tar import Member, Readable, read_members
from ..transforms import storage
from .given_captions import joined_lines

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
    pairs = list(shown_pairs(run, _PAIRS_SHOWN))
    page = template.render(record=record, pairs=pairs, joined=list(joined_lines(record)))
    storage.write_bytes(run.report, page.encode())


def shown_pairs(run: RunDirectory, count: int) -> Iterator[ShownPair]:
    """Yield pairs of the first shard, those with an enriched caption before the others."""
    for path in storage.find_in(run.shards, "*.tar")[:1]:
        with storage.open_blocks(path) as archive:
            samples = group_samples(read_members(archive))
            found = [(json.loads(_content(archive, s.members["json"])), s) for s in samples]
            found.sort(key=lambda pair: bool(pair[0]["caption_source"] == "raw"))
            for fields, sample in found[:count]:
                yield _shown(archive, fields, sample)


def _shown(archive: Readable, fields: dict[str, Any], sample: Sample[Member]) -> ShownPair:
    image = b"" if sample.image is None else _content(archive, sample.image)
    caption = _content(archive, sample.members["txt"]).decode()
    return ShownPair(base64.b64encode(image).decode(), caption, fields)


def _content(archive: Readable, member: Member) -> bytes:
    return archive[member.offset : member.offset + member.size]
