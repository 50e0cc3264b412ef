"""One pipeline for all stages of a process, used by one of them at a time."""

import pickle
import threading

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner

from evenpair.transforms.facts import shared_parser
from evenpair.transforms.facts.shared_parser import SharedParser


class Pipeline:
    """Stands for a pipeline, which loads slowly and serves one thread at a time."""


@pytest.fixture
def loaded(monkeypatch):
    """The names of the pipelines that have been loaded."""
    names = []

    def load(name):
        names.append(name)
        return Pipeline()

    monkeypatch.setattr(shared_parser, "load_parser", load)
    return names


def test_pickled_copies_share_one_pipeline(loaded):
    parser = SharedParser("named")
    first, second = (pickle.loads(pickle.dumps(parser)) for _ in range(2))
    first.load()
    second.load()
    with first.use() as one:
        pass
    with second.use() as other:
        assert one is other
    assert loaded == ["named"]


def test_a_second_thread_waits_for_the_pipeline(loaded):
    parser = SharedParser(None)
    parser.load()
    with parser.use():
        waiting = threading.Thread(target=lambda: parser.use().__enter__(), daemon=True)
        waiting.start()
        waiting.join(0.2)
        assert waiting.is_alive()
    waiting.join()


class _Use(beam.DoFn):
    def __init__(self, parser):
        self._parser = parser

    def setup(self):
        self._parser.load()

    def process(self, _element):
        with self._parser.use() as pipeline:
            yield id(pipeline)


def test_parallel_bundles_share_one_pipeline(loaded):
    options = PipelineOptions(["--direct_running_mode=multi_threading", "--direct_num_workers=3"])
    with beam.Pipeline(runner=FnApiRunner(), options=options) as root:
        numbered = root | beam.Create([(number, number) for number in range(9)])
        grouped = numbered | beam.GroupByKey()
        _ = grouped | beam.ParDo(_Use(SharedParser(None)))
    assert loaded == [None]
