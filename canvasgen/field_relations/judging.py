"""The judge of a finished value: do the relations between its fields hold? Independent of the search that generated it.

The paths of a relation become the fields that they name in this value, and the relation itself is asked about their values.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, TypeAlias

from canvasgen.checks import is_mapping, is_sequence
from canvasgen.errors import ValidationFailed
from canvasgen.field_relations.field_paths import ITEMS, KEYS, Each, FieldPath, Step
from canvasgen.field_relations.field_values import Inexact, number_of
from canvasgen.field_relations.related_fields import RelatedFields
from canvasgen.relations import Relation, Value
from canvasgen.relations.kinds.equality import AllDifferent, AllEqual
from canvasgen.relations.kinds.logic import Count
from canvasgen.relations.kinds.sums import Linear, Ordered

__all__ = ["judge"]

Letters: TypeAlias = "dict[str, int]"
Field: TypeAlias = "tuple[str, Value]"
"""A field's own path and its value."""


def judge(relations: Iterable[RelatedFields], text: str) -> None:
    """Raise ValidationFailed if a relation does not hold in a JSON text; names its fields.

    Raises:
        ValidationFailed: also where a related number has more digits than a float keeps.
    """
    relations = tuple(relations)
    value: object = json.loads(text, parse_float=_Written, parse_int=_Written)
    for one in relations:
        for chosen in _choices(value, one):
            try:
                fields = [list(_fields(value, path, chosen)) for path in one.paths]
            except Inexact as error:
                raise ValidationFailed(
                    "a number has more digits than a float keeps, so its relation cannot be judged",
                    rule="relations",
                    value=str(error),
                ) from None
            if not _holds(one, fields):
                named = [field for found in fields for field in found]
                raise ValidationFailed(
                    f"the fields do not agree: {one.relation.describe()}",
                    path=", ".join(path for path, _ in named[:12]),
                    rule=type(one.relation).__name__,
                    value=[value for _, value in named],
                )


class _Written(str):
    """A number as it is written."""

    __slots__ = ()


def _choices(value: object, one: RelatedFields) -> Iterator[Letters]:
    """The choices of items that at least one of the paths with letters has."""
    if not one.letters:
        yield {}
        return
    seen: set[tuple[int, ...]] = set()
    for path in one.paths:
        if not path.letters:
            continue
        for found in _chosen(value, path, 0):
            if found not in seen:
                seen.add(found)
                yield dict(zip(one.letters, found, strict=True))


def _chosen(value: object, path: FieldPath, at: int) -> Iterator[tuple[int, ...]]:
    if not any(isinstance(step, Each) for step in path.steps[at:]):
        yield ()
        return
    step = path.steps[at]
    if isinstance(step, Each):
        for item, below in enumerate(value if is_sequence(value) else ()):
            for rest in _chosen(below, path, at + 1):
                yield (item, *rest)
        return
    for _, below in _members(value, step, {}):
        yield from _chosen(below, path, at + 1)


def _members(value: object, step: Step, chosen: Letters) -> Iterator[tuple[str, object]]:
    """The members of a value that a step leads to, each with the text of the step."""
    wanted = chosen.get(step.letter, -1) if isinstance(step, Each) else step
    if is_mapping(value):
        if isinstance(step, str) and step in value:
            yield f".{step}", value[step]
        elif step == KEYS:
            yield from ((f".{name}", below) for name, below in value.items())
    elif is_sequence(value):
        if step == ITEMS:
            yield from ((f"[{at}]", below) for at, below in enumerate(value))
        elif isinstance(wanted, int) and 0 <= wanted < len(value):
            yield f"[{wanted}]", value[wanted]


def _fields(value: object, path: FieldPath, chosen: Letters) -> Iterator[Field]:
    found: list[tuple[str, object]] = [("", value)]
    for step in path.steps:
        found = [
            (name + more, inside) for name, below in found for more, inside in _members(below, step, chosen)
        ]
    for name, below in found:
        if isinstance(below, _Written):
            yield name.removeprefix("."), number_of(below)
        elif isinstance(below, (str, bool)) or below is None:
            yield name.removeprefix("."), below


def _holds(one: RelatedFields, fields: list[list[Field]]) -> bool:
    relation: Any = one.relation
    if isinstance(relation, (Ordered, AllDifferent, AllEqual)):
        there = [field for found in fields for field in found if field[1] is not None]
        return not there or _asked(replace(relation, cells=_named(there)), there)
    if isinstance(relation, Count):
        there = [field for found in fields for field in found]
        return _asked(replace(relation, cells=_named(there)), there)
    sums = isinstance(relation, Linear)
    if sums:
        fields = [[field for field in found if field[1] is not None] for found in fields]
    if any(not found and not path.is_many for found, path in zip(fields, one.paths, strict=True)):
        return True  # a field is not there: the relation does not apply
    there = [field for found in fields for field in found]
    if sums:
        factors = [factor for factor, found in zip(relation.factors, fields, strict=True) for _ in found]
        return _asked(replace(relation, cells=_named(there), factors=tuple(factors)), there)
    return _asked(relation, there)


def _named(fields: Iterable[Field]) -> tuple[str, ...]:
    return tuple(name for name, _ in fields)


def _asked(relation: Relation, fields: Iterable[Field]) -> bool:
    return relation.holds([value for _, value in fields])
