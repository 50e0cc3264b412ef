"""Pairs of a source: from its parquet, from its archive, or from the part that is left of it."""

import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evenpair.schemas.pair import derive_uid
from evenpair.schemas.source import Source
from evenpair.schemas.tables import PAIRS
from evenpair.schemas.tar import read_members
from evenpair.schemas.tar_header import BLOCK
from evenpair.transforms.read.read_captions import read_captions
from evenpair.transforms.read.read_samples import read_samples

from ...support.shards import MadePair, write_members, write_source

PAIRS_MADE = [MadePair(0, "a dog"), MadePair(1, None), MadePair(2, "a red ball on a table")]
KEYS = ["000000000", "000000001", "000000002"]
UIDS = [
    derive_uid(f"https://example.invalid/{p.number}.jpg", "", "", p.caption) for p in PAIRS_MADE
]


def source_of(path):
    return Source(0, "s", str(path))


def reasons(unit):
    return {r.key: r.reason.value for r in unit.rejections}


@pytest.fixture
def shard(tmp_path):
    return write_source(tmp_path / "00000.tar", PAIRS_MADE)


def test_a_complete_parquet_is_read_instead_of_the_archive(shard):
    content = bytearray(shard.read_bytes())
    content[:BLOCK] = b"x" * BLOCK  # reading the archive would fail
    shard.write_bytes(content)
    unit = read_captions(source_of(shard))
    assert unit.table.select(PAIRS.names).to_pylist() == [
        {
            "uid": uid, "shard": "s", "key": key, "caption": pair.caption, "sha256": None,
            "url": f"https://example.invalid/{pair.number}.jpg", "width": 8, "height": 8,
        }
        for uid, key, pair in zip(UIDS, KEYS, PAIRS_MADE, strict=True)
    ]  # fmt: skip
    assert unit.table.column_names[len(PAIRS) :] == [
        "status", "error_message", "original_width", "original_height", "exif",
    ]  # fmt: skip
    assert (unit.tally.pairs_read, unit.tally.source_successes, unit.tally.fault) == (3, 3, None)
    assert unit.rejections == ()


def test_the_archive_gives_the_same_pairs_as_the_parquet(shard):
    from_parquet = read_captions(source_of(shard))
    shard.with_suffix(".parquet").unlink()
    unit = read_captions(source_of(shard))
    for name in ("uid", "key", "url", "width", "exif"):
        assert unit.table[name].to_pylist() == from_parquet.table[name].to_pylist()
    assert unit.table["caption"].to_pylist() == ["a dog", "", "a red ball on a table"]
    assert unit.tally == from_parquet.tally


def spoil_by_cutting(path):
    path.write_bytes(path.read_bytes()[:-40])


def spoil_in_the_middle(path):
    content = bytearray(path.read_bytes())
    content[20:-60] = b"\xff" * (len(content) - 80)
    path.write_bytes(content)


def spoil_by_emptying(path):
    path.write_bytes(b"")


def spoil_by(change):
    return lambda path: pq.write_table(change(pq.read_table(path)), path)


def with_keys(*keys):
    return lambda table: table.set_column(
        table.schema.get_field_index("key"), "key", pa.array([*keys, "9"], pa.string())
    )


@pytest.mark.parametrize(
    "spoil",
    [
        spoil_by_cutting,
        spoil_in_the_middle,
        spoil_by_emptying,
        lambda path: path.unlink(),
        spoil_by(lambda table: table.slice(1)),
        spoil_by(lambda table: table.drop_columns(["key"])),
        spoil_by(with_keys("1", "1", "2")),
        spoil_by(with_keys("1", None, "2")),
        spoil_by(with_keys("1", "../2", "3")),
        spoil_by(lambda t: t.set_column(5, "width", pa.array(["wide"] * 4))),
    ],
)
def test_without_a_complete_parquet_the_archive_is_read(shard, spoil):
    spoil(shard.with_suffix(".parquet"))
    unit = read_captions(source_of(shard))
    assert unit.table["key"].to_pylist() == KEYS
    assert unit.table["uid"].to_pylist() == UIDS
    assert unit.tally.pairs_read == 3
    assert unit.tally.fault is None


@pytest.mark.parametrize("text", ["", "[]", "{", '{"count": 3}', '{"successes": "many"}'])
def test_unreadable_statistics_are_ignored(shard, text):
    shard.with_name("00000_stats.json").write_text(text)
    unit = read_captions(source_of(shard))
    assert unit.table["uid"].to_pylist() == UIDS
    assert unit.tally.source_successes is None


def test_a_uid_of_the_source_is_kept(tmp_path):
    own = "0123456789abcdef" * 2
    pairs = [MadePair(0, "a dog", extra={"uid": own}), MadePair(1, "a cat", extra={"uid": "12"})]
    unit = read_captions(source_of(write_source(tmp_path / "0.tar", pairs, parquet=False)))
    derived = derive_uid("https://example.invalid/1.jpg", "", "", "a cat")
    assert unit.table["uid"].to_pylist() == [own, derived]


def test_a_missing_source_is_a_fault(tmp_path):
    unit = read_captions(source_of(tmp_path / "no.tar"))
    assert unit.table == PAIRS.empty_table()
    assert unit.tally.fault == f"{tmp_path}/no.tar: No such file or directory"


class Spy(bytes):
    """An archive that notes the ranges that are read."""

    def __getitem__(self, index):
        self.read.append((index.start, index.stop))
        return super().__getitem__(index)


def test_no_image_byte_is_read(shard):
    archive = Spy(shard.read_bytes())
    archive.read = []
    members = list(read_members(bytes(archive)))
    read_samples(source_of(shard), archive, None, None)
    images = [(m.offset, m.offset + m.size) for m in members if m.name.endswith(".jpg")]
    assert len(images) == 3
    touched = [image for image in images for a, b in archive.read if a < image[1] and b > image[0]]
    assert touched == []
    assert len(archive.read) > len(members)


class TestCut:
    """An archive that ends early: every pair is read or rejected by name."""

    @pytest.mark.parametrize("parquet", [True, False])
    @pytest.mark.parametrize("stats", [True, False])
    def test_every_cut_gives_the_whole_samples_before_it(self, tmp_path, parquet, stats):
        whole = write_source(tmp_path / "whole.tar", PAIRS_MADE, parquet=parquet, stats=stats)
        members = list(read_members(whole.read_bytes()))
        end = members[-1].offset + BLOCK
        path = tmp_path / "00000.tar"
        for suffix in (".parquet", "_stats.json"):
            beside = whole.with_name(f"whole{suffix}")
            if beside.exists():
                shutil.copy(beside, path.with_name(f"00000{suffix}"))
        read = {}
        for cut in range(0, end, BLOCK // 2):
            path.write_bytes(whole.read_bytes()[:cut])
            unit = read_captions(source_of(path))
            assert str(path) in unit.tally.fault
            keys = unit.table["key"].to_pylist()
            rejected = {r.key for r in unit.rejections}
            assert len(unit.rejections) == len(rejected)
            assert rejected.isdisjoint(keys)
            assert set(reasons(unit).values()) <= {"truncated-source"}
            assert unit.tally.pairs_read == len(keys) + len(rejected)
            if parquet:
                assert sorted([*keys, *rejected]) == ["whole0000", "whole0001", "whole0002"]
            read[cut] = keys
        # Only of the first sample it is unknown which members it had; they end at ends[0].
        ends = [m.offset + m.size for m in members if m.name.endswith(".txt")]
        assert {cut: keys for cut, keys in read.items() if cut >= ends[0]} == {
            cut: [f"whole{at:04d}" for at, last in enumerate(ends) if cut >= last]
            for cut in range(0, end, BLOCK // 2)
            if cut >= ends[0]
        }

    def test_an_archive_without_its_end_blocks_loses_no_pair(self, shard):
        members = list(read_members(shard.read_bytes()))
        shard.write_bytes(shard.read_bytes()[: members[-1].offset + BLOCK])
        unit = read_captions(source_of(shard))
        assert unit.table["uid"].to_pylist() == UIDS
        assert str(shard) in unit.tally.fault


def test_hidden_files_are_skipped(tmp_path):
    path = write_members(
        tmp_path / "0.tar", [("._1.jpg", b"x"), ("1.jpg", b"x"), ("README", b"x"), ("1.txt", b"x")]
    )
    unit = read_captions(source_of(path))
    assert unit.table["key"].to_pylist() == ["1"]
    assert unit.table["caption"].to_pylist() == ["x"]
    assert unit.tally.pairs_read == 1
