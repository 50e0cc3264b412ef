"""Scored pairs and captions for them, without a model and without files."""

from typing import Any

import pyarrow as pa

from evenpair.schemas.facts import FACTS, Attribute, Facts, Relation, facts_to_arrow
from evenpair.schemas.source import Source
from evenpair.schemas.statistics import Statistics, count_events
from evenpair.schemas.tables import CAPTIONS, SCORES
from evenpair.schemas.unit import Tally, Unit
from evenpair.transforms.information.information import InformationModel
from evenpair.transforms.information.mark_sparse import mark_sparse

from .corpora import PLAIN

DOG = Facts(("dog",))
SCENE = Facts(("dog", "rug"), (Attribute("dog", "brown"),), (Relation("dog", "lie on", "rug"),))
CAT = Facts(("cat",))
NOTHING = Facts()
MODEL = InformationModel(
    Statistics(count_events([SCENE, *[DOG, CAT, Facts(("rug",)), Facts(("ball",))] * 4]), 20.0),
    PLAIN,
)
SCENE_TEXT = "a brown dog lies on a rug"


def bits(facts: Facts) -> float:
    return MODEL.bits(facts).information_bits


def scored(*rows: tuple[Any, ...]) -> Unit:
    """Return a unit of scores; a row has a caption, its facts, and its language if not English."""
    facts = [row[1] for row in rows]
    languages = [row[2] if len(row) > 2 else "en" for row in rows]
    read = [language == "en" for language in languages]
    carried = [MODEL.bits(f) if r else None for f, r in zip(facts, read, strict=True)]
    columns = {
        "uid": [f"{at:032x}" for at in range(len(rows))],
        "shard": ["s"] * len(rows),
        "key": [f"k{at}" for at in range(len(rows))],
        "caption": [row[0] for row in rows],
        "language": languages,
        "width": [8] * len(rows),
        "height": [6] * len(rows),
        "information_bits": [b and b.information_bits for b in carried],
        "visible_bits": [b and b.information_bits for b in carried],
        "object_share": [b and b.object_share for b in carried],
    }
    columns |= dict(zip(FACTS.names, facts_to_arrow(facts), strict=True))
    arrays = [pa.array(columns.get(f.name, [None] * len(rows)), f.type) for f in SCORES]
    unit = Unit(Source(0, "s", "s.tar"), pa.table(arrays, schema=SCORES), Tally(len(rows)))
    return mark_sparse(unit, full_level=20.0, enrich_below=0.5)


def captioned(**answers: Any) -> pa.Table:
    """Return a table of captions: by key, sentences with their facts, or the name of a fault."""
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
