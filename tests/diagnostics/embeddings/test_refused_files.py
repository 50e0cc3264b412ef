"""Files of embeddings that cannot be read: the file, the array and the numbers are named."""

import io
import json
import struct
import zipfile

import numpy as np
import pyarrow as pa
import pytest

from evenpair.diagnostics.embeddings.read import open_embeddings
from evenpair.schemas.errors import EvenpairError, UsageError

from ...support.embedding_files import (
    ALL,
    IMAGE,
    MATCHES,
    OBJECT,
    PAIRS,
    TEXT,
    WRITERS,
    lists,
    write_table,
)
from ...support.messages import unnamed


def refused(path, kind=UsageError, text_column="text"):
    with pytest.raises(kind) as error, open_embeddings(str(path), text_column):
        pass
    assert type(error.value) is kind
    return str(error.value)


def test_a_missing_file_and_another_format_are_named(tmp_path):
    (tmp_path / "empty").mkdir()
    for name in ("a.npz", "a.parquet", "empty"):
        assert unnamed(refused(tmp_path / name), tmp_path / name) == []
    assert unnamed(refused(tmp_path / "a.pt"), ".npz", ".safetensors", ".parquet") == []


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"image": None}, ["image", "text"]),
        ({"text": TEXT[:, :5]}, ["image", 6, "text", 5]),
        ({"text_to_image": None}, [30, 50, "text_to_image"]),
        ({"text_to_image": MATCHES[:9]}, ["text_to_image", 50]),
        ({"text_to_image": MATCHES + 1}, [29, 30]),
        ({"object": OBJECT[:29]}, ["object", 29, 30]),
        ({"attribute": np.linspace(0, 1, 30)}, ["attribute"]),
        ({"temperature": np.array([0.1, 0.2])}, ["temperature"]),
        ({"temperature": np.array(-1.0)}, ["temperature"]),
        ({"object_prompts": IMAGE[:, :2]}, ["object_prompts", 6]),
        ({"foil": IMAGE[:3]}, ["foil", (3, 6)]),
        ({"image": IMAGE[:, 0]}, [(30,)]),
        ({"image": IMAGE[:0]}, [(0, 6)]),
    ],
)
@pytest.mark.parametrize("name", WRITERS)
def test_arrays_that_do_not_fit_together_are_named(tmp_path, name, changed, named):
    arrays = {key: array for key, array in (ALL | changed).items() if array is not None}
    WRITERS[name](tmp_path / name, **arrays)
    assert unnamed(refused(tmp_path / name), tmp_path / name, *named) == []


def test_control_characters_in_names_are_escaped(tmp_path):
    np.savez(tmp_path / "a.npz", **{"image": IMAGE, "\x1b[2J": IMAGE})
    assert "\x1b" not in refused(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", **{"image": IMAGE, "text": IMAGE, "\x1b[2J": IMAGE})
    with open_embeddings(str(tmp_path / "b.npz")) as opened:
        assert opened.ignored == ("'\\x1b[2J'",)


def test_pickled_objects_are_not_loaded(tmp_path):
    np.savez(tmp_path / "a.npz", image=IMAGE, text=IMAGE, object=np.array([print, None], object))
    assert ".npz" in refused(tmp_path / "a.npz", EvenpairError)


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_a_truncated_file_is_named(tmp_path, name, share):
    path = tmp_path / name
    WRITERS[name](path, **ALL)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    assert refused(path, EvenpairError).startswith(str(path))


def test_an_array_shorter_than_its_header_is_refused(tmp_path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f4", "fortran_order": False, "shape": (1000, 6)}
    )
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("image.npy", header.getvalue() + IMAGE.tobytes())
    assert unnamed(refused(tmp_path / "a.npz", EvenpairError), "image") == []


@pytest.mark.parametrize(
    "header",
    [
        b"no json",
        b"[]",
        json.dumps({"image": 3}).encode(),
        json.dumps({"image": {"dtype": "X", "shape": [1, 1], "data_offsets": [0, 4]}}).encode(),
        json.dumps({"image": {"dtype": "F32", "shape": [9, 9], "data_offsets": [0, 4]}}).encode(),
        json.dumps({"image": {"dtype": "F32", "shape": [1, 1], "data_offsets": [-4, 0]}}).encode(),
        json.dumps({"image": {"dtype": "F32", "shape": [1, 9], "data_offsets": [0, 36]}}).encode(),
        json.dumps({"image": {"dtype": "F32", "shape": [-1, -1], "data_offsets": [0, 4]}}).encode(),
    ],
)
def test_a_wrong_header_is_refused(tmp_path, header):
    content = struct.pack("<Q", len(header)) + header + b"1234"
    (tmp_path / "a.safetensors").write_bytes(content)
    assert ".safetensors" in refused(tmp_path / "a.safetensors", EvenpairError)


@pytest.mark.parametrize(
    ("changed", "kind", "named"),
    [
        ({"image": None}, UsageError, ["image", "'text'", "'object'"]),
        ({"image": pa.array(range(30))}, UsageError, ["image", "int64"]),
        ({"image": lists([IMAGE[0, :3], *IMAGE[1:]])}, EvenpairError, ["image", 3, 6]),
        ({"image": lists([*[IMAGE[0, :3]] * 29, IMAGE[0]])}, EvenpairError, ["image", 3, 6]),
        ({"image": lists([None] * 30)}, EvenpairError, ["image"]),
        ({"object": pa.array([*"ab" * 14, None, "c"])}, EvenpairError, ["object", 1]),
    ],
)
def test_columns_that_do_not_fit_are_named(tmp_path, changed, kind, named):
    columns = {name: column for name, column in (PAIRS | changed).items() if column is not None}
    path = write_table(tmp_path / "a.parquet", columns)
    assert unnamed(refused(path, kind), path, *named) == []


def test_an_unreadable_table_and_a_missing_column_are_named(tmp_path):
    (tmp_path / "a.parquet").write_bytes(b"PAR1 no")
    assert unnamed(refused(tmp_path / "a.parquet", EvenpairError), tmp_path / "a.parquet") == []
    path = write_table(tmp_path / "b.parquet", PAIRS)
    assert unnamed(refused(path, text_column="text_generated"), path, "text_generated") == []
