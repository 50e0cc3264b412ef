"""Progress of a phase: counted in finished tables, shown on a terminal, silent in a log."""

import io
import sys

import pyarrow as pa
import pytest

from evenpair.pipeline.runs.work import Work
from evenpair.runners.finished_tables import Finished, FinishedTables
from evenpair.runners.progress import show_progress
from evenpair.schemas.phase import Phase
from evenpair.schemas.run_directory import RunDirectory
from evenpair.schemas.run_tables import RunTable
from evenpair.storage import files, parquet


def table(rows):
    return pa.table({"uid": [f"{row}" for row in range(rows)]})


class Terminal(io.StringIO):
    def isatty(self):
        return True


class TestFinishedTables:
    @pytest.fixture
    def folder(self, tmp_path):
        return str(tmp_path / "scores")

    def test_a_missing_folder_counts_as_empty(self, folder):
        assert FinishedTables(folder).look() == Finished(0, 0)

    def test_new_tables_are_counted(self, folder):
        parquet.write_table(f"{folder}/a/0.parquet", table(3))
        tables = FinishedTables(folder)
        parquet.write_table(f"{folder}/b/0.parquet", table(5))
        assert tables.look() == Finished(1, 5)
        parquet.write_table(f"{folder}/b/1.parquet", table(2))
        assert tables.look() == Finished(2, 7)

    def test_a_replaced_table_is_counted_too(self, folder):
        parquet.write_table(f"{folder}/0.parquet", table(3))
        tables = FinishedTables(folder)
        parquet.write_table(f"{folder}/0.parquet", table(4))
        assert tables.look() == Finished(1, 4)

    def test_unfinished_tables_are_not_counted(self, folder):
        tables = FinishedTables(folder)
        files.write_bytes(f"{folder}/.0.parquet.tmp-1", b"PAR1")
        files.write_bytes(f"{folder}/.1.parquet", b"PAR1")
        assert tables.look() == Finished(0, 0)

    def test_parts_of_a_unit_count_as_pairs_only(self, folder):
        tables = FinishedTables(folder, gathers=True)
        parquet.write_table(f"{folder}/0.parts/00000.parquet", table(3))
        parquet.write_table(f"{folder}/0.parts/00001.parquet", table(3))
        assert tables.look() == Finished(0, 6)

    def test_pairs_that_a_gathered_table_had_before_are_not_counted(self, folder):
        parquet.write_table(f"{folder}/0.parquet", table(3))
        tables = FinishedTables(folder, gathers=True)
        parquet.write_table(f"{folder}/0.parquet", table(8))
        assert tables.look() == Finished(1, 5)

    def test_removed_and_broken_tables_are_not_counted(self, folder):
        tables = FinishedTables(folder)
        parquet.write_table(f"{folder}/0.parquet", table(3))
        assert tables.look() == Finished(1, 3)
        files.remove(f"{folder}/0.parquet")
        files.write_bytes(f"{folder}/1.parquet", b"no table")
        assert tables.look() == Finished(1, 0)


class TestDisplay:
    @pytest.fixture
    def work(self, tmp_path):
        return Work(Phase.SCORE, 2, RunDirectory(str(tmp_path)))

    def finish(self, work):
        with show_progress(work):
            for name in ("0", "1"):
                parquet.write_table(work.run_dir.table(RunTable.PARSED, name), table(700))

    def test_a_terminal_shows_the_counts_of_each_step(self, work, monkeypatch):
        monkeypatch.setattr(sys, "stderr", Terminal())
        monkeypatch.setenv("COLUMNS", "120")
        self.finish(work)
        shown = sys.stderr.getvalue()
        assert [text for text in ("score: parse", "2/2", "1,400 pairs") if text not in shown] == []
        assert "score: measure" not in shown

    def test_a_log_stays_empty(self, work, monkeypatch):
        monkeypatch.setattr(sys, "stderr", io.StringIO())
        self.finish(work)
        assert sys.stderr.getvalue() == ""
