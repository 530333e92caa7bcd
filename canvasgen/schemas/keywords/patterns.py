"""`pattern`, and the patterns of `patternProperties`: languages of ECMA-262 regular expressions."""

from __future__ import annotations

from functools import lru_cache

from canvasgen.automata import parse_regex
from canvasgen.errors import CanvasgenError, InvalidConstraint
from canvasgen.schemas.document.plain import Json
from canvasgen.schemas.normal.shapes import Part

__all__ = ["pattern_part"]


@lru_cache(maxsize=1024)
def _pattern(pattern: str) -> Part:
    return Part(f"`pattern` {pattern!r}", parse_regex(pattern, dialect="ecma", search=True))


def pattern_part(pattern: Json, path: str) -> Part:
    """Return the language of the strings that contain a match of an ECMA-262 pattern.

    Raises:
        InvalidConstraint, UnsupportedConstraint: as the regular-expression parser says, with the JSON path.
    """
    if not isinstance(pattern, str):
        raise InvalidConstraint("a pattern is a string", path=path, rule="pattern", value=pattern)
    try:
        return _pattern(pattern)
    except CanvasgenError as error:
        where = path if error.path is None else f"{path} ({error.path})"
        raise type(error)(
            error.message, path=where, rule=error.rule or "pattern", value=pattern, remedy=error.remedy
        ) from error
