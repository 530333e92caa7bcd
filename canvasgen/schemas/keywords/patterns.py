"""`pattern`, and the patterns of `patternProperties`: languages of ECMA-262 regular expressions."""

from __future__ import annotations

from dataclasses import replace

from canvasgen.automata import least_bytes, parse_regex, relaxed
from canvasgen.errors import CanvasgenError, InvalidConstraint
from canvasgen.limits import DEFAULT_LIMITS, Limits, kept
from canvasgen.schemas.document.plain import Json
from canvasgen.schemas.normal.shapes import Part

__all__ = ["pattern_part"]

_SHARE = 0.3
"""Share of the limits that one pattern may need: it is a part of a schema."""


@kept(1024)
def _pattern(pattern: str, limits: Limits) -> Part:
    most = min(int(_SHARE * limits.max_states), DEFAULT_LIMITS.max_states)
    share = replace(limits, max_states=max(1, most), max_seconds=_SHARE * limits.max_seconds)
    found = relaxed(parse_regex(pattern, dialect="ecma", search=True, limits=limits), share)
    name = f"`pattern` {pattern!r}"
    if not found.left_out:
        return Part(name, found.expr)
    name = f"{name} without {found.left_out}"
    return Part(
        name,
        found.expr,
        over_approximates=True,
        holds=lambda value: found.holds(value.encode("utf-8")),
        least=least_bytes(found.whole),
    )


def pattern_part(pattern: Json, path: str, limits: Limits = DEFAULT_LIMITS) -> Part:
    """Return the language of the strings that contain a match of an ECMA-262 pattern.

    If its automaton would be too large, the part over-approximates, and `holds` decides.

    Raises:
        InvalidConstraint, UnsupportedConstraint, ConstraintTooLarge: as the regular-expression parser and compiler say,
            with the JSON path.
    """
    if not isinstance(pattern, str):
        raise InvalidConstraint(
            "a pattern is a string", path=path, rule="pattern", value=pattern, remedy="write a string"
        )
    try:
        return _pattern(pattern, limits)
    except CanvasgenError as error:
        where = path if error.path is None else f"{path} ({error.path})"
        raise type(error)(
            error.message, path=where, rule=error.rule or "pattern", value=pattern, remedy=error.remedy
        ) from error
