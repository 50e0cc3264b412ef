"""What a Flink cluster says of itself by its REST interface, and whether a run can rely on it."""

import json
import re
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit

from ...schemas.errors import EvenpairError, UsageError

REST_PORT = 8081
_SECONDS = 5
_NO_RESTARTS = ("", "none", "off", "disable")
_HOST = re.compile(r"@\[?([^\]/]+?)\]?:\d+/")
_DURATION = re.compile(r"(\d+)\s*([a-z]*)")
_MILLIS = {"": 1, "ms": 1, "milli": 1, "s": 1000, "sec": 1000, "m": 60_000, "min": 60_000}
_DELAYS = {
    "fixed-delay": "delay",
    "fixeddelay": "delay",
    "failure-rate": "delay",
    "failurerate": "delay",
    "exponential-delay": "initial-backoff",
    "exponentialdelay": "initial-backoff",
}
_STANDARD_DELAY = 1000


@dataclass(frozen=True, slots=True)
class FlinkCluster:
    """A cluster of task managers, each with slots in which workers work."""

    address: str
    version: str
    slots: int
    slots_a_manager: int
    hosts: tuple[str, ...]
    config: Mapping[str, str]

    @property
    def restart_strategy(self) -> str:
        """What becomes of a job that loses a worker; empty if it fails."""
        named = self.config.get("restart-strategy.type") or self.config.get("restart-strategy", "")
        return "" if named.lower() in _NO_RESTARTS else named.lower()

    @property
    def restart_delay(self) -> int:
        """Milliseconds before what was lost is begun again."""
        kind = self.restart_strategy.replace("fixeddelay", "fixed-delay")
        key = f"restart-strategy.{kind}.{_DELAYS.get(self.restart_strategy, 'delay')}"
        return _milliseconds(self.config.get(key, ""))


def _milliseconds(duration: str) -> int:
    found = _DURATION.fullmatch(duration.strip().lower())
    if found is None or found[2] not in _MILLIS:
        return _STANDARD_DELAY
    return int(found[1]) * _MILLIS[found[2]]


def find_cluster(address: str) -> FlinkCluster:
    """Return the cluster that answers at ``address``. Raises EvenpairError if none does."""
    base = address if "://" in address else f"http://{address}"
    try:
        overview = _ask(base, "overview")
        managers = _ask(base, "taskmanagers")["taskmanagers"]
        config = _ask(base, "jobmanager/config")
        return FlinkCluster(
            base,
            overview["flink-version"],
            overview["slots-total"],
            max((manager["slotsNumber"] for manager in managers), default=0),
            tuple(sorted({_host(manager) for manager in managers})),
            {entry["key"]: str(entry["value"]) for entry in config},
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = error.reason if isinstance(error, URLError) else error
        raise EvenpairError(
            f"no Flink cluster answers at {base} ({reason}): start one, or name its REST address"
        ) from error


def _ask(base: str, what: str) -> Any:  # noqa: ANN401 - JSON
    url = f"{base.rstrip('/')}/{what}"
    if urlsplit(url).scheme not in ("http", "https"):
        raise ValueError(f"{base} is no address of HTTP")
    with urllib.request.urlopen(url, timeout=_SECONDS) as answer:
        return json.loads(answer.read())


def _host(manager: Mapping[str, str]) -> str:
    found = _HOST.search(manager["path"])
    return found[1] if found else manager["id"].rpartition(":")[0]


def require_usable(cluster: FlinkCluster, versions: list[str], *, own_retries: bool) -> None:
    """Raise UsageError if ``cluster`` cannot run a job of Beam's, or fails it at the first loss.

    ``own_retries`` says that the job brings its own number of attempts.
    """
    at = f"the Flink cluster at {cluster.address}"
    if not cluster.slots:
        raise UsageError(f"{at} has no task manager: start one, bin/taskmanager.sh start")
    if release(cluster.version) not in versions:
        known = ", ".join(versions)
        raise UsageError(f"{at} is Flink {cluster.version}: this Beam knows {known}")
    if not cluster.restart_strategy and not own_retries:
        raise UsageError(
            f"{at} has no restart strategy, so that a lost worker would fail the job: set "
            "restart-strategy.type: fixed-delay in its configuration (docs/flink.md), or give "
            "-- --number_of_execution_retries=5"
        )


def release(version: str) -> str:
    """Return the part of a version of Flink that says what it is compatible with."""
    return ".".join(version.split(".")[:2])
