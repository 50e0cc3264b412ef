"""Fixtures: the command line in this process, and real photographs."""

import logging
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from evenpair.runners.main import main

from .commands import Answer

# Nothing is timed inside a test: the machine may be busy. A suite that passed passes again;
# `pytest --hypothesis-profile=explore` looks for what it does not find.
_PATIENT: dict[str, Any] = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("evenpair", max_examples=50, derandomize=True, **_PATIENT)
settings.register_profile("explore", max_examples=1000, **_PATIENT)
settings.load_profile("evenpair")

DATA = "EVENPAIR_DATA"


Call = Callable[..., Answer]


@pytest.fixture
def call(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Call]:
    """Call the command line in this process."""

    def call_command(*arguments: object) -> Answer:
        capfd.readouterr()
        monkeypatch.setattr(sys, "argv", ["evenpair", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capfd.readouterr()
        return Answer(ended.value.code or 0, said.out, said.err)

    yield call_command
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="session")
def photographs() -> Path:
    """Return the folder of real photographs in img2dataset's layout."""
    if DATA not in os.environ:
        pytest.skip(f"{DATA} is unset: it names the folder that holds photos/webdataset")
    return Path(os.environ[DATA]) / "photos" / "webdataset"
