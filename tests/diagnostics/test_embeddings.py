"""Files of embeddings: what is read from each kind, and what is wrong with others."""

import io
import json
import struct
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from safetensors.numpy import save_file
from safetensors.torch import save_file as save_tensors

from evenpair.diagnostics.embeddings.read import open_embeddings
from evenpair.diagnostics.measures.vectors import as_array
from evenpair.schemas.errors import EvenpairError, UsageError

DRAW = np.random.default_rng(0)
IMAGE = DRAW.normal(size=(30, 6)).astype(np.float32)
TEXT = DRAW.normal(size=(50, 6)).astype(np.float32)
MATCHES = np.concatenate([np.arange(30), DRAW.integers(30, size=20)])
OBJECT = DRAW.integers(4, size=30)
ATTRIBUTE = DRAW.random((30, 3)) < 0.5
ALL = {
    "image": IMAGE,
    "text": TEXT,
    "text_to_image": MATCHES,
    "object": OBJECT,
    "attribute": ATTRIBUTE,
    "temperature": np.array(0.05),
    "object_prompts": TEXT[:4],
}


def write_npz(path, **arrays):
    np.savez(path, **arrays)


def write_compressed(path, **arrays):
    np.savez_compressed(path, **arrays)


def write_safetensors(path, **arrays):
    save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, path)


WRITERS = {
    "a.npz": write_npz,
    "compressed.npz": write_compressed,
    "a.safetensors": write_safetensors,
}


@pytest.mark.parametrize("name", WRITERS)
def test_arrays_come_back_as_they_were_written(tmp_path, name):
    path = tmp_path / name
    WRITERS[name](path, **ALL)
    with open_embeddings(str(path)) as found:
        for array in ("image", "text", "object_prompts"):
            assert np.array_equal(as_array(getattr(found, array)[:]), ALL[array])
        assert found.image.shape == (30, 6)
        assert np.array_equal(found.matches, MATCHES)
        assert np.array_equal(found.object, OBJECT)
        assert np.array_equal(found.attribute, ATTRIBUTE)
        assert found.temperature == 0.05


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize(
    "rows",
    [slice(3, 9), slice(28, 99), slice(5, 5), [4], [2, 9, 3], [29, 0, 29, 1], [], [7, 7, 7]],
    ids=str,
)
def test_some_rows_are_those_of_the_array(tmp_path, name, rows):
    path = tmp_path / name
    WRITERS[name](path, image=IMAGE, text=IMAGE)
    index = rows if isinstance(rows, slice) else np.array(rows, np.int64)
    with open_embeddings(str(path)) as found:
        assert np.array_equal(found.image[index], IMAGE[index])


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, ">f4"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_any_floating_point_numbers_in_npz(tmp_path, kind, order):
    np.savez(tmp_path / "a.npz", image=np.asarray(IMAGE, kind, order), text=IMAGE)
    with open_embeddings(str(tmp_path / "a.npz")) as found:
        assert np.array_equal(as_array(found.image[:]), IMAGE.astype(kind))


def test_half_precision_of_both_kinds_in_safetensors(tmp_path):
    tensors = {
        "image": torch.tensor(IMAGE, dtype=torch.bfloat16),
        "text": torch.tensor(IMAGE, dtype=torch.float16),
        "temperature": torch.tensor([0.0625], dtype=torch.bfloat16),
    }
    save_tensors(tensors, tmp_path / "a.safetensors")
    with open_embeddings(str(tmp_path / "a.safetensors")) as found:
        assert np.array_equal(found.image[:], tensors["image"].float().numpy())
        assert np.array_equal(found.text[:], tensors["text"].numpy())
        assert found.temperature == 0.0625


def test_words_as_labels(tmp_path):
    words = np.array([f"object {n}" for n in OBJECT])
    np.savez(tmp_path / "a.npz", image=IMAGE, text=IMAGE, object=words)
    with open_embeddings(str(tmp_path / "a.npz")) as found:
        assert np.array_equal(found.object, words)
        assert found.attribute is None


def lists(vectors, kind=None):
    rows = [None if row is None else list(map(float, row)) for row in vectors]
    return pa.array(rows, kind or pa.list_(pa.float32()))


PAIRS = {"image": lists(IMAGE), "text": lists(TEXT[:30]), "object": pa.array(map(str, OBJECT))}


def write_table(path, columns):
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path, row_group_size=7)
    return path


@pytest.mark.parametrize(
    "kind",
    [pa.list_(pa.float64()), pa.large_list(pa.float32()), pa.list_(pa.float32(), 6)],
    ids=str,
)
def test_a_table_of_pairs(tmp_path, kind):
    columns = PAIRS | {
        "image": lists(IMAGE, kind),
        "attribute": pa.array([list(map(bool, row)) for row in ATTRIBUTE]),
        "temperature": pa.array([0.25] * 30),
    }
    with open_embeddings(str(write_table(tmp_path / "a.parquet", columns))) as found:
        assert np.array_equal(found.image[:].astype(np.float32), IMAGE)
        assert np.array_equal(found.text[:], TEXT[:30])
        assert list(found.object) == list(map(str, OBJECT))
        assert np.array_equal(found.attribute, ATTRIBUTE)
        assert (found.temperature, found.left_out) == (0.25, 0)


def test_rows_without_an_image_or_a_text_are_left_out_and_counted(tmp_path):
    image = [None if n in (2, 5) else row for n, row in enumerate(IMAGE)]
    text = [None if n in (5, 7) else row for n, row in enumerate(TEXT[:30])]
    columns = PAIRS | {"image": lists(image), "text": lists(text)}
    kept = np.setdiff1d(np.arange(30), [2, 5, 7])
    with open_embeddings(str(write_table(tmp_path / "a.parquet", columns))) as found:
        assert np.array_equal(found.image[:], IMAGE[kept])
        assert np.array_equal(found.text[:], TEXT[kept])
        assert list(found.object) == list(map(str, OBJECT[kept]))
        assert found.left_out == 3


def test_a_table_with_several_texts_for_an_image(tmp_path):
    image = [*IMAGE, *[None] * 20]
    columns = {
        "image": lists(image),
        "text": lists(TEXT),
        "text_to_image": pa.array(MATCHES),
        "object": pa.array([*OBJECT, *[None] * 20], pa.int64()),
    }
    with open_embeddings(str(write_table(tmp_path / "a.parquet", columns))) as found:
        assert np.array_equal(found.image[:], IMAGE)
        assert np.array_equal(found.text[:], TEXT)
        assert np.array_equal(found.matches, MATCHES)
        assert np.array_equal(found.object, OBJECT)
        assert found.left_out == 0


def test_the_embeddings_of_a_run(tmp_path):
    run = tmp_path / "embeddings"
    for number, rows in enumerate((slice(0, 12), slice(12, 30))):
        columns = {
            "uid": pa.array([f"{n:032x}" for n in range(30)][rows]),
            "image": lists(IMAGE[rows]),
            "text": lists(TEXT[:30][rows]),
            "text_generated": lists(TEXT[20:][rows]),
        }
        write_table(run / "similarity" / f"{number}.parquet", columns)
        write_table(run / "image" / f"{number}.parquet", {"image": lists(IMAGE[:, :3])})
    with open_embeddings(str(run)) as found:
        assert np.array_equal(found.image[:], IMAGE)
        assert np.array_equal(found.text[:], TEXT[:30])
    with open_embeddings(f"{run}/", "text_generated") as found:
        assert np.array_equal(found.text[:], TEXT[20:])
    with open_embeddings(f"{run}/similarity") as found:
        assert found.image.shape == (30, 6)


def test_nothing_is_left_on_the_disk(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    write_compressed(tmp_path / "a.npz", image=IMAGE, text=IMAGE)
    with open_embeddings(str(tmp_path / "a.npz")) as found:
        assert found.image.shape == (30, 6)
    assert list((tmp_path / "scratch").iterdir()) == []


def refused(path, kind=UsageError, text_column="text"):
    with pytest.raises(kind) as error, open_embeddings(str(path), text_column):
        pass
    assert type(error.value) is kind
    return str(error.value)


def test_there_is_nothing_there(tmp_path):
    assert refused(tmp_path / "a.npz") == f"no such file: {tmp_path}/a.npz"
    assert refused(tmp_path / "a.parquet") == f"no such file: {tmp_path}/a.parquet"
    assert ".npz, .safetensors or .parquet" in refused(tmp_path / "a.pt")
    (tmp_path / "empty").mkdir()
    assert "holds no Parquet files" in refused(tmp_path / "empty")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"image": None}, "has no array image: it holds "),
        ({"text": TEXT[:, :5]}, "image has 6 dimensions and text 5"),
        ({"text_to_image": None}, "30 images and 50 texts"),
        ({"text_to_image": MATCHES[:9]}, "50 whole numbers"),
        ({"text_to_image": MATCHES + 1}, "text 29 belongs to image 30, of 30"),
        ({"object": OBJECT[:29]}, "object: 29 labels for 30 rows"),
        ({"attribute": np.linspace(0, 1, 30)}, "attribute: labels must be whole numbers"),
        ({"temperature": np.array([0.1, 0.2])}, "temperature must be one number above 0"),
        ({"temperature": np.array(-1.0)}, "temperature must be one number above 0"),
        ({"object_prompts": IMAGE[:, :2]}, "object_prompts must have 6 dimensions"),
        ({"foil": IMAGE[:3]}, "foil must have the shape of image, not (3, 6)"),
        ({"image": IMAGE[:, 0]}, "not an array of shape (30,)"),
        ({"image": IMAGE[:0]}, "not an array of shape (0, 6)"),
    ],
)
@pytest.mark.parametrize("name", WRITERS)
def test_arrays_that_do_not_fit(tmp_path, name, changed, message):
    arrays = {key: array for key, array in (ALL | changed).items() if array is not None}
    WRITERS[name](tmp_path / name, **arrays)
    found = refused(tmp_path / name)
    assert message in found
    assert found.startswith(f"{tmp_path / name}")


def test_names_that_would_move_the_cursor_are_shown_escaped(tmp_path):
    np.savez(tmp_path / "a.npz", **{"image": IMAGE, "\x1b[2J": IMAGE})
    assert "\x1b" not in refused(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", **{"image": IMAGE, "text": IMAGE, "\x1b[2J": IMAGE})
    with open_embeddings(str(tmp_path / "b.npz")) as found:
        assert found.ignored == ("'\\x1b[2J'",)


def test_pickled_objects_are_not_loaded(tmp_path):
    np.savez(tmp_path / "a.npz", image=IMAGE, text=IMAGE, object=np.array([print, None], object))
    assert "cannot be read as .npz" in refused(tmp_path / "a.npz", EvenpairError)


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_a_file_that_is_cut_short(tmp_path, name, share):
    path = tmp_path / name
    WRITERS[name](path, **ALL)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    assert refused(path, EvenpairError).startswith(str(path))


def test_numbers_that_are_missing_from_an_archive(tmp_path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "<f4", "fortran_order": False, "shape": (1000, 6)}
    )
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("image.npy", header.getvalue() + IMAGE.tobytes())
    assert "cut short" in refused(tmp_path / "a.npz", EvenpairError)


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
def test_a_header_that_does_not_hold(tmp_path, header):
    content = struct.pack("<Q", len(header)) + header + b"1234"
    (tmp_path / "a.safetensors").write_bytes(content)
    assert "cannot be read as .safetensors" in refused(tmp_path / "a.safetensors", EvenpairError)


@pytest.mark.parametrize(
    ("changed", "kind", "message"),
    [
        ({"image": None}, UsageError, "has no column image: it has 'text', 'object'"),
        ({"image": pa.array(range(30))}, UsageError, "must be lists of numbers, not int64"),
        ({"image": lists([IMAGE[0, :3], *IMAGE[1:]])}, EvenpairError, "rows of 3 and of 6 numbers"),
        ({"image": lists([*[IMAGE[0, :3]] * 29, IMAGE[0]])}, EvenpairError, "rows of 3 and of 6"),
        ({"image": lists([None] * 30)}, EvenpairError, "image has no rows"),
        ({"object": pa.array([*"ab" * 14, None, "c"])}, EvenpairError, "object has 1 empty values"),
    ],
)
def test_tables_that_do_not_fit(tmp_path, changed, kind, message):
    columns = {name: column for name, column in (PAIRS | changed).items() if column is not None}
    assert message in refused(write_table(tmp_path / "a.parquet", columns), kind)


def test_a_table_that_is_none(tmp_path):
    (tmp_path / "a.parquet").write_bytes(b"PAR1 no")
    assert "cannot be read as Parquet" in refused(tmp_path / "a.parquet", EvenpairError)
    path = write_table(tmp_path / "b.parquet", PAIRS)
    assert "no column text_generated" in refused(path, text_column="text_generated")
