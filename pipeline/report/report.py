"""``report.html``: the results of a run on one page."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import jinja2

from ...schemas.captions import CaptionSource
from ...schemas.errors import EvenpairError
from ...schemas.run_directory import RunDirectory
from ...schemas.sample import Sample, group_samples
from ...schemas.tar import Member, Readable, TarError, read_members
from ...storage import files, parquet
from ..phases.join import joined_lines
from ..runs.record import RunRecord

_TEMPLATE = Path(__file__).with_name("report.html")
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_PAIRS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class ShownPair:
    """A written pair in the report: its image in base64, its caption and the fields of its JSON."""

    image: str
    caption: str
    fields: dict[str, Any]


def draw_report(run_dir: RunDirectory, record: RunRecord) -> None:
    """Draw the report of a finished run from its record and its shards."""
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    template = environment.from_string(_TEMPLATE.read_text(encoding="utf-8"))
    pairs = list(shown_pairs(run_dir, _PAIRS_SHOWN))
    page = template.render(
        policy=_content_security_policy(),
        record=record,
        pairs=pairs,
        joined=list(joined_lines(record.joined)),
    )
    files.write_bytes(run_dir.report, page.encode())


def _content_security_policy() -> str:
    """Return a policy that forbids everything but the page's own style and its inline images."""
    style = _STYLE.search(_TEMPLATE.read_text(encoding="utf-8"))
    if style is None:
        raise ValueError(f"{_TEMPLATE} has no style")
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    return f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'"


def shown_pairs(run_dir: RunDirectory, count: int) -> Iterator[ShownPair]:
    """Yield pairs of the first shard, those with an enriched caption before the others."""
    for path in files.find_in(run_dir.shards, "*.tar")[:1]:
        places = _places(f"{path.removesuffix('.tar')}.parquet", count)
        with files.open_blocks(path) as archive:
            yield from _shown_samples(path, archive, places)


def _shown_samples(path: str, archive: Readable, places: Mapping[str, int]) -> Iterator[ShownPair]:
    """Yield the samples with the keys of ``places``, in their order.

    Raises EvenpairError if the archive is damaged.
    """
    try:
        samples = group_samples(read_members(archive))
        first = list(islice((s for s in samples if s.key in places), len(places)))
    except TarError as error:
        raise EvenpairError(f"{path} is damaged: {error}") from error
    for sample in sorted(first, key=lambda sample: places[sample.key]):
        yield _shown(archive, sample)


def _places(table: str, count: int) -> dict[str, int]:
    """Return the place of each pair to show, by its key."""
    rows = parquet.read_table(table, ["key", "caption_source"]).to_pylist()
    rows.sort(key=lambda row: bool(row["caption_source"] == CaptionSource.RAW.value))
    return {row["key"]: place for place, row in enumerate(rows[:count])}


def _shown(archive: Readable, sample: Sample[Member]) -> ShownPair:
    fields = json.loads(_content(archive, sample.members["json"]))
    image = b"" if sample.image is None else _content(archive, sample.image)
    caption = _content(archive, sample.members["txt"]).decode()
    return ShownPair(base64.b64encode(image).decode(), caption, fields)


def _content(archive: Readable, member: Member) -> bytes:
    return archive[member.offset : member.offset + member.size]
