"""Downloads in this process, from lists of urls that a test writes."""

import re
import urllib.request
import warnings
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evenpair.pipeline.download.download import download, plan_download
from evenpair.pipeline.inputs.url_lists import find_url_lists
from evenpair.pipeline.options.download_options import DownloadOptions, FetchOptions
from evenpair.pipeline.options.engine_options import EngineOptions
from evenpair.runners.direct.direct import run_direct
from evenpair.schemas.run_directory import RunDirectory

NEEDS_EXTRA = pytest.mark.skipif(
    not find_spec("img2dataset"), reason="needs the download extra: pip install -e '.[download]'"
)
SUCCESS = ("success", None)
ENDINGS = (".tar", ".parquet", "_stats.json")
TWO = {"number_sample_per_shard": 2}


def forget_opener(monkeypatch: pytest.MonkeyPatch) -> None:
    """Undo what a download installs for urllib in this process."""
    monkeypatch.setattr(urllib.request, "_opener", None)


def _run_here(build: Any, work: Any) -> None:
    """Run in this process, without img2dataset's own output and warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        run_direct(build, replace(work, apart=False), EngineOptions(workers=1))


def fetch(path: Path, out: Path, **options: Any) -> None:
    """Download a list into ``out``, from servers on loopback too."""
    options.setdefault("allow_private_addresses", True)
    names = FetchOptions.__dataclass_fields__
    fetching = FetchOptions(**{n: v for n, v in options.items() if n in names})
    kept = DownloadOptions(**{n: v for n, v in options.items() if n not in names})
    plan = plan_download(find_url_lists([str(path)]), kept, fetching)
    download(plan, RunDirectory(str(out)), _run_here)


def write_list(path: Path, urls: list[str], **columns: Any) -> Path:
    """Write a Parquet file of urls with captions."""
    captions = [f"caption {number}" for number, _ in enumerate(urls)]
    pq.write_table(pa.table({"url": urls, "caption": captions, **columns}), path)
    return path


def write_numbers(path: Path, url: str, *numbers: int) -> Path:
    """Write a list of images that the server at ``url`` has."""
    return write_list(path, [f"{url}/{number}.jpg" for number in numbers])


def rows(out: Path) -> list[dict[str, Any]]:
    """Return the rows of all tables of a download."""
    tables = [pq.read_table(path) for path in sorted(out.glob("*.parquet"))]
    return [row for table in tables for row in table.to_pylist()]


def without_source_lines(message: str | None) -> str | None:
    """Remove the places in OpenCV's sources that its messages name."""
    return message and re.sub(r"OpenCV.* error: (.*) in function.*\n", r"\1", message)
