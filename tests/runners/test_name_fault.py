"""The line of a failed pipeline's error that is shown to the user."""

import pytest

from evenpair.runners.name_fault import name_fault
from evenpair.schemas.errors import EvenpairError, UsageError

WORKER = """Traceback (most recent call last):
  File "common.py", line 1512, in process
{last} [while running 'Write shards/ParDo(_Write)']
"""
PLACE = "No such file or directory: '/data/0.tar'"
GONE = f"FileNotFoundError: [Errno 2] {PLACE}"


@pytest.mark.parametrize(
    ("error", "kind", "line"),
    [
        (RuntimeError(WORKER.format(last=GONE)), EvenpairError, PLACE),
        (RuntimeError(WORKER.format(last=f"RuntimeError: {GONE}")), EvenpairError, PLACE),
        (RuntimeError("OSError: [Errno 28] No space left"), EvenpairError, "No space left"),
        (
            RuntimeError(WORKER.format(last="evenpair.schemas.errors.UsageError: no such model")),
            UsageError,
            "no such model",
        ),
        (UsageError("no such model [while running 'Caption']"), UsageError, "no such model"),
        (EvenpairError("cut short"), EvenpairError, "cut short"),
    ],
)  # fmt: skip
def test_a_fault_outside_evenpair_is_shown_without_its_traceback(error, kind, line):
    fault = name_fault(error)
    assert (type(fault), str(fault)) == (kind, line)


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError(WORKER.format(last="KeyError: 'imbalance_after'")),
        RuntimeError("ValueError: too large"),
        RuntimeError(""),
        RuntimeError("\n"),
        RuntimeError("something without a name"),
    ],
)
def test_a_fault_of_evenpair_itself_keeps_its_traceback(error):
    assert name_fault(error) is None
