"""Problems of samples in an archive: each is found by its name, and no others."""

import io

import numpy as np
import pytest
from PIL import Image

from ...support.shards import make_jpeg, write_members
from ...support.verified import problems

JPEG = make_jpeg(1)
GOOD = [("1.jpg", make_jpeg(2)), ("1.txt", b"a dog"), ("1.json", b"{}")]

TWO = [("2.jpg", JPEG), ("2.txt", b"a"), ("2.json", b"{}")]


def array(value):
    """Return an `.npy` file; for a Python object it holds a pickle."""
    stream = io.BytesIO()
    np.save(stream, np.array(value))
    return stream.getvalue()


def bomb():
    stream = io.BytesIO()
    Image.new("1", (15_000, 15_000)).save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("members", "expected"),
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
def test_every_problem_of_a_sample_is_found(tmp_path, members, expected):
    path = write_members(tmp_path / "0.tar", [*GOOD, *members])
    assert problems(path) == [("0.tar", key, problem) for key, problem in expected]


@pytest.mark.parametrize(
    ("field", "status"), [("jpg", 1), ("txt", 1), ("json", 0)], ids=["jpg", "txt", "json"]
)
def test_a_member_that_no_sample_has_is_one_finding(tmp_path, field, status):
    members = [
        (f"{at}.{name}", content)
        for at in range(5)
        for name, content in [("jpg", make_jpeg(at)), ("txt", b"a"), ("json", b"{}")]
        if name != field
    ]
    path = write_members(tmp_path / "0.tar", members)
    assert problems(path) == [("0.tar", "", "missing-member")] * status


def test_a_key_with_a_dot_does_not_affect_other_samples(tmp_path):
    members = [("1.jpg", JPEG), ("1.txt", b"a dog"), ("2.5.jpg", JPEG), ("2.5.txt", b"a cat")]
    path = write_members(tmp_path / "0.tar", members)
    assert problems(path) == [("0.tar", "2.5", "dot-in-key")]


@pytest.mark.parametrize("no_decode", [False, True])
@pytest.mark.parametrize(
    ("samples", "alike", "expected"), [(4, 2, 0), (4, 3, 1), (7, 3, 0), (7, 4, 1), (3, 3, 1)]
)
def test_an_image_that_most_samples_share_is_found(tmp_path, samples, alike, expected, no_decode):
    members = [
        member
        for at in range(samples)
        for member in [(f"{at}.jpg", make_jpeg(at if at >= alike else 99)), (f"{at}.txt", b"a")]
    ]
    path = write_members(tmp_path / "0.tar", members)
    assert problems(path, no_decode=no_decode) == [("0.tar", "0", "repeated-image")] * expected


def test_without_decoding_pages_are_found_but_not_truncated_images(tmp_path):
    members = [("2.jpg", JPEG[:-100]), ("2.txt", b"a"), ("3.jpg", b"<html>" * 9), ("3.txt", b"b")]
    path = write_members(tmp_path / "0.tar", members)
    assert problems(path, no_decode=True) == [("0.tar", "3", "undecodable-image")]
