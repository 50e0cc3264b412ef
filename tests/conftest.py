"""What every test gets: patience, and real photographs where there are some."""

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # threads that spin wait for busy cores
os.environ.setdefault("OMP_NUM_THREADS", "1")  # small models are faster so, above all on busy cores

# Nothing is timed inside a test: the machine may be busy. A suite that passed passes again;
# `pytest --hypothesis-profile=explore` looks for what it does not find.
_PATIENT: dict[str, Any] = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("evenpair", max_examples=50, derandomize=True, **_PATIENT)
settings.register_profile("explore", max_examples=1000, **_PATIENT)
settings.load_profile("evenpair")

DATA = "EVENPAIR_DATA"


@pytest.fixture(scope="session")
def photographs() -> Path:
    """Return the folder of real photographs in img2dataset's layout."""
    if DATA not in os.environ:
        pytest.skip(f"{DATA} is unset: it names the folder that holds photos/webdataset")
    return Path(os.environ[DATA]) / "photos" / "webdataset"
