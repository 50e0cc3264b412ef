"""What the programs of others read in shards, as JSON: a script that imports nothing of ours.

    python tests/support/read_as_others.py FOLDER webdataset open_clip img2dataset

It is run with the versions of these programs that a test wants.
"""

import hashlib
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

Read = Iterator[list[Any]]


def with_webdataset(folder: Path) -> Read:
    """Yield the key of each sample and what its members hold."""
    import webdataset

    shards = [str(path) for path in sorted(folder.glob("*.tar"))]
    for sample in webdataset.DataPipeline(
        webdataset.SimpleShardList(shards), webdataset.tarfile_to_samples()
    ):
        members = {n: c for n, c in sample.items() if isinstance(c, bytes)}
        digests = {name: hashlib.sha256(members[name]).hexdigest() for name in sorted(members)}
        yield [sample["__key__"], digests]


def with_open_clip(folder: Path) -> Read:
    """Yield the caption of each sample of an epoch, and the first pixel of its image."""
    from open_clip_train.data import get_wds_dataset

    shards = sorted(path.name for path in folder.glob("*.tar"))
    options = SimpleNamespace(
        train_data=f"{folder}/{{{','.join(name.removesuffix('.tar') for name in shards)}}}.tar",
        train_num_samples=None,  # sizes.json says it
        train_data_upsampling_factors=None,
        dataset_resampled=False,
        seed=0,
        batch_size=1,
        workers=2,
        world_size=1,
    )
    data = get_wds_dataset(options, pixel, is_train=True, tokenizer=lambda text: [text])
    for pixels, texts in data.dataloader:
        yield [*texts, *pixels]


def pixel(image: Any) -> tuple[int, ...]:
    return image.getpixel((0, 0))


def with_img2dataset(folder: Path) -> Read:
    """Yield the url, caption, hash and uid of each row that would be downloaded again."""
    import pyarrow as pa
    from img2dataset.reader import Reader

    with tempfile.TemporaryDirectory() as arrow:
        columns = ("url", "caption", "sha256", "sha256", ["uid"])
        reader = Reader(str(folder), "parquet", *columns, 4, set(), arrow)
        for _, path in reader:
            rows = pa.ipc.open_file(path).read_all().to_pylist()
            yield from ([row[n] for n in ("url", "caption", "sha256", "uid")] for row in rows)


READERS = {
    "webdataset": with_webdataset,
    "open_clip": with_open_clip,
    "img2dataset": with_img2dataset,
}


def main() -> None:
    folder, programs = Path(sys.argv[1]), sys.argv[2:]
    answer, sys.stdout = sys.stdout, sys.stderr  # img2dataset prints what it does
    json.dump({name: list(READERS[name](folder)) for name in programs}, answer)


if __name__ == "__main__":
    main()
