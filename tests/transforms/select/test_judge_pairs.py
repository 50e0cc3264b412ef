"""The caption that would be written for a pair, and what it leaves out."""

import pytest

from evenpair.schemas.facts import Facts
from evenpair.transforms.select.fuse import Mode
from evenpair.transforms.select.judge_pairs import EnrichmentOptions, judge_pairs, share_of

from ...support.judged_pairs import (
    CAT,
    DOG,
    MODEL,
    NOTHING,
    SCENE,
    SCENE_TEXT,
    bits,
    captioned,
    scored,
)


def judge(unit, captions=None, **options):
    return judge_pairs(unit, captions, MODEL, EnrichmentOptions(**options)).table.to_pylist()


def test_without_captions_every_pair_is_judged_by_the_corpus():
    rows = [("a dog", DOG), ("", NOTHING), ("犬がいる", NOTHING, "ja")]
    dog, nothing, japanese = judge(scored(*rows))
    assert (dog["caption"], dog["caption_source"], dog["caption_raw"]) == ("a dog", "raw", "a dog")
    assert dog["imbalance_before"] == dog["imbalance_after"] == pytest.approx(1 - bits(DOG) / 20)
    assert (dog["imbalance_basis"], dog["agreement"]) == ("corpus", None)
    assert nothing["imbalance_after"] == 1
    assert (japanese["imbalance_after"], japanese["information_bits"]) == (None, None)


def test_a_sparse_pair_with_a_reference_is_fused_and_judged_by_it():
    unit = scored(("a cat", CAT), ("a dog", DOG))
    cat, dog = judge(unit, captioned(k1=[(SCENE_TEXT, SCENE)]))
    assert (cat["caption"], cat["imbalance_basis"]) == ("a cat", "corpus")
    assert dog["caption"] == SCENE_TEXT
    assert (dog["caption_source"], dog["caption_generated"]) == ("fused", SCENE_TEXT)
    assert dog["imbalance_before"] == pytest.approx(1 - bits(DOG) / bits(SCENE))
    assert dog["imbalance_after"] == 0
    assert (dog["agreement"], dog["imbalance_basis"]) == (1, "reference")
    assert dog["information_bits"] == pytest.approx(bits(SCENE))


@pytest.mark.parametrize(
    ("mode", "caption", "source"),
    [
        (Mode.REPLACE, SCENE_TEXT, "generated"),
        (Mode.APPEND, "a dog: a brown dog lies on a rug", "fused"),
        (Mode.FUSE, SCENE_TEXT, "fused"),
    ],
)
def test_each_mode_writes_its_caption(mode, caption, source):
    [pair] = judge(scored(("a dog", DOG)), captioned(k0=[(SCENE_TEXT, SCENE)]), mode=mode)
    assert (pair["caption"], pair["caption_source"]) == (caption, source)


def test_mixing_depends_on_uid_and_seed_only():
    rows = [("a dog", DOG)] * 40
    captions = captioned(**{f"k{at}": [(SCENE_TEXT, SCENE)] for at in range(40)})
    options = {"mode": Mode.MIX, "mix_probability": 0.5}
    sources = [
        [pair["caption_source"] for pair in judge(scored(*rows), captions, seed=seed, **options)]
        for seed in (0, 0, 1)
    ]
    assert sources[0] == sources[1] != sources[2]
    assert 8 < sources[0].count("raw") < 32
    wanted = ["fused" if share_of(f"{at:032x}", 0) < 0.5 else "raw" for at in range(40)]
    assert sources[0] == wanted


@pytest.mark.parametrize(
    ("uid", "seed", "share"),
    [
        ("0" * 32, 0, 0.9524902939129919),
        ("0" * 32, 1, 0.8567135367723097),
        ("f" * 32, 0, 0.8866596952409554),
    ],
)
def test_the_share_of_a_uid_never_changes(uid, seed, share):
    assert share_of(uid, seed) == share


def test_shares_fill_the_range_from_none_to_all_evenly():
    shares = sorted(share_of(f"{number:032x}", 0) for number in range(1000))
    assert 0 <= shares[0] < 0.01
    assert 0.99 < shares[-1] < 1
    assert shares[500] == pytest.approx(0.5, abs=0.05)


def test_a_pair_that_is_not_sparse_keeps_its_caption():
    full = Facts(("dog", "rug", "cat", "ball"), SCENE.attributes, SCENE.relations)
    unit = scored(("all of it", full))
    assert unit.table["sparse"].to_pylist() == [False]
    [pair] = judge(unit, captioned(k0=[("a tree", Facts(("tree",)))]))
    assert (pair["caption"], pair["caption_source"]) == ("all of it", "raw")
    assert (pair["imbalance_basis"], pair["agreement"]) == ("reference", 0)
    assert 0 < pair["imbalance_after"] < 1


def test_a_caption_that_agrees_too_little_is_not_used():
    [pair] = judge(scored(("a cat", CAT)), captioned(k0=[(SCENE_TEXT, SCENE)]), min_agreement=0.5)
    assert (pair["caption"], pair["caption_source"]) == ("a cat", "raw")
    assert (pair["imbalance_basis"], pair["agreement"]) == ("corpus", None)
    assert pair["imbalance_after"] == pytest.approx(1 - bits(CAT) / 20)
    assert pair["caption_generated"] == SCENE_TEXT


def test_without_a_raw_caption_agreement_is_unknown_and_not_required():
    captions = captioned(k0=[(SCENE_TEXT, SCENE)])
    [pair] = judge(scored((None, NOTHING)), captions, min_agreement=0.9)
    assert (pair["caption"], pair["caption_source"]) == (SCENE_TEXT, "generated")
    assert (pair["agreement"], pair["imbalance_before"]) == (None, 1)


def test_a_pair_with_a_fault_keeps_its_raw_caption_and_the_fault():
    unit = scored(("a dog", DOG), ("a cat", CAT))
    dog, cat = judge(unit, captioned(k0="model-failed"))
    assert (dog["caption"], dog["fault"], dog["imbalance_basis"]) == (
        "a dog",
        "model-failed",
        "corpus",
    )
    assert cat["fault"] is None


def test_captions_of_unknown_pairs_are_ignored():
    unit = scored(("a dog", DOG))
    gone = captioned(k7=[(SCENE_TEXT, SCENE)])
    assert judge(unit, gone) == judge(unit)
