"""A Flink cluster as its REST interface describes it, and the checks before a run."""

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
_DEFAULT_DELAY = 1000


@dataclass(frozen=True, slots=True)
class FlinkCluster:
    """A Flink cluster: its version, task managers, slots and configuration."""

    address: str
    version: str
    slots: int
    slots_per_manager: int
    hosts: tuple[str, ...]
    config: Mapping[str, str]

    @property
    def restart_strategy(self) -> str:
        """The strategy for jobs that lose a worker; empty if such a job fails."""
        config = self.config
        strategy = config.get("restart-strategy.type") or config.get("restart-strategy", "")
        return "" if strategy.lower() in _NO_RESTARTS else strategy.lower()

    @property
    def restart_delay(self) -> int:
        """Milliseconds before a lost task is restarted."""
        kind = self.restart_strategy.replace("fixeddelay", "fixed-delay")
        key = f"restart-strategy.{kind}.{_DELAYS.get(self.restart_strategy, 'delay')}"
        return _milliseconds(self.config.get(key, ""))


def _milliseconds(duration: str) -> int:
    match = _DURATION.fullmatch(duration.strip().lower())
    if match is None or match[2] not in _MILLIS:
        return _DEFAULT_DELAY
    return int(match[1]) * _MILLIS[match[2]]


def find_cluster(address: str) -> FlinkCluster:
    """Return the cluster whose REST interface is at ``address``.

    Raises EvenpairError if no Flink cluster answers there.
    """
    base = address if "://" in address else f"http://{address}"
    try:
        overview = _get(base, "overview")
        managers = _get(base, "taskmanagers")["taskmanagers"]
        config = _get(base, "jobmanager/config")
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
            f"no Flink cluster answers at {base} ({reason}): start one, or give its REST address"
        ) from error


def _get(base: str, path: str) -> Any:  # noqa: ANN401 - JSON
    url = f"{base.rstrip('/')}/{path}"
    if urlsplit(url).scheme not in ("http", "https"):
        raise ValueError(f"{base} is not an HTTP address")
    with urllib.request.urlopen(url, timeout=_SECONDS) as response:
        return json.loads(response.read())


def _host(manager: Mapping[str, str]) -> str:
    match = _HOST.search(manager["path"])
    return match[1] if match else manager["id"].rpartition(":")[0]


def require_usable(cluster: FlinkCluster, versions: list[str], *, own_retries: bool) -> None:
    """Raise UsageError if ``cluster`` cannot run Beam's jobs, or fails them when a worker is lost.

    ``own_retries`` says that the job brings its own number of attempts.
    """
    name = f"the Flink cluster at {cluster.address}"
    if not cluster.slots:
        raise UsageError(f"{name} has no task manager: start one with bin/taskmanager.sh start")
    if release(cluster.version) not in versions:
        supported = ", ".join(versions)
        raise UsageError(f"{name} is Flink {cluster.version}: this Beam supports {supported}")
    if not cluster.restart_strategy and not own_retries:
        raise UsageError(
            f"{name} has no restart strategy, so a lost worker would fail the job: set "
            "restart-strategy.type: fixed-delay in its configuration (docs/flink.md), or give "
            "-- --number_of_execution_retries=5"
        )


def release(version: str) -> str:
    """Return the major and minor part of a Flink version, which decide about compatibility."""
    return ".".join(version.split(".")[:2])
