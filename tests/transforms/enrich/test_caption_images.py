"""The pairs of a source are captioned once, and answers are kept window by window."""

import pyarrow as pa
import pytest

from evenpair.schemas.fault import Fault
from evenpair.schemas.run_directory import RunDirectory
from evenpair.schemas.source import name_sources
from evenpair.schemas.tables import PAIRS
from evenpair.schemas.unit import Tally, Unit
from evenpair.transforms.captioners.captioner import Answer, CaptionerId
from evenpair.transforms.enrich.caption_images import caption_images
from evenpair.transforms.enrich.gather_captions import gather_captions
from evenpair.transforms.enrich.keep_answers import AnswerBuffer, AnswerStore

from ...support.fake_captioner import ME, FakeCaptioner, png
from ...support.shards import MadePair, write_source


@pytest.fixture
def unit(tmp_path):
    """Eleven pairs: one with a page for a picture, one without, one that is listed twice."""
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


def answers_in(store, asked=ME):
    table = store.load(asked)
    return {int(row["uid"]): row["answer"] or row["fault"] for row in table.to_pylist()}


ALL = {n: f"{n + 1} x 1" for n in range(9)} | {3: "undecodable-image", 9: "missing-image"}


def test_every_pair_is_captioned_once(unit, store):
    captioner = FakeCaptioner(batch_size=2)
    caption_images(unit, captioner, store, window=2)
    assert answers_in(store) == ALL
    again = FakeCaptioner()
    caption_images(unit, again, store)
    assert (answers_in(store), again.batches) == (ALL, [])


def test_a_killed_run_loses_at_most_a_window(unit, store):
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
    assert answers_in(store) == {n: ALL[n] for n in (0, 1)}
    rest = FakeCaptioner(batch_size=2)
    caption_images(unit, rest, store, window=2)
    assert answers_in(store) == ALL
    # In this process the threads of the killed run go on for a moment: one more batch is possible.
    assert killed.batches[:1] + rest.batches == whole.batches


def test_pairs_that_the_model_failed_on_are_retried(unit, store):
    caption_images(unit, FakeCaptioner(fails_on=[(6, 1)]), store)
    assert answers_in(store) == {n: text for n, text in ALL.items() if n != 5}
    caption_images(unit, FakeCaptioner(), store)
    assert answers_in(store) == ALL


def test_a_device_too_small_for_a_batch_captions_all_pairs(unit, store):
    captioner = FakeCaptioner(batch_size=8, most=3)
    caption_images(unit, captioner, store)
    assert answers_in(store) == ALL
    assert [len(batch) for batch in captioner.batches] == [8, 4, 2, 2, 2, 2]


def test_another_model_revision_or_prompt_captions_all_pairs_again(unit, store):
    caption_images(unit, FakeCaptioner(), store)
    others = [CaptionerId("you", "1", ""), CaptionerId("me", "2", ""), CaptionerId("me", "1", "a")]
    for other in others:
        captioner = FakeCaptioner()
        captioner.captioner_id = other
        caption_images(unit, captioner, store)
        assert len(captioner.batches) == 2
    assert [answers_in(store, asked) for asked in (ME, *others)] == [ALL] * 4
    assert store.load().num_rows == 4 * len(ALL)


def test_an_answer_of_a_second_attempt_is_ignored(unit, store):
    store.add({"u": Answer("first")}, ME)
    store.add({"u": Answer("second"), "v": Answer("other")}, ME)
    assert store.load(ME)["answer"].to_pylist() == ["first", "other"]
    store.settle()
    assert store.load(ME)["answer"].to_pylist() == ["first", "other"]


def test_gathered_captions_are_checked(unit, store):
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


class TestBuffer:
    def test_an_error_of_the_store_loses_nothing(self, store, monkeypatch):
        add = AnswerStore.add
        errors = [OSError("no space left")]

        def add_later(*arguments):
            if errors:
                raise errors.pop()
            add(*arguments)

        monkeypatch.setattr(AnswerStore, "add", add_later)
        with AnswerBuffer(store, ME) as buffer:
            buffer.add({"u": Answer("first")})
            with pytest.raises(OSError, match="no space"):
                buffer.flush()
            buffer.add({"v": Answer("second")})
        assert sorted(store.load(ME)["answer"].to_pylist()) == ["first", "second"]

    def test_an_error_of_the_block_loses_nothing(self, store):
        def interrupted():
            with AnswerBuffer(store, ME) as buffer:
                buffer.add({"u": Answer("first")})
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            interrupted()
        assert store.load(ME)["answer"].to_pylist() == ["first"]
