"""``evenpair verify``: a line for each finding, and the exit status."""

import pytest

from ..support.commands import call, spawn
from ..support.messages import numbers_in
from ..support.verified import findings, make_whole_shards

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path):
    return make_whole_shards(tmp_path)


def test_findings_are_lines_and_the_exit_status_tells_whether_there_are_any(folder, tmp_path):
    good = spawn("verify", folder, "--workers", "1")
    assert (good.status, good.err) == (0, "")
    assert numbers_in(good.out) == [2, 8, 0]
    (folder / "00001_stats.json").unlink()
    bad = spawn("verify", folder / "0000{0..1}.tar", "--workers", "1", "--no-decode")
    assert (bad.status, bad.err) == (1, "")
    finding, counts = bad.out.splitlines()
    assert finding.startswith("00001.tar  -  unfinished: ")
    assert numbers_in(counts) == [2, 8, 1]
    assert call("verify", tmp_path / "none").status == 2


def test_real_photographs_have_no_findings(photographs):
    assert findings(photographs) == []
    assert findings(photographs.parent / "parquet", no_decode=True) == []
