"""Sources that are damaged or replaced after they were scored: the lost pairs have a reason."""

import pytest

from evenpair.schemas.tar import read_members

from ..support.commands import call
from ..support.shards import MadePair, read_shards, reasons_of, write_source

ONE = ("--workers", "1")
PAIRS = range(3)


def _offset(archive, member):
    return list(read_members(archive))[member].offset


DAMAGES = {
    "compressed": (lambda archive: b"\x1f\x8b\x08" + archive[3:], 0),
    "cut_before_json": (lambda archive: archive[: _offset(archive, 4) - 512], 1),
    "cut_in_image": (lambda archive: archive[: _offset(archive, 6) + 9], 2),
    "empty": (lambda _: b"", 0),
    "page": (lambda _: b"<html>not found</html>" * 99, 0),
}
"""How each source is damaged, and the number of its pairs before the damage."""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run whose sources are damaged once its pairs are selected."""
    folder = tmp_path_factory.mktemp("replaced")
    names = [*DAMAGES, "replaced", "whole"]
    for at, name in enumerate(names):
        pairs = [MadePair(3 * at + pair, f"a dog {name} {pair}") for pair in PAIRS]
        write_source(folder / "in" / f"{name}.tar", pairs)
    out = folder / "run"
    assert call("score", folder / "in", "--out", out, *ONE).status == 0
    assert call("select", out, *ONE).status == 0
    for name, (damage, _) in DAMAGES.items():
        source = folder / "in" / f"{name}.tar"
        source.write_bytes(damage(source.read_bytes()))
    write_source(folder / "in" / "replaced.tar", [MadePair(3 * len(DAMAGES), "a dog")])
    return out


@pytest.fixture(scope="module")
def answer(run):
    return call("write", run, *ONE)


def test_each_damaged_source_has_a_line_and_the_exit_status_is_1(run, answer):
    assert answer.status == 1
    paths = [line.split(": ")[1] for line in answer.err.splitlines()]
    assert paths == [f"{run.parent}/in/{name}.tar" for name in DAMAGES]


def test_the_lost_pairs_are_rejected_and_the_others_written(run, answer):
    lost = {name: [f"{name}000{pair}" for pair in PAIRS[n:]] for name, (_, n) in DAMAGES.items()}
    reasons = {f"{name}:{key}": "truncated-source" for name in lost for key in lost[name]}
    reasons |= {f"replaced:replaced000{pair}": "missing-image" for pair in PAIRS[1:]}
    assert reasons_of(run) == reasons
    captions = {sample["txt"].decode() for sample in read_shards(run / "shards")}
    kept = {(name, pair) for name, (_, n) in DAMAGES.items() for pair in PAIRS[:n]}
    kept |= {("replaced", 0), *(("whole", pair) for pair in PAIRS)}
    assert captions == {f"a dog {name} {pair}" for name, pair in kept}


def test_the_same_command_again_gives_the_same_messages(run, answer):
    again = call("write", run, *ONE)
    assert (again.status, again.err) == (1, answer.err)
