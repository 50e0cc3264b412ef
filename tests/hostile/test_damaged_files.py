"""Damaged models, captions and JSON: one line that says which file it is and what to do."""

import gzip
import io
import json
import resource
import shutil
import tarfile
from importlib.util import find_spec

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evenpair.models.load_captioner import demo_captioner_path
from evenpair.models.load_parser import SHIPPED_PARSER
from evenpair.runners.cli.last_resort import memory_fault, traceback_kept_in
from evenpair.schemas.errors import EvenpairError
from evenpair.schemas.rejection import Reason
from evenpair.schemas.source import Source
from evenpair.storage import parquet
from evenpair.transforms.read.read_captions import read_captions

from ..support.commands import call, spawn
from ..support.messages import assert_refused, raises_naming, unnamed
from ..support.shards import MadePair, make_jpeg, write_source

ONE = ("--workers", "1")
LARGE = 300 << 20
DEEP = b"[" * 100_000
NEEDS_CAPTIONERS = pytest.mark.skipif(
    not find_spec("transformers"), reason="needs the caption extra: pip install -e '.[caption]'"
)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("in")
    return write_source(folder / "0.tar", [MadePair(n, f"a dog {n}") for n in range(2)])


@pytest.fixture(scope="module")
def run(source, tmp_path_factory):
    out = tmp_path_factory.mktemp("scored") / "run"
    assert call("score", source, "--out", out, *ONE).status == 0
    return out


def refuse(run, *arguments, named, status=2):
    """Require a refusal in one line, and that no traceback is kept."""
    assert_refused(call("enrich", run, *arguments, *ONE), *named, status=status)
    assert list(run.glob("traceback-*")) == []


@NEEDS_CAPTIONERS
class TestModels:
    @pytest.fixture
    def model(self, tmp_path):
        return shutil.copytree(demo_captioner_path(), tmp_path / "model")

    @pytest.mark.parametrize("option", ["--captioner", "--image-encoder"])
    @pytest.mark.parametrize(
        "damage",
        [
            lambda content: content[: len(content) // 2],
            lambda _: b"",
            lambda _: b"x" * 999,
            lambda content: (1 << 60).to_bytes(8, "little") + content[8:],
        ],
        ids=["cut", "empty", "garbage", "header"],
    )
    def test_weights(self, run, model, damage, option):
        [weights] = model.glob("*.safetensors")
        weights.write_bytes(damage(weights.read_bytes()))
        refuse(run, option, model, named=[model, weights])

    @pytest.mark.parametrize("content", [b"", b"{", b"[]", DEEP, b'{"a":' * 9999, b"\xff\xfe"])
    def test_a_configuration(self, run, model, content):
        (model / "config.json").write_bytes(content)
        refuse(run, "--captioner", model, named=[model, "config.json"])

    def test_values_of_a_configuration(self, run, model):
        config = json.loads((model / "config.json").read_text())
        content = json.dumps({**config, "text_config": "x", "vision_config": [1]})
        (model / "config.json").write_text(content)
        refuse(run, "--captioner", model, named=[model])

    @pytest.mark.parametrize("content", [b"{", DEEP])
    def test_a_tokenizer(self, run, model, content):
        (model / "tokenizer.json").write_bytes(content)
        refuse(run, "--captioner", model, named=[model])


class TestParsers:
    @pytest.mark.parametrize("content", [b"", b"{", b"\xff" * 99])
    @pytest.mark.parametrize(
        "name", ["config.cfg", "meta.json", "tokenizer", "vocab/strings.json", "arcs/weights-0.npz"]
    )
    def test_a_file_of_the_pipeline(self, tmp_path, name, content):
        parser = shutil.copytree(SHIPPED_PARSER, tmp_path / "parser")
        (parser / name).write_bytes(content)
        assert_refused(call("facts", "--parser", parser, stdin="a dog"), parser)

    def test_a_parser_of_a_run(self, source, tmp_path):
        parser = shutil.copytree(SHIPPED_PARSER, tmp_path / "parser")
        (parser / "meta.json").write_bytes(b"{")
        answer = call("score", source, "--out", tmp_path / "run", "--parser", parser, *ONE)
        assert_refused(answer, parser)


class TestCaptions:
    @pytest.mark.parametrize("name", ["uid", "caption", "model"])
    def test_columns_of_the_same_name(self, run, tmp_path, name):
        names = ["uid", "caption", "model", name]
        path = tmp_path / "captions.parquet"
        pq.write_table(pa.Table.from_arrays([pa.array(["x"])] * 4, names), path)
        refuse(run, "--captions", path, "--join", "uid", named=[path, f"{name!r}"])

    @pytest.mark.parametrize("lines_before", [0, 1])
    def test_a_line_of_300_mb(self, run, tmp_path, lines_before):
        path = tmp_path / "captions.jsonl"
        path.write_bytes(b'{"uid": "x", "caption": "a dog"}\n' * lines_before + b'{"uid": "')
        with path.open("r+b") as file:
            file.truncate(LARGE)
        named = [path, f"line {lines_before + 1}"]
        refuse(run, "--captions", path, "--join", "uid", named=named, status=1)

    def test_a_compressed_line_of_300_mb(self, run, tmp_path):
        path = tmp_path / "captions.jsonl.gz"
        path.write_bytes(gzip.compress(bytes(LARGE), 1))
        refuse(run, "--captions", path, "--join", "uid", named=[path, "line 1"], status=1)


class TestSources:
    def test_a_json_of_300_mb(self, tmp_path):
        path = tmp_path / "0.tar"
        with tarfile.open(path, "w") as archive:
            for name, payload in (("1.jpg", make_jpeg(1)), ("1.txt", b"a dog")):
                member = tarfile.TarInfo(name)
                member.size = len(payload)
                archive.addfile(member, io.BytesIO(payload))
        member = tarfile.TarInfo("1.json")
        member.size = LARGE
        with path.open("r+b") as file:
            file.seek(_end(path))
            file.write(member.tobuf())
            file.truncate(file.tell() + LARGE + 1024)
        unit = read_captions(Source(0, "0", str(path)))
        assert unit.tally.fault is None
        assert [(r.key, r.reason) for r in unit.rejections] == [("1", Reason.UNREADABLE_SAMPLE)]

    @pytest.mark.parametrize("content", [DEEP, b'{"successes": Infinity}', b"[]", b""])
    def test_statistics(self, source, tmp_path, content):
        path = shutil.copytree(source.parent, tmp_path / "in") / "0.tar"
        path.with_name("0_stats.json").write_bytes(content)
        unit = read_captions(Source(0, "0", str(path)))
        assert (unit.tally.source_successes, unit.tally.fault) == (None, None)
        assert unit.table["caption"].to_pylist() == ["a dog 0", "a dog 1"]

    def test_columns_of_the_same_name(self, tmp_path):
        path = tmp_path / "0.parquet"
        columns = [pa.array([make_jpeg(1)]), pa.array(["a dog"]), pa.array(["a cat"])]
        pq.write_table(pa.Table.from_arrays(columns, ["jpg", "caption", "caption"]), path)
        unit = read_captions(Source(0, "0", str(path)))
        assert unnamed(unit.tally.fault, path, "'caption'") == []


def _end(path):
    """Return where the members of an archive end."""
    with tarfile.open(path) as archive:
        last = archive.getmembers()[-1]
    return last.offset_data + -(-last.size // 512) * 512


class TestMemory:
    @pytest.mark.parametrize(("limit", "workers"), [(900 << 20, 1), (2400 << 20, 2)])
    def test_a_limit_that_is_too_small_for_the_libraries(self, source, tmp_path, limit, workers):
        def restrict():
            resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

        shutil.copy(source, tmp_path / "1.tar")
        inputs = [source, tmp_path / "1.tar"]
        command = ["run", *inputs, "--out", tmp_path / "run", "--workers", workers]
        answer = spawn(*command, preexec_fn=restrict)
        assert_refused(answer, "ulimit -v", limit >> 20, status=1)

    @pytest.mark.parametrize(
        "error",
        [
            MemoryError(),
            pa.ArrowMemoryError("malloc of size 9 failed"),
            RuntimeError("can't start new thread"),
            RuntimeError("Traceback ...\nMemoryError [while running 'Find facts']"),
            ImportError("libblis.so: failed to map segment from shared object"),
        ],
    )
    def test_no_more_of_it_is_one_line(self, tmp_path, error):
        with raises_naming(EvenpairError, "ulimit -v"), traceback_kept_in(str(tmp_path)):
            raise error
        assert list(tmp_path.iterdir()) == []

    def test_other_errors_are_none_of_memory(self):
        assert memory_fault(KeyError("memory")) is None

    def test_a_table_is_not_called_damaged(self, tmp_path, monkeypatch):
        def fail(*_arguments, **_options):
            raise pa.ArrowMemoryError("realloc of size 9 failed")

        parquet.write_table(str(tmp_path / "x"), pa.table({"a": [1]}))
        monkeypatch.setattr(pq, "ParquetFile", fail)
        with pytest.raises(MemoryError):
            parquet.read_table(str(tmp_path / "x"))


def test_a_kept_traceback_does_not_occupy_a_new_run_directory(source, tmp_path):
    out = tmp_path / "run"
    out.mkdir()
    (out / "traceback-abc.txt").touch()
    assert call("score", source, "--out", out, *ONE).status == 0
