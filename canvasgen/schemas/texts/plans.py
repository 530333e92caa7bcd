"""How much of a schema's language is written into the automaton.

A schema's texts are far more than a finite automaton of sane size can hold. A plan says where to stop: how often
recursion is unrolled, how deep any-JSON goes, how many optional properties and alternatives are written on each level
of nesting, how far lengths are counted. `ladder` chooses among plans by the `sizes` of their automata.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from canvasgen.schemas.normal.objects import lookup
from canvasgen.schemas.normal.shapes import ANY_NODE, Array, Object, Property, Strings, Values
from canvasgen.schemas.normal.witnesses import expand
from canvasgen.schemas.texts.drafts.guide import MOST_NAMES, Guide
from canvasgen.schemas.texts.graph import Graph

__all__ = ["Plan", "lean"]

LONGEST_LEAST = 10**9
"""An optional property is not written if its shortest text has no fewer bytes."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How far a schema is written.

    Attributes:
        loops: times through each recursion.
        any: levels of arrays and objects below a place that takes any JSON value.
        extras: whether undeclared properties that may have any value are written beside declared ones.
        optional: most optional properties of an object, by level; the last holds for deeper ones (None: all).
        alternatives: most shapes of arrays and objects of one value, by level (None: all).
        values: most values of one `enum` (None: all).
        characters: largest string length that is counted; a larger upper bound is judged at commit.
    """

    loops: int
    any: int
    extras: bool = True
    optional: tuple[int | None, ...] = (None,)
    alternatives: tuple[int | None, ...] = (None,)
    values: int | None = None
    characters: int = 4000

    @property
    def is_whole(self) -> bool:
        """True if it writes all optional properties, alternatives and listed values."""
        return self.values is None and self.optional == self.alternatives == (None,)

    def most_optional(self, level: int) -> int | None:
        """Return the most optional properties of an object on a level."""
        return self.optional[min(level, len(self.optional) - 1)]

    def most_alternatives(self, level: int) -> int | None:
        """Return the most array and object shapes of a value on a level."""
        return self.alternatives[min(level, len(self.alternatives) - 1)]


def lean(
    graph: Graph, values: Values, plan: Plan, level: int, guide: Guide | None = None
) -> tuple[Values, list[str]]:
    """Return what a plan writes of a value set on a level, and remarks about the rest.

    What a guide asks for is written, too, and objects are written in its order of keys.
    """
    remarks: list[str] = []
    strings = tuple(_few_listed(shape, plan, remarks, guide) for shape in values.strings)
    numbers = values.numbers
    if plan.values is not None and len(numbers) > plan.values:
        remarks.append(f"{plan.values} of {len(numbers)} numbers or intervals are written")
        rest = numbers[plan.values :]
        numbers = numbers[: plan.values]
        numbers += tuple(shape for shape in rest if guide is not None and guide.has_number(shape))
    shapes = (*values.arrays, *(each for shape in values.objects for each in expand(shape)))
    most = plan.most_alternatives(level)
    if most is not None and len(shapes) > most:
        remarks.append(f"{most} of {len(shapes)} alternatives are written, those with the shortest texts")
        wanted = {id(shape) for shape in (guide.wanted(shapes) if guide is not None else ())}
        ranked = sorted(shapes, key=graph.least_of)
        shapes = (*ranked[:most], *(shape for shape in ranked[most:] if id(shape) in wanted))
    arrays = tuple(shape for shape in shapes if isinstance(shape, Array))
    objects = tuple(
        each
        for shape in shapes
        if isinstance(shape, Object)
        for each in _lean_objects(graph, shape, plan, level, remarks, guide)
    )
    return values._replace(numbers=numbers, strings=strings, arrays=arrays, objects=objects), remarks


def _few_listed(shape: Strings, plan: Plan, remarks: list[str], guide: Guide | None) -> Strings:
    if shape.values is None or plan.values is None or len(shape.values) <= plan.values:
        return shape
    remarks.append(f"{plan.values} of {len(shape.values)} listed strings are written")
    wanted = frozenset[str]() if guide is None else guide.strings
    more = tuple(text for text in shape.values[plan.values :] if text in wanted)
    return shape._replace(values=shape.values[: plan.values] + more)


def _lean_objects(
    graph: Graph, shape: Object, plan: Plan, level: int, remarks: list[str], guide: Guide | None
) -> list[Object]:
    """Return what is written of an object: one shape, or one for each order of keys that a guide asks for."""
    if guide is None or not guide.names:
        return [_lean_object(graph, shape, plan, level, remarks)]
    found = _lean_object(graph, shape, plan, level, remarks, guide.names)
    properties = dict(found.properties)
    if shape.properties:
        for name in guide.names[:MOST_NAMES]:
            node = lookup(shape, name)
            if name not in shape.properties and graph.least.get(node, inf) < inf:
                properties[name] = Property(node, required=False)
    return [
        found._replace(properties={name: properties[name] for name in order})
        for order in guide.orders(list(properties))
    ]


def _lean_object(
    graph: Graph, shape: Object, plan: Plan, level: int, remarks: list[str], wanted: Sequence[str] = ()
) -> Object:
    open_keys = shape.open
    if shape.properties and not plan.extras and shape.low <= len(shape.properties):
        kept = tuple(keys for keys in open_keys if keys.node is not ANY_NODE)
        if len(kept) < len(open_keys):
            remarks.append("no undeclared properties are written")
        open_keys = kept
    most = plan.most_optional(level)
    if most is None or shape.witnesses:
        return shape._replace(open=open_keys)
    optional = [
        name
        for name, entry in shape.properties.items()
        if not entry.required and graph.least[entry.node] < LONGEST_LEAST
    ]
    needed = sum(entry.required for entry in shape.properties.values())
    most = max(most, shape.low - needed)
    dropped = set(optional[most:]).difference(wanted)
    if dropped:
        written = len(optional) - len(dropped)
        remarks.append(f"{written} of {len(optional)} optional properties are written")
    if open_keys and shape.properties and shape.low <= needed + len(optional):
        # Dropped names must not come back as undeclared ones.
        remarks.append("no undeclared properties are written")
        open_keys = ()
    properties = {name: entry for name, entry in shape.properties.items() if name not in dropped}
    return shape._replace(properties=properties, open=open_keys)
