"""The terms that ship with the prior: how much each shows of a picture, how common it is."""

ROLES = ("object", "quality", "predicate")
UNKNOWN_VISIBILITY = 0.05


def parts_of(term: str, role: str) -> list[str]:
    words = term.split(" ")
    if role == "object":
        return words[-1:]
    return words[:1] if role == "predicate" else words
