"""Folders of images, read as the phases read them."""

from evenpair.pipeline.inputs.find_sources import find_sources
from evenpair.transforms.read.read_captions import read_captions
from evenpair.transforms.read.stored_samples import read_stored

ROWS = [
    {"file_name": "a.jpg", "text": "a dog", "width": 8},
    {"file_name": "sub/b.jpg", "text": "a cat", "width": 9},
]


def paths_of(folder):
    return [s.path.removeprefix(str(folder)) for s in find_sources((str(folder),))]


def pairs_of(folder, field="", choice="first"):
    """Return key and caption of every pair."""
    units = [read_captions(s, field, choice) for s in find_sources((str(folder),))]
    columns = [unit.table.select(["key", "caption"]).to_pylist() for unit in units]
    return [(row["key"], row["caption"]) for rows in columns for row in rows]


def rejected(folder):
    units = [read_captions(source) for source in find_sources((str(folder),))]
    return {r.key: (r.reason.value, r.detail) for unit in units for r in unit.rejections}


def samples_of(folder):
    samples = []
    for source in find_sources((str(folder),)):
        keys = read_captions(source).table["key"].to_pylist()
        samples += read_stored(source, keys)
    return samples
