"""The chunks of a stage are shared out among workers, each of them once."""

from apache_beam.coders import coders
from apache_beam.runners.portability.fn_api_runner.execution import ListBuffer
from hypothesis import given
from hypothesis import strategies as st

from evenpair.runners.direct.share_bundles import Chunks, split_inputs


def chunks_of(count):
    return [{"main": [bytes([at])], "side": []} for at in range(count)]


@given(count=st.integers(1, 40), workers=st.integers(2, 5), draw=st.randoms())
def test_every_part_goes_to_one_worker_and_bundles_shrink(count, workers, draw):
    chunks = Chunks(chunks_of(count), workers)
    asking = [chunks.bundles() for _ in range(workers)]
    bundles = []
    while asking:
        worker = draw.choice(asking)
        bundle = next(worker, None)
        if bundle is None:
            asking.remove(worker)
        else:
            bundles.append(bundle["main"])
    assert sorted(chunk for bundle in bundles for chunk in bundle) == [
        bytes([at]) for at in range(count)
    ]
    sizes = [len(bundle) for bundle in bundles]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] <= -(-count // (2 * workers))


def test_after_a_failure_the_other_workers_get_no_parts():
    chunks = Chunks(chunks_of(9), 2)
    failing, other = chunks.bundles(), chunks.bundles()
    assert next(failing) is not None
    failing.close()  # as happens when the frame that holds it raises
    assert list(other) == []


def buffer_of(*elements):
    buffer = ListBuffer(coders.BytesCoder().get_impl())
    for element in elements:
        buffer.append(element)
    return buffer


def test_an_input_without_elements_adds_no_parts():
    chunks = split_inputs({"a": buffer_of(b"1", b"2", b"3"), "b": buffer_of()}, 3)
    assert chunks == [{"a": [element], "b": []} for element in (b"1", b"2", b"3")]


def test_a_stage_without_elements_runs_once():
    assert split_inputs({"a": buffer_of()}, 4) == [{"a": []}]
