"""The caption that would be written, what it leaves out, and which policy rejects it."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenpair.schemas.facts import Attribute, Facts, Relation
from evenpair.schemas.source import Source
from evenpair.schemas.statistics import Statistics, count_events
from evenpair.schemas.tables import CAPTIONS, FACTS, SCORES, facts_to_arrow
from evenpair.schemas.unit import Tally, Unit
from evenpair.transforms.enrich.choose_sparse import choose_sparse
from evenpair.transforms.information.information import InformationModel
from evenpair.transforms.information.mark_sparse import mark_sparse
from evenpair.transforms.select.fuse import Mode
from evenpair.transforms.select.judge_pairs import EnrichmentOptions, judge_pairs, share_of
from evenpair.transforms.select.policies import (
    DECIDING,
    PolicyOptions,
    apply_policies,
    first_reasons,
)

DOG = Facts(("dog",))
SCENE = Facts(("dog", "rug"), (Attribute("dog", "brown"),), (Relation("dog", "lie on", "rug"),))
CAT = Facts(("cat",))
NOTHING = Facts()
MODEL = InformationModel(
    Statistics(count_events([SCENE, *[DOG, CAT, Facts(("rug",)), Facts(("ball",))] * 4]), 20.0)
)
SCENE_TEXT = "a brown dog lies on a rug"


def bits(facts):
    return MODEL.bits(facts).information_bits


def scored(*rows):
    """A unit of scores: caption, its facts, and the language where it is not English."""
    facts = [row[1] for row in rows]
    languages = [row[2] if len(row) > 2 else "en" for row in rows]
    read = [language == "en" for language in languages]
    given_bits = [MODEL.bits(f) if r else None for f, r in zip(facts, read, strict=True)]
    columns = {
        "uid": [f"{at:032x}" for at in range(len(rows))],
        "shard": ["s"] * len(rows),
        "key": [f"k{at}" for at in range(len(rows))],
        "caption": [row[0] for row in rows],
        "language": languages,
        "width": [8] * len(rows),
        "height": [6] * len(rows),
        "information_bits": [b and b.information_bits for b in given_bits],
        "object_share": [b and b.object_share for b in given_bits],
    }
    columns |= dict(zip(FACTS.names, facts_to_arrow(facts), strict=True))
    arrays = [pa.array(columns.get(f.name, [None] * len(rows)), f.type) for f in SCORES]
    unit = Unit(Source(0, "s", "s.tar"), pa.table(arrays, schema=SCORES), Tally(len(rows)))
    return mark_sparse(unit, 20.0, 0.5)


def captioned(**answers):
    """A table of captions: by key, sentences with their facts, or the name of a fault."""
    rows = []
    for key, answer in answers.items():
        row = dict.fromkeys(CAPTIONS.names) | {"uid": f"{int(key[1:]):032x}", "key": key}
        if isinstance(answer, str):
            rows.append(row | {"fault": answer, "parts": []})
            continue
        parts = [
            {
                "text": text,
                "objects": list(facts.objects),
                "attributes": [a._asdict() for a in facts.attributes],
                "relations": [r._asdict() for r in facts.relations],
            }
            for text, facts in answer
        ]
        rows.append(row | {"caption": " ".join(text for text, _ in answer), "parts": parts})
    return pa.Table.from_pylist(rows, schema=CAPTIONS)


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
def test_modes(mode, caption, source):
    [pair] = judge(scored(("a dog", DOG)), captioned(k0=[(SCENE_TEXT, SCENE)]), mode=mode)
    assert (pair["caption"], pair["caption_source"]) == (caption, source)


def test_mixing_takes_each_pair_by_its_uid_and_the_seed():
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


@given(uid=st.text("0123456789abcdef", min_size=32, max_size=32), seed=st.integers(0, 99))
def test_the_share_of_a_uid_lies_between_none_and_all(uid, seed):
    assert 0 <= share_of(uid, seed) < 1
    assert share_of(uid, seed) == share_of(uid, seed)


def test_a_pair_that_is_not_sparse_is_only_judged():
    full = Facts(("dog", "rug", "cat", "ball"), SCENE.attributes, SCENE.relations)
    unit = scored(("all of it", full))
    assert unit.table["sparse"].to_pylist() == [False]
    [pair] = judge(unit, captioned(k0=[("a tree", Facts(("tree",)))]))
    assert (pair["caption"], pair["caption_source"]) == ("all of it", "raw")
    assert (pair["imbalance_basis"], pair["agreement"]) == ("reference", 0)
    assert 0 < pair["imbalance_after"] < 1


def test_a_caption_that_agrees_too_little_is_withheld():
    [pair] = judge(scored(("a cat", CAT)), captioned(k0=[(SCENE_TEXT, SCENE)]), min_agreement=0.5)
    assert (pair["caption"], pair["caption_source"]) == ("a cat", "raw")
    assert (pair["imbalance_basis"], pair["agreement"]) == ("corpus", None)
    assert pair["imbalance_after"] == pytest.approx(1 - bits(CAT) / 20)
    assert pair["caption_generated"] == SCENE_TEXT


def test_where_the_raw_caption_says_nothing_there_is_nothing_to_agree_with():
    captions = captioned(k0=[(SCENE_TEXT, SCENE)])
    [pair] = judge(scored((None, NOTHING)), captions, min_agreement=0.9)
    assert (pair["caption"], pair["caption_source"]) == (SCENE_TEXT, "generated")
    assert (pair["agreement"], pair["imbalance_before"]) == (None, 1)


def test_a_fault_leaves_the_raw_caption_and_is_told():
    unit = scored(("a dog", DOG), ("a cat", CAT))
    dog, cat = judge(unit, captioned(k0="model-failed"))
    assert (dog["caption"], dog["fault"], dog["imbalance_basis"]) == (
        "a dog",
        "model-failed",
        "corpus",
    )
    assert cat["fault"] is None


def test_captions_of_pairs_that_are_gone_change_nothing():
    unit = scored(("a dog", DOG))
    gone = captioned(k7=[(SCENE_TEXT, SCENE)])
    assert judge(unit, gone) == judge(unit)


@pytest.mark.parametrize(
    ("answer", "raw", "generated", "source", "reason"),
    [
        ([(SCENE_TEXT, SCENE)], 0.3, 0.4, "fused", None),
        ([(SCENE_TEXT, SCENE)], 0.1, 0.2, "fused", None),
        ([(SCENE_TEXT, SCENE)], 0.2, 0.19, "raw", None),
        ([(SCENE_TEXT, SCENE)], 0.19, 0.1, "raw", "min-similarity"),
        ([(SCENE_TEXT, SCENE)], None, 0.1, "raw", None),
        ([(SCENE_TEXT, SCENE)], 0.1, None, "fused", None),
        ([(SCENE_TEXT, SCENE)], None, None, "fused", None),
        ("refused", 0.2, None, "raw", None),
        ("refused", 0.1, None, "raw", "min-similarity"),
    ],
)
def test_both_captions_meet_the_same_similarity(answer, raw, generated, source, reason):
    captions = captioned(k0=answer)
    for name, value in (("similarity_raw", raw), ("similarity_generated", generated)):
        column = pa.array([value], pa.float64())
        captions = captions.set_column(captions.schema.get_field_index(name), name, column)
    options = EnrichmentOptions(min_similarity=0.2)
    unit = judge_pairs(scored(("a dog", DOG)), captions, MODEL, options)
    [pair] = apply_policies(unit, PolicyOptions(min_similarity=0.2)).table.to_pylist()
    assert (pair["caption_source"], pair["reason"]) == (source, reason)


class TestSparse:
    def test_less_than_half_of_the_full_level_is_sparse(self):
        unit = scored(("a dog", DOG), ("", NOTHING), ("犬がいる", NOTHING, "ja"))
        assert unit.table["sparse"].to_pylist() == [bits(DOG) < 10, True, False]
        assert unit.table["imbalance"].to_pylist() == [
            pytest.approx(1 - bits(DOG) / 20),
            1.0,
            None,
        ]
        assert choose_sparse(unit).table["key"].to_pylist() == ["k0", "k1"]

    def test_at_the_threshold_nothing_is_sparse(self):
        unit = scored(("a dog", DOG))
        assert mark_sparse(unit, bits(DOG) * 2, 0.5).table["sparse"].to_pylist() == [False]
        assert mark_sparse(unit, bits(DOG) * 2.1, 0.5).table["sparse"].to_pylist() == [True]

    def test_columns_come_in_the_order_of_the_table_others_behind(self):
        unit = scored(("a dog", DOG))
        unit = unit.with_columns(["exif"], [pa.array(["{}"])]).with_order(["exif", *SCORES.names])
        assert mark_sparse(unit, 1, 0.5).table.column_names == [*SCORES.names, "exif"]


JUDGED_ROW = {
    "caption": "a dog", "language": "en", "fault": None, "width": 300, "height": 200,
    "information_bits": 12.0, "object_share": 0.4, "agreement": 0.8, "imbalance_after": 0.3,
}  # fmt: skip


def reason(options, **changed):
    row = JUDGED_ROW | changed
    table = pa.Table.from_pylist(
        [row],
        schema=pa.schema(
            [
                (name, pa.string() if name in ("caption", "language", "fault") else pa.float64())
                for name in row
            ]
        ),
    )
    return first_reasons(table, PolicyOptions(**options)).to_pylist()[0]


@pytest.mark.parametrize(
    ("options", "row", "rejected"),
    [
        ({}, {}, None),
        ({}, {"caption": ""}, "no-caption"),
        ({}, {"caption": " \t\n"}, "no-caption"),
        ({}, {"caption": None}, "no-caption"),
        ({}, {"fault": "undecodable-image"}, "undecodable-image"),
        ({}, {"fault": "image-too-large"}, "undecodable-image"),
        ({}, {"fault": "missing-image"}, "missing-image"),
        ({}, {"fault": "model-failed"}, None),
        ({}, {"imbalance_after": None, "information_bits": None}, None),
        ({"min_image_size": 200}, {}, None),
        ({"min_image_size": 201}, {}, "min-image-size"),
        ({"min_image_size": 1}, {"width": None}, "min-image-size"),
        ({"languages": ("en", "de")}, {}, None),
        ({"languages": ("de",)}, {}, "languages"),
        ({"languages": ("en",)}, {"language": "ja"}, "languages"),
        ({"min_bits": 12}, {}, None),
        ({"min_bits": 12.1}, {}, "min-bits"),
        ({"min_bits": 1}, {"information_bits": None}, "min-bits"),
        ({"min_bits": 1}, {"information_bits": None, "language": "ja"}, None),
        ({"max_object_share": 0.4}, {}, None),
        ({"max_object_share": 0.39}, {}, "max-object-share"),
        ({"max_object_share": 1}, {"object_share": None}, "max-object-share"),
        ({"max_object_share": 0.1}, {"language": "ja"}, None),
        ({"min_agreement": 0.8}, {}, None),
        ({"min_agreement": 0.81}, {}, "min-agreement"),
        ({"min_agreement": 1}, {"agreement": None}, None),
        ({"min_similarity": 0.2}, {"similarity": 0.2}, None),
        ({"min_similarity": 0.2}, {"similarity": 0.19}, "min-similarity"),
        ({"min_similarity": 1}, {"similarity": None}, None),
        ({"max_imbalance": 0.3}, {}, None),
        ({"max_imbalance": 0.29}, {}, "max-imbalance"),
        ({"max_imbalance": 1}, {"imbalance_after": None}, "max-imbalance"),
        ({"max_imbalance": 0}, {"imbalance_after": None, "language": "ja"}, None),
        ({"min_bits": 99, "languages": ("de",)}, {"caption": ""}, "languages"),
        ({"max_imbalance": 0, "min_bits": 99}, {}, "min-bits"),
        ({"max_imbalance": 0, "min_agreement": 1}, {}, "min-agreement"),
    ],
)  # fmt: skip
def test_the_first_policy_that_rejects_gives_the_reason(options, row, rejected):
    assert reason(options, **row) == rejected


def test_pairs_with_a_bad_image_hide_no_duplicate():
    unit = judge_pairs(
        scored(("a dog", DOG), ("a cat", CAT)),
        captioned(k0="undecodable-image"),
        MODEL,
        EnrichmentOptions(),
    )
    table = apply_policies(unit, PolicyOptions(min_bits=99)).table
    assert table["reason"].to_pylist() == ["undecodable-image", "min-bits"]
    assert table["blocked"].to_pylist() == [True, False]
    assert table.column_names == list(DECIDING)
