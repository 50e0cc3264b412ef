"""The parts of a stage are dealt out to workers, each of them once."""

from apache_beam.coders import coders
from apache_beam.runners.portability.fn_api_runner.execution import ListBuffer
from hypothesis import given
from hypothesis import strategies as st

from evenpair.runners.direct.share_bundles import Parts, split_inputs


def parts_of(count):
    return [{"main": [bytes([at])], "side": []} for at in range(count)]


@given(count=st.integers(1, 40), workers=st.integers(2, 5), draw=st.randoms())
def test_whoever_asks_gets_parts_that_nobody_had_and_bundles_shrink(count, workers, draw):
    parts = Parts(parts_of(count), workers)
    asking = [parts.bundles() for _ in range(workers)]
    given_out = []
    while asking:
        worker = draw.choice(asking)
        bundle = next(worker, None)
        if bundle is None:
            asking.remove(worker)
        else:
            given_out.append(bundle["main"])
    assert sorted(part for bundle in given_out for part in bundle) == [
        bytes([at]) for at in range(count)
    ]
    sizes = [len(bundle) for bundle in given_out]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] <= -(-count // (2 * workers))


def test_who_fails_leaves_nothing_to_the_others():
    parts = Parts(parts_of(9), 2)
    failing, other = parts.bundles(), parts.bundles()
    assert next(failing) is not None
    failing.close()  # as the frame that it belongs to does when it raises
    assert list(other) == []


def buffer_of(*elements):
    buffer = ListBuffer(coders.BytesCoder().get_impl())
    for element in elements:
        buffer.append(element)
    return buffer


def test_parts_without_elements_are_no_work():
    found = split_inputs({"a": buffer_of(b"1", b"2", b"3"), "b": buffer_of()}, 3)
    assert found == [{"a": [said], "b": []} for said in (b"1", b"2", b"3")]


def test_a_stage_that_nothing_enters_is_run_once():
    assert split_inputs({"a": buffer_of()}, 4) == [{"a": []}]
