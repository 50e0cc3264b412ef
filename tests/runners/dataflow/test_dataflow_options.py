"""Options of a job on Dataflow, and what is refused before anything is submitted."""

import sys

import pytest

from evenpair.pipeline.options.engine_options import DataflowOptions, EngineOptions
from evenpair.pipeline.runs.work import Work
from evenpair.runners.dataflow.options import dataflow_options, device_hints
from evenpair.schemas.phase import Phase
from evenpair.schemas.run_directory import RunDirectory

from ...support.commands import call
from ...support.dataflow import CLOUD, ENGINE, IMAGES, INPUT, NEEDS_EXTRA, PRIOR
from ...support.messages import assert_refused

pytestmark = [pytest.mark.slow, NEEDS_EXTRA]


class TestOptions:
    def options(self, *beam, hints=None, **dataflow):
        engine = EngineOptions(
            runner="dataflow",
            workers=3,
            dataflow=DataflowOptions(container_image="cpu", **dataflow),
            beam=beam,
        )
        hints = device_hints(engine) if hints is None else hints
        return dataflow_options(
            engine, Work(Phase.ENRICH, 1, RunDirectory("gs://b/r"), hints=hints)
        )

    def test_a_machine_with_a_gpu_has_one_process(self):
        alone = "--experiments=no_use_multiple_sdk_containers"
        assert alone in self.options()
        assert alone not in self.options(hints={})
        assert alone not in self.options("--experiments=use_multiple_sdk_containers")

    def test_the_gpu_image_is_used_for_work_on_a_gpu(self):
        assert "--sdk_container_image=cpu" in self.options()
        assert "--sdk_container_image=gpu" in self.options(gpu_container_image="gpu")
        assert "--sdk_container_image=cpu" in self.options(hints={}, gpu_container_image="gpu")

    def test_beams_own_options_come_last(self):
        beam = ("--sdk_container_image=mine", "--max_num_workers=9")
        options = self.options(*beam, region="europe-west4", machine_type="e2-standard-4")
        assert options[-2:] == list(beam)
        assert {"--region=europe-west4", "--machine_type=e2-standard-4"} < set(options)
        assert "--max_num_workers=3" in options


class TestChecks:
    @pytest.fixture
    def refused(self, store):
        """Return a function that requires that a run is refused; nothing of it may be left."""

        def refused(*arguments, beam=(), source=INPUT, named):
            options = (*PRIOR, "--runner", "dataflow", *arguments, "--", *store.beam_options, *beam)
            answer = call("run", source, "--out", "s3://bucket/dataflow/new", *options)
            assert_refused(answer, *named)

        yield refused
        assert store.names("dataflow/new") == []

    def test_the_missing_extra_is_named(self, refused, monkeypatch):
        monkeypatch.setitem(sys.modules, "google.cloud.dataflow_v1beta3", None)
        named = ["--runner dataflow", "pip install 'evenpair[gcp]'"]
        refused(*CLOUD, *IMAGES, named=named)

    @pytest.mark.parametrize(
        ("options", "beam", "named"),
        [
            ((), (), ["--project", "--region", "--temp-location"]),
            (("--project", "shop-1"), ("--temp_location=gs://bucket/tmp",), ["--region"]),
            ((*CLOUD[:-1], "/tmp"), (), ["--temp-location", "gs://", "/tmp"]),
            (
                (*CLOUD, "--staging-location", "s3://bucket/staged"),
                (),
                ["--staging-location", "gs://", "s3://bucket/staged"],
            ),
            (CLOUD, (), ["--container-image", "docker/Dockerfile"]),
            ((*CLOUD, *IMAGES, "--accelerator-ram", "16"), (), ["--accelerator-ram", "16GB", "16"]),
            ((*CLOUD, *IMAGES), ("--dry_run=True",), ["--dry-run"]),
            ((*CLOUD, *IMAGES, "--dry-run", "--overwrite"), (), ["--dry-run", "--overwrite"]),
        ],
    )
    def test_missing_and_impossible_options_are_named(self, refused, options, beam, named):
        refused(*options, beam=beam, named=named)

    def test_missing_credentials_are_named(self, refused, monkeypatch):
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/no/such/key")
        refused(*CLOUD, *IMAGES, named=["credentials", "/no/such/key"])

    def test_a_value_that_beam_refuses_is_named(self, refused):
        options = (*CLOUD, *IMAGES, "--project", "No such project", "--dry-run")
        refused(*options, named=["No such project"])

    def test_local_shards_are_refused(self, refused, inputs):
        options = (*CLOUD, *IMAGES, "--dry-run")
        refused(*options, source=inputs, named=[inputs / "00000.tar"])

    def test_a_local_run_is_refused_and_not_changed(self, inputs, tmp_path):
        out = tmp_path / "run"
        assert call("score", inputs, "--out", out, *PRIOR, "--workers", "1").status == 0
        before = sorted(out.rglob("*"))
        answer = call("run", inputs, "--out", out, "--overwrite", *ENGINE)
        assert_refused(answer, out)
        assert sorted(out.rglob("*")) == before

    def test_its_options_need_the_runner(self, inputs, tmp_path):
        answer = call("score", inputs, "--out", tmp_path, "--region", "europe-west4")
        assert_refused(answer, "--region", "--runner dataflow")
