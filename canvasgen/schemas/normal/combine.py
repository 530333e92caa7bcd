"""Union, intersection and difference of value sets, type by type.

Union is exact; so is intersection, up to `MOST_PAIRS` shapes. A difference is exact, or an over-approximation whose
shapes say so: where the normal form has no shape for it, or would need more than `MOST_PIECES`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from canvasgen.errors import UnsupportedConstraint
from canvasgen.grounding import KEYWORD, Mark
from canvasgen.limits import step
from canvasgen.schemas.normal.arrays import meet_arrays, subtract_array
from canvasgen.schemas.normal.disjoint import arrays_apart, objects_apart
from canvasgen.schemas.normal.numbers import meet_numbers, merge_numbers, subtract_numbers
from canvasgen.schemas.normal.objects import meet_objects, subtract_object
from canvasgen.schemas.normal.shapes import (
    ANY,
    Arena,
    Array,
    Numbers,
    Object,
    Strings,
    Values,
    both_marks,
    bounded,
)
from canvasgen.schemas.normal.strings import meet_strings, merge_strings, subtract_strings

__all__ = ["intersect", "new_arena", "subtract", "union"]


FEW_SHAPES = 100
"""Among no more shapes than this those that are the same are found by comparing each with each."""
MOST_PAIRS = 64
"""Most shapes that an intersection of unions of arrays or objects is multiplied out to; beyond them it is one of
the unions, an over-approximation."""
MANY_PIECES = 16
"""From this many pieces on, those that touch are made one."""
MOST_PIECES = 16
"""Most shapes that one array or object shape is cut into by a difference."""

S = TypeVar("S", Numbers, Strings, Array, Object)
Deep = TypeVar("Deep", Array, Object)

_ANY_NUMBERS = ANY.numbers
_ANY_STRINGS = ANY.strings
_ANY_ARRAYS = ANY.arrays
_ANY_OBJECTS = ANY.objects


def union(a: Values, b: Values) -> Values:
    """Return the values of either."""
    if a == ANY or b == ANY:
        return ANY
    return Values(
        a.null or b.null,
        a.true or b.true,
        a.false or b.false,
        _join(a.numbers, b.numbers, _ANY_NUMBERS),
        _join_strings(a.strings, b.strings),
        _join(a.arrays, b.arrays, _ANY_ARRAYS),
        _join(a.objects, b.objects, _ANY_OBJECTS),
        _either_evidence(a, b),
    )


def _either_evidence(a: Values, b: Values) -> tuple[Mark, ...]:
    """Return what holds of the booleans of either; a free one stays free."""
    if a.evidence == b.evidence or not (b.true or b.false):
        return a.evidence
    if not (a.true or a.false):
        return b.evidence
    if a.evidence and b.evidence:
        raise UnsupportedConstraint(
            "a boolean whose alternatives have different readers",
            rule=KEYWORD,
            remedy="give the alternatives the same reader, or none",
        )
    free = b if a.evidence else a
    if (a.true and not free.true) or (a.false and not free.false):
        raise UnsupportedConstraint(
            "a boolean that is grounded in one alternative only",
            rule=KEYWORD,
            remedy="ground every alternative, or none",
        )
    return ()


def _join(a: tuple[S, ...], b: tuple[S, ...], everything: tuple[S, ...]) -> tuple[S, ...]:
    if not a or b == everything:
        return b
    if not b or a == everything:
        return a
    if len(a) + len(b) > FEW_SHAPES:
        return bounded((*a, *b))
    return bounded((*a, *(shape for shape in b if shape not in a)))


def _join_strings(a: tuple[Strings, ...], b: tuple[Strings, ...]) -> tuple[Strings, ...]:
    joined = _join(a, b, _ANY_STRINGS)
    return joined if len(joined) < 2 else merge_strings(joined)


def intersect(a: Values, b: Values, arena: Arena) -> Values:
    """Return the values of both."""
    if a == ANY or a is b:
        return b
    if b == ANY:
        return a
    return Values(
        a.null and b.null,
        a.true and b.true,
        a.false and b.false,
        _merged(_pairs(a.numbers, b.numbers, _ANY_NUMBERS, meet_numbers), merge_numbers),
        _merged(_pairs(a.strings, b.strings, _ANY_STRINGS, meet_strings), merge_strings),
        _few_pairs(a.arrays, b.arrays, _ANY_ARRAYS, lambda x, y: meet_arrays(x, y, arena)),
        _few_pairs(a.objects, b.objects, _ANY_OBJECTS, lambda x, y: meet_objects(x, y, arena)),
        both_marks(a.evidence, b.evidence),
    )


def _pairs(
    a: tuple[S, ...], b: tuple[S, ...], everything: tuple[S, ...], meet: Callable[[S, S], S | None]
) -> tuple[S, ...]:
    """Return the intersections of every shape of a with every shape of b."""
    if not a or not b:
        return ()
    if b is everything:
        return a
    if a is everything:
        return b
    found: list[S] = []
    for x in a:
        for y in b:
            step()
            shape = meet(x, y)
            if shape is not None and (len(found) > FEW_SHAPES or shape not in found):
                found.append(shape)
    return bounded(tuple(found))


def _few_pairs(
    a: tuple[Deep, ...],
    b: tuple[Deep, ...],
    everything: tuple[Deep, ...],
    meet: Callable[[Deep, Deep], Deep | None],
) -> tuple[Deep, ...]:
    """Intersect as `_pairs`; instead of more than `MOST_PAIRS` pairs, return the shorter union, an over-approximation."""
    many = len(a) > 1 < len(b) and len(a) * len(b) > MOST_PAIRS
    if many and a is not everything and b is not everything:
        return _over_approximated(a if len(a) <= len(b) else b)
    return _pairs(a, b, everything, meet)


def _merged(shapes: tuple[S, ...], merge: Callable[[Iterable[S]], tuple[S, ...]]) -> tuple[S, ...]:
    return shapes if len(shapes) <= MANY_PIECES else merge(shapes)


def _over_approximated(shapes: tuple[Deep, ...]) -> tuple[Deep, ...]:
    return tuple(shape._replace(over_approximates=True) for shape in shapes)


def subtract(a: Values, b: Values, arena: Arena) -> Values:
    """Return the values of a that are not in b; an over-approximation where shapes say so."""
    if b == ANY:
        return Values()
    return Values(
        a.null and not b.null,
        a.true and not b.true,
        a.false and not b.false,
        _without(a.numbers, b.numbers, _ANY_NUMBERS, subtract_numbers, merge_numbers),
        _without(a.strings, b.strings, _ANY_STRINGS, subtract_strings, merge_strings),
        _cut(a.arrays, b.arrays, _ANY_ARRAYS, arena, arrays_apart, subtract_array),
        _cut(a.objects, b.objects, _ANY_OBJECTS, arena, objects_apart, subtract_object),
        a.evidence,
    )


def _without(
    a: tuple[S, ...],
    b: tuple[S, ...],
    everything: tuple[S, ...],
    minus: Callable[[S, S], list[S]],
    merge: Callable[[Iterable[S]], tuple[S, ...]],
) -> tuple[S, ...]:
    """Return the members of the shapes of a that belong to no shape of b."""
    if not a or b is everything:
        return ()
    left = list(a)
    many = MANY_PIECES
    for y in b:
        step(len(left))
        left = [piece for x in left if x != y for piece in minus(x, y)]
        if len(left) > many:
            left = list(bounded(merge(left)))
            many = 2 * len(left)
    return bounded(merge(left))


def _cut(
    a: tuple[Deep, ...],
    b: tuple[Deep, ...],
    everything: tuple[Deep, ...],
    arena: Arena,
    apart: Callable[[Deep, Deep, Arena, int], bool],
    minus: Callable[[Deep, Deep, Arena], list[Deep]],
) -> tuple[Deep, ...]:
    """Subtract as `_without`, for arrays and objects: each shape of a in at most `MOST_PIECES` pieces."""
    if not a or b is everything:
        return ()
    found: list[Deep] = []
    for x in a:
        left = [x]
        for y in b:
            step(len(left))
            if not y.over_approximates:
                left = [piece for piece in left if piece != y]
            left = [
                piece
                for old in left
                for piece in ([old] if apart(old, y, arena, 0) else minus(old, y, arena))
            ]
            if len(left) > MOST_PIECES:
                left = list(_over_approximated((x,)))
        found += left
    return _over_approximated(a) if len(found) > max(MOST_PAIRS, len(a)) else tuple(found)


def new_arena() -> Arena:
    """Return an arena whose nodes are combined by `intersect` and `subtract`."""
    return Arena(intersect, subtract)
