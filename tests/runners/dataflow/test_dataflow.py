"""Jobs on Dataflow: what would be submitted, and how a job that failed ends the command."""

from dataclasses import replace

import pytest
from apache_beam.options.pipeline_options import GoogleCloudOptions
from apache_beam.portability.api import beam_runner_api_pb2
from apache_beam.portability.common_urns import resource_hints
from apache_beam.runners.dataflow.dataflow_runner import DataflowRunner, DataflowRuntimeException

from evenpair.runners.dataflow import dataflow

from ...support.commands import call
from ...support.dataflow import ENGINE, GPU, INPUT, NEEDS_EXTRA, PRIOR, RUN
from ...support.messages import assert_refused, unnamed

pytestmark = [pytest.mark.slow, NEEDS_EXTRA]


@pytest.fixture
def dry(store):
    """Return a function that shows the job of a command, which may change nothing in the store."""

    def dry(*arguments, beam=()):
        before = store.tree("dataflow/run")
        answer = call(*arguments, *ENGINE, "--dry-run", "--", *store.beam_options, *beam)
        assert (answer.status, store.tree("dataflow/run")) == (0, before)
        assert "dry run" in answer.err
        return answer.out.splitlines()

    return dry


class TestJob:
    def test_only_the_captioning_step_requests_a_gpu(self, dry, monkeypatch):
        jobs = []
        monkeypatch.setattr(dataflow, "describe_job", lambda work, job: jobs.append(job) or [])
        dry("enrich", RUN, "--captioner", "demo")
        [parts] = [job.components for job in jobs]
        asked = {
            name: dict(environment.resource_hints)
            for name, environment in parts.environments.items()
        }
        steps = {True: set(), False: set()}
        for part in parts.transforms.values():
            if part.environment_id:
                needs = resource_hints.ACCELERATOR.urn in asked[part.environment_id]
                steps[needs].add(part.unique_name.partition("/")[0])
        assert steps[True] == {"Caption images"}
        assert {"Load scores", "Find facts", "Keep captions"} <= steps[False]
        hints = {resource_hints.ACCELERATOR.urn: GPU.encode()}
        hints[resource_hints.MIN_RAM_BYTES.urn] = b"16000000000"
        assert [one for one in asked.values() if one] == [hints]
        payload = beam_runner_api_pb2.DockerPayload.FromString
        images = {payload(e.payload).container_image for e in parts.environments.values()}
        assert images == {"r/gpu:1"}

    def test_a_dry_run_shows_the_image_and_the_machine_of_each_step(self, dry):
        phase, others, captioning = dry("enrich", RUN, "--captioner", "demo")
        assert unnamed(phase, "enrich", 2) == []
        assert unnamed(others, "Load scores", "Find facts", "Keep captions", "r/gpu:1") == []
        assert unnamed(captioning, "Caption images", "r/gpu:1", GPU, 16_000_000_000) == []
        assert ("Caption images" in others, GPU in others) == (False, False)

    def test_without_an_accelerator_all_steps_share_the_plain_image(self, dry):
        _, steps = dry("enrich", RUN, "--captioner", "demo", "--accelerator", "")
        assert unnamed(steps, "Caption images", "Keep captions", "r/worker:1") == []

    @pytest.mark.parametrize(
        ("command", "units"),
        [
            (("score", INPUT, "--out", "s3://bucket/dataflow/other", *PRIOR), 2),
            (("score", INPUT, "--out", RUN), 2),
            (("select", RUN, "--max-imbalance", "0.5"), 2),
            (("write", RUN, "--check-images"), 1),
        ],
    )
    def test_no_other_phase_requests_a_gpu(self, dry, store, command, units):
        phase, steps = dry(*command)
        assert unnamed(phase, command[0], units) == []
        assert steps.endswith(": r/worker:1")
        assert store.names("dataflow/other") == []

    def test_a_finished_run_submits_no_job(self, store):
        before = store.tree("dataflow/run")
        beam = ("--dry-run", "--", *store.beam_options)
        answer = call("run", INPUT, "--out", RUN, *PRIOR, *ENGINE, *beam)
        assert (answer.status, answer.err, store.tree("dataflow/run")) == (0, "", before)


class FailedJob:
    """A job that ends with an error, and whether it was cancelled."""

    def __init__(self, error):
        self.error = error
        self.cancelled = False

    def wait_until_finish(self):
        raise self.error

    def cancel(self):
        self.cancelled = True


class TestEnds:
    @pytest.fixture
    def select(self, store, monkeypatch):
        """Return a function that runs select as the given job."""
        monkeypatch.setattr(dataflow, "_require_credentials", lambda: None)
        request = "_warn_if_soft_delete_policy_enabled"  # looks at the bucket
        monkeypatch.setattr(GoogleCloudOptions, request, lambda *_: None)

        def select(job):
            monkeypatch.setattr(DataflowRunner, "run_pipeline", lambda *_: job)
            command = ("select", RUN, "--seed", "9", "--overwrite", *ENGINE)
            answer = call(*command, "--", *store.beam_options)
            lines = answer.err.splitlines(keepends=True)
            errors = [line for line in lines if f"{RUN}/shards stays" not in line]
            return replace(answer, err="".join(errors))

        return select

    @pytest.mark.parametrize(
        ("last", "line"),
        [
            ("Workflow failed. Causes: no quota", "Workflow failed. Causes: no quota"),
            (
                "schemas.errors.EvenpairError: gs://b/x is gone [while running 'Load']",
                "evenpair: gs://b/x is gone\n",
            ),
        ],
    )
    def test_the_error_of_a_failed_job_becomes_one_line(self, select, last, line):
        error = DataflowRuntimeException(f"Dataflow pipeline failed. Error:\n{last}", None)
        assert_refused(select(FailedJob(error)), line, status=1)

    def test_ctrl_c_cancels_the_job(self, select):
        job = FailedJob(KeyboardInterrupt())
        assert select(job).status == 130
        assert job.cancelled
