"""Union, intersection, difference and membership of value sets (`normal`), type by type."""

from __future__ import annotations

from typing import Any, TypeVar

from canvasgen import automata
from canvasgen.automata import DFA, to_dfa
from canvasgen.constraints.json.intervals import as_fraction, has_number, meet_numbers, subtract_numbers
from canvasgen.constraints.json.normal import (
    ANY,
    ANY_NODE,
    NEVER_NODE,
    Arena,
    Array,
    Circular,
    Inexpressible,
    Keys,
    Node,
    Object,
    Part,
    Property,
    Strings,
    Values,
)
from canvasgen.errors import ConstraintTooLarge

__all__ = ["contains", "intersect", "is_disjoint", "lookup", "subtract", "union"]

MOST_SHAPES = 256
"""Most shapes of one type that a value set may have."""

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
    return _bounded((*a, *(shape for shape in b if shape not in a)))


def _join_strings(a: tuple[Strings, ...], b: tuple[Strings, ...]) -> tuple[Strings, ...]:
    """As `_join`; the finite lists of both become one."""
    joined = _join(a, b, _ANY_STRINGS)
    finite = [shape.values for shape in joined if shape.values is not None]
    if len(finite) < 2:
        return joined
    merged = Strings(values=tuple(dict.fromkeys(text for values in finite for text in values)))
    return (merged, *(shape for shape in joined if shape.values is None))


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
        _pairs(a.numbers, b.numbers, _ANY_NUMBERS, meet_numbers),
        _pairs(a.strings, b.strings, _ANY_STRINGS, meet_strings),
        _pairs(a.arrays, b.arrays, _ANY_ARRAYS, lambda x, y: meet_arrays(x, y, arena)),
        _pairs(a.objects, b.objects, _ANY_OBJECTS, lambda x, y: meet_objects(x, y, arena)),
    )


def _pairs(a: tuple[S, ...], b: tuple[S, ...], everything: tuple[S, ...], meet: Any) -> tuple[S, ...]:
    if not a or not b:
        return ()
    if b is everything:
        return a
    if a is everything:
        return b
    found: list[S] = []
    for x in a:
        for y in b:
            shape = meet(x, y)
            if shape is not None and shape not in found:
                found.append(shape)
    return _bounded(tuple(found))


# --- strings ------------------------------------------------------------------------------------------------


def part_dfa(part: Part) -> DFA:
    """The automaton of a part (memoised by the part's expression in `automata`)."""
    return to_dfa(part.expr)


def _has_utf8(value: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _strings_contain(shape: Strings, value: str) -> bool:
    if not shape.low <= len(value) or (shape.high is not None and len(value) > shape.high):
        return False
    if shape.values is not None and value not in shape.values:
        return False
    if not shape.parts:
        return True
    return _has_utf8(value) and all(part_dfa(part).accepts(value.encode("utf-8")) for part in shape.parts)


def meet_strings(a: Strings, b: Strings) -> Strings | None:
    """The strings of both; None if there are none (found by lengths and finite lists alone)."""
    if a.values is not None:
        kept = tuple(value for value in a.values if _strings_contain(b, value))
        return Strings(values=kept) if kept else None
    if b.values is not None:
        kept = tuple(value for value in b.values if _strings_contain(a, value))
        return Strings(values=kept) if kept else None
    low = max(a.low, b.low)
    high = a.high if b.high is None else b.high if a.high is None else min(a.high, b.high)
    if high is not None and low > high:
        return None
    parts = a.parts + tuple(part for part in b.parts if part not in a.parts)
    return Strings(low, high, parts)


def _subtract_strings(a: Strings, b: Strings) -> list[Strings]:
    if b.values is not None:
        if a.values is not None:
            kept = tuple(value for value in a.values if value not in b.values)
            return [Strings(values=kept)] if kept else []
        listed = automata.union(*(automata.literal(value) for value in b.values if _has_utf8(value)))
        pieces = [Strings(parts=(Part("not in enum", automata.complement(listed)),))]
    else:
        pieces = []
        if b.low > 0:
            pieces.append(Strings(high=b.low - 1))
        if b.high is not None:
            pieces.append(Strings(low=b.high + 1))
        for part in b.parts:
            if not part.exact:
                raise Inexpressible(f"the complement of {part.name}")
            pieces.append(Strings(parts=(Part(f"not {part.name}", automata.complement(part.expr)),)))
    return [shape for shape in (meet_strings(a, piece) for piece in pieces) if shape is not None]


# --- arrays -------------------------------------------------------------------------------------------------


def meet_arrays(a: Array, b: Array, arena: Arena) -> Array | None:
    """The arrays of both; None if the counts contradict each other."""
    length = max(len(a.prefix), len(b.prefix))
    low = max(a.low, b.low)
    high = a.high if b.high is None else b.high if a.high is None else min(a.high, b.high)
    if high is not None and low > high:
        return None
    prefix = tuple(arena.meet(_item(a, at), _item(b, at)) for at in range(length))
    return Array(prefix, arena.meet(a.rest, b.rest), low, high, a.unique or b.unique)


def _item(shape: Array, at: int) -> Node:
    return shape.prefix[at] if at < len(shape.prefix) else shape.rest


def _subtract_array(a: Array, b: Array, arena: Arena) -> list[Array]:
    if b.unique:
        raise Inexpressible("the complement of `uniqueItems`")
    pieces: list[Array] = []
    if b.low > 0:
        pieces.append(Array((), ANY_NODE, 0, b.low - 1))
    if b.high is not None:
        pieces.append(Array((), ANY_NODE, b.high + 1))
    for at, node in enumerate(b.prefix):
        other = arena.difference(_item(a, at), node)
        if other is not NEVER_NODE:
            pieces.append(Array((*(ANY_NODE,) * at, other), ANY_NODE, at + 1))
    if b.rest is NEVER_NODE:
        pieces.append(Array((), ANY_NODE, len(b.prefix) + 1))
    elif (
        b.rest is not ANY_NODE
        and b.rest is not a.rest
        and not (a.high is not None and a.high <= len(b.prefix))
    ):
        most = b.high if b.high is not None else a.high
        if most is None or most > MOST_SHAPES:
            raise Inexpressible("the complement of `items` (some item is different)")
        for at in range(len(b.prefix), most):
            other = arena.difference(_item(a, at), b.rest)
            pieces.append(Array((*(ANY_NODE,) * at, other), ANY_NODE, at + 1))
    return [shape for shape in (meet_arrays(a, piece, arena) for piece in pieces) if shape is not None]


# --- objects ------------------------------------------------------------------------------------------------


def lookup(shape: Object, name: str) -> Node:
    """The node that the value of a key must belong to; NEVER_NODE if there must be no such key."""
    declared = shape.properties.get(name)
    if declared is not None:
        return declared.node
    for keys in shape.open:
        if keys.part is None or (_has_utf8(name) and part_dfa(keys.part).accepts(name.encode("utf-8"))):
            return keys.node
    return NEVER_NODE


def meet_objects(a: Object, b: Object, arena: Arena) -> Object | None:
    """The objects of both, properties in the order of a, then of b; None if the counts contradict."""
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
    return Object(properties, _meet_keys(a.open, b.open, arena), low, high)


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
                expr = automata.intersect(x.part.expr, y.part.expr)
                if not to_dfa(expr).is_empty:
                    part = Part(f"{x.part.name} and {y.part.name}", expr, exact=x.part.exact and y.part.exact)
                    found.append(Keys(part, node))
    return _bounded(tuple(found))


def _is_open(shape: Object) -> bool:
    return len(shape.open) == 1 and shape.open[0].part is None and shape.open[0].node is ANY_NODE


def _subtract_object(a: Object, b: Object, arena: Arena) -> list[Object]:
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
        if a.open and (b.open or b.properties):
            raise Inexpressible("the complement of a restriction on undeclared properties")
        if a.open:
            pieces.append(Object({}, everything, 1))
        for name, entry in a.properties.items():
            if name not in b.properties:
                other = arena.difference(entry.node, lookup(b, name))
                if other is not NEVER_NODE:
                    pieces.append(Object({name: Property(other, True)}, everything))
    return [shape for shape in (meet_objects(a, piece, arena) for piece in pieces) if shape is not None]


# --- difference and disjointness ----------------------------------------------------------------------------


def subtract(a: Values, b: Values, arena: Arena) -> Values:
    """The values of a that are not in b.

    Raises:
        Inexpressible: the normal form has no shape for it.
    """
    if b is ANY:
        return Values()
    return Values(
        a.null and not b.null,
        a.true and not b.true,
        a.false and not b.false,
        _without(a.numbers, b.numbers, _ANY_NUMBERS, subtract_numbers),
        _without(a.strings, b.strings, _ANY_STRINGS, _subtract_strings),
        _without(
            a.arrays,
            b.arrays,
            _ANY_ARRAYS,
            lambda x, y: _unless_apart(x, y, arena, _arrays_apart, _subtract_array),
        ),
        _without(
            a.objects,
            b.objects,
            _ANY_OBJECTS,
            lambda x, y: _unless_apart(x, y, arena, _objects_apart, _subtract_object),
        ),
    )


def _without(a: tuple[S, ...], b: tuple[S, ...], everything: tuple[S, ...], minus: Any) -> tuple[S, ...]:
    if not a or b is everything:
        return ()
    left = list(a)
    for y in b:
        left = [piece for x in left for piece in ([] if x == y else minus(x, y))]
        _bounded(tuple(left))
    return tuple(left)


def _unless_apart(a: Any, b: Any, arena: Arena, apart: Any, minus: Any) -> list[Any]:
    return [a] if apart(a, b, arena, 0) else minus(a, b, arena)


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
    except (Circular, Inexpressible):
        return False


def _arrays_apart(a: Array, b: Array, arena: Arena, depth: int) -> bool:
    if (a.high is not None and a.high < b.low) or (b.high is not None and b.high < a.low):
        return True
    return any(
        _nodes_apart(_item(a, at), _item(b, at), arena, depth) for at in range(min(max(a.low, b.low), 32))
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
        return any(_strings_contain(shape, value) for shape in values.strings)
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
    return all(contains(_item(shape, at).values, item) for at, item in enumerate(value))


def _object_contains(shape: Object, value: dict[str, Any]) -> bool:
    if len(value) < shape.low or (shape.high is not None and len(value) > shape.high):
        return False
    if any(entry.required and name not in value for name, entry in shape.properties.items()):
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
