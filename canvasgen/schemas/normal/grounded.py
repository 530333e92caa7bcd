"""The values of a schema whose strings, numbers and booleans are what a source states.

By default a string is a span of the source, one of a format that has a reader (`date`, `time`, …) is a value that the source
writes in any form, and a number is one that it writes; a string or number that the schema itself lists (`enum`,
`const`), booleans, null and the keys of objects stay as they are. Marks (`Grounded`, `x-grounded`) say so for a part of the
schema: they are an annotation, which `not` and `oneOf` do not see. With a reader every string, number and boolean of the
part is one of the reader's values.

Law (tests/schemas/normal/test_grounded.py): a value belongs to the grounded node if it belongs to the node and each string
and number in it, the listed ones apart, is in the source.
"""

from __future__ import annotations

from collections.abc import Callable

from canvasgen.automata import EMPTY, literal, to_dfa
from canvasgen.automata.private_bytes import CALL
from canvasgen.grounding import Mark, ReaderName, Sources
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
from canvasgen.schemas.normal.strings import has_utf8, strings_contain

__all__ = ["Marking", "framed", "grounded"]

SPAN, NUMBER = ReaderName("span"), ReaderName("number")
_BY_FORMAT = {
    "date": ReaderName("date"),
    "date-time": ReaderName("date-time"),
    "email": ReaderName("email"),
    "idn-email": ReaderName("email"),
    "iri": ReaderName("uri"),
    "time": ReaderName("time"),
    "uri": ReaderName("uri"),
}
"""What reads the strings of a format where the schema names no reader."""
_DEFAULT = Mark()


class _Everywhere:
    """Changes the scalars of a node and of all nodes below.

    Nodes are made when they are looked at, one for each node of the schema, so recursion stays finite.

    Args:
        arena: the nodes of the schema.
        scalars: returns a value set with its numbers, strings and booleans changed.
        done: nodes that stay as they are, to which all that are made are added.
    """

    def __init__(self, arena: Arena, scalars: Callable[[Values], Values], done: set[Node]) -> None:
        self._arena = arena
        self._scalars = scalars
        self._done = done
        self._made: dict[Node, Node] = {}

    def node(self, node: Node) -> Node:
        """Return the changed node of a node."""
        if node in self._done:
            return node
        made = self._made.get(node)
        if made is None:
            path = "$" if node is ANY_NODE else node.path
            made = self._made[node] = Node(path, self._arena, lambda: self.values(node.values))
            self._done.add(made)
        return made

    def values(self, values: Values) -> Values:
        """Return a value set with its scalars and the nodes below changed."""
        return self._scalars(values)._replace(
            arrays=tuple(self._array(shape) for shape in values.arrays),
            objects=tuple(self._object(shape) for shape in values.objects),
        )

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


class Marking:
    """Notes on the shapes of a schema what it says about grounding; inner marks are kept."""

    def __init__(self, arena: Arena) -> None:
        self._arena = arena
        self._done: set[Node] = {NEVER_NODE}
        self._by_mark: dict[Mark, _Everywhere] = {}

    def marked(self, values: Values, mark: Mark) -> Values:
        """Return a value set whose unmarked scalars, at any depth, have a mark."""
        if mark not in self._by_mark:
            self._by_mark[mark] = _Everywhere(self._arena, lambda values: _marked(values, mark), self._done)
        return self._by_mark[mark].values(values)


def _marked(values: Values, mark: Mark) -> Values:
    marks = (mark,)
    return values._replace(
        numbers=tuple(shape._replace(marks=shape.marks or marks) for shape in values.numbers),
        strings=tuple(shape._replace(marks=shape.marks or marks) for shape in values.strings),
        evidence=values.evidence or marks if values.true or values.false else (),
    )


def grounded(root: Node, sources: Sources, arena: Arena) -> Node:
    """Return the node of the values of a node that the sources state; its shapes' marks say which reader does."""
    done = {NEVER_NODE} if sources.fields == "all" else {NEVER_NODE, ANY_NODE}
    return _Everywhere(arena, _Grounding(sources).scalars, done).node(root)


def framed(root: Node, sources: Sources, arena: Arena) -> Node:
    """Return `grounded`, with the private byte `CALL` in the place of each string that may be any span of the sources."""
    done = {NEVER_NODE} if sources.fields == "all" else {NEVER_NODE, ANY_NODE}
    return _Everywhere(arena, _Grounding(sources, called=True).scalars, done).node(root)


class _Grounding:
    def __init__(self, sources: Sources, *, called: bool = False) -> None:
        self._sources = sources
        self._call = Part("a call", literal(bytes((CALL,)))) if called else None
        self._everywhere = sources.fields == "all"
        self._span = Part("a span of the source", sources.language)

    def scalars(self, values: Values) -> Values:
        """Return a value set with the numbers, strings and booleans that the sources state."""
        return values._replace(
            numbers=self._numbers(values.numbers),
            strings=tuple(one for shape in values.strings for one in self._strings(shape)),
            true=values.true and self._states(True, values.evidence),
            false=values.false and self._states(False, values.evidence),
        )

    def _wanted(self, marks: tuple[Mark, ...]) -> tuple[Mark, ...]:
        """Return the marks that hold: none for what is free."""
        if not marks:
            return (_DEFAULT,) if self._everywhere else ()
        return tuple(mark for mark in marks if mark.on)

    def _states(self, truth: bool, marks: tuple[Mark, ...]) -> bool:
        return all(
            mark.reader != SPAN and truth in self._sources.reading(mark.reader, mark.region).truths
            for mark in self._wanted(marks)
            if mark.reader is not None
        )

    def _numbers(self, shapes: tuple[Numbers, ...]) -> tuple[Numbers, ...]:
        found: dict[Numbers, None] = {}
        for shape in shapes:
            left = (shape._replace(marks=()),)
            for mark in self._wanted(shape.marks):
                left = tuple(dict.fromkeys(one for each in left for one in self._stated(each, mark)))
            for one in left:
                # The same number under two shapes is one; whether it may be written with a fraction is either's.
                other = one._replace(point=not one.point)
                if other not in found:
                    found[one] = None
                elif one.point:
                    del found[other]
                    found[one] = None
        return tuple(found)

    def _stated(self, shape: Numbers, mark: Mark) -> list[Numbers]:
        """Return the numbers of a shape that the sources state."""
        is_listed = shape.low is not None and shape.low == shape.high
        if mark.reader is None and is_listed:
            return [shape]
        reader = NUMBER if mark.reader in (None, SPAN) else mark.reader
        marks = (Mark(True, reader, mark.region),)
        return [
            Numbers(number, False, number, False, point=shape.point, marks=marks)
            for number in sorted(self._sources.reading(reader, mark.region).numbers)
            if has_number(shape, number)
        ]

    def _strings(self, shape: Strings) -> list[Strings]:
        left = [shape._replace(marks=())]
        for mark in self._wanted(shape.marks):
            left = [one for each in left for one in self._spelt(each, mark)]
        return left

    def _spelt(self, shape: Strings, mark: Mark) -> list[Strings]:
        """Return the strings of a shape that the sources state."""
        reader = mark.reader
        if reader is None:
            if shape.values is not None:
                return [shape]
            formats = (_BY_FORMAT.get(part.format or "") for part in shape.parts)
            reader = next((one for one in formats if one is not None), SPAN)
        marks = (Mark(True, reader, mark.region),)
        if reader != SPAN:
            texts = self._sources.reading(reader, mark.region).texts
            chosen = (next((text for text in one if strings_contain(shape, text)), None) for one in texts)
            listed = dict.fromkeys(text for text in chosen if text is not None)
            return [Strings(values=tuple(listed), marks=marks)] if listed else []
        if shape.values is None:
            is_free = not shape.parts and shape.low <= 1 and shape.high is None
            if self._call is not None and is_free and mark.region == _DEFAULT.region:
                return [shape._replace(low=0, parts=(self._call,), marks=marks)]
            return [shape._replace(parts=(*shape.parts, self._span), marks=marks)]
        kept = tuple(value for value in shape.values if self._is_span(value))
        return [Strings(values=kept, marks=marks)] if kept else []

    def _is_span(self, value: str) -> bool:
        language = self._sources.language
        return language is not EMPTY and has_utf8(value) and to_dfa(language).accepts(value.encode("utf-8"))
