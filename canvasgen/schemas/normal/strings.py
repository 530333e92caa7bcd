"""Sets of strings: union, intersection, difference and membership of `Strings`, by regular languages."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from canvasgen import automata
from canvasgen.automata import to_dfa
from canvasgen.errors import ConstraintTooLarge
from canvasgen.grounding import Mark
from canvasgen.limits import kept
from canvasgen.schemas.normal.shapes import Part, Strings, both_marks

__all__ = [
    "both",
    "complement",
    "has_utf8",
    "in_part",
    "meet_strings",
    "merge_strings",
    "strings_contain",
    "subtract_strings",
]

LONGEST_NAME = 200
"""Most characters of a part's name: it only serves messages."""
MANY_SHAPES = 4
"""From this many on, shapes with the same lengths become one, whose language is their union."""


def has_utf8(value: str) -> bool:
    """Return False for strings with a lone surrogate, which have no UTF-8."""
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def in_part(part: Part, value: str) -> bool:
    """Return True if a string (that has UTF-8) is a member of the part."""
    return part.holds(value) if part.holds is not None else to_dfa(part.expr).accepts(value.encode("utf-8"))


def strings_contain(shape: Strings, value: str) -> bool:
    """Return True if a string belongs to the shape."""
    if not shape.low <= len(value) or (shape.high is not None and len(value) > shape.high):
        return False
    if shape.values is not None and value not in shape.values:
        return False
    if not shape.parts:
        return True
    return has_utf8(value) and all(in_part(part, value) for part in shape.parts)


def meet_strings(a: Strings, b: Strings) -> Strings | None:
    """Return the strings of both; None if there are none (found by lengths and finite lists alone)."""
    marks = both_marks(a.marks, b.marks)
    if a.values is not None:
        kept = tuple(value for value in a.values if strings_contain(b, value))
        return Strings(values=kept, marks=marks) if kept else None
    if b.values is not None:
        kept = tuple(value for value in b.values if strings_contain(a, value))
        return Strings(values=kept, marks=marks) if kept else None
    low = max(a.low, b.low)
    high = a.high if b.high is None else b.high if a.high is None else min(a.high, b.high)
    if high is not None and low > high:
        return None
    parts = a.parts + tuple(part for part in b.parts if part not in a.parts)
    return Strings(low, high, parts, marks=marks)


def subtract_strings(a: Strings, b: Strings) -> list[Strings]:
    """Return the strings of a that are not in b, as a list of shapes."""
    if b.values is not None:
        if a.values is not None:
            kept = tuple(value for value in a.values if value not in b.values)
            return [a._replace(values=kept)] if kept else []
        listed = automata.union(*(automata.literal(value) for value in b.values if has_utf8(value)))
        pieces = [Strings(parts=(Part("not in enum", automata.complement(listed)),))]
    else:
        pieces = list[Strings]()
        if b.low > 0:
            pieces.append(Strings(high=b.low - 1))
        if b.high is not None:
            pieces.append(Strings(low=b.high + 1))
        if b.parts:
            pieces.append(Strings(parts=(complement(b.parts),)))
    return [shape for shape in (meet_strings(a, piece) for piece in pieces) if shape is not None]


def complement(parts: tuple[Part, ...]) -> Part:
    """Return the strings that are not in all parts; the complement of an under-approximation is an over-
    approximation, and conversely."""
    holds: Callable[[str], bool] | None = None
    if any(part.holds is not None for part in parts):

        def outside(value: str) -> bool:
            return not all(in_part(part, value) for part in parts)

        holds = outside

    return Part(
        "not " + " and ".join(part.name for part in parts),
        automata.complement(automata.intersect(*(part.expr for part in parts))),
        under_approximates=any(part.over_approximates for part in parts),
        over_approximates=any(part.under_approximates for part in parts),
        holds=holds,
    )


@kept(4096)
def both(a: Part, b: Part) -> Part:
    """Return the part of the strings in two others, its language compiled."""
    holds: Callable[[str], bool] | None = None
    if a.holds is not None or b.holds is not None:

        def inside(value: str) -> bool:
            return in_part(a, value) and in_part(b, value)

        holds = inside

    dfa = to_dfa(automata.intersect(a.expr, b.expr))
    expr = automata.EMPTY if dfa.is_empty else automata.from_dfa(dfa)
    name = f"{a.name} and {b.name}"[:LONGEST_NAME]
    return Part(
        name,
        expr,
        under_approximates=a.under_approximates or b.under_approximates,
        over_approximates=a.over_approximates or b.over_approximates,
        holds=holds,
    )


def merge_strings(shapes: Iterable[Strings]) -> tuple[Strings, ...]:
    """Return the same union in fewer shapes: one finite list, and, if there are many, one shape for each length
    interval. Shapes that the schema marks differently stay apart."""
    listed: dict[tuple[Mark, ...], dict[str, None]] = {}
    open_shapes: list[Strings] = []
    for shape in shapes:
        if shape.values is None:
            open_shapes.append(shape)
        else:
            listed.setdefault(shape.marks, {}).update(dict.fromkeys(shape.values))
    if len(open_shapes) >= MANY_SHAPES:
        groups: dict[tuple[object, ...], list[Strings]] = {}
        for shape in open_shapes:
            groups.setdefault((shape.low, shape.high, shape.marks), []).append(shape)
        open_shapes = [shape for group in groups.values() for shape in _one_language(group)]
    finite = (Strings(values=tuple(values), marks=marks) for marks, values in listed.items())
    return (*finite, *open_shapes)


def _one_language(shapes: list[Strings]) -> list[Strings]:
    """Merge shapes of the same lengths into one; return them unchanged if their union is too large."""
    if len(shapes) == 1:
        return shapes
    everything = next((shape for shape in shapes if not shape.parts), None)
    if everything is not None:
        return [everything]
    parts = [part for shape in shapes for part in shape.parts]
    expr = automata.union(*(automata.intersect(*(part.expr for part in shape.parts)) for shape in shapes))
    try:
        expr = automata.from_dfa(to_dfa(expr))
    except ConstraintTooLarge:
        return shapes
    holds: Callable[[str], bool] | None = None
    if any(part.holds is not None for part in parts):

        def somewhere(value: str) -> bool:
            return any(all(in_part(part, value) for part in shape.parts) for shape in shapes)

        holds = somewhere

    one = Part(
        f"one of {len(shapes)} languages",
        expr,
        under_approximates=any(part.under_approximates for part in parts),
        over_approximates=any(part.over_approximates for part in parts),
        holds=holds,
    )
    return [Strings(shapes[0].low, shapes[0].high, (one,), marks=shapes[0].marks)]
