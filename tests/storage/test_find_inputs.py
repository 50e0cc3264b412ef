"""Which files an argument names."""

import pytest
from webdataset.shardlists import expand_urls

from evenpair.storage import files
from evenpair.storage.find_inputs import expand_braces, find_inputs


@pytest.mark.parametrize(
    ("pattern", "expanded"),
    [
        ("{00008..00010}.tar", ["00008.tar", "00009.tar", "00010.tar"]),
        ("{098..1}", [f"{number:03d}" for number in range(98, 0, -1)]),
        ("{7..10}", ["7", "8", "9", "10"]),
        ("{a,b}/{1..2}", ["a/1", "a/2", "b/1", "b/2"]),
        ("{a,{b,c}d}", ["a", "bd", "cd"]),
        ("{a,a,}b", ["ab", "b"]),
        ("plain", ["plain"]),
        ("{}{a}", ["{}{a}"]),
    ],
)
def test_braces_stand_for_what_webdataset_reads_in_them(pattern, expanded):
    assert expand_braces(pattern) == expanded == list(dict.fromkeys(expand_urls(pattern)))


@pytest.mark.parametrize("pattern", ["a{b", "a}b", "{a,b", "{1,2}}", r"a\{b", r"a\b"])
def test_half_a_pair_of_braces_and_a_backslash_stay(pattern):
    assert expand_braces(pattern) == [pattern]


def tables_in(folder):
    return files.find_in(folder, "*.csv")


@pytest.mark.parametrize(
    ("argument", "found"),
    [
        ("a", {"a": ["a/1.csv", "a/2.csv"]}),
        ("a/", {"a/": ["a/1.csv", "a/2.csv"]}),
        ("a/1.csv", {"a/1.csv": ["a/1.csv"]}),
        ("?/*.*", {"?/*.*": ["a/1.csv", "a/2.csv", "a/3.txt"]}),
        ("a/{2..4}.csv", {"a/2.csv": ["a/2.csv"], "a/3.csv": [], "a/4.csv": []}),
        ("odd[1]", {"odd[1]": ["odd[1]/*.csv"]}),
        ("odd[1]/*.csv", {"odd[1]/*.csv": ["odd[1]/*.csv"]}),
        ("no", {"no": []}),
    ],
)
def test_a_path_a_folder_a_glob_or_a_range(tmp_path, monkeypatch, argument, found):
    for name in ("a/1.csv", "a/2.csv", "a/3.txt", "odd[1]/*.csv"):
        files.write_bytes(str(tmp_path / name), b"")
    monkeypatch.chdir(tmp_path)
    assert find_inputs(argument, tables_in) == {
        pattern: [str(tmp_path / path) for path in paths] for pattern, paths in found.items()
    }
