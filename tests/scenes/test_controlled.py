"""Controlled data: known bits, captions that name just what they should, shards with the truth."""

import io
import json
import math
import random
from collections import Counter, defaultdict

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops

from evenpair.pipeline.facts import state_facts
from evenpair.scenes.controlled import (
    ALL_BITS,
    ATTRIBUTES,
    BITS,
    FACTORS,
    SHAPE,
    Item,
    bits_left_out,
    item_facts,
    sample_item,
)
from evenpair.scenes.controlled_captions import describe_item, draw_named, pad
from evenpair.scenes.controlled_shards import (
    Kind,
    item_jpeg,
    ladder,
    mixture,
    near_duplicates,
    render_item,
    write_controlled_shards,
)
from evenpair.schemas.pair import derive_uid

from .test_shards import read_samples

seeds = st.integers(0, 10**9)


def words_of(facts):
    return sorted(facts.objects), sorted(facts.attributes), sorted(facts.relations)


def test_bits_are_those_of_equally_likely_values():
    assert (
        pytest.approx(
            {"size": 1, "fill": 1, "edge": 1, "texture": 2, "colour": 3, "shape": math.log2(10)}
        )
        == BITS
    )
    assert len(ATTRIBUTES) == 5
    assert pytest.approx(8 + math.log2(10)) == ALL_BITS
    assert bits_left_out(tuple(FACTORS)) == 0
    assert bits_left_out((SHAPE,)) == pytest.approx(8)
    assert bits_left_out((SHAPE, "colour")) == pytest.approx(5)


def test_values_are_equally_likely_and_independent():
    items = [sample_item(3, index) for index in range(6000)]
    for factor, values in FACTORS.items():
        counts = Counter(item.factors[factor] for item in items)
        assert set(counts) == set(values)
        expected = len(items) / len(values)
        assert max(counts.values()) < 1.25 * expected
        assert min(counts.values()) > 0.75 * expected
    pairs = Counter((item.factors["colour"], item.factors[SHAPE]) for item in items)
    assert len(pairs) == 80
    assert max(pairs.values()) < 2 * 6000 / 80


@given(seeds, seeds)
def test_an_item_is_a_function_of_seed_and_index(seed, index):
    one = sample_item(seed, index)
    random.seed(seed)
    assert sample_item(seed, index) == one
    other = sample_item(seed, index, look=7)
    assert (other.values, other.look) == (one.values, 7)


@given(seeds, seeds)
def test_items_lie_inside_the_picture(seed, index):
    drawn = sample_item(seed, index).drawn
    assert min(drawn.x, drawn.y) - 1.08 * drawn.radius >= 0
    assert max(drawn.x, drawn.y) + 1.08 * drawn.radius <= 1


def of(**changed):
    known = {
        "size": "large", "fill": "massive", "edge": "smooth",
        "texture": "plain", "colour": "red", "shape": "star",
    }  # fmt: skip
    return Item(tuple((known | changed).values()), 5)


@pytest.mark.parametrize(
    "changed",
    [{factor: value} for factor, values in FACTORS.items() for value in values],
    ids=lambda changed: "-".join(*changed.items()),
)
def test_every_value_shows(changed):
    base = of()
    difference = ImageChops.difference(render_item(base), render_item(of(**changed)))
    shown = np.count_nonzero(np.asarray(difference).max(axis=2) > 60)
    assert (shown > 25) == (of(**changed) != base)


def test_the_same_item_is_the_same_bytes_and_has_the_size_asked_for():
    assert item_jpeg(of()) == item_jpeg(of())
    assert Image.open(io.BytesIO(item_jpeg(of(), 40))).size == (40, 40)


@given(seeds, st.integers(0, 5), st.sampled_from(list(FACTORS)))
def test_a_caption_has_the_words_of_what_it_names_and_of_nothing_else(seed, count, always):
    rng, item = random.Random(seed), sample_item(seed, 0)
    named = draw_named(rng, count, always)
    assert (len(named), always in named) == (count + 1, True)
    words = describe_item(item, named, rng).lower().replace(",", "").rstrip(".").split()
    values = {value for values in FACTORS.values() for value in values}
    assert Counter(word for word in words if word in values) == Counter(
        item.factors[factor] for factor in named
    )
    assert ("shape" in words) == (SHAPE not in named)


def test_the_shipped_parser_reads_what_captions_state():
    expected, captions = [], []
    for number in range(1200):
        rng, item = random.Random(number), sample_item(8, number)
        named = draw_named(rng, number % 6, rng.choice(list(FACTORS)))
        captions.append(describe_item(item, named, rng))
        expected.append(item_facts(item, named))
    found = [statement.facts for statement in state_facts(captions)]
    right = [words_of(f) == words_of(e) for f, e in zip(found, expected, strict=True)]
    assert np.mean(right) >= 0.99
    assert len(set(captions)) > 800


def test_every_factor_is_named_equally_often():
    named = Counter(f for n in range(3000) for f in draw_named(random.Random(n), 2, "colour"))
    assert named.pop("colour") == 3000
    assert set(named) == set(FACTORS) - {"colour"}
    assert all(abs(count / 3000 - 2 / 5) < 0.04 for count in named.values())


def test_a_ladder_differs_in_its_captions_alone():
    steps = [list(ladder(50, 4, k)) for k in range(6)]
    assert len({tuple(pair.item for pair in step) for step in steps}) == 1
    assert [{len(pair.named) for pair in step} for step in steps] == [{k + 1} for k in range(6)]
    assert all(SHAPE in pair.named for step in steps for pair in step)
    assert len({pair.url for step in steps for pair in step}) == 300
    by_texture = list(ladder(50, 4, 0, always="texture"))
    assert {pair.named for pair in by_texture} == {("texture",)}
    bits = [np.mean([bits_left_out(pair.named) for pair in step]) for step in steps]
    assert bits == pytest.approx([8 * (1 - k / 5) for k in range(6)], abs=0.5)


def test_several_captions_of_an_item_name_other_factors():
    pairs = list(ladder(30, 2, 1, captions=5))
    assert {len(pair.captions) for pair in pairs} == {5}
    assert np.mean([len(set(pair.captions)) for pair in pairs]) > 3


def test_a_mixture_has_its_kinds():
    pairs = list(mixture(2000, 6))
    counts = Counter(pair.kind for pair in pairs)
    assert set(counts) == {Kind.POOR, Kind.RICH, Kind.PADDED, Kind.MISMATCHED}
    assert all(abs(count - 500) < 80 for count in counts.values())
    true, words = defaultdict(list), defaultdict(list)
    for pair in pairs:
        true[pair.kind].append(ALL_BITS - bits_left_out(pair.named))
        words[pair.kind].append(len(pair.captions[0].split()))
    bits = {kind: np.mean(values) for kind, values in true.items()}
    length = {kind: np.mean(values) for kind, values in words.items()}
    assert bits[Kind.RICH] > 10 > 5 > bits[Kind.POOR] > 3
    assert abs(bits[Kind.PADDED] - bits[Kind.POOR]) < 0.5
    assert bits[Kind.MISMATCHED] < bits[Kind.POOR]
    assert length[Kind.PADDED] > 2 * length[Kind.RICH] > 3 * length[Kind.POOR] / 2
    only = list(mixture(100, 6, {Kind.RICH: 1.0}))
    assert {pair.kind for pair in only} == {Kind.RICH}


def test_a_mismatched_caption_states_what_it_says_truly():
    pairs = [pair for pair in mixture(600, 6) if pair.kind is Kind.MISMATCHED]
    for pair in pairs:
        words = pair.captions[0].lower().replace(",", "").rstrip(".").split()
        assert [f for f in pair.named if pair.item.factors[f] not in words] == []
    assert np.mean([len(pair.named) for pair in pairs]) < 3


def test_padding_says_nothing_of_the_picture():
    values = {value for values in FACTORS.values() for value in values}
    padded = pad("A star.", random.Random(1))
    assert "A star." in padded
    assert set(padded.lower().replace(".", "").split()) & values == {"star"}


def test_near_duplicates_show_the_same_facts_and_look_different():
    pairs = list(near_duplicates(40, 3, 2, copies=4))
    groups = defaultdict(list)
    for pair in pairs:
        groups[pair.group].append(pair)
    assert [len(group) for group in groups.values()] == [4] * 10
    for group in groups.values():
        assert len({pair.item.values for pair in group}) == 1
        assert len({item_jpeg(pair.item) for pair in group}) == 4
    assert any(len({pair.captions for pair in group}) > 1 for group in groups.values())


@pytest.fixture(scope="module")
def pairs():
    return list(ladder(25, 9, 2, captions=2))


@pytest.fixture(scope="module")
def folder(pairs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("controlled") / "shards"
    write_controlled_shards(folder, pairs, 10, side=48)
    return folder


def test_samples_of_shards_are_the_pairs(folder, pairs):
    samples = [s for path in sorted(folder.glob("*.tar")) for s in read_samples(path)]
    assert [sample["txt"].decode() for sample in samples] == [p.captions[0] for p in pairs]
    assert [sample["jpg"] for sample in samples] == [item_jpeg(p.item, 48) for p in pairs]
    records = [json.loads(sample["json"]) for sample in samples]
    assert [tuple(record["captions"]) for record in records] == [p.captions for p in pairs]
    assert {(record["width"], record["status"]) for record in records} == {(48, "success")}


def test_the_truth_of_every_pair(folder, pairs):
    lines = (folder.parent / "truth.jsonl").read_text().splitlines()
    truth = [json.loads(line) for line in lines]
    assert [t["uid"] for t in truth] == [
        derive_uid(pair.url, source="", key="", caption=pair.captions[0]) for pair in pairs
    ]
    assert [t["factors"] for t in truth] == [pair.item.factors for pair in pairs]
    for record in truth:
        assert len(record["attributes"]) == 5
        assert record["bits_left_out"] == pytest.approx(bits_left_out(tuple(record["named"])))


def test_the_table_has_a_row_for_each(folder, pairs):
    tables = [pq.read_table(path) for path in sorted(folder.glob("*.parquet"))]
    captions = [row for table in tables for row in table["caption"].to_pylist()]
    assert captions == [pair.captions[0] for pair in pairs]


def test_the_same_pairs_are_the_same_bytes(folder, pairs, tmp_path):
    write_controlled_shards(tmp_path / "shards", pairs, 10, side=48)
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert {p.name: p.read_bytes() for p in (tmp_path / "shards").iterdir()} == first
