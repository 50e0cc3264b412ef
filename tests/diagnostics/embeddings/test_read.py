"""Files of embeddings: the arrays that are read from each format."""

import numpy as np
import pyarrow as pa
import pytest
import torch
from safetensors.torch import save_file as save_tensors

from evenpair.diagnostics.embeddings.read import open_embeddings
from evenpair.diagnostics.measures.vectors import as_array

from ...support.embedding_files import (
    ALL,
    ATTRIBUTE,
    IMAGE,
    MATCHES,
    OBJECT,
    PAIRS,
    TEXT,
    WRITERS,
    lists,
    write_compressed,
    write_table,
)


@pytest.mark.parametrize("name", WRITERS)
def test_arrays_survive_the_round_trip(tmp_path, name):
    path = tmp_path / name
    WRITERS[name](path, **ALL)
    with open_embeddings(str(path)) as opened:
        for array in ("image", "text", "object_prompts"):
            assert np.array_equal(as_array(getattr(opened, array)[:]), ALL[array])
        assert opened.image.shape == (30, 6)
        assert np.array_equal(opened.matches, MATCHES)
        assert np.array_equal(opened.object, OBJECT)
        assert np.array_equal(opened.attribute, ATTRIBUTE)
        assert opened.temperature == 0.05


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize(
    "rows",
    [slice(3, 9), slice(28, 99), slice(5, 5), [4], [2, 9, 3], [29, 0, 29, 1], [], [7, 7, 7]],
    ids=str,
)
def test_rows_of_a_file_are_those_of_the_array(tmp_path, name, rows):
    path = tmp_path / name
    WRITERS[name](path, image=IMAGE, text=IMAGE)
    index = rows if isinstance(rows, slice) else np.array(rows, np.int64)
    with open_embeddings(str(path)) as opened:
        assert np.array_equal(opened.image[index], IMAGE[index])


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, ">f4"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_every_kind_of_floating_point_number_is_read_from_npz(tmp_path, kind, order):
    np.savez(tmp_path / "a.npz", image=np.asarray(IMAGE, kind, order), text=IMAGE)
    with open_embeddings(str(tmp_path / "a.npz")) as opened:
        assert np.array_equal(as_array(opened.image[:]), IMAGE.astype(kind))


def test_both_kinds_of_half_precision_are_read_from_safetensors(tmp_path):
    tensors = {
        "image": torch.tensor(IMAGE, dtype=torch.bfloat16),
        "text": torch.tensor(IMAGE, dtype=torch.float16),
        "temperature": torch.tensor([0.0625], dtype=torch.bfloat16),
    }
    save_tensors(tensors, tmp_path / "a.safetensors")
    with open_embeddings(str(tmp_path / "a.safetensors")) as opened:
        assert np.array_equal(opened.image[:], tensors["image"].float().numpy())
        assert np.array_equal(opened.text[:], tensors["text"].numpy())
        assert opened.temperature == 0.0625


def test_labels_can_be_words(tmp_path):
    words = np.array([f"object {n}" for n in OBJECT])
    np.savez(tmp_path / "a.npz", image=IMAGE, text=IMAGE, object=words)
    with open_embeddings(str(tmp_path / "a.npz")) as opened:
        assert np.array_equal(opened.object, words)
        assert opened.attribute is None


@pytest.mark.parametrize(
    "kind",
    [pa.list_(pa.float64()), pa.large_list(pa.float32()), pa.list_(pa.float32(), 6)],
    ids=str,
)
def test_every_kind_of_list_is_read_from_a_table(tmp_path, kind):
    columns = PAIRS | {
        "image": lists(IMAGE, kind),
        "attribute": pa.array([list(map(bool, row)) for row in ATTRIBUTE]),
        "temperature": pa.array([0.25] * 30),
    }
    with open_embeddings(str(write_table(tmp_path / "a.parquet", columns))) as opened:
        assert np.array_equal(opened.image[:].astype(np.float32), IMAGE)
        assert np.array_equal(opened.text[:], TEXT[:30])
        assert list(opened.object) == list(map(str, OBJECT))
        assert np.array_equal(opened.attribute, ATTRIBUTE)
        assert (opened.temperature, opened.left_out) == (0.25, 0)


def test_rows_without_an_image_or_a_text_are_skipped_and_counted(tmp_path):
    image = [None if n in (2, 5) else row for n, row in enumerate(IMAGE)]
    text = [None if n in (5, 7) else row for n, row in enumerate(TEXT[:30])]
    columns = PAIRS | {"image": lists(image), "text": lists(text)}
    kept = np.setdiff1d(np.arange(30), [2, 5, 7])
    with open_embeddings(str(write_table(tmp_path / "a.parquet", columns))) as opened:
        assert np.array_equal(opened.image[:], IMAGE[kept])
        assert np.array_equal(opened.text[:], TEXT[kept])
        assert list(opened.object) == list(map(str, OBJECT[kept]))
        assert opened.left_out == 3


def test_a_table_may_have_several_texts_for_an_image(tmp_path):
    image = [*IMAGE, *[None] * 20]
    columns = {
        "image": lists(image),
        "text": lists(TEXT),
        "text_to_image": pa.array(MATCHES),
        "object": pa.array([*OBJECT, *[None] * 20], pa.int64()),
    }
    with open_embeddings(str(write_table(tmp_path / "a.parquet", columns))) as opened:
        assert np.array_equal(opened.image[:], IMAGE)
        assert np.array_equal(opened.text[:], TEXT)
        assert np.array_equal(opened.matches, MATCHES)
        assert np.array_equal(opened.object, OBJECT)
        assert opened.left_out == 0


def test_the_embeddings_of_a_run_are_read_in_the_order_of_its_shards(tmp_path):
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
    with open_embeddings(str(run)) as opened:
        assert np.array_equal(opened.image[:], IMAGE)
        assert np.array_equal(opened.text[:], TEXT[:30])
    with open_embeddings(f"{run}/", "text_generated") as opened:
        assert np.array_equal(opened.text[:], TEXT[20:])
    with open_embeddings(f"{run}/similarity") as opened:
        assert opened.image.shape == (30, 6)


def test_no_temporary_file_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    write_compressed(tmp_path / "a.npz", image=IMAGE, text=IMAGE)
    with open_embeddings(str(tmp_path / "a.npz")) as opened:
        assert opened.image.shape == (30, 6)
    assert list((tmp_path / "scratch").iterdir()) == []
