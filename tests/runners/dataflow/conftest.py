"""A finished run in an object store, and the options of a job that would continue it."""

import pytest

from evenpair.runners.dataflow.dataflow import has_extra
from evenpair.scenes.shards import write_demo_shards

from ...support.commands import call
from ...support.dataflow import INPUT, PRIOR, RUN
from ...support.object_store import ObjectStore


@pytest.fixture(scope="session")
def inputs(tmp_path_factory):
    """Two shards of drawn scenes."""
    folder = tmp_path_factory.mktemp("inputs") / "in"
    write_demo_shards(folder, pairs=6, seed=5, shard_size=3)
    return folder


@pytest.fixture(scope="session")
def store(inputs):
    """The same shards in an object store, with a run that has done every phase but enrich."""
    if not has_extra():
        pytest.skip("the gcp extra is not installed: pip install -e '.[dev]'")
    store = ObjectStore()
    store.put(inputs, "dataflow/in")
    beam = ("--workers", "1", "--", *store.beam_options)
    assert call("run", INPUT, "--out", RUN, *PRIOR, *beam).status == 0
    yield store
    store.close()
