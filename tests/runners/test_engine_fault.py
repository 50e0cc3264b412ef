"""A job that fails inside an engine is one line, with the whole error in a file."""

import pytest

from evenpair.runners.engine_fault import REPORT, first_cause
from evenpair.scenes.shards import write_demo_shards

from ..support.commands import call
from ..support.job_servers import serve_failing_jobs

STACK = "\n".join(f"\tat org.apache.flink.runtime.Task.run(Task.java:{n})" for n in range(40))
BUFFERS = (
    "java.lang.RuntimeException: Pipeline execution failed\n"
    f"{STACK}\n"
    "Caused by: org.apache.flink.runtime.client.JobExecutionException: Job execution failed.\n"
    f"{STACK}\n"
    "Caused by: org.apache.flink.runtime.JobException: Recovery is suppressed by "
    "NoRestartBackoffTimeStrategy\n"
    f"{STACK}\n\t... 5 more\n"
    "Caused by: java.io.IOException: Insufficient number of network buffers: required 512, but "
    f"only 0 available.\n{STACK}"
)
IN_PYTHON = (
    "java.lang.RuntimeException: Error received from SDK harness for instruction 5: "
    "Traceback (most recent call last):\n"
    '  File "common.py", line 1512, in process\n'
    "KeyError: 'imbalance_after'\n\n"
    f"{STACK}"
)


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        (
            BUFFERS,
            "Insufficient number of network buffers: required 512, but only 0 available.",
        ),
        (IN_PYTHON, "KeyError: 'imbalance_after'"),
        ("Caused by: java.lang.OutOfMemoryError", "OutOfMemoryError"),
        ("Pipeline failed.", "Pipeline failed."),
        ("", "RuntimeError"),
    ],
)
def test_the_first_cause_of_an_error(message, cause):
    assert first_cause(RuntimeError(message)) == cause


@pytest.fixture
def score(tmp_path):
    """Score on a job server, into a new run directory."""
    shards = tmp_path / "in"
    write_demo_shards(shards, pairs=4, seed=5, shard_size=2)

    def score(endpoint):
        engine = ("--runner", "portable", "--job-endpoint", endpoint)
        return call("score", shards, "--out", tmp_path / "run", "--statistics", "prior", *engine)

    return score


def test_a_failed_job_is_one_line_and_a_file(score, tmp_path):
    with serve_failing_jobs(BUFFERS) as endpoint:
        answer = score(endpoint)
    report = tmp_path / "run" / "work" / REPORT
    assert (answer.status, answer.err.count("\n")) == (1, 1)
    named = ("score", "required 512, but only 0 available", endpoint, str(report))
    assert [word for word in named if word not in answer.err] == []
    assert BUFFERS in report.read_text()


def test_a_job_that_is_refused_without_a_reason(score):
    with serve_failing_jobs(None) as endpoint:
        answer = score(endpoint)
    assert (answer.status, answer.err.count("\n")) == (1, 1)
    assert [word for word in ("score", "INTERNAL", endpoint) if word not in answer.err] == []
