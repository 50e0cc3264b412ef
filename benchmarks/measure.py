"""evenpair measure on many embeddings, beside a plain NumPy program that does part of the work.

    python benchmarks/measure.py [--pairs 1000000] [--dimensions 512] [--rounds 1] [--folder DIR]

The embeddings are drawn: two cones with objects and attributes, single precision, in one
uncompressed .npz. The peer loads both arrays, scales them, takes the gap of means and pairs, and
looks up 2,000 images among all texts and 2,000 texts among all images for recall and entropy, in
the simplest way; evenpair measures everything that its documentation lists, object bias,
uniformity, hubness, separability, clusters and accuracy included. Both are processes measured from
start to end, by turns.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import median

import numpy as np
from support.measured import Cost, evenpair, measure

PEER = "import measure, sys; measure.plain(sys.argv[1])"
QUERIES, BLOCK, TEMPERATURE = 2_000, 4_096, 0.05


def draw(path: Path, pairs: int, dimensions: int) -> None:
    """Write embeddings of ``pairs`` images and texts, a part at a time."""
    generator = np.random.default_rng(0)
    of_object = generator.normal(size=(200, dimensions)).astype(np.float32)
    of_attribute = generator.normal(size=(20, dimensions)).astype(np.float32)
    shift = generator.normal(size=dimensions).astype(np.float32)
    shape = (pairs, dimensions)
    arrays = {
        name: np.lib.format.open_memmap(path / f"{name}.npy", "w+", np.float32, shape)
        for name in ("image", "text")
    }
    objects, attributes = generator.integers(200, size=pairs), generator.integers(20, size=pairs)
    for start in range(0, pairs, BLOCK):
        rows = slice(start, min(start + BLOCK, pairs))
        centre = of_object[objects[rows]] + 0.5 * of_attribute[attributes[rows]]
        noise = generator.standard_normal((*centre.shape, 3), np.float32)
        arrays["image"][rows] = centre + noise[..., 0] + 0.5 * noise[..., 1] + shift
        arrays["text"][rows] = centre + noise[..., 0] + 0.5 * noise[..., 2] - shift
    np.savez(
        path / "embeddings.npz",
        **arrays,
        object=objects,
        attribute=attributes,
        temperature=TEMPERATURE,
    )
    for name in arrays:
        (path / f"{name}.npy").unlink()


def plain(path: str) -> None:
    """Do part of the work in the simplest way, everything in memory."""
    loaded = np.load(path)
    x, y = (loaded[name] for name in ("image", "text"))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    y /= np.linalg.norm(y, axis=1, keepdims=True)
    print(np.linalg.norm(x.mean(axis=0) - y.mean(axis=0)), np.linalg.norm(x - y, axis=1).mean())
    chosen = np.sort(np.random.default_rng(0).choice(len(x), min(QUERIES, len(x)), replace=False))
    for queries, gallery in ((x[chosen], y), (y[chosen], x)):
        own = np.einsum("ij,ij->i", queries, gallery[chosen])
        above, total, moment = np.zeros((3, len(chosen)))
        for start in range(0, len(gallery), BLOCK):
            logits = queries @ gallery[start : start + BLOCK].T
            above += (logits > own[:, None] + 1e-6).sum(axis=1)
            logits = (logits - 1) / TEMPERATURE
            weights = np.exp(logits)
            total += weights.sum(axis=1)
            moment += (weights * logits).sum(axis=1)
        print((above == 0).mean(), (np.log(total) - moment / total).mean())


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--pairs", type=int, default=1_000_000)
    arguments.add_argument("--dimensions", type=int, default=512)
    arguments.add_argument("--rounds", type=int, default=1)
    arguments.add_argument("--folder", type=Path, default=None)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        draw(Path(folder), given.pairs, given.dimensions)
        path = f"{folder}/embeddings.npz"
        print(f"{given.pairs:,} pairs of {given.dimensions} dimensions, ", end="")
        print(f"{Path(path).stat().st_size / 1e9:.1f} GB", flush=True)
        costs: list[Cost] = []
        peers: list[Cost] = []
        for _ in range(given.rounds):
            peers.append(measure([sys.executable, "-c", PEER, path]))
            print(line("plain NumPy, part of the work", peers[-1]), flush=True)
            costs.append(evenpair("measure", path, "--json"))
            print(line("evenpair measure", costs[-1]), flush=True)
        for name in ("seconds", "cpu_seconds", "together_mb"):
            ratios = [
                getattr(c, name) / getattr(p, name) for c, p in zip(costs, peers, strict=True)
            ]
            print(f"{name}: {median(ratios):.2f} times the peer's")


def line(name: str, cost: Cost) -> str:
    return (
        f"{name}: {cost.seconds:.0f} s, {cost.cpu_seconds:.0f} s of CPU time, "
        f"{cost.together_mb:,.0f} MB at most"
    )


if __name__ == "__main__":
    main()
