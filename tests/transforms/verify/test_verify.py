"""What is wrong with shards is found, each problem by its name, and nothing else."""

import gzip
import io
import json
import shutil
from concurrent.futures import Executor, Future
from concurrent.futures.process import BrokenProcessPool

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from evenpair.pipeline.inputs.find_sources import find_sources
from evenpair.pipeline.options.phase_options import VerifyOptions
from evenpair.pipeline.verify.verify import verify
from evenpair.schemas.finding import Finding, Problem
from evenpair.schemas.tar import read_members
from evenpair.transforms.verify.verify_images import verify_images

from ...support.commands import call, spawn
from ...support.shards import MadePair, make_jpeg, write_members, write_source


class Here(Executor):
    """Processes that are none; whoever is given the image ``deadly`` dies of it."""

    def __init__(self, deadly=None):
        self.deadly = deadly

    def submit(self, function, /, *arguments, **named):
        future = Future()
        places = arguments[2] if function is verify_images else ()
        if self.deadly in [place.key for place in places]:
            future.set_exception(BrokenProcessPool())
        else:
            future.set_result(function(*arguments, **named))
        return future


def findings(path, deadly=None, **options):
    found = []
    verdict = verify(
        find_sources((str(path),)), VerifyOptions(**options), lambda _n: Here(deadly), found.append
    )
    assert verdict.findings == len(found)
    return found


def problems(path, **options):
    return [(f.shard, f.key, f.problem.value) for f in findings(path, **options)]


@pytest.fixture
def folder(tmp_path):
    """Two whole shards with everything beside them."""
    for shard in range(2):
        pairs = [MadePair(10 * shard + at, f"a dog on {at} boats") for at in range(4)]
        write_source(tmp_path / f"0000{shard}.tar", pairs)
    (tmp_path / "sizes.json").write_text(json.dumps({"00000.tar": 4, "00001.tar": 4}))
    return tmp_path


@pytest.mark.parametrize("no_decode", [False, True])
def test_nothing_is_wrong_with_whole_shards(folder, no_decode):
    assert findings(folder, no_decode=no_decode, loader_workers=2) == []


JPEG = make_jpeg(1)
GOOD = [("1.jpg", make_jpeg(2)), ("1.txt", b"a dog"), ("1.json", b"{}")]

TWO = [("2.jpg", JPEG), ("2.txt", b"a"), ("2.json", b"{}")]


def array(value):
    """An `.npy` file; of a Python object it holds a pickle."""
    stream = io.BytesIO()
    np.save(stream, np.array(value))
    return stream.getvalue()


def bomb():
    stream = io.BytesIO()
    Image.new("1", (15_000, 15_000)).save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("members", "found"),
    [
        ([], []),
        ([("2.webp", JPEG), ("2.txt", b"a cat")], [("2", "missing-member")]),
        ([("2.txt", b"a cat"), ("2.json", b"{}")], [("2", "missing-member")]),
        ([("2.jpg", JPEG), ("2.json", b"{}")], [("2", "missing-member")]),
        ([("2.jpg", b""), ("2.txt", b"a"), ("2.json", b"{}")], [("2", "empty-member")]),
        ([("2.jpg", JPEG), ("2.txt", b" \n"), ("2.json", b"{}")], [("2", "empty-member")]),
        ([("2.jpg", JPEG), ("2.txt", b"\xff"), ("2.json", b"{}")], [("2", "bad-text")]),
        ([("2.jpg", JPEG), ("2.txt", b"a"), ("2.json", b"{")], [("2", "bad-json")]),
        ([("2.jpg", JPEG), ("2.txt", b"a"), ("2.json", b"[]")], [("2", "bad-json")]),
        ([("2.jpg", JPEG), ("2.txt", b"a"), ("2.json", b"[" * 99_999)], [("2", "bad-json")]),
        ([("2.jpg", JPEG), ("2.txt", b"a"), ("2.json", b'{"a": NaN}')], []),
        ([("2.jpg", JPEG), ("2.jpg", JPEG), ("2.txt", b"a"), ("2.json", b"{}")],
         [("2", "duplicate-member")]),
        ([("2.jpg", JPEG), ("2.txt", b"a"), ("2.json", b"{}"), *GOOD], [("1", "duplicate-key")]),
        ([("2.b.jpg", JPEG), ("2.b.txt", b"a"), ("2.b.json", b"{}")], [("2.b", "dot-in-key")]),
        ([("2.5.jpg", JPEG), ("2.6.jpg", JPEG)], [("2.5", "dot-in-key"), ("2.6", "dot-in-key")]),
        ([("2.jpg", JPEG), ("2.txt", b"a"), ("2.json", b"{}"), ("2.seg.png", JPEG)], []),
        ([*TWO, ("2.seg.png", b"")], [("2", "empty-member")]),
        ([*TWO, ("2.seg.png", JPEG[:-100])], [("2", "undecodable-image")]),
        ([*TWO, ("2.webp", b"<html>gone</html>" * 9)], [("2", "undecodable-image")]),
        ([*TWO, ("2.cls", b"7\n"), ("2.v.npy", array(b"17")), ("2.meta.json", b"[]")], []),
        ([*TWO, ("2.mp3", b"x"), ("2.alt.txt", b"a")], []),
        ([*TWO, ("2.cls", b"dog")], [("2", "undecodable-member")]),
        ([*TWO, ("2.v.npy", array(b"17")[:-1])], [("2", "undecodable-member")]),
        ([*TWO, ("2.v.npy", array(10 ** 30))], [("2", "undecodable-member")]),
        ([*TWO, ("2.meta.json", b"{")], [("2", "undecodable-member")]),
        ([*TWO, ("2.alt.txt", b"\xff")], [("2", "undecodable-member")]),
        ([*TWO, ("2.pyd", b"x")], [("2", "pickled-member")]),
        ([("x.y/2.jpg", JPEG), ("x.y/2.txt", b"a"), ("x.y/2.json", b"{}")], []),
        ([("../2.jpg", JPEG), ("../2.txt", b"a"), ("../2.json", b"{}")], [("../2", "unsafe-name")]),
        ([("/2.jpg", JPEG), ("/2.txt", b"a"), ("/2.json", b"{}")], [("/2", "unsafe-name")]),
        ([("../passwd", b"x")], [("../passwd", "unsafe-name")]),
        ([("README", b"x"), ("._1.jpg", b"x")], []),
        ([("2.jpg", JPEG[:-100]), ("2.txt", b"a"), ("2.json", b"{}")],
         [("2", "undecodable-image")]),
        ([("2.png", bomb()), ("2.txt", b"a"), ("2.json", b"{}")], [("2", "undecodable-image")]),
        ([("2.jpg", b"<html>gone</html>" * 9), ("2.txt", b"a"), ("2.json", b"{}")],
         [("2", "undecodable-image")]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_sample(tmp_path, members, found):
    path = write_members(tmp_path / "0.tar", [*GOOD, *members])
    assert problems(path) == [("0.tar", key, problem) for key, problem in found]


@pytest.mark.parametrize(
    ("field", "status"), [("jpg", 1), ("txt", 1), ("json", 0)], ids=["jpg", "txt", "json"]
)
def test_what_no_sample_has_is_one_finding(tmp_path, field, status):
    members = [
        (f"{at}.{name}", content)
        for at in range(5)
        for name, content in [("jpg", make_jpeg(at)), ("txt", b"a"), ("json", b"{}")]
        if name != field
    ]
    path = write_members(tmp_path / "0.tar", members)
    assert problems(path) == [("0.tar", "", "missing-member")] * status


def test_a_key_with_a_dot_is_no_word_on_the_json_of_others(tmp_path):
    members = [("1.jpg", JPEG), ("1.txt", b"a dog"), ("2.5.jpg", JPEG), ("2.5.txt", b"a cat")]
    path = write_members(tmp_path / "0.tar", members)
    assert problems(path) == [("0.tar", "2.5", "dot-in-key")]


@pytest.mark.parametrize("no_decode", [False, True])
@pytest.mark.parametrize(
    ("samples", "alike", "found"), [(4, 2, 0), (4, 3, 1), (7, 3, 0), (7, 4, 1), (3, 3, 1)]
)
def test_an_error_page_that_most_samples_have(tmp_path, samples, alike, found, no_decode):
    members = [
        member
        for at in range(samples)
        for member in [(f"{at}.jpg", make_jpeg(at if at >= alike else 99)), (f"{at}.txt", b"a")]
    ]
    path = write_members(tmp_path / "0.tar", members)
    assert problems(path, no_decode=no_decode) == [("0.tar", "0", "repeated-image")] * found


def test_no_decode_sees_pages_but_not_cut_images(tmp_path):
    members = [("2.jpg", JPEG[:-100]), ("2.txt", b"a"), ("3.jpg", b"<html>" * 9), ("3.txt", b"b")]
    path = write_members(tmp_path / "0.tar", members)
    assert problems(path, no_decode=True) == [("0.tar", "3", "undecodable-image")]


@pytest.mark.parametrize("where", ["header", "payload", "end"])
def test_a_truncated_archive(folder, where):
    path = folder / "00001.tar"
    content = path.read_bytes()
    *_, member, _json, text = read_members(content)
    cut = {"header": member.offset - 300, "payload": member.offset + 9, "end": text.offset + 512}
    path.write_bytes(content[: cut[where]])
    assert [f for f in problems(folder) if f[2] == "truncated"] == [
        ("00001.tar", "000010003" if where == "payload" else "", "truncated")
    ]


def test_archives_that_cannot_be_read(folder):
    (folder / "00002.tar").mkdir()
    (folder / "00003.tar").write_bytes(b"<html>" * 999)
    (folder / "00004.tar").write_bytes(gzip.compress((folder / "00001.tar").read_bytes()))
    found = [(f.shard, f.problem.value) for f in findings(folder) if f.shard > "00002"]
    assert ("00002.tar", "unreadable") in found
    assert ("00003.tar", "truncated") in found
    assert ("00004.tar", "unreadable") in found


def test_counts_are_compared(folder):
    (folder / "00000_stats.json").write_text('{"successes": 5}')
    (folder / "00001_stats.json").write_text("{")
    table = pq.read_table(folder / "00001.parquet")
    pq.write_table(table.slice(1), folder / "00001.parquet")
    (folder / "sizes.json").write_text('{"00000.tar": 4, "00002.tar": 1, "00001.tar": 3}')
    details = [f.detail for f in findings(folder)]
    assert details[0] == "its statistics counts 5 samples, it holds 4"
    assert details[1].startswith("its statistics cannot be read: JSONDecodeError")
    assert details[2:] == [
        "its parquet counts 3 samples, it holds 4",
        "sizes.json counts 3 samples, it holds 4",
        "sizes.json lists 00002.tar, which is not there",
    ]


def test_what_sizes_do_not_list(folder):
    (folder / "sizes.json").write_text('{"00000.tar": 4}')
    assert problems(folder) == [("00001.tar", "", "counts-differ")]
    (folder / "sizes.json").write_text("[]")
    assert problems(folder) == [("sizes.json", "", "bad-json")]


def test_a_shard_that_was_not_finished(folder):
    (folder / "00001_stats.json").unlink()
    assert problems(folder) == [("00001.tar", "", "unfinished")]
    (folder / "00000_stats.json").unlink()
    assert problems(folder) == []


def test_json_that_breaks_resuming(folder):
    for name in ("notes.json", "00009_notes.json", "x_stats.json"):
        (folder / name).write_text("{}")
    assert problems(folder) == [
        ("notes.json", "", "stray-json"),
        ("x_stats.json", "", "stray-json"),
    ]


def test_keys_that_two_shards_share(tmp_path):
    for shard, keys in enumerate(["09", "58", "30", "7x"]):
        members = [
            (f"{key}.{field}", content)
            for key in keys
            for field, content in [("jpg", make_jpeg(ord(key) + shard)), ("txt", b"a")]
        ]
        write_members(tmp_path / f"{shard}.tar", members)
    assert findings(tmp_path) == [
        Finding("2.tar", "0", Problem.DUPLICATE_KEY, "0.tar has it, too"),
    ]
    shutil.copy(tmp_path / "1.tar", tmp_path / "4.tar")
    assert [f.line() for f in findings(tmp_path)][1:] == [
        "4.tar  5  duplicate-key: 1.tar has it, too",
        "4.tar  8  duplicate-key: 1.tar has it, too",
    ]


def test_fewer_shards_than_loader_workers(folder):
    assert problems(folder, loader_workers=3) == [("-", "", "few-shards")]


def test_a_shard_without_samples_feeds_no_loader_worker(tmp_path):
    for shard in range(2):
        write_members(tmp_path / f"{shard}.tar", GOOD * shard)
    assert findings(tmp_path, loader_workers=1) == []
    assert problems(tmp_path, loader_workers=2) == [("-", "", "few-shards")]


def test_an_image_that_kills_its_process_is_named(folder):
    assert findings(folder, deadly="000010002") == [
        Finding(
            "00001.tar", "000010002", Problem.UNDECODABLE_IMAGE, "the process that decoded it died"
        )
    ]


ROWS = {
    "key": ["1", "2", "3", "4", "5"],
    "caption": ["a", "b", " ", "d", "e"],
    "status": ["success"] * 4 + ["failed_to_download"],
    "jpg": [make_jpeg(1), make_jpeg(2)[:-90], make_jpeg(3), make_jpeg(4), None],
}


def test_tables_of_images(tmp_path):
    pq.write_table(pa.table(ROWS), tmp_path / "0.parquet")
    found = [("0.parquet", "3", "empty-member"), ("0.parquet", "2", "undecodable-image")]
    assert sorted(problems(tmp_path)) == sorted(found)
    assert problems(tmp_path, no_decode=True) == found[:1]


@pytest.mark.parametrize(
    ("name", "values", "found"),
    [
        ("key", ["1", "2", "2", "4", "5"], [("2", "duplicate-key")]),
        ("key", ["1", "a.b", "3", "4", "5"], [("a.b", "unsafe-name")]),
        ("jpg", [make_jpeg(1), None, b"", make_jpeg(4), None],
         [("2", "missing-member"), ("3", "empty-member")]),
        ("jpg", [make_jpeg(9)] * 2 + [b"<html>" * 9] * 2 + [None],
         [("3", "undecodable-image"), ("4", "undecodable-image")]),
        ("jpg", [make_jpeg(9)] * 3 + [make_jpeg(1), None], [("1", "repeated-image")]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_row(tmp_path, name, values, found):
    rows = ROWS | {
        "caption": list("abcde"),
        "jpg": [make_jpeg(at) for at in range(5)],
        name: values,
    }
    pq.write_table(pa.table(rows), tmp_path / "0.parquet")
    assert problems(tmp_path) == [("0.parquet", key, problem) for key, problem in found]


def test_a_cut_table(tmp_path):
    pq.write_table(pa.table(ROWS), tmp_path / "0.parquet")
    (tmp_path / "0.parquet").write_bytes((tmp_path / "0.parquet").read_bytes()[:-5])
    assert problems(tmp_path) == [("0.parquet", "", "truncated")]


@pytest.mark.parametrize(
    ("key", "shown"), [("", "-"), ("a\nb", "a\\nb"), ("\udcff", "\\udcff"), ("é x", "\\xe9 x")]
)
def test_a_finding_is_one_line_whatever_its_key(key, shown):
    line = Finding("0.tar", key, Problem.BAD_TEXT, "two\nlines").line()
    assert line == f"0.tar  {shown}  bad-text: two lines"


def test_the_command(folder, tmp_path):
    good = spawn("verify", folder, "--workers", "1")
    assert (good.status, good.err) == (0, "")
    assert good.out == "2 shards, 8 samples, 0 findings\n"
    (folder / "00001_stats.json").unlink()
    bad = spawn("verify", folder / "0000{0..1}.tar", "--workers", "1", "--no-decode")
    assert (bad.status, bad.err) == (1, "")
    assert bad.out.splitlines() == [
        "00001.tar  -  unfinished: it has no statistics, which are written last",
        "2 shards, 8 samples, 1 findings",
    ]
    assert call("verify", tmp_path / "none").status == 2


def test_real_photographs(photographs):
    assert findings(photographs) == []
    assert findings(photographs.parent / "parquet", no_decode=True) == []
