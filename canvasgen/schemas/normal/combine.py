"""Union, intersection, difference and membership of value sets (`normal`), type by type.

Union and intersection are exact. A difference is exact, or a set from above whose shapes say so (`loose`): where
the normal form has no shape for it, or would need more than `MOST_PIECES`.
"""

from __future__ import annotations

from typing import Any, TypeVar

from canvasgen import automata
from canvasgen.automata import to_dfa
from canvasgen.errors import ConstraintTooLarge
from canvasgen.schemas.normal.numbers import (
    as_fraction,
    has_number,
    meet_numbers,
    merge_numbers,
    subtract_numbers,
)
from canvasgen.schemas.normal.shapes import (
    ANY,
    ANY_NODE,
    NEVER_NODE,
    Arena,
    Array,
    Circular,
    Contains,
    Keys,
    Node,
    Object,
    Part,
    Property,
    Strings,
    Values,
)
from canvasgen.schemas.normal.strings import (
    both,
    complement,
    has_utf8,
    in_part,
    meet_strings,
    merge_strings,
    strings_contain,
    subtract_strings,
)

__all__ = [
    "all_different",
    "contains",
    "has_key",
    "identity",
    "intersect",
    "is_disjoint",
    "is_loose",
    "lookup",
    "meet_objects",
    "place",
    "subtract",
    "union",
]

FEW_SHAPES = 100
"""Among no more shapes than this those that are the same are found by comparing each with each."""
MOST_SHAPES = 5000
"""Most shapes of one type that a value set may have."""
MOST_PAIRS = 64
"""Most shapes that an intersection of unions of arrays or objects is multiplied out to; beyond them it is one of
the unions, from above."""
MANY_PIECES = 16
"""From this many pieces on, those that touch are made one."""
MOST_PIECES = 16
"""Most shapes that one array or object shape is cut into by a difference."""

S = TypeVar("S")

_ANY_NUMBERS = ANY.numbers
_ANY_STRINGS = ANY.strings
_ANY_ARRAYS = ANY.arrays
_ANY_OBJECTS = ANY.objects


def union(a: Values, b: Values) -> Values:
    """The values of either."""
    if a is ANY or b is ANY:
        return ANY
    return Values(
        a.null or b.null,
        a.true or b.true,
        a.false or b.false,
        _join(a.numbers, b.numbers, _ANY_NUMBERS),
        _join_strings(a.strings, b.strings),
        _join(a.arrays, b.arrays, _ANY_ARRAYS),
        _join(a.objects, b.objects, _ANY_OBJECTS),
    )


def _join(a: tuple[S, ...], b: tuple[S, ...], everything: tuple[S, ...]) -> tuple[S, ...]:
    if not a or b == everything:
        return b
    if not b or a == everything:
        return a
    if len(a) + len(b) > FEW_SHAPES:
        return _bounded((*a, *b))
    return _bounded((*a, *(shape for shape in b if shape not in a)))


def _join_strings(a: tuple[Strings, ...], b: tuple[Strings, ...]) -> tuple[Strings, ...]:
    joined = _join(a, b, _ANY_STRINGS)
    return joined if len(joined) < 2 else merge_strings(joined)


def _bounded(shapes: tuple[S, ...]) -> tuple[S, ...]:
    if len(shapes) > MOST_SHAPES:
        raise ConstraintTooLarge(
            f"merging the schemas gives more than {MOST_SHAPES} alternatives of one type", rule="alternatives"
        )
    return shapes


def intersect(a: Values, b: Values, arena: Arena) -> Values:
    """The values of both."""
    if a is ANY or a is b:
        return b
    if b is ANY:
        return a
    return Values(
        a.null and b.null,
        a.true and b.true,
        a.false and b.false,
        _merged(_pairs(a.numbers, b.numbers, _ANY_NUMBERS, meet_numbers, MOST_SHAPES), merge_numbers),
        _merged(_pairs(a.strings, b.strings, _ANY_STRINGS, meet_strings, MOST_SHAPES), merge_strings),
        _pairs(a.arrays, b.arrays, _ANY_ARRAYS, lambda x, y: meet_arrays(x, y, arena), MOST_PAIRS),
        _pairs(a.objects, b.objects, _ANY_OBJECTS, lambda x, y: meet_objects(x, y, arena), MOST_PAIRS),
    )


def _pairs(
    a: tuple[S, ...], b: tuple[S, ...], everything: tuple[S, ...], meet: Any, most: int
) -> tuple[S, ...]:
    if not a or not b:
        return ()
    if b is everything:
        return a
    if a is everything:
        return b
    if len(a) > 1 < len(b) and len(a) * len(b) > most and most == MOST_PAIRS:
        return _loosened(a if len(a) <= len(b) else b)
    found: list[S] = []
    for x in a:
        for y in b:
            shape = meet(x, y)
            if shape is not None and (len(found) > FEW_SHAPES or shape not in found):
                found.append(shape)
    return _bounded(tuple(found))


def _merged(shapes: tuple[S, ...], merge: Any) -> tuple[S, ...]:
    return shapes if len(shapes) <= MANY_PIECES else merge(shapes)


def _loosened(shapes: Any) -> Any:
    return tuple(shape._replace(loose=True) for shape in shapes)


# --- arrays -------------------------------------------------------------------------------------------------


def meet_arrays(a: Array, b: Array, arena: Arena) -> Array | None:
    """The arrays of both; None if the counts contradict each other."""
    length = max(len(a.prefix), len(b.prefix))
    low = max(a.low, b.low)
    high = a.high if b.high is None else b.high if a.high is None else min(a.high, b.high)
    entries: dict[Node, Contains] = {}
    for node, least, most in (*a.contains, *b.contains):
        if node is ANY_NODE:
            low = max(low, least)
            high = most if high is None else high if most is None else min(high, most)
        elif node is not NEVER_NODE:
            known = entries.get(node, Contains(node, 0, None))
            if known.high is not None:
                most = known.high if most is None else min(known.high, most)
            entries[node] = Contains(node, max(known.low, least), most)
        elif least > 0:
            return None
    low = max([low, *(entry.low for entry in entries.values())])
    if high is not None and low > high:
        return None
    if any(entry.high is not None and entry.low > entry.high for entry in entries.values()):
        return None
    prefix = tuple(arena.meet(place(a, at), place(b, at)) for at in range(length))
    return Array(
        prefix,
        arena.meet(a.rest, b.rest),
        low,
        high,
        a.unique or b.unique,
        tuple(entry for entry in entries.values() if entry.low or entry.high is not None),
        a.loose or b.loose,
    )


def place(shape: Array, at: int) -> Node:
    """The node of the item at a place."""
    return shape.prefix[at] if at < len(shape.prefix) else shape.rest


def _subtract_array(a: Array, b: Array, arena: Arena) -> list[Array]:
    if b.loose or b.unique or any(entry.low and is_loose(entry.node) for entry in b.contains):
        return [a._replace(loose=True)]
    pieces: list[Array] = []
    if b.low > 0:
        pieces.append(Array((), ANY_NODE, 0, b.low - 1))
    if b.high is not None:
        pieces.append(Array((), ANY_NODE, b.high + 1))
    for at, node in enumerate(b.prefix):
        other = arena.difference(place(a, at), node)
        if other is not NEVER_NODE:
            pieces.append(Array((*(ANY_NODE,) * at, other), ANY_NODE, at + 1))
    pieces += _other_rest(a, b, arena)
    for node, low, high in b.contains:
        if low:
            pieces.append(Array((), ANY_NODE, contains=(Contains(node, 0, low - 1),)))
        if high is not None:
            pieces.append(Array((), ANY_NODE, contains=(Contains(node, high + 1, None),)))
    return [shape for shape in (meet_arrays(a, piece, arena) for piece in pieces) if shape is not None]


def _other_rest(a: Array, b: Array, arena: Arena) -> list[Array]:
    """The arrays with some item behind the prefix of b that is no value of its rest."""
    start = len(b.prefix)
    if b.rest is ANY_NODE or b.rest is a.rest or (a.high is not None and a.high <= start):
        return []
    if b.rest is NEVER_NODE:
        return [Array((), ANY_NODE, start + 1)]
    most = a.high if b.high is None else b.high if a.high is None else min(a.high, b.high)
    if start and most is not None and most <= start + 4:
        others = [(at, arena.difference(place(a, at), b.rest)) for at in range(start, most)]
        return [Array((*(ANY_NODE,) * at, other), ANY_NODE, at + 1) for at, other in others]
    other = arena.difference(a.rest if not a.prefix else ANY_NODE, b.rest)
    return [Array((), ANY_NODE, start + 1, contains=(Contains(other, 1, None),), loose=start > 0)]


# --- objects ------------------------------------------------------------------------------------------------


def lookup(shape: Object, name: str) -> Node:
    """The node that the value of a key must belong to; NEVER_NODE if there must be no such key."""
    declared = shape.properties.get(name)
    if declared is not None:
        return declared.node
    for keys in shape.open:
        if has_key(keys.part, name):
            return keys.node
    return NEVER_NODE


def has_key(part: Part | None, name: str) -> bool:
    """True if a key is of a language of keys."""
    return part is None or (has_utf8(name) and in_part(part, name))


def meet_objects(a: Object, b: Object, arena: Arena) -> Object | None:
    """The objects of both, properties in the order of a, then of b; None if the counts contradict.

    An order of names that this contradicts is given up.
    """
    if b.orders and not a.orders:
        a, b = b, a
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
    return Object(properties, _meet_keys(a.open, b.open, arena), low, high, a.loose or b.loose, orders, some)


def _agrees(names: tuple[str, ...], properties: dict[str, Property]) -> bool:
    """True if the properties stand in the order of the names."""
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
    return _bounded(tuple(found))


def _is_open(shape: Object) -> bool:
    return len(shape.open) == 1 and shape.open[0].part is None and shape.open[0].node is ANY_NODE


def _subtract_object(a: Object, b: Object, arena: Arena) -> list[Object]:
    if b.loose or any(keys.part is not None and keys.part.loose for keys in (*b.open, *b.some)):
        return [a._replace(loose=True)]
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
            pieces += [Object({}, everything, some=(keys,)) for keys in _strangers(b, arena)]
    for part, node in b.some:
        other = arena.difference(ANY_NODE, node)
        inside = () if other is NEVER_NODE else (Keys(part, other),)
        outside = () if part is None else (Keys(complement((part,)), ANY_NODE),)
        pieces.append(Object({}, inside + outside))
    return [shape for shape in (meet_objects(a, piece, arena) for piece in pieces) if shape is not None]


def _strangers(shape: Object, arena: Arena) -> list[Keys]:
    """Undeclared properties that a shape does not allow."""
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


# --- difference and disjointness ----------------------------------------------------------------------------


def subtract(a: Values, b: Values, arena: Arena) -> Values:
    """The values of a that are not in b; from above where shapes say `loose`."""
    if b is ANY:
        return Values()
    return Values(
        a.null and not b.null,
        a.true and not b.true,
        a.false and not b.false,
        _without(a.numbers, b.numbers, _ANY_NUMBERS, subtract_numbers, merge_numbers),
        _without(a.strings, b.strings, _ANY_STRINGS, subtract_strings, merge_strings),
        _cut(a.arrays, b.arrays, _ANY_ARRAYS, arena, _arrays_apart, _subtract_array),
        _cut(a.objects, b.objects, _ANY_OBJECTS, arena, _objects_apart, _subtract_object),
    )


def _without(
    a: tuple[S, ...], b: tuple[S, ...], everything: tuple[S, ...], minus: Any, merge: Any
) -> tuple[S, ...]:
    if not a or b is everything:
        return ()
    left: Any = a
    many = MANY_PIECES
    for y in b:
        left = [piece for x in left if x != y for piece in minus(x, y)]
        if len(left) > many:
            left = _bounded(merge(left))
            many = 2 * len(left)
    return _bounded(merge(left))


def _cut(
    a: tuple[Any, ...], b: tuple[Any, ...], everything: tuple[Any, ...], arena: Arena, apart: Any, minus: Any
) -> tuple[Any, ...]:
    """As `_without`, for arrays and objects: each shape of a in at most `MOST_PIECES` pieces."""
    if not a or b is everything:
        return ()
    found: list[Any] = []
    for x in a:
        left = [x]
        for y in b:
            if not y.loose:
                left = [piece for piece in left if piece != y]
            left = [
                piece
                for old in left
                for piece in ([old] if apart(old, y, arena, 0) else minus(old, y, arena))
            ]
            if len(left) > MOST_PIECES:
                left = _loosened([x])
        found += left
    return _loosened(a) if len(found) > max(MOST_PAIRS, len(a)) else tuple(found)


def is_loose(node: Node) -> bool:
    """True if the node's value set, at any depth, may hold more than its schema means."""
    seen: set[Node] = {ANY_NODE, NEVER_NODE}
    waiting = [node]
    while waiting:
        here = waiting.pop()
        if here in seen:
            continue
        seen.add(here)
        if here.busy:
            return True
        try:
            values = here.values
        except Circular:
            # It is being computed further up; nothing is known of it yet.
            return True
        if any(shape.loose for shape in (*values.arrays, *values.objects)):
            return True
        if any(part.loose and part.holds is None for shape in values.strings for part in shape.parts):
            return True
        for array in values.arrays:
            waiting += [*array.prefix, array.rest, *(entry.node for entry in array.contains)]
        for shape in values.objects:
            waiting += [entry.node for entry in shape.properties.values()]
            waiting += [keys.node for keys in (*shape.open, *shape.some)]
    return False


_DEEPEST_PROOF = 6


def is_disjoint(a: Values, b: Values, arena: Arena, depth: int = 0) -> bool:
    """True if it is easy to see that no value is in both; False if not, or if it is not easy to see."""
    if (a.null and b.null) or (a.true and b.true) or (a.false and b.false):
        return False
    if any(meet_numbers(x, y) is not None for x in a.numbers for y in b.numbers):
        return False
    if any(not _strings_apart(x, y) for x in a.strings for y in b.strings):
        return False
    if any(not _arrays_apart(x, y, arena, depth) for x in a.arrays for y in b.arrays):
        return False
    return all(_objects_apart(x, y, arena, depth) for x in a.objects for y in b.objects)


def _strings_apart(a: Strings, b: Strings) -> bool:
    both = meet_strings(a, b)
    if both is None:
        return True
    if not both.parts or not all(part.exact for part in both.parts):
        return False
    return to_dfa(automata.intersect(*(part.expr for part in both.parts))).is_empty


def _nodes_apart(a: Node, b: Node, arena: Arena, depth: int) -> bool:
    if a is NEVER_NODE or b is NEVER_NODE:
        return True
    if a is b or a is ANY_NODE or b is ANY_NODE or depth >= _DEEPEST_PROOF or a.busy or b.busy:
        return False
    try:
        return is_disjoint(a.values, b.values, arena, depth + 1)
    except Circular:
        return False


def _arrays_apart(a: Array, b: Array, arena: Arena, depth: int) -> bool:
    if (a.high is not None and a.high < b.low) or (b.high is not None and b.high < a.low):
        return True
    return any(
        _nodes_apart(place(a, at), place(b, at), arena, depth) for at in range(min(max(a.low, b.low), 32))
    )


def _objects_apart(a: Object, b: Object, arena: Arena, depth: int) -> bool:
    if (a.high is not None and a.high < b.low) or (b.high is not None and b.high < a.low):
        return True
    for x, y in ((a, b), (b, a)):
        for name, entry in x.properties.items():
            if entry.required and _nodes_apart(entry.node, lookup(y, name), arena, depth):
                return True
    return False


# --- membership ---------------------------------------------------------------------------------------------


def contains(values: Values, value: Any) -> bool:
    """True if a JSON value (as `json.loads` gives it) belongs to the set."""
    if value is None:
        return values.null
    if value is True:
        return values.true
    if value is False:
        return values.false
    if isinstance(value, str):
        return any(strings_contain(shape, value) for shape in values.strings)
    if isinstance(value, int | float):
        number = as_fraction(value)
        return any(has_number(shape, number) for shape in values.numbers)
    if isinstance(value, list):
        return any(_array_contains(shape, value) for shape in values.arrays)
    return any(_object_contains(shape, value) for shape in values.objects)


def _array_contains(shape: Array, value: list[Any]) -> bool:
    if len(value) < shape.low or (shape.high is not None and len(value) > shape.high):
        return False
    if shape.unique and not all_different(value):
        return False
    for node, low, high in shape.contains:
        count = sum(contains(node.values, item) for item in value)
        if count < low or (high is not None and count > high):
            return False
    return all(contains(place(shape, at).values, item) for at, item in enumerate(value))


def _object_contains(shape: Object, value: dict[str, Any]) -> bool:
    if len(value) < shape.low or (shape.high is not None and len(value) > shape.high):
        return False
    if any(entry.required and name not in value for name, entry in shape.properties.items()):
        return False
    for part, node in shape.some:
        if not any(has_key(part, name) and contains(node.values, item) for name, item in value.items()):
            return False
    return all(contains(lookup(shape, name).values, item) for name, item in value.items())


def all_different(items: list[Any]) -> bool:
    """True if no two items are equal as JSON values (`1` and `1.0` are equal, `1` and `true` are not)."""
    keys = [identity(item) for item in items]
    return len(set(keys)) == len(keys)


def identity(value: Any) -> Any:
    """A hashable that is equal for equal JSON values and for no others."""
    if isinstance(value, list):
        return ("array", tuple(identity(item) for item in value))
    if isinstance(value, dict):
        return ("object", frozenset((name, identity(item)) for name, item in value.items()))
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return (type(value).__name__, value)
    return ("number", as_fraction(value))
