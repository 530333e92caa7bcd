"""The values of a schema whose strings are spans of a source, and whose numbers are written in it.

A string of the format `date` is a date that the source writes in any form, in ISO 8601. A string that the schema itself
lists (`enum`, `const`) stays as it is; so do booleans, null, and the keys of objects. Law
(tests/schemas/normal/test_grounded.py): a value belongs to the grounded node if it belongs to the node and each string
and number in it, the listed ones apart, is in the source.
"""

from __future__ import annotations

from functools import cached_property

from canvasgen.automata import literal, union
from canvasgen.automata.private_bytes import CALL
from canvasgen.grounding import Sources
from canvasgen.schemas.normal.numbers import has_number
from canvasgen.schemas.normal.shapes import (
    ANY_NODE,
    NEVER_NODE,
    Arena,
    Array,
    Node,
    Numbers,
    Object,
    Part,
    Strings,
    Values,
)

__all__ = ["framed", "grounded"]


def grounded(root: Node, sources: Sources, arena: Arena) -> Node:
    """Return the node of the values of a node that the sources state.

    Nodes are made when they are looked at, one for each node of the schema, so recursion stays finite.
    """
    return _Grounding(sources, arena).node(root)


def framed(root: Node, sources: Sources, arena: Arena) -> Node:
    """Return `grounded`, with the private byte `CALL` in the place of each string that may be any span of the sources."""
    return _Grounding(sources, arena, called=True).node(root)


class _Grounding:
    def __init__(self, sources: Sources, arena: Arena, *, called: bool = False) -> None:
        self._sources = sources
        self._span = Part("a span of the source", sources.language)
        self._call = Part("a call", literal(bytes((CALL,)))) if called else None
        self._numbers = sorted(sources.numbers)
        self._arena = arena
        self._done: dict[Node, Node] = {NEVER_NODE: NEVER_NODE}

    def node(self, node: Node) -> Node:
        """Return the grounded node of a node."""
        made = self._done.get(node)
        if made is None:
            path = "$" if node is ANY_NODE else node.path
            made = self._done[node] = Node(path, self._arena, lambda: self._values(node.values))
        return made

    def _values(self, values: Values) -> Values:
        return values._replace(
            numbers=self._stated(values.numbers),
            strings=tuple(self._strings(shape) for shape in values.strings),
            arrays=tuple(self._array(shape) for shape in values.arrays),
            objects=tuple(self._object(shape) for shape in values.objects),
        )

    def _stated(self, shapes: tuple[Numbers, ...]) -> tuple[Numbers, ...]:
        """Return the numbers of the sources that a shape has; a shape of one number is listed by the schema."""
        listed = [shape for shape in shapes if shape.low is not None and shape.low == shape.high]
        return (
            *listed,
            *(
                Numbers(number, False, number, False, point=any(one.point for one in having))
                for number in self._numbers
                if (
                    having := [shape for shape in shapes if shape not in listed and has_number(shape, number)]
                )
            ),
        )

    def _strings(self, shape: Strings) -> Strings:
        if shape.values is not None:
            return shape
        if self._call is not None and not shape.parts and shape.low <= 1 and shape.high is None:
            return shape._replace(low=0, parts=(self._call,))
        is_date = any(part.format == "date" for part in shape.parts)
        return shape._replace(parts=(*shape.parts, self._date if is_date else self._span))

    @cached_property
    def _date(self) -> Part:
        """The dates that the source writes in any form, in ISO 8601."""
        return Part("a date of the source", union(*(literal(day.isoformat()) for day in self._sources.dates)))

    def _array(self, shape: Array) -> Array:
        return shape._replace(
            prefix=tuple(self.node(one) for one in shape.prefix),
            rest=self.node(shape.rest),
            contains=tuple(one._replace(node=self.node(one.node)) for one in shape.contains),
        )

    def _object(self, shape: Object) -> Object:
        return shape._replace(
            properties={
                name: entry._replace(node=self.node(entry.node)) for name, entry in shape.properties.items()
            },
            open=tuple(keys._replace(node=self.node(keys.node)) for keys in shape.open),
            some=tuple(keys._replace(node=self.node(keys.node)) for keys in shape.some),
            witnesses=tuple(keys._replace(node=self.node(keys.node)) for keys in shape.witnesses),
        )
