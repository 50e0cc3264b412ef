"""INPUT -> source shards, and the names that they get."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from webdataset.shardlists import expand_urls

from evenpair.pipeline.inputs.find_sources import find_sources
from evenpair.schemas.errors import UsageError
from evenpair.schemas.source import Source, expand_braces, name_sources

from ...support.messages import raises_naming

LITERAL = st.text("ab/_.-", max_size=3)
NUMBER = st.sampled_from(["0", "3", "7", "12", "00", "03", "010"])
RANGE = st.builds("{{{}..{}}}".format, NUMBER, NUMBER)
CHOICE = st.lists(st.text("ab0", max_size=2), min_size=2, max_size=3, unique=True).map(
    lambda choices: "{" + ",".join(choices) + "}"
)
PATTERN = st.lists(LITERAL | RANGE | CHOICE, max_size=3).map("".join)


@given(pattern=PATTERN)
def test_braces_are_expanded_as_webdataset_expands_them(pattern):
    assert expand_braces(pattern) == list(dict.fromkeys(expand_urls(pattern)))


@pytest.mark.parametrize(
    ("pattern", "expanded"),
    [
        ("{00008..00010}.tar", ["00008.tar", "00009.tar", "00010.tar"]),
        ("{a,b}/{1..2}", ["a/1", "a/2", "b/1", "b/2"]),
        ("{a,{b,c}d}", ["a", "bd", "cd"]),
        ("plain", ["plain"]),
        ("{}{a}", ["{}{a}"]),
    ],
)
def test_ranges_and_choices_are_expanded_in_order(pattern, expanded):
    assert expand_braces(pattern) == expanded


def names(*paths):
    return [source.name for source in name_sources(paths)]


@pytest.mark.parametrize(
    ("paths", "named"),
    [
        (["/data/00000.tar"], ["00000"]),
        (["/data/a/00000.tar", "/data/b/00000.tar"], ["a/00000", "b/00000"]),
        (["/data/00000.tar", "/data/b/00000.tar"], ["00000", "b/00000"]),
        (["/data/ab/0.tar", "/data/ac/0.tar"], ["ab/0", "ac/0"]),
        (["gs://bucket/a/0.tar"], ["0"]),
        (["gs://bucket/a/0.tar", "gs://bucket/b/0.tar"], ["a/0", "b/0"]),
        (["s3://one/0.tar", "s3://two/0.tar"], ["one/0", "two/0"]),
        (["/data/0.tar", "gs://data/0.tar"], ["data/0", "gs://data/0"]),
        (["/data/0.tar", "/data/0.parquet"], ["0.tar", "0.parquet"]),
        ([], []),
    ],
)
def test_sources_are_named_by_their_paths_below_what_all_share(paths, named):
    assert names(*paths) == named


@given(
    paths=st.lists(
        st.lists(st.text("abc", min_size=1, max_size=2), min_size=1, max_size=4), unique_by=tuple
    )
)
def test_no_two_sources_have_the_same_name(paths):
    sources = name_sources([f"/data/{'/'.join(parts)}.tar" for parts in paths])
    assert len({source.name for source in sources}) == len(paths)
    assert [source.number for source in sources] == list(range(len(paths)))
    assert [s.name for s in sources if not s.path.endswith(f"/{s.name}.tar")] == []


def test_a_source_has_a_table_and_statistics_beside_it():
    source = Source(0, "00000", "gs://bucket/00000.tar")
    assert source.parquet_path == "gs://bucket/00000.parquet"
    assert source.stats_path == "gs://bucket/00000_stats.json"


@pytest.fixture
def folder(tmp_path):
    files = ("a/0.tar", "a/1.tar", "b/0.tar", "b/notes.txt", "odd[1]/0.tar", "odd[1]/x*.tar")
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    for name in ("tables/1.parquet", "tables/0.parquet", "a/0.parquet"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        pq.write_table(pa.table({"jpg": [b"x"], "key": ["0"]}), tmp_path / name)
    pq.write_table(pa.table({"url": ["u"], "jpg": ["no image"]}), tmp_path / "b" / "0.parquet")
    return tmp_path


@pytest.mark.parametrize(
    ("inputs", "found"),
    [
        (["a/0.tar"], ["a/0.tar"]),
        (["a"], ["a/0.tar", "a/1.tar"]),
        (["b/*.tar", "a/?.tar"], ["b/0.tar", "a/0.tar", "a/1.tar"]),
        (["{a,b}/0.tar"], ["a/0.tar", "b/0.tar"]),
        (["a/{0..1}.tar", "a"], ["a/0.tar", "a/1.tar"]),
        (["a/../a/1.tar"], ["a/1.tar"]),
        (["odd[1]"], ["odd[1]/0.tar", "odd[1]/x*.tar"]),
        (["odd[1]/x*.tar"], ["odd[1]/x*.tar"]),
        (["tables"], ["tables/0.parquet", "tables/1.parquet"]),
        (["tables/1.parquet", "b"], ["tables/1.parquet", "b/0.tar"]),
    ],
)
def test_inputs_name_each_shard_once_in_their_order(folder, monkeypatch, inputs, found):
    absolute = [str(folder / path) for path in found]
    assert [s.path for s in find_sources(tuple(str(folder / i) for i in inputs))] == absolute
    monkeypatch.chdir(folder)
    assert [s.path for s in find_sources(tuple(inputs))] == absolute


@pytest.mark.parametrize(
    ("pattern", "named"),
    [
        ("no.tar", ["no.tar"]),
        ("*.tar", ["*.tar"]),
        ("a/{0..2}.tar", ["a/2.tar", "a/{0..2}.tar"]),
        ("b/0.parquet", ["b/0.parquet"]),
        ("b/*", ["b/notes.txt"]),
        (".", [".tar", ".parquet"]),
    ],
)
def test_an_input_without_shards_is_named(folder, monkeypatch, pattern, named):
    monkeypatch.chdir(folder)
    with raises_naming(UsageError, folder, *named):
        find_sources((pattern,))
