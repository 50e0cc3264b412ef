"""The network buffers of phases on Flink, and the cluster's, before a job starts.

The numbers of a cluster are those of a standalone Flink 1.20.5 with one task manager of four slots
and 1728 MB: a batch job with two sources ran on it, one with three failed with "Insufficient number
of network buffers: required 512, but only 0 available. The total number is 4096".
"""

import apache_beam as beam
import pyarrow as pa
import pytest
from apache_beam.options.pipeline_options import PipelineOptions

from evenpair.pipeline.options.phase_options import ScoreOptions, SelectOptions
from evenpair.pipeline.phases.score import build_score
from evenpair.pipeline.phases.select import build_select
from evenpair.pipeline.phases.selectable import Selectable
from evenpair.runners.flink.cluster import FlinkCluster, find_cluster
from evenpair.runners.flink.network import WIDEST, Wave, require_buffers, waves_of
from evenpair.scenes.shards import write_demo_shards
from evenpair.schemas.errors import UsageError
from evenpair.schemas.run_directory import RunDirectory
from evenpair.schemas.source import Source

from ...support.commands import call
from ...support.flink import FIXED_DELAY, NETWORK_BYTES, SMALL_RESULTS, cluster
from ...support.job_servers import serve_failing_jobs
from ...support.messages import unnamed

FOUR_SLOTS = ({"host": "localhost", "slots": 4},)


def flink(**config):
    return FlinkCluster("http://head:8081", "1.20.5", 4, 4, ("head",), config, NETWORK_BYTES)


def job_of(build):
    pipeline = beam.Pipeline(options=PipelineOptions([]))
    build(pipeline)
    return pipeline.to_runner_api()


def sources(count):
    """A job of independent branches, each of a source and a shuffle."""

    def build(root):
        for number in range(count):
            _ = (
                root
                | f"Source {number}" >> beam.Create([(1, 2)], reshuffle=False)
                | f"Group {number}" >> beam.GroupByKey()
                | f"Use {number}" >> beam.Map(print)
            )

    return job_of(build)


class TestCluster:
    def test_memory_and_configuration_are_read(self):
        managers = ({"host": "a", "slots": 4}, {"host": "b", "slots": 4, "network": 2**26})
        with cluster(managers, **SMALL_RESULTS) as address:
            described = find_cluster(address)
        assert (described.network_bytes, described.network_buffers) == (2**26, 2048)
        assert (described.sort_min_buffers, described.sort_min_parallelism) == (32, 1)

    @pytest.mark.parametrize(
        ("size", "buffers"), [("32kb", 4096), ("64 kb", 2048), ("32768", 4096), ("1m", 128)]
    )
    def test_the_size_of_a_buffer(self, size, buffers):
        assert flink(**{"taskmanager.memory.segment-size": size}).network_buffers == buffers


class TestWaves:
    def test_sources_start_at_once(self):
        waves = waves_of(sources(3))
        assert waves[0] == Wave(results=3, inputs=0)
        assert [wave.results for wave in waves[1:]] == [3, 3, 0]
        assert [wave.inputs for wave in waves[1:]] == [3, 3, 3]

    def test_score_has_four_sources(self, tmp_path):
        shards = [Source(0, "a", str(tmp_path / "a.tar"))]
        run_dir = RunDirectory(str(tmp_path))
        waves = waves_of(job_of(lambda root: build_score(root, shards, run_dir, ScoreOptions())))
        assert waves[0] == Wave(results=4, inputs=0)

    def test_select_has_the_widest_of_all(self, tmp_path):
        options = SelectOptions(keep_fraction=0.5, unique_images=True, subset_file="s.npy")
        columns = Selectable(["uid"], pa.schema([]), reference_sample=9)
        run_dir = RunDirectory(str(tmp_path))
        waves = waves_of(job_of(lambda root: build_select(root, run_dir, options, columns)))
        assert max(waves) == waves[0] == WIDEST

    def test_the_job_is_not_changed(self):
        job = sources(2)
        before = job.SerializeToString(deterministic=True)
        waves_of(job)
        assert job.SerializeToString(deterministic=True) == before


class TestBuffers:
    @pytest.mark.parametrize(("count", "fits"), [(1, True), (2, True), (3, False), (7, False)])
    def test_open_results_of_512_buffers_in_four_slots(self, count, fits):
        check = [flink(), "score", [Wave(results=count, inputs=0)], 4]
        if fits:
            require_buffers(*check)
            return
        with pytest.raises(UsageError) as error:
            require_buffers(*check)
        named = ("score", str(count * 4 * 512), "4096", "sort-shuffle.min-buffers: 32", "--workers")
        assert [word for word in named if word not in str(error.value)] == []

    def test_fewer_slots_are_enough(self):
        require_buffers(flink(), "score", [Wave(results=7, inputs=0)], 1)

    def test_results_may_be_smaller(self):
        require_buffers(flink(**SMALL_RESULTS), "select", [Wave(results=30, inputs=0)], 4)

    def test_a_cluster_of_unknown_memory_is_not_refused(self):
        unknown = FlinkCluster("http://head:8081", "1.20.5", 4, 4, ("head",), {})
        require_buffers(unknown, "score", [Wave(results=99, inputs=0)], 4)


class TestCommand:
    @pytest.fixture
    def score(self, tmp_path):
        """Score on a cluster beside a job server whose jobs fail."""
        shards = tmp_path / "in"
        write_demo_shards(shards, pairs=4, seed=5, shard_size=2)

        def score(address, endpoint):
            engine = ("--runner", "flink", "--flink-master", address, "--job-endpoint", endpoint)
            return call("score", shards, "--out", tmp_path / "run", *engine)

        return score

    def test_too_few_buffers_are_refused_before_the_job_starts(self, score):
        with serve_failing_jobs("started") as endpoint, cluster(FOUR_SLOTS, **FIXED_DELAY) as flink:
            answer = score(flink, endpoint)
        warning, refusal = answer.err.splitlines()
        assert (answer.status, answer.out) == (2, "")
        needed = {"select": 14 * 4 * 512, "score": 4 * 4 * 512}
        for phase, line in (("select", warning), ("score", refusal)):
            named = (phase, needed[phase], 4096, "min-buffers: 32", f"http://{flink}")
            assert unnamed(line, *named) == []

    def test_enough_are_not(self, score):
        config = {**FIXED_DELAY, **SMALL_RESULTS}
        with serve_failing_jobs("started") as endpoint, cluster(FOUR_SLOTS, **config) as flink:
            answer = score(flink, endpoint)
        assert (answer.status, answer.err.count("\n")) == (1, 1)
        assert [word for word in ("started", f"http://{flink}") if word not in answer.err] == []
