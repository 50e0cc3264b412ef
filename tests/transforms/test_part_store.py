"""Rows that two attempts add to one table: none is lost."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenpair.schemas.run_directory import RunDirectory
from evenpair.schemas.run_tables import RunTable
from evenpair.storage import files, parquet
from evenpair.transforms.part_store import PartStore, one_of_each

SCHEMA = pa.schema([("uid", pa.string()), ("answer", pa.string())])


def table_of(**answers):
    return pa.table([list(answers), list(answers.values())], schema=SCHEMA)


@pytest.fixture
def store(tmp_path):
    return PartStore(RunDirectory(str(tmp_path)), RunTable.ANSWERS, "a/00000", SCHEMA)


def test_rows_come_back_in_the_order_in_which_they_were_added(store):
    assert (store.load(), store.has_parts) == (table_of(), False)
    store.add(table_of(u="one"))
    store.add(table_of(v="two", w="three"))
    assert (store.load(), store.has_parts) == (table_of(u="one", v="two", w="three"), True)
    store.replace(table_of(w="three"))
    store.add(table_of(u="four"))
    assert store.load() == table_of(w="three", u="four")


def test_two_attempts_write_parts_with_different_names(store, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(files, "find_in", lambda *_: [])  # both saw none, and begin
        store.add(table_of(u="mine"))
        store.add(table_of(v="yours"))
    assert sorted(store.load()["answer"].to_pylist()) == ["mine", "yours"]


def test_rows_are_found_while_another_attempt_moves_them(store, monkeypatch):
    store.add(table_of(u="mine"))
    real = parquet.read_table

    def moved_before(path):
        with monkeypatch.context() as patched:
            patched.setattr(parquet, "read_table", real)
            store.replace(store.load())
        return real(path)

    monkeypatch.setattr(parquet, "read_table", moved_before)
    assert store.load() == table_of(u="mine")


def test_rows_are_kept_while_another_attempt_removes_the_folder(store, monkeypatch):
    real = parquet.write_table
    calls = []

    def removed_before(path, rows):
        calls.append(path)
        if len(calls) == 1:
            raise FileNotFoundError(path)
        real(path, rows)

    monkeypatch.setattr(parquet, "write_table", removed_before)
    store.add(table_of(u="mine"))
    assert (store.load(), len(calls)) == (table_of(u="mine"), 2)


@given(rows=st.lists(st.tuples(st.sampled_from("uvw"), st.integers(0, 9))))
def test_one_row_of_each_uid_takes_the_place_of_the_first(rows):
    schema = pa.schema([("uid", pa.string()), ("n", pa.int64())])
    table = pa.Table.from_pylist([{"uid": uid, "n": n} for uid, n in rows], schema=schema)
    last = dict(rows)  # a dict keeps the place of a key's first value
    first = dict(reversed(rows))
    for keep, values in (("first", first), ("last", last)):
        made = one_of_each(table, ["uid"], keep=keep).to_pylist()
        assert made == [{"uid": uid, "n": values[uid]} for uid in last]
