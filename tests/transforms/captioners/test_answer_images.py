"""Images in windows: every one gets an answer or a fault."""

from hypothesis import given, settings
from hypothesis import strategies as st

from evenpair.schemas.fault import Fault
from evenpair.transforms.captioners.answer_images import MAX_SIDE, answer_images
from evenpair.transforms.captioners.captioner import Answer

from ...support.fake_captioner import FakeCaptioner, images, png, texts


def test_a_window_is_sorted_by_size_and_asked_in_batches():
    captioner = FakeCaptioner(batch_size=2)
    answered = texts(answer_images(images([5, 1, 4, 2, 3]), captioner, window=4))
    assert answered == [
        {"k0": "5 x 1", "k1": "1 x 1", "k2": "4 x 1", "k3": "2 x 1"},
        {"k4": "3 x 1"},
    ]
    assert captioner.batches == [[(1, 1), (2, 1)], [(4, 1), (5, 1)], [(3, 1)]]


def test_a_large_image_is_reduced():
    answered = texts(answer_images(iter([("k", png(3 * MAX_SIDE, 6))]), FakeCaptioner()))
    assert answered == [{"k": f"{MAX_SIDE} x 2"}]


def test_images_with_a_fault_take_no_place_in_a_batch():
    entries = [("a", b"no image"), ("b", png(2)), ("c", Fault.IMAGE_TOO_LARGE), ("d", png(4))]
    captioner = FakeCaptioner(batch_size=2)
    [window] = answer_images(iter(entries), captioner, window=2)
    assert dict(window) == {
        "a": Answer(None, Fault.UNDECODABLE_IMAGE),
        "b": Answer("2 x 1"),
        "c": Answer(None, Fault.IMAGE_TOO_LARGE),
        "d": Answer("4 x 1"),
    }
    assert captioner.batches == [[(2, 1), (4, 1)]]


def test_without_a_good_image_the_captioner_is_not_called():
    captioner = FakeCaptioner()
    [window] = answer_images(iter([("a", b"")]), captioner)
    assert (dict(window), captioner.batches) == (
        {"a": Answer(None, Fault.UNDECODABLE_IMAGE)},
        [],
    )


@settings(max_examples=30)
@given(
    widths=st.lists(st.integers(1, 9), max_size=24),
    batch_size=st.integers(1, 5),
    window=st.integers(1, 9),
    calls=st.integers(1, 3),
)
def test_every_image_has_its_answer(widths, batch_size, window, calls):
    captioner = FakeCaptioner(batch_size, calls)
    windows = texts(answer_images(images(widths), captioner, window))
    captions = {key: text for window in windows for key, text in window.items()}
    assert captions == {f"k{at}": f"{width} x 1" for at, width in enumerate(widths)}
    assert [batch for batch in captioner.batches if len(batch) > batch_size] == []


@settings(max_examples=30)
@given(widths=st.lists(st.integers(1, 9), max_size=24), done=st.integers(0, 5))
def test_a_resumed_run_makes_the_same_requests(widths, done):
    whole, rest = FakeCaptioner(batch_size=2), FakeCaptioner(batch_size=2)
    windows = list(answer_images(images(widths), whole, 4))
    known = {key for window in windows[:done] for key, _ in window}
    left = (entry for entry in images(widths) if entry[0] not in known)
    assert list(answer_images(left, rest, 4)) == windows[done:]
    assert rest.batches == whole.batches[len(whole.batches) - len(rest.batches) :]
