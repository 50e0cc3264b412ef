"""Feeding a captioner: windows, calls, faults, batches too large, answers kept as they come."""

import io
import threading

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from evenpair.schemas.errors import EvenpairError
from evenpair.schemas.fault import Fault
from evenpair.schemas.run_directory import RunDirectory
from evenpair.schemas.source import name_sources
from evenpair.schemas.tables import PAIRS
from evenpair.schemas.unit import Tally, Unit
from evenpair.storage import files
from evenpair.transforms.captioners.answer_images import MAX_SIDE, answer_images
from evenpair.transforms.captioners.ask_captioner import Asker, prepare_question
from evenpair.transforms.captioners.captioner import Answer, Asked
from evenpair.transforms.captioners.work_ahead import map_ahead, run_ahead
from evenpair.transforms.enrich.caption_images import caption_images
from evenpair.transforms.enrich.gather_captions import gather_captions
from evenpair.transforms.enrich.keep_answers import AnswerStore

from ...support.shards import MadePair, write_source

ME = Asked("me", "1", "")


class FakeCaptioner:
    """Says the size of an image; counts what it is asked, and stumbles as it is told to."""

    def __init__(self, batch_size=4, calls=1, most=10**6, stumbles=()):
        self.asked, self.batch_size, self.calls = ME, batch_size, calls
        self._most, self._stumbles = most, set(stumbles)
        self.batches = []
        self._lock = threading.Lock()

    def prepare(self, images):
        return [image.size for image in images]

    def caption(self, prepared):
        with self._lock:
            self.batches.append(prepared)
        if len(prepared) > self._most:
            raise MemoryError
        if self._stumbles & set(prepared):
            raise ValueError("an image that the model cannot bear")
        return [Answer(f"{width} x {height}") for width, height in prepared]


def png(width, height=1, mode="L"):
    stream = io.BytesIO()
    Image.new(mode, (width, height)).save(stream, "PNG")
    return stream.getvalue()


def stream(*entries):
    yield from entries


def images(widths):
    return stream(*((f"k{at}", png(width)) for at, width in enumerate(widths)))


def texts(windows):
    return [{key: answer.text for key, answer in window} for window in windows]


class TestWorkAhead:
    @given(st.lists(st.integers(), max_size=20), st.integers(1, 4), st.integers(1, 6))
    def test_order_is_kept(self, items, threads, most):
        assert list(map_ahead(lambda n: n + 1, items, threads, most)) == [n + 1 for n in items]
        assert list(run_ahead(stream(*items), most)) == items

    def test_what_is_raised_comes_in_its_turn(self):
        def failing():
            yield 1
            raise OSError("gone")

        for made in (run_ahead(failing(), 3), map_ahead(lambda n: n, failing(), 2, 1)):
            assert next(made) == 1
            with pytest.raises(OSError, match="gone"):
                next(made)

    def test_who_stops_early_stops_the_making(self):
        made = []

        def endless():
            try:
                while True:
                    made.append(1)
                    yield 1
            finally:
                made.append("closed")

        ahead = run_ahead(endless(), 2)
        next(ahead)
        ahead.close()
        assert made[-1] == "closed"
        assert len(made) <= 6


class TestAsker:
    @pytest.mark.parametrize("most", [1, 2, 3, 5, 8])
    def test_too_many_are_halved_until_they_fit(self, most):
        captioner = FakeCaptioner(batch_size=8, most=most)
        asker = Asker(captioner)
        pictures = [Image.new("L", (n + 1, 1)) for n in range(8)]
        for _ in range(2):
            answers = asker.ask(prepare_question(pictures, captioner))
            assert [answer.text for answer in answers] == [f"{n + 1} x 1" for n in range(8)]
        sizes = [len(batch) for batch in captioner.batches]
        failed = [size for size in sizes if size > most]
        assert failed == sorted(set(failed), reverse=True)  # no size is tried twice

    def test_one_image_that_the_model_cannot_bear_costs_itself(self):
        captioner = FakeCaptioner(batch_size=8, stumbles=[(3, 1)])
        pictures = [Image.new("L", (n + 1, 1)) for n in range(8)]
        answers = Asker(captioner).ask(prepare_question(pictures, captioner))
        expected = [Answer(f"{n + 1} x 1") for n in range(8)]
        expected[2] = Answer(None, Fault.MODEL_FAILED)
        assert answers == expected

    def test_a_model_that_fails_on_every_image_is_given_up(self):
        captioner = FakeCaptioner(batch_size=32, stumbles=[(1, 1)])
        pictures = [Image.new("L", (1, 1))] * 32
        with pytest.raises(
            EvenpairError, match=r"^model 'me' fails whatever it is asked: an image"
        ):
            Asker(captioner).ask(prepare_question(pictures, captioner))

    def test_a_service_that_failed_is_not_asked_in_parts(self):
        captioner = FakeCaptioner()
        captioner.caption = lambda _: (_ for _ in ()).throw(EvenpairError("it is gone"))
        with pytest.raises(EvenpairError, match="it is gone"):
            Asker(captioner).ask(prepare_question([Image.new("L", (1, 1))] * 4, captioner))


class TestAnswerImages:
    def test_windows_and_calls(self):
        captioner = FakeCaptioner(batch_size=2)
        answered = texts(answer_images(images([5, 1, 4, 2, 3]), captioner, window=4))
        assert answered == [
            {"k0": "5 x 1", "k1": "1 x 1", "k2": "4 x 1", "k3": "2 x 1"},
            {"k4": "3 x 1"},
        ]
        assert captioner.batches == [[(1, 1), (2, 1)], [(4, 1), (5, 1)], [(3, 1)]]

    def test_a_large_image_is_made_smaller(self):
        answered = texts(answer_images(stream(("k", png(3 * MAX_SIDE, 6))), FakeCaptioner()))
        assert answered == [{"k": f"{MAX_SIDE} x 2"}]

    def test_faults_are_answers_and_fill_no_call(self):
        entries = [("a", b"no image"), ("b", png(2)), ("c", Fault.IMAGE_TOO_LARGE), ("d", png(4))]
        captioner = FakeCaptioner(batch_size=2)
        [window] = answer_images(stream(*entries), captioner, window=2)
        assert dict(window) == {
            "a": Answer(None, Fault.UNDECODABLE_IMAGE),
            "b": Answer("2 x 1"),
            "c": Answer(None, Fault.IMAGE_TOO_LARGE),
            "d": Answer("4 x 1"),
        }
        assert captioner.batches == [[(2, 1), (4, 1)]]

    def test_faults_alone_ask_nothing(self):
        captioner = FakeCaptioner()
        [window] = answer_images(stream(("a", b"")), captioner)
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
    def test_every_image_has_its_answer(self, widths, batch_size, window, calls):
        captioner = FakeCaptioner(batch_size, calls)
        windows = texts(answer_images(images(widths), captioner, window))
        said = {key: text for window in windows for key, text in window.items()}
        assert said == {f"k{at}": f"{width} x 1" for at, width in enumerate(widths)}
        assert all(len(batch) <= batch_size for batch in captioner.batches)

    @settings(max_examples=30)
    @given(widths=st.lists(st.integers(1, 9), max_size=24), done=st.integers(0, 5))
    def test_who_goes_on_asks_what_would_have_been_asked(self, widths, done):
        whole, rest = FakeCaptioner(batch_size=2), FakeCaptioner(batch_size=2)
        windows = list(answer_images(images(widths), whole, 4))
        known = {key for window in windows[:done] for key, _ in window}
        left = (entry for entry in images(widths) if entry[0] not in known)
        assert list(answer_images(left, rest, 4)) == windows[done:]
        assert rest.batches == whole.batches[len(whole.batches) - len(rest.batches) :]


@pytest.fixture
def unit(tmp_path):
    """Nine pairs, two of them without a picture, and one that stands twice."""
    pictures = [png(n + 1) for n in range(9)]
    pairs = [MadePair(n, f"{n}", image=picture) for n, picture in enumerate(pictures)]
    pairs[3] = MadePair(3, "3", image=b"<html></html>")
    path = write_source(tmp_path / "00000.tar", pairs)
    [source] = name_sources([str(path)])
    keys = [f"00000{n:04d}" for n in range(9)] + ["gone", "000000008"]
    uids = [f"{n:032d}" for n in range(10)] + [f"{8:032d}"]
    rows = [{"uid": u, "key": k, "shard": source.name} for u, k in zip(uids, keys, strict=True)]
    return Unit(source, pa.Table.from_pylist(rows, schema=PAIRS), Tally(11))


@pytest.fixture
def store(tmp_path):
    return AnswerStore(RunDirectory(str(tmp_path / "run")), "00000")


def said(store, asked=ME):
    table = store.load(asked)
    return {int(row["uid"]): row["answer"] or row["fault"] for row in table.to_pylist()}


ALL = {n: f"{n + 1} x 1" for n in range(9)} | {3: "undecodable-image", 9: "missing-image"}


class TestCaptionImages:
    def test_every_pair_is_asked_about_once(self, unit, store):
        captioner = FakeCaptioner(batch_size=2)
        caption_images(unit, captioner, store, window=2)
        assert said(store) == ALL
        again = FakeCaptioner()
        caption_images(unit, again, store)
        assert (said(store), again.batches) == (ALL, [])

    def test_a_kill_costs_a_window(self, unit, store):
        class Killed(BaseException):
            pass

        whole = FakeCaptioner(batch_size=2)
        caption_images(unit, whole, AnswerStore(store.run_dir, "whole"), window=2)
        killed = FakeCaptioner(batch_size=2)
        asked = killed.caption

        def caption(prepared):
            if (5, 1) in prepared:
                raise Killed
            return asked(prepared)

        killed.caption = caption
        with pytest.raises(Killed):
            caption_images(unit, killed, store, window=2)
        assert said(store) == {n: ALL[n] for n in (0, 1)}
        rest = FakeCaptioner(batch_size=2)
        caption_images(unit, rest, store, window=2)
        assert said(store) == ALL
        # What dies with a process goes on for a moment here: it may ask once more.
        assert killed.batches[:1] + rest.batches == whole.batches

    def test_what_a_model_failed_on_is_asked_again(self, unit, store):
        caption_images(unit, FakeCaptioner(stumbles=[(6, 1)]), store)
        assert said(store) == {n: text for n, text in ALL.items() if n != 5}
        caption_images(unit, FakeCaptioner(), store)
        assert said(store) == ALL

    def test_a_device_too_small_for_a_batch_captions_everything(self, unit, store):
        captioner = FakeCaptioner(batch_size=8, most=3)
        caption_images(unit, captioner, store)
        assert said(store) == ALL
        assert [len(batch) for batch in captioner.batches] == [8, 4, 2, 2, 2, 2]

    def test_another_model_revision_or_prompt_is_asked_anew(self, unit, store):
        caption_images(unit, FakeCaptioner(), store)
        others = [Asked("you", "1", ""), Asked("me", "2", ""), Asked("me", "1", "a")]
        for other in others:
            captioner = FakeCaptioner()
            captioner.asked = other
            caption_images(unit, captioner, store)
            assert len(captioner.batches) == 2
        assert [said(store, asked) for asked in (ME, *others)] == [ALL] * 4
        assert store.load().num_rows == 4 * len(ALL)

    def test_two_attempts_at_once_keep_each_answer_once(self, unit, store):
        store.add({"u": Answer("first")}, ME)
        store.add({"u": Answer("second"), "v": Answer("other")}, ME)
        assert store.load(ME)["answer"].to_pylist() == ["first", "other"]
        store.settle()
        assert store.load(ME)["answer"].to_pylist() == ["first", "other"]

    def test_parts_of_two_attempts_have_names_of_their_own(self, store, monkeypatch):
        with monkeypatch.context() as patched:
            patched.setattr(AnswerStore, "_parts", lambda _: [])  # both saw none, and begin
            store.add({"u": Answer("mine")}, ME)
            store.add({"v": Answer("yours")}, ME)
        assert sorted(store.load(ME)["answer"].to_pylist()) == ["mine", "yours"]

    def test_another_attempt_may_settle_meanwhile(self, store, monkeypatch):
        store.add({"u": Answer("mine")}, ME)
        real = files.read_table

        def settled_before(path):
            with monkeypatch.context() as patched:
                patched.setattr(files, "read_table", real)
                store.settle()
            return real(path)

        monkeypatch.setattr(files, "read_table", settled_before)
        assert store.load(ME)["answer"].to_pylist() == ["mine"]

    def test_gathered_captions_are_checked(self, unit, store):
        answers = {
            f"{0:032d}": Answer("The image shows a dog."),
            f"{1:032d}": Answer("a dog on a", is_cut=True),
            f"{3:032d}": Answer(None, Fault.UNDECODABLE_IMAGE),
            f"{8:032d}": Answer("a cat"),
        }
        store.add(answers, ME)
        rows = gather_captions(unit, store.load(ME), ME).table.to_pylist()
        assert [(row["key"], row["caption"], row["fault"]) for row in rows] == [
            ("000000000", "A dog.", None),
            ("000000001", None, "cut-off"),
            ("000000002", None, "model-failed"),
            ("000000003", None, "undecodable-image"),
            *((f"00000000{n}", None, "model-failed") for n in (4, 5, 6, 7)),
            ("000000008", "a cat", None),
            ("gone", None, "model-failed"),
            ("000000008", "a cat", None),
        ]
        assert {(row["model"], row["revision"], row["prompt"]) for row in rows} == {("me", "1", "")}
