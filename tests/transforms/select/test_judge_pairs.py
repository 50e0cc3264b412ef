"""The caption that would be written for a pair, and what it leaves out."""

import pytest

from evenpair.schemas.facts import Facts
from evenpair.transforms.information.imbalance import (
    judge_by_reference,
    measure_overlap,
    shipped_capture,
)
from evenpair.transforms.select.choose_caption import EnrichmentOptions, share_of
from evenpair.transforms.select.fuse import Mode
from evenpair.transforms.select.judge_pairs import judge_pairs

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


def test_without_captions_every_image_holds_the_usual_information():
    rows = [("a dog", DOG), ("", NOTHING), ("犬がいる", NOTHING, "ja")]
    dog, nothing, japanese = judge(scored(*rows))
    assert (dog["caption"], dog["caption_source"], dog["caption_raw"]) == ("a dog", "raw", "a dog")
    usual = shipped_capture().usual_bits
    assert dog["imbalance_before"] == dog["imbalance_after"]
    assert dog["imbalance_before"] == pytest.approx(1 - bits(DOG) / usual)
    assert (dog["image_bits"], dog["coverage"], dog["agreement"]) == (usual, None, None)
    assert nothing["imbalance_after"] == 1
    assert (japanese["image_bits"], japanese["imbalance_before"]) == (None, None)
    assert (japanese["imbalance_after"], japanese["information_bits"]) == (None, None)


def test_a_sparse_pair_with_a_reference_is_fused_and_judged_by_it():
    unit = scored(("a cat", CAT), ("a dog", DOG))
    cat, dog = judge(unit, captioned(k1=[(SCENE_TEXT, SCENE)]))
    assert (cat["caption"], cat["coverage"]) == ("a cat", None)
    assert dog["caption"] == SCENE_TEXT
    assert (dog["caption_source"], dog["caption_generated"]) == ("fused", SCENE_TEXT)
    overlap = measure_overlap(DOG, SCENE, MODEL)
    image = judge_by_reference(overlap, shipped_capture()).image_bits
    assert dog["image_bits"] == pytest.approx(image)
    assert dog["imbalance_before"] == pytest.approx(1 - bits(DOG) / image)
    assert dog["imbalance_after"] == pytest.approx(1 - bits(SCENE) / image)
    assert (dog["agreement"], dog["coverage"]) == (1, pytest.approx(bits(DOG) / bits(SCENE)))
    assert dog["information_bits"] == pytest.approx(bits(SCENE))


@pytest.mark.parametrize(
    ("mode", "caption", "source"),
    [
        (Mode.REPLACE, SCENE_TEXT, "generated"),
        (Mode.APPEND, "A dog. A brown dog lies on a rug.", "fused"),
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
    [pair] = judge(unit, captioned(k0=[("a ghost", Facts(("ghost",)))]))
    assert (pair["caption"], pair["caption_source"]) == ("all of it", "raw")
    assert (pair["coverage"], pair["agreement"]) == (0, 0)
    assert 0 < pair["imbalance_after"] < 1


def test_a_caption_that_agrees_too_little_is_not_used():
    [pair] = judge(scored(("a cat", CAT)), captioned(k0=[(SCENE_TEXT, SCENE)]), min_agreement=0.5)
    assert (pair["caption"], pair["caption_source"]) == ("a cat", "raw")
    usual = shipped_capture().usual_bits
    assert (pair["image_bits"], pair["coverage"], pair["agreement"]) == (usual, None, None)
    assert pair["imbalance_after"] == pytest.approx(1 - bits(CAT) / usual)
    assert pair["caption_generated"] == SCENE_TEXT


def test_without_a_raw_caption_agreement_is_unknown_and_not_required():
    captions = captioned(k0=[(SCENE_TEXT, SCENE)])
    [pair] = judge(scored((None, NOTHING)), captions, min_agreement=0.9)
    assert (pair["caption"], pair["caption_source"]) == (SCENE_TEXT, "generated")
    assert (pair["agreement"], pair["imbalance_before"]) == (None, 1)


def test_a_pair_with_a_fault_keeps_its_raw_caption_and_the_fault():
    unit = scored(("a dog", DOG), ("a cat", CAT))
    dog, cat = judge(unit, captioned(k0="model-failed"))
    assert (dog["caption"], dog["fault"], dog["coverage"]) == ("a dog", "model-failed", None)
    assert cat["fault"] is None


def test_captions_of_unknown_pairs_are_ignored():
    unit = scored(("a dog", DOG))
    gone = captioned(k7=[(SCENE_TEXT, SCENE)])
    assert judge(unit, gone) == judge(unit)
