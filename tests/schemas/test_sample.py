"""Samples: members grouped by key, as webdataset groups them."""

import pytest
import webdataset
from hypothesis import given
from hypothesis import strategies as st

from evenpair.schemas.sample import first_samples, group_samples, is_safe_key, split_name
from evenpair.schemas.tar import END_OF_ARCHIVE, Member
from evenpair.schemas.tar_header import make_header

NAMES = st.lists(st.sampled_from("abAB1._/"), min_size=1, max_size=12).map("".join)


def members(*names):
    return [Member(name, 512 * at, 1) for at, name in enumerate(names)]


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("000000001.jpg", ("000000001", "jpg")),
        ("a/b.c/0001.seg.PNG", ("a/b.c/0001", "seg.png")),
        ("./0001.txt", ("./0001", "txt")),
        ("0001.", ("0001", "")),
        ("README", None),
        (".DS_Store", None),
        ("a/._0001.jpg", None),
        ("a/", None),
    ],
)
def test_a_name_is_split_at_the_first_dot_of_its_base(name, split):
    assert split_name(name) == split


@given(name=NAMES)
def test_names_are_split_as_webdataset_splits_them(name):
    prefix, suffix = webdataset.tariterators.base_plus_ext(name)
    hidden = name.rpartition("/")[2].startswith(".")
    theirs = None if prefix is None or hidden else (prefix, suffix.lower())
    assert split_name(name) == theirs


@given(names=st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz")), unique=True))
def test_neighbours_are_grouped_as_webdataset_groups_them(names):
    files = [{"fname": f"{k}.{f}", "data": b"", "__url__": ""} for k, f in names]
    theirs = [
        (sample["__key__"], [name for name in sample if not name.startswith("__")])
        for sample in webdataset.tariterators.group_by_keys(files)
    ]
    ours = group_samples(members(*(file["fname"] for file in files)))
    assert [(sample.key, list(sample.members)) for sample in ours] == theirs


def test_a_member_without_an_extension_does_not_split_a_sample():
    samples = group_samples(members("1.jpg", "README", "._1.txt", "1.txt"))
    assert [(sample.key, list(sample.members)) for sample in samples] == [("1", ["jpg", "txt"])]


def test_a_field_that_comes_twice_is_noted():
    [sample] = group_samples(members("1.jpg", "1.JPG"))
    assert sample.repeated == "jpg"


def test_only_the_first_sample_of_a_key_counts():
    names = ["1.jpg", "1.txt", "2.jpg", "1.jpg", "1.seg"]
    archive = b"".join(make_header(name, 0) for name in names)
    found = [(s.key, list(s.members)) for s in first_samples(archive + END_OF_ARCHIVE)]
    assert found == [("1", ["jpg", "txt"]), ("2", ["jpg"])]


def test_samples_come_up_to_the_damage():
    archive = b"".join(make_header(name, 0) for name in ("1.jpg", "1.txt", "2.jpg", "2.txt"))
    keys = [
        [sample.key for sample in first_samples(archive[:cut])] for cut in (2048, 1500, 1024, 9)
    ]
    assert keys == [["1", "2"], ["1"], ["1"], []]


@pytest.mark.parametrize(
    ("names", "image"),
    [
        (["1.webp", "1.png", "1.jpg"], "1.jpg"),
        (["1.jpeg", "1.webp"], "1.jpeg"),
        (["1.JPG", "1.txt"], "1.JPG"),
        (["1.seg.png", "1.txt"], None),
    ],
)
def test_the_image_of_a_sample_is_the_one_that_open_clip_decodes(names, image):
    [sample] = group_samples(members(*names))
    assert (sample.image and sample.image.name) == image


@pytest.mark.parametrize(
    ("key", "safe"),
    [
        ("a/0001", True),
        ("a..b/c", True),
        ("é", True),
        ("../0001", False),
        ("a/../0001", False),
        ("/etc/0001", False),
        ("\udcff01", False),
    ],
)
def test_a_key_that_would_leave_its_folder_is_unsafe(key, safe):
    assert is_safe_key(key) is safe
