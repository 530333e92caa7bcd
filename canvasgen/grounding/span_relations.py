"""Relations between the places that values are taken from: apart, in order, in one sentence.

A value may be written at several places of a source. A relation holds if there are places, one for each field, that satisfy
it; several relations hold if the same places satisfy all of them. Fields that are absent or null are left out.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, TypeAlias

import regex

from canvasgen.errors import InvalidConstraint, TimeLimit
from canvasgen.grounding.source_readings import Span

__all__ = [
    "EVERY",
    "FieldPath",
    "SpanRelation",
    "disjoint",
    "distinct",
    "ordered",
    "places_for",
    "same_sentence",
    "sentences_of",
]

Kind: TypeAlias = Literal["disjoint", "distinct", "ordered", "same_sentence"]
FieldPath: TypeAlias = "tuple[str | int, ...]"
EVERY = -1
"""In a path, every item of an array."""
MOST_TRIES = 100_000
"""Places that are tried for the fields of one value."""

_STEP = regex.compile(
    r"\.?(?P<name>[A-Za-z_$][A-Za-z0-9_$]*)|\[(?:(?P<at>\d+)|(?P<every>\*)|(?P<quoted>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"))\]"
)


@dataclass(frozen=True)
class SpanRelation:
    """A relation between the places of some fields. Build one with `disjoint`, `distinct`, `ordered`, `same_sentence`.

    Attributes:
        kind: which one.
        fields: the paths of the fields; `EVERY` stands for every item of an array.
    """

    kind: Kind
    fields: tuple[FieldPath, ...]

    def pairs(self, fields: Sequence[FieldPath]) -> list[tuple[FieldPath, FieldPath]]:
        """Return the pairs of fields that have to satisfy it for all of them to."""
        if self.kind in ("ordered", "same_sentence"):
            return list(pairwise(fields))
        return [(one, other) for at, one in enumerate(fields) for other in fields[at + 1 :]]

    def holds(self, one: Span, other: Span, sentences: Sequence[Sequence[tuple[int, int]]]) -> bool:
        """Return whether two places satisfy it.

        Args:
            one, other: the places, in the order of the fields.
            sentences: by source, the start and stop of each sentence.
        """
        if self.kind == "distinct":
            return (one.source, one.start, one.stop) != (other.source, other.start, other.stop)
        if self.kind == "ordered":
            return one.source < other.source or (one.source == other.source and one.stop <= other.start)
        if self.kind == "disjoint":
            return one.source != other.source or one.stop <= other.start or other.stop <= one.start
        low, high = min(one.start, other.start), max(one.stop, other.stop)
        return one.source == other.source and any(
            start <= low and high <= stop for start, stop in sentences[one.source]
        )


def disjoint(*fields: str) -> SpanRelation:
    """Return the relation that no two fields overlap in the source."""
    return _relation("disjoint", fields)


def distinct(*fields: str) -> SpanRelation:
    """Return the relation that no two fields are taken from the same place: each place is used once."""
    return _relation("distinct", fields)


def ordered(*fields: str) -> SpanRelation:
    """Return the relation that each field ends before the next one begins; several sources follow one another."""
    return _relation("ordered", fields)


def same_sentence(*fields: str) -> SpanRelation:
    """Return the relation that all fields are in one sentence of the source.

    A sentence ends at a line break, and at `.`, `!`, `?` or `…` before white space, unless a small letter follows or a
    common abbreviation or a single letter stands before the point.
    """
    return _relation("same_sentence", fields)


def _relation(kind: Kind, fields: tuple[object, ...]) -> SpanRelation:
    paths = tuple(_path(kind, field) for field in fields)
    if len(set(paths)) != len(paths):
        raise InvalidConstraint(
            "a field stands twice in a relation", rule=kind, value=fields, remedy="name each field once"
        )
    if len(paths) < 2 and not any(EVERY in path for path in paths):
        raise InvalidConstraint(
            "a relation is between several fields",
            rule=kind,
            value=fields,
            remedy="name two, or all items of an array: `names[*]`",
        )
    return SpanRelation(kind, paths)


def _path(kind: str, field: object) -> FieldPath:
    if not isinstance(field, str) or not field:
        raise InvalidConstraint(
            "a field is a name such as `items[0].price`",
            rule=kind,
            value=field,
            remedy="write it as in the result: name, items[0].price",
        )
    steps: list[str | int] = []
    at = 0
    while at < len(field):
        found = _STEP.match(field, at)
        if found is None or (at == 0 and field[0] == "."):
            raise InvalidConstraint(
                "a field is a name such as `items[0].price`, `items[*].name` or `['odd name']`",
                rule=kind,
                value=field,
                remedy="write it as in the result: name, items[0].price, items[*].name",
            )
        if found["at"] is not None:
            steps.append(int(found["at"]))
        elif found["every"] is not None:
            steps.append(EVERY)
        else:
            steps.append(found["name"] or str(ast.literal_eval(found["quoted"])))
        at = found.end()
    return tuple(steps)


_ABBREVIATION = regex.compile(
    r"(?<!\w)(?:\p{L}|Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|No|Nr|vs|etc|approx|e\.g|i\.e|Inc|Ltd|Co|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.$"
)
_END = regex.compile(r"(?P<point>[.!?…]+[\"'”’)\]]*)(?P<gap>[^\S\r\n]+)(?!\p{Ll})|[\r\n]+")


def sentences_of(text: str) -> list[tuple[int, int]]:
    """Return the start and stop of each sentence of a text, in order."""
    found: list[tuple[int, int]] = []
    start = 0
    for end in _END.finditer(text):
        if end["point"] is None:
            stop = end.start()
        elif _ABBREVIATION.search(text, start, end.start() + 1) and end["point"] == ".":
            continue
        else:
            stop = end.end("point")
        if text[start:stop].strip():
            found.append((start, stop))
        start = end.end()
    if text[start:].strip():
        found.append((start, len(text)))
    return found


Pair: TypeAlias = "tuple[SpanRelation, FieldPath, FieldPath]"


def places_for(
    occurrences: Mapping[FieldPath, Sequence[Span]],
    pairs: Sequence[Pair],
    sentences: Sequence[Sequence[tuple[int, int]]],
) -> dict[FieldPath, Span] | None:
    """Return one place for each field so that all relations hold, the first in the fields' order; None if there are none.

    Args:
        occurrences: by field, the places that state its value.
        pairs: relations with the two fields that they are between.
        sentences: as for `SpanRelation.holds`.

    Raises:
        TimeLimit: `MOST_TRIES` places have been tried.
    """
    fields = list(occurrences)
    number = {field: at for at, field in enumerate(fields)}
    earlier: list[list[Pair]] = [[] for _ in fields]
    for pair in pairs:
        earlier[max(number[pair[1]], number[pair[2]])].append(pair)
    chosen: dict[FieldPath, Span] = {}
    waiting = [0]  # by depth, the next place to try
    tries = 0
    while waiting:
        depth = len(waiting) - 1
        if depth == len(fields):
            return chosen
        field, at = fields[depth], waiting[-1]
        if at == len(occurrences[field]):
            waiting.pop()
            chosen.pop(fields[depth - 1], None) if depth else None
            continue
        waiting[-1] += 1
        tries += 1
        if tries > MOST_TRIES:
            raise TimeLimit(
                f"no places that satisfy the relations were found in {MOST_TRIES} tries",
                rule="MOST_TRIES",
                value=MOST_TRIES,
                remedy="relate fewer fields, or pass a shorter source",
            )
        chosen[field] = occurrences[field][at]
        if all(
            relation.holds(chosen[one], chosen[other], sentences) for relation, one, other in earlier[depth]
        ):
            waiting.append(0)
        else:
            del chosen[field]
    return None
