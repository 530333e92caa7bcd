"""Which reader states each scalar of a value of a grounded schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from canvasgen.grounding import Mark
from canvasgen.schemas.document.plain import Json
from canvasgen.schemas.normal.arrays import place
from canvasgen.schemas.normal.numbers import as_fraction, has_number
from canvasgen.schemas.normal.objects import lookup
from canvasgen.schemas.normal.shapes import NEVER_NODE, Node, Object
from canvasgen.schemas.normal.strings import strings_contain

__all__ = ["Scalar", "marks_at", "stated_scalars"]

Path: TypeAlias = "tuple[str | int, ...]"
Scalar: TypeAlias = "bool | int | float | str | None"
Stated: TypeAlias = "tuple[Path, Scalar, list[Mark], bool]"
"""A place, its value, the readers that may have stated it, and whether it may be null."""


def stated_scalars(root: Node, value: Json) -> Iterator[Stated]:
    """Yield the scalars of a value that a grounded node (`grounded`) takes from the sources, and nulls in their places.

    Args:
        root: the grounded node.
        value: one of its values.
    """
    waiting: list[tuple[Path, Json, list[Node]]] = [((), value, [root])]
    while waiting:
        path, here, nodes = waiting.pop()
        if isinstance(here, dict):
            below = [
                ((*path, key), one, _distinct(lookup(shape, key) for shape in _objects(nodes)))
                for key, one in here.items()
            ]
            waiting += reversed(below)
        elif isinstance(here, list):
            shapes = [shape for node in nodes for shape in node.values.arrays]
            inside = [
                ((*path, at), one, _distinct(place(shape, at) for shape in shapes))
                for at, one in enumerate(here)
            ]
            waiting += reversed(inside)
        else:
            marks = list(dict.fromkeys(mark for node in nodes for mark in _marks(node, here)))
            if marks:
                yield path, here, marks, any(node.values.null for node in nodes)


def marks_at(root: Node, path: Path) -> list[Mark]:
    """Return the readers of the scalars that a place may hold; none if it holds none from the sources."""
    nodes = [root]
    for step in path:
        if isinstance(step, str):
            nodes = _distinct(lookup(shape, step) for shape in _objects(nodes))
        else:
            nodes = _distinct(place(shape, step) for node in nodes for shape in node.values.arrays)
    values = [node.values for node in nodes]
    marks = (shape.marks for one in values for shape in (*one.strings, *one.numbers))
    truths = (mark for one in values for mark in one.evidence if mark.on and mark.reader is not None)
    return list(dict.fromkeys([*(mark for each in marks for mark in each), *truths]))


def _objects(nodes: list[Node]) -> Iterator[Object]:
    return (shape for node in nodes for shape in node.values.objects)


def _distinct(nodes: Iterator[Node]) -> list[Node]:
    return [node for node in dict.fromkeys(nodes) if node is not NEVER_NODE]


def _marks(node: Node, value: Scalar) -> Iterator[Mark]:
    values = node.values
    if value is None:
        yield from (mark for shape in (*values.strings, *values.numbers) for mark in shape.marks)
    elif isinstance(value, bool):
        yield from (mark for mark in values.evidence if mark.on and mark.reader is not None)
    elif isinstance(value, str):
        yield from (mark for shape in values.strings if strings_contain(shape, value) for mark in shape.marks)
    else:
        number = as_fraction(value)
        yield from (mark for shape in values.numbers if has_number(shape, number) for mark in shape.marks)
