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
_SIZE = re.compile(r"(\d+)\s*([a-z]*)")
_UNITS = {"": 1, "b": 1, "k": 2**10, "m": 2**20, "g": 2**30}
_SHUFFLE = "taskmanager.network.sort-shuffle"


@dataclass(frozen=True, slots=True)
class FlinkCluster:
    """A Flink cluster: its version, task managers, slots and configuration."""

    address: str
    version: str
    slots: int
    slots_per_manager: int
    hosts: tuple[str, ...]
    config: Mapping[str, str]
    network_bytes: int | None = None
    """The network memory of the task manager that has least; None if it is unknown."""

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

    @property
    def segment_bytes(self) -> int:
        """The size of a network buffer."""
        return _bytes(self.config.get("taskmanager.memory.segment-size", ""), 2**15)

    @property
    def network_buffers(self) -> int | None:
        """The network buffers of a task manager, None if their number is unknown."""
        return None if self.network_bytes is None else self.network_bytes // self.segment_bytes

    @property
    def sort_min_buffers(self) -> int:
        """The buffers that an open result of a batch job has at least."""
        return _bytes(self.config.get(f"{_SHUFFLE}.min-buffers", ""), 512)

    @property
    def sort_min_parallelism(self) -> int:
        """The parallelism from which on results need ``sort_min_buffers``."""
        return _bytes(self.config.get(f"{_SHUFFLE}.min-parallelism", ""), 1)


def _milliseconds(duration: str) -> int:
    match = _DURATION.fullmatch(duration.strip().lower())
    if match is None or match[2] not in _MILLIS:
        return _DEFAULT_DELAY
    return int(match[1]) * _MILLIS[match[2]]


def _bytes(size: str, default: int) -> int:
    """Return a number or a size such as ``32 kb``."""
    match = _SIZE.fullmatch(size.strip().lower())
    if match is None or match[2][:1] not in _UNITS:
        return default
    return int(match[1]) * _UNITS[match[2][:1]]


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
            min((size for m in managers if (size := _network_bytes(m))), default=None),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EvenpairError(
            f"{_silence(base, error)}: start one, or give its REST address"
        ) from error


def ping(base: str) -> None:
    """Raise EvenpairError if the cluster at ``base`` does not answer."""
    try:
        _get(base, "overview")
    except (OSError, ValueError) as error:
        raise EvenpairError(_silence(base, error)) from error


def _silence(base: str, error: Exception) -> str:
    reason = error.reason if isinstance(error, URLError) else error
    return f"no Flink cluster answers at {base} ({reason})"


def _network_bytes(manager: Mapping[str, Any]) -> int | None:
    size = manager.get("memoryConfiguration", {}).get("networkMemory")
    return size if isinstance(size, int) and size > 0 else None


def _get(base: str, path: str) -> Any:  # noqa: ANN401 - JSON
    url = f"{base.rstrip('/')}/{path}"
    if urlsplit(url).scheme not in ("http", "https"):
        raise ValueError(f"{base} is not an HTTP address")
    with urllib.request.urlopen(url, timeout=_SECONDS) as response:
        return json.loads(response.read())


def _host(manager: Mapping[str, str]) -> str:
    match = _HOST.search(manager["path"])
    return match[1] if match else manager["id"].rpartition(":")[0]


def require_usable(cluster: FlinkCluster, versions: list[str]) -> None:
    """Raise UsageError if ``cluster`` cannot run Beam's jobs, or fails them when a worker is lost.

    A job cannot bring its own attempts: in batch Flink ignores ``--number_of_execution_retries``.
    """
    name = f"the Flink cluster at {cluster.address}"
    if not cluster.slots:
        raise UsageError(f"{name} has no task manager: start one with bin/taskmanager.sh start")
    if release(cluster.version) not in versions:
        supported = ", ".join(versions)
        raise UsageError(f"{name} is Flink {cluster.version}: this Beam supports {supported}")
    if not cluster.restart_strategy:
        raise UsageError(
            f"{name} has no restart strategy, so a lost worker would fail the job: set "
            "restart-strategy.type: fixed-delay in its configuration (docs/flink.md)"
        )


def release(version: str) -> str:
    """Return the major and minor part of a Flink version, which decide about compatibility."""
    return ".".join(version.split(".")[:2])
