"""Shards verified in this process."""

import json
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from evenpair.pipeline.inputs.find_sources import find_sources
from evenpair.pipeline.options.phase_options import VerifyOptions
from evenpair.pipeline.verify.verify import verify
from evenpair.schemas.finding import Finding
from evenpair.transforms.verify.verify_images import verify_images

from .shards import MadePair, write_source


class Here(Executor):
    """Does the work in this process; given the image ``deadly``, it is as if the process died."""

    def __init__(self, deadly: str | None = None) -> None:
        self.deadly = deadly

    def submit(self, function: Any, /, *arguments: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        places = arguments[2] if function is verify_images else ()
        if self.deadly in [place.key for place in places]:
            future.set_exception(BrokenProcessPool())
        else:
            future.set_result(function(*arguments, **named))
        return future


def findings(path: Path, deadly: str | None = None, **options: Any) -> list[Finding]:
    """Verify shards and return all findings."""
    found: list[Finding] = []
    verdict = verify(
        find_sources((str(path),)), VerifyOptions(**options), lambda _n: Here(deadly), found.append
    )
    assert verdict.findings == len(found)
    return found


def problems(path: Path, **options: Any) -> list[tuple[str, str, str]]:
    """Verify shards and return the shard, the key and the problem of each finding."""
    return [(f.shard, f.key, f.problem.value) for f in findings(path, **options)]


def make_whole_shards(folder: Path) -> Path:
    """Write two shards without any problem, with everything beside them."""
    for shard in range(2):
        pairs = [MadePair(10 * shard + at, f"a dog on {at} boats") for at in range(4)]
        write_source(folder / f"0000{shard}.tar", pairs)
    (folder / "sizes.json").write_text(json.dumps({"00000.tar": 4, "00001.tar": 4}))
    return folder
