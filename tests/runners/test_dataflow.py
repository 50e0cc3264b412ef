"""Dataflow: the job that it would be given, and what is checked before anything starts."""

import sys

import pytest
from apache_beam.options.pipeline_options import GoogleCloudOptions
from apache_beam.portability.api import beam_runner_api_pb2
from apache_beam.portability.common_urns import resource_hints
from apache_beam.runners.dataflow.dataflow_runner import DataflowRunner, DataflowRuntimeException

from evenpair.pipeline.options.engine_options import DataflowOptions, EngineOptions
from evenpair.pipeline.runs.work import Work
from evenpair.runners.dataflow import dataflow
from evenpair.runners.dataflow.options import dataflow_options, device_hints
from evenpair.scenes.shards import write_demo_shards
from evenpair.schemas.phase import Phase
from evenpair.schemas.run_directory import RunDirectory

from ..support.commands import call
from ..support.object_store import ObjectStore

pytestmark = pytest.mark.skipif(
    not dataflow.has_extra(), reason="the gcp extra is not installed: pip install -e '.[dev]'"
)

GPU = "type:nvidia-l4;count:1;install-nvidia-driver"
CLOUD = ("--project", "shop-1", "--region", "europe-west4", "--temp-location", "gs://bucket/tmp")
IMAGES = ("--container-image", "r/worker:1", "--gpu-container-image", "r/gpu:1")
ENGINE = ("--runner", "dataflow", *CLOUD, *IMAGES)
RUN = "s3://bucket/dataflow/run"
INPUT = "s3://bucket/dataflow/in"
PRIOR = ("--statistics", "prior")


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """Two shards of drawn scenes."""
    folder = tmp_path_factory.mktemp("inputs") / "in"
    write_demo_shards(folder, pairs=6, seed=5, shard_size=3)
    return folder


@pytest.fixture(scope="module")
def store(inputs):
    """The same in an object store, with a run of which all is done but enriching."""
    store = ObjectStore()
    store.put(inputs, "dataflow/in")
    beam = ("--workers", "1", "--", *store.beam_options)
    assert call("run", INPUT, "--out", RUN, *PRIOR, *beam).status == 0
    yield store
    store.close()


@pytest.fixture
def dry(store):
    """Show the job that a command would submit; nothing in the store may change."""

    def dry(*arguments, beam=()):
        before = store.tree("dataflow/run")
        answer = call(*arguments, *ENGINE, "--dry-run", "--", *store.beam_options, *beam)
        assert (answer.status, store.tree("dataflow/run")) == (0, before)
        assert answer.err == "evenpair: dry run: nothing was submitted, and nothing changed\n"
        return answer.out.splitlines()

    return dry


class TestJob:
    def test_the_captioning_step_alone_asks_for_a_gpu(self, dry, monkeypatch):
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
        assert [found for found in asked.values() if found] == [hints]
        payload = beam_runner_api_pb2.DockerPayload.FromString
        images = {payload(e.payload).container_image for e in parts.environments.values()}
        assert images == {"r/gpu:1"}

    def test_it_is_shown_step_by_step(self, dry):
        others = (
            "Sources, Load scores, Choose sparse, Spread again, Load scores again, Choose again"
        )
        assert dry("enrich", RUN, "--captioner", "demo") == [
            "enrich of 2 shards would be one job:",
            f"  {others}, Gather captions, Find facts, Keep captions: r/gpu:1",
            f"  Caption images: r/gpu:1 with accelerator {GPU}, min_ram_bytes 16000000000",
        ]

    def test_a_captioner_that_needs_no_gpu(self, dry):
        [_, one] = dry("enrich", RUN, "--captioner", "demo", "--accelerator", "")
        assert one.endswith("Keep captions: r/worker:1")

    @pytest.mark.parametrize(
        ("command", "phase"),
        [
            (("score", INPUT, "--out", "s3://bucket/dataflow/other", *PRIOR), "score of 2 shards"),
            (("score", INPUT, "--out", RUN), "score of 2 shards"),
            (("select", RUN, "--max-imbalance", "0.5"), "select of 2 shards"),
            (("write", RUN, "--check-images"), "write of 0 shards"),
        ],
    )
    def test_no_other_phase_asks_for_one(self, dry, store, command, phase):
        [said, one] = dry(*command)
        assert said == f"{phase} would be one job:"
        assert one.endswith(": r/worker:1")
        assert store.names("dataflow/other") == []

    def test_what_is_done_is_no_job(self, store):
        before = store.tree("dataflow/run")
        beam = ("--dry-run", "--", *store.beam_options)
        answer = call("run", INPUT, "--out", RUN, *PRIOR, *ENGINE, *beam)
        assert (answer.status, answer.err, store.tree("dataflow/run")) == (0, "", before)


class TestOptions:
    def given(self, *beam, hints=None, **asked):
        engine = EngineOptions(
            runner="dataflow",
            workers=3,
            dataflow=DataflowOptions(container_image="cpu", **asked),
            beam=beam,
        )
        hints = device_hints(engine) if hints is None else hints
        return dataflow_options(
            engine, Work(Phase.ENRICH, 1, RunDirectory("gs://b/r"), hints=hints)
        )

    def test_a_machine_with_a_device_has_one_process(self):
        alone = "--experiments=no_use_multiple_sdk_containers"
        assert alone in self.given()
        assert alone not in self.given(hints={})
        assert alone not in self.given("--experiments=use_multiple_sdk_containers")

    def test_where_a_model_is_not_in_an_image_of_its_own(self):
        assert "--sdk_container_image=cpu" in self.given()
        assert "--sdk_container_image=gpu" in self.given(gpu_container_image="gpu")
        assert "--sdk_container_image=cpu" in self.given(hints={}, gpu_container_image="gpu")

    def test_what_the_user_gives_comes_last(self):
        beam = ("--sdk_container_image=mine", "--max_num_workers=9")
        given = self.given(*beam, region="europe-west4", machine_type="e2-standard-4")
        assert given[-2:] == list(beam)
        assert {"--region=europe-west4", "--machine_type=e2-standard-4"} < set(given)
        assert "--max_num_workers=3" in given


class TestChecks:
    @pytest.fixture
    def refused(self, store):
        """Return the line with which a run is refused, before anything is there."""

        def refused(*arguments, beam=(), status=2, source=INPUT):
            options = (*PRIOR, "--runner", "dataflow", *arguments, "--", *store.beam_options, *beam)
            answer = call("run", source, "--out", "s3://bucket/dataflow/new", *options)
            assert (answer.status, answer.out) == (status, "")
            assert answer.err.count("\n") == 1
            return answer.err.removeprefix("evenpair: ").rstrip("\n")

        yield refused
        assert store.names("dataflow/new") == []

    def test_no_extra(self, refused, monkeypatch):
        monkeypatch.setitem(sys.modules, "google.cloud.dataflow_v1beta3", None)
        said = "--runner dataflow needs the gcp extra: pip install 'evenpair[gcp]'"
        assert refused(*CLOUD, *IMAGES) == said

    @pytest.mark.parametrize(
        ("options", "beam", "said"),
        [
            ((), (), "--runner dataflow needs --project and --region and --temp-location"),
            (
                ("--project", "shop-1"),
                ("--temp_location=gs://bucket/tmp",),
                "--runner dataflow needs --region",
            ),
            (
                (*CLOUD[:-1], "/tmp"),
                (),
                "--temp-location must be gs://BUCKET/FOLDER, not /tmp",
            ),
            (
                (*CLOUD, "--staging-location", "s3://bucket/staged"),
                (),
                "--staging-location must be gs://BUCKET/FOLDER, not s3://bucket/staged",
            ),
            (
                CLOUD,
                (),
                "--runner dataflow needs --container-image IMAGE, for its workers have no evenpair "
                "otherwise: docker/Dockerfile makes one",
            ),
            (
                (*CLOUD, *IMAGES, "--accelerator-ram", "16"),
                (),
                "--accelerator-ram must be a size such as 16GB, not 16",
            ),
            (
                (*CLOUD, *IMAGES),
                ("--dry_run=True",),
                "a job that is not run cannot be waited for: use --dry-run, before --",
            ),
            (
                (*CLOUD, *IMAGES, "--dry-run", "--overwrite"),
                (),
                "--dry-run changes nothing, so it cannot go with --overwrite",
            ),
        ],
    )
    def test_what_is_missing_or_cannot_be(self, refused, options, beam, said):
        assert refused(*options, beam=beam) == said

    def test_no_credentials(self, refused, monkeypatch):
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/no/such/key")
        said = "Dataflow needs credentials of Google Cloud: File /no/such/key was not found."
        assert refused(*CLOUD, *IMAGES) == said

    def test_options_that_beam_refuses(self, refused):
        said = refused(*CLOUD, *IMAGES, "--project", "No such project", "--dry-run")
        assert said.startswith(
            "Pipeline has validations errors: Invalid Project ID (No such project)"
        )

    def test_shards_on_this_machine(self, refused, inputs):
        said = refused(*CLOUD, *IMAGES, "--dry-run", source=inputs)
        assert said.startswith(f"{inputs}/00000.tar lies on this machine, where Dataflow's workers")

    def test_a_run_on_this_machine(self, inputs, tmp_path):
        out = tmp_path / "run"
        assert call("score", inputs, "--out", out, *PRIOR, "--workers", "1").status == 0
        before = sorted(out.rglob("*"))
        answer = call("run", inputs, "--out", out, "--overwrite", *ENGINE)
        assert answer.status == 2
        assert answer.err.startswith(f"evenpair: {out} lies on this machine, where Dataflow's")
        assert sorted(out.rglob("*")) == before

    def test_they_go_with_the_runner(self, inputs, tmp_path):
        answer = call("score", inputs, "--out", tmp_path, "--region", "europe-west4")
        assert (answer.status, answer.err) == (2, "evenpair: --region needs --runner dataflow\n")


class Ended:
    """A job that has ended somehow, and whether it was cancelled."""

    def __init__(self, how):
        self.how = how
        self.cancelled = False

    def wait_until_finish(self):
        raise self.how

    def cancel(self):
        self.cancelled = True


class TestEnds:
    @pytest.fixture
    def select(self, store, monkeypatch):
        """Select by a job that ends as it is told to."""
        monkeypatch.setattr(dataflow, "_require_credentials", lambda: None)
        asks = "_warn_if_soft_delete_policy_enabled"  # of the bucket, whether it costs more
        monkeypatch.setattr(GoogleCloudOptions, asks, lambda *_: None)

        def select(job):
            monkeypatch.setattr(DataflowRunner, "run_pipeline", lambda *_: job)
            return call("select", RUN, "--seed", "9", *ENGINE, "--", *store.beam_options)

        return select

    @pytest.mark.parametrize(
        ("last", "said"),
        [
            (
                "Workflow failed. Causes: no quota",
                "select failed on Dataflow: Workflow failed. Cau",
            ),
            (
                "schemas.errors.EvenpairError: gs://b/x is gone [while running 'Load']",
                "gs://b/x is",
            ),
        ],
    )
    def test_a_job_that_fails_is_one_line(self, select, last, said):
        raised = DataflowRuntimeException(f"Dataflow pipeline failed. Error:\n{last}", None)
        answer = select(Ended(raised))
        assert (answer.status, answer.err.count("\n")) == (1, 1)
        assert answer.err.startswith(f"evenpair: {said}")

    def test_ctrl_c_cancels_it(self, select):
        job = Ended(KeyboardInterrupt())
        assert select(job).status == 130
        assert job.cancelled
