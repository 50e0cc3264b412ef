"""The options of every runner, read by Beam's own Java classes as the job servers of engines do."""

import json
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions
from apache_beam.portability.api import beam_job_api_pb2
from apache_beam.runners.portability.portable_runner import JobServiceHandle
from google.protobuf import json_format

from evenpair.pipeline.options.engine_options import DataflowOptions, EngineOptions
from evenpair.pipeline.runs.work import Work
from evenpair.runners.dataflow.options import dataflow_options
from evenpair.runners.flink.cluster import FlinkCluster
from evenpair.runners.flink.flink import flink_options
from evenpair.runners.portable import portable_options
from evenpair.schemas.rejection import Phase
from evenpair.schemas.run_directory import RunDirectory

JAVA = Path(__file__).parent / "java"
CACHE = Path(__file__).parents[2] / ".cache" / "java"
TOOLS = ("java", "javac", "mvn")


def compile_reader():
    """Compile the reader and return its class path; Maven fetches Beam's classes once."""
    CACHE.mkdir(parents=True, exist_ok=True)
    jars = CACHE / "classpath"
    if not jars.exists() or not all(Path(jar).exists() for jar in jars.read_text().split(":")):
        goal = ["dependency:build-classpath", f"-Dmdep.outputFile={jars}"]
        done = subprocess.run(
            ["mvn", "--batch-mode", "--quiet", "--file", str(JAVA / "pom.xml"), *goal],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            pytest.skip(f"Maven cannot fetch Beam's Java classes: {done.stdout.strip()[:300]}")
    classpath = f"{CACHE}:{jars.read_text().strip()}"
    source, compiled = JAVA / "ReadOptions.java", CACHE / "ReadOptions.class"
    if not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime:
        command = ["javac", "-proc:none", "-cp", classpath, "-d", str(CACHE), str(source)]
        subprocess.run(command, check=True)
    return classpath


def submitted(flags):
    """The options of a job as Beam's runner for job servers submits them."""
    options = PipelineOptions(list(flags))
    options.view_as(StandardOptions).runner = None
    described = beam_job_api_pb2.PipelineOptionDescriptor(name="execution_mode_for_batch")
    response = beam_job_api_pb2.DescribePipelineOptionsResponse(options=[described])
    server = SimpleNamespace(DescribePipelineOptions=lambda *_, **__: response)
    return JobServiceHandle(server, options).get_pipeline_options()


def flags_of_runners():
    """The flags that every runner gives its jobs."""
    config = {"restart-strategy.type": "fixed-delay"}
    cluster = FlinkCluster("http://head:8081", "1.20.5", 8, 4, ("head",), config)
    flink = EngineOptions(runner="flink", flink_master="head:8081", workers=3)
    portable = EngineOptions(runner="portable", job_endpoint="head:8099")
    images = DataflowOptions(
        project="shop-1",
        region="europe-west4",
        temp_location="gs://bucket/tmp",
        container_image="r/worker:1",
        gpu_container_image="r/gpu:1",
        machine_type="e2-standard-4",
    )
    dataflow = EngineOptions(runner="dataflow", workers=3, dataflow=images)
    work = Work(Phase.ENRICH, 1, RunDirectory("gs://b/r"), hints={"accelerator": "gpu"})
    return {
        "direct": ["--direct_num_workers=2"],
        "portable": portable_options(portable),
        "flink": flink_options(flink, cluster),
        "flink without a cluster": flink_options(flink, None),
        "dataflow": dataflow_options(dataflow, work),
    }


@pytest.fixture(scope="module")
def results():
    """What Java made of the options of each runner: "ok", or the option and the error."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} is not installed: Java does not read the options")
    classpath = compile_reader()
    flags = {**flags_of_runners(), "wrong": ["--default_sdk_harness_log_level=WARNING"]}
    jobs = [json.dumps(json_format.MessageToDict(submitted(each))) for each in flags.values()]
    command = ["java", "-cp", classpath, "ReadOptions"]
    done = subprocess.run(
        command, input="\n".join(jobs), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return dict(zip(flags, done.stdout.splitlines(), strict=True))


def test_no_job_server_refuses_them(results):
    runners = {name: result for name, result in results.items() if name != "wrong"}
    assert runners == dict.fromkeys(flags_of_runners(), "ok")


def test_a_value_that_java_does_not_know_is_seen(results):
    assert [word for word in ("LogLevel", "WARNING") if word not in results["wrong"]] == []
