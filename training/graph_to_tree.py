"""Aligned scene graph -> the dependency tree that `transforms.extract_facts` reads back."""

from typing import NamedTuple

from .align_graph import AlignedGraph, AlignedRelation


class Tree(NamedTuple):
    words: tuple[str, ...]
    heads: list[int]
    labels: list[str]


class TreeBuilder:
    def __init__(self, graph: AlignedGraph) -> None:
        self.graph = graph
        size = len(graph.words)
        self.heads: list[int | None] = [None] * size
        self.labels = ["skip"] * size
        self.lost: list[AlignedRelation] = []

    def build(self) -> Tree:
        self.spans = {span[-1]: span for span in self.graph.objects}
        self.reached: set[int] = set()
        self.pending = sorted(
            self.graph.relations, key=lambda r: (not r.predicate, max(r.subject[-1], r.object[-1]))
        )
        self.anchors: dict[int, tuple[int, str]] = {}
        root: int | None = None
        for item in sorted(self.spans):
            if item in self.reached or self.heads[item] is not None:
                continue
            if root is None:
                self._place(item, item, "ROOT")
            else:
                self._place(item, root, "other")
            root = item
            self._spread()
        self._names()
        self._attributes()
        return self._finish(root)

    def _place(self, word: int, head: int, label: str) -> None:
        self.heads[word], self.labels[word] = head, label
        if word in self.spans:
            self.reached.add(word)

    def _spread(self) -> None:
        """Hang up all that relations tie to the objects already in the tree."""
        while True:
            usable = [r for r in self.pending if self._touches(r)]
            spelled = [r for r in usable if r.predicate]
            if not usable:
                return
            relation = (spelled or usable)[0]
            self.pending.remove(relation)
            if relation.predicate:
                self._spelled(relation)
            else:
                self._unspelled(relation)

    def _touches(self, relation: AlignedRelation) -> bool:
        return relation.subject[-1] in self.reached or relation.object[-1] in self.reached

    def _unspelled(self, relation: AlignedRelation) -> None:
        s, o = relation.subject[-1], relation.object[-1]
        if o not in self.spans:
            self.lost.append(relation)
        elif s in self.reached and o not in self.reached and self.heads[o] is None:
            self._place(o, s, f"to={relation.term}")
        elif o in self.reached and s not in self.reached and self.heads[s] is None:
            self._place(s, o, f"from={relation.term}")
        else:
            self.lost.append(relation)

    def _spelled(self, relation: AlignedRelation) -> None:
        s, o = relation.subject[-1], relation.object[-1]
        anchor = relation.predicate[0][0]
        if anchor in self.anchors:
            self._extend(relation)
            return
        if any(self.heads[p] is not None for p, _ in relation.predicate):
            self.lost.append(relation)
            return
        if s in self.reached and o in self.reached:
            self._also(relation)
            return
        near, far, kind = (s, o, "rel") if s in self.reached else (o, s, "rev")
        self.anchors[anchor] = (near, kind)
        self._chain(relation, near, kind)
        top = relation.predicate[-1][0] if kind == "rel" else anchor
        self._place(far, top, "arg" if far in self.spans else "self")

    def _chain(self, relation: AlignedRelation, head: int, kind: str, start: int = 0) -> None:
        for position, term in relation.predicate[start:]:
            self._place(position, head, f"{kind}={term}" if term else kind)
            head, kind = position, "pred"

    def _also(self, relation: AlignedRelation) -> None:
        """A predicate between two objects that are both in the tree: shared with another one."""
        s, o = relation.subject[-1], relation.object[-1]
        for anchor, (near, kind) in self.anchors.items():
            far = o if kind == "rel" else s
            if near == (s if kind == "rel" else o) and self._anchor_of(far) == anchor:
                self._chain(relation, anchor, "also")
                return
        self.lost.append(relation)

    def _anchor_of(self, item: int) -> int | None:
        if self.labels[item] != "arg":
            return None
        word = self.heads[item]
        while word is not None and self.labels[word].partition("=")[0] == "pred":
            word = self.heads[word]
        return word

    def _extend(self, relation: AlignedRelation) -> None:
        """One more subject or object of a predicate that is in the tree."""
        s, o = relation.subject[-1], relation.object[-1]
        anchor = relation.predicate[0][0]
        near, kind = self.anchors[anchor]
        own_near, own_far = (s, o) if kind == "rel" else (o, s)
        if own_near != near and own_near not in self.reached and own_far in self.reached:
            self._place(own_near, self._last(near), "conj")
        elif own_far not in self.reached and (own_near == near or own_near in self.reached):
            self._hang(relation, own_far, kind)
        elif own_near in self.reached and own_far in self.reached:
            if not (self._in_group(own_near, near)):
                self.lost.append(relation)
        else:
            self.lost.append(relation)

    def _hang(self, relation: AlignedRelation, far: int, kind: str) -> None:
        positions = [p for p, _ in relation.predicate]
        shared = 0
        while shared < len(positions) and self.heads[positions[shared]] is not None:
            shared += 1
        if any(self.heads[p] is not None for p in positions[shared:]):
            self.lost.append(relation)
            return
        if shared < len(positions):
            self._chain(relation, positions[shared - 1], "pred", shared)
            self._place(far, positions[-1] if kind == "rel" else positions[0], "arg")
            return
        top = positions[-1] if kind == "rel" else positions[0]
        siblings = [w for w in self.reached if self.heads[w] == top and self.labels[w] == "arg"]
        if siblings:
            self._place(far, self._last(max(siblings)), "conj")
        else:
            self._place(far, top, "arg")

    def _last(self, item: int) -> int:
        """The last member of an object's group."""
        below = [w for w in self.reached if self.heads[w] == item and self.labels[w] == "conj"]
        return self._last(max(below)) if below else item

    def _in_group(self, item: int, first: int) -> bool:
        word: int | None = item
        while word is not None and word != first and self.labels[word] == "conj":
            word = self.heads[word]
        return word == first

    def _names(self) -> None:
        for head, span in self.spans.items():
            for part in span[:-1]:
                if self.heads[part] is None:
                    self._place_part(part, head, "compound")

    def _place_part(self, word: int, head: int, label: str) -> None:
        self.heads[word], self.labels[word] = head, label

    def _attributes(self) -> None:
        for item, span, _ in self.graph.attributes:
            if any(self.heads[p] is not None for p in span):
                continue
            leads = span[0] > item[-1] or self.graph.words[span[-1]] == "of"
            head = span[0] if leads else span[-1]
            self._place_part(head, item[-1], "attr")
            for part in span:
                if part != head:
                    self._place_part(part, head, "part")

    def _finish(self, root: int | None) -> Tree:
        words = self.graph.words
        if root is None:
            heads = [0] * len(words)
            labels = ["ROOT", *["nil"] * (len(words) - 1)]
            return Tree(words, heads, labels)
        following: int | None = None
        for i in reversed(range(len(words))):
            if self.heads[i] is not None:
                following = i
            elif following is not None:
                self.heads[i] = following
        previous = root
        for i, head in enumerate(self.heads):
            if head is None:
                self.heads[i] = previous
            elif self.labels[i] != "skip":
                previous = i
        return Tree(words, [h if h is not None else 0 for h in self.heads], self.labels)
