"""Sets of objects: intersection and difference of `Object`, and the node of a property."""

from __future__ import annotations

from canvasgen import automata
from canvasgen.automata import to_dfa
from canvasgen.limits import hold
from canvasgen.schemas.normal.shapes import (
    ANY_NODE,
    NEVER_NODE,
    Arena,
    Keys,
    Node,
    Object,
    Part,
    Property,
    bounded,
)
from canvasgen.schemas.normal.strings import both, complement, has_utf8, in_part

__all__ = ["has_key", "lookup", "meet_objects", "subtract_object"]


_PROPERTY_BYTES = 150
"""Of a property in a shape, for the account of the request."""


def lookup(shape: Object, name: str) -> Node:
    """Return the node that the value of a key must belong to; NEVER_NODE if the key is not allowed."""
    declared = shape.properties.get(name)
    if declared is not None:
        return declared.node
    for keys in shape.open:
        if has_key(keys.part, name):
            return keys.node
    return NEVER_NODE


def has_key(part: Part | None, name: str) -> bool:
    """Return True if a key belongs to a language of keys."""
    return part is None or (has_utf8(name) and in_part(part, name))


def meet_objects(a: Object, b: Object, arena: Arena) -> Object | None:
    """Return the objects of both, properties in the order of a, then of b; None if the counts contradict.

    An order of names that this contradicts is given up.
    """
    if b.orders and not a.orders:
        a, b = b, a
    hold(_PROPERTY_BYTES * (len(a.properties) + len(b.properties)))
    properties: dict[str, Property] = {}
    for name, mine in a.properties.items():
        theirs = b.properties.get(name)
        if theirs is None:
            properties[name] = Property(arena.meet(mine.node, lookup(b, name)), mine.required)
        else:
            properties[name] = Property(arena.meet(mine.node, theirs.node), mine.required or theirs.required)
    for name, theirs in b.properties.items():
        if name not in properties:
            properties[name] = Property(arena.meet(lookup(a, name), theirs.node), theirs.required)
    low = max(a.low, b.low)
    high = a.high if b.high is None else b.high if a.high is None else min(a.high, b.high)
    if high is not None and low > high:
        return None
    if any(entry.required and entry.node is NEVER_NODE for entry in properties.values()):
        return None
    orders = tuple(dict.fromkeys((*a.orders, *(names for names in b.orders if _agrees(names, properties)))))
    some = tuple(dict.fromkeys((*a.some, *b.some)))
    return Object(
        properties,
        _meet_keys(a.open, b.open, arena),
        low,
        high,
        a.over_approximates or b.over_approximates,
        orders,
        some,
    )


def _agrees(names: tuple[str, ...], properties: dict[str, Property]) -> bool:
    """Return True if the properties are in the order of the names."""
    among = set(names)
    return names == tuple(name for name in properties if name in among)


def _meet_keys(a: tuple[Keys, ...], b: tuple[Keys, ...], arena: Arena) -> tuple[Keys, ...]:
    found: list[Keys] = []
    for x in a:
        for y in b:
            node = arena.meet(x.node, y.node)
            if node is NEVER_NODE:
                continue
            if x.part is None or x.part is y.part:
                found.append(Keys(y.part, node))
            elif y.part is None:
                found.append(Keys(x.part, node))
            else:
                part = both(x.part, y.part)
                if part.expr is not automata.EMPTY:
                    found.append(Keys(part, node))
    return bounded(tuple(found))


def _is_open(shape: Object) -> bool:
    return len(shape.open) == 1 and shape.open[0].part is None and shape.open[0].node is ANY_NODE


def subtract_object(a: Object, b: Object, arena: Arena) -> list[Object]:
    """Return the objects of a that are not in b, as a list of shapes."""
    if b.over_approximates or any(
        keys.part is not None and keys.part.over_approximates for keys in (*b.open, *b.some)
    ):
        return [a._replace(over_approximates=True)]
    everything = (Keys(None, ANY_NODE),)
    pieces: list[Object] = []
    if b.low > 0:
        pieces.append(Object({}, everything, 0, b.low - 1))
    if b.high is not None:
        pieces.append(Object({}, everything, b.high + 1))
    for name, entry in b.properties.items():
        if entry.required:
            pieces.append(Object({name: Property(NEVER_NODE, False)}, everything))
        other = arena.difference(lookup(a, name), entry.node)
        if other is not NEVER_NODE:
            pieces.append(Object({name: Property(other, True)}, everything))
    if not _is_open(b):
        if not b.open and all(entry.required for entry in b.properties.values()):
            # What has every declared property has an undeclared one if it has more.
            pieces.append(Object({}, everything, len(b.properties) + 1))
        else:
            pieces += [Object({}, everything, some=(keys,)) for keys in _refused_keys(b, arena)]
    for part, node in b.some:
        other = arena.difference(ANY_NODE, node)
        inside = () if other is NEVER_NODE else (Keys(part, other),)
        outside = () if part is None else (Keys(complement((part,)), ANY_NODE),)
        pieces.append(Object({}, inside + outside))
    return [shape for shape in (meet_objects(a, piece, arena) for piece in pieces) if shape is not None]


def _refused_keys(shape: Object, arena: Arena) -> list[Keys]:
    """Return the undeclared properties that a shape does not allow."""
    declared = automata.union(*(automata.literal(name) for name in shape.properties if has_utf8(name)))
    undeclared = Part("an undeclared name", automata.complement(declared))
    found: list[Keys] = []
    for keys in shape.open:
        other = arena.difference(ANY_NODE, keys.node)
        if other is not NEVER_NODE:
            found.append(Keys(undeclared if keys.part is None else both(keys.part, undeclared), other))
    parts = [keys.part for keys in shape.open]
    if None not in parts:
        outside = undeclared
        for part in parts:
            assert part is not None
            outside = both(outside, complement((part,)))
        found.append(Keys(outside, ANY_NODE))
    return [keys for keys in found if keys.part is None or not to_dfa(keys.part.expr).is_empty]
