"""Policies: the first that rejects a pair gives the reason."""

import pyarrow as pa
import pytest

from evenpair.transforms.select.judge_pairs import EnrichmentOptions, judge_pairs
from evenpair.transforms.select.policies import (
    DECIDING,
    PolicyOptions,
    apply_policies,
    first_reasons,
)

from ...support.judged_pairs import CAT, DOG, MODEL, SCENE, SCENE_TEXT, captioned, scored

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


def test_pairs_with_an_unusable_image_hide_no_duplicate():
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
def test_raw_and_generated_captions_need_similarity(answer, raw, generated, source, reason):
    captions = captioned(k0=answer)
    for name, value in (("similarity_raw", raw), ("similarity_generated", generated)):
        column = pa.array([value], pa.float64())
        captions = captions.set_column(captions.schema.get_field_index(name), name, column)
    options = EnrichmentOptions(min_similarity=0.2)
    unit = judge_pairs(scored(("a dog", DOG)), captions, MODEL, options)
    [pair] = apply_policies(unit, PolicyOptions(min_similarity=0.2)).table.to_pylist()
    assert (pair["caption_source"], pair["reason"]) == (source, reason)
