"""A trained parser -> the same without the moves that its training trees hardly ever needed.

Each step of the parser weighs every move: fewer of them take less time, and rare ones only mislead.
"""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import spacy
import srsly
from spacy.language import Language

LEAST = 60
_LETTERS = {"2": "L", "3": "R"}
"""The moves that draw an arc to the left or right, one for each label."""


def drop_rare_moves(nlp: Language, least: int = LEAST) -> Language:
    """Keep the moves made `least` times in training, and those that every parser has."""
    with TemporaryDirectory() as folder:
        nlp.to_disk(folder)
        names = list(nlp.get_pipe("parser").move_names)
        dropped = _drop_names(Path(folder) / "parser" / "moves", least)
        kept = [number for number, name in enumerate(names) if name not in dropped]
        model = nlp.get_pipe("parser").model
        number = [id(node) for node in model.walk()].index(id(model.get_ref("upper")))
        state = srsly.msgpack_loads(model.to_bytes())
        state["nodes"][number]["dims"]["nO"] = len(kept)
        state["params"][number] = {k: v[kept] for k, v in state["params"][number].items()}
        (Path(folder) / "parser" / "model").write_bytes(srsly.msgpack_dumps(state))
        return spacy.load(folder)


def _drop_names(path: Path, least: int) -> set[str]:
    """Take the rare moves out of the file that lists them; their names."""
    state = srsly.msgpack_loads(path.read_bytes())
    moves = json.loads(state["moves"])
    dropped = {
        f"{letter}-{label}"
        for action, letter in _LETTERS.items()
        for label, count in moves[action].items()
        if count < least and label not in {"dep", "skip"}
    }
    for action, letter in _LETTERS.items():
        moves[action] = {k: n for k, n in moves[action].items() if f"{letter}-{k}" not in dropped}
    path.write_bytes(srsly.msgpack_dumps(state | {"moves": json.dumps(moves)}))
    return dropped
