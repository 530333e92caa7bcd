"""Where a path leads in a schema: the kinds of its values, and the bounds of its numbers."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from canvasgen.errors import InvalidConstraint
from canvasgen.field_relations.field_paths import ITEMS, KEYS, Each, FieldPath, Step
from canvasgen.schemas.normal.shapes import Array, Node, Object

__all__ = ["Place", "places_of"]


@dataclass(frozen=True)
class Place:
    """The values that a path may lead to.

    Attributes:
        scalars: kinds of them: `null`, `boolean`, `number`, `string`.
        low, high: bounds of the numbers; None: there is none.
    """

    scalars: frozenset[str]
    low: Fraction | None
    high: Fraction | None


def places_of(root: Node, path: FieldPath) -> Place:
    """Return where a path leads.

    Raises:
        InvalidConstraint: nowhere; names the step and the field that was probably meant.
    """
    nodes = [root]
    for number, step in enumerate(path.steps):
        inside = list(dict.fromkeys(below for node in nodes for below in _below(node, step)))
        if not inside:
            raise _unknown(nodes, path, number)
        nodes = inside
    return _place(nodes)


def _below(node: Node, step: Step) -> Iterable[Node]:
    values = node.values
    if isinstance(step, str):
        for shape in values.objects:
            if step in shape.properties:
                yield shape.properties[step].node
            elif not shape.properties:
                yield from (keys.node for keys in shape.open)
    elif step == KEYS:
        for shape in values.objects:
            yield from _members(shape)
    else:
        for shape in values.arrays:
            yield from _items(shape, step)


def _members(shape: Object) -> Iterable[Node]:
    if shape.properties:
        return [entry.node for entry in shape.properties.values()]
    return [keys.node for keys in shape.open]


def _items(shape: Array, step: Step) -> Iterable[Node]:
    rest = [] if shape.high is not None and shape.high <= len(shape.prefix) else [shape.rest]
    if step == ITEMS or isinstance(step, Each):
        return [*shape.prefix, *rest]
    assert isinstance(step, int)
    if shape.high is not None and step >= shape.high:
        return []
    return [shape.prefix[step]] if step < len(shape.prefix) else rest


def _place(nodes: Iterable[Node]) -> Place:
    scalars: set[str] = set()
    lows: list[Fraction | None] = []
    highs: list[Fraction | None] = []
    for node in nodes:
        values = node.values
        found = {
            "null": values.null,
            "boolean": values.true or values.false,
            "number": bool(values.numbers),
            "string": bool(values.strings),
        }
        scalars |= {kind for kind, is_there in found.items() if is_there}
        lows += [shape.low for shape in values.numbers]
        highs += [shape.high for shape in values.numbers]
    low, high = _all_known(lows), _all_known(highs)
    return Place(frozenset(scalars), min(low, default=None), max(high, default=None))


def _all_known(bounds: list[Fraction | None]) -> list[Fraction]:
    """Return the bounds; none if one is open."""
    known = [one for one in bounds if one is not None]
    return known if len(known) == len(bounds) else []


def _unknown(nodes: Iterable[Node], path: FieldPath, number: int) -> InvalidConstraint:
    step = path.steps[number]
    names = list(
        dict.fromkeys(name for node in nodes for shape in node.values.objects for name in shape.properties)
    )
    lists = any(node.values.arrays for node in nodes)
    remedy = None
    message = f"the schema has no such field: {path.text}"
    if isinstance(step, str) and names:
        alike = difflib.get_close_matches(step, names, n=1)
        remedy = f"did you mean {alike[0]!r}?" if alike else f"the fields there are {', '.join(names[:12])}"
    elif isinstance(step, str) and lists:
        remedy = "there is a list: write [*] for all of its items, or [i] for each of them"
    elif names:
        message = f"the schema has no list there: {path.text}"
        remedy = f"the fields there are {', '.join(names[:12])}; .* stands for all of them"
    return InvalidConstraint(message, path=path.text, rule="relations", value=str(step), remedy=remedy)
