"""The whitespace between the tokens of a JSON text that is generated.

`compact` is none at all. `flexible` is what serialisers write, chosen anew at every place: nothing, one space, or a
newline with the indentation of the level (two or four spaces, or one tab, a level); none before the first token and
after the last. `model` is what models write besides: an indentation of any width up to the level's and four spaces more,
an empty line, two spaces, a space before a comma or a colon, empty brackets with something between them, a newline before
and after the whole text.

All of it is bounded, so that a text cannot run away in whitespace.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from canvasgen.automata import EPSILON, Expr, concat, literal, optional, repeat, union
from canvasgen.limits import kept

__all__ = ["STYLES", "Style", "after_mark", "around", "before_close", "colon", "comma", "empty", "gaps"]

Style: TypeAlias = Literal["compact", "flexible", "model"]
STYLES: tuple[Style, ...] = ("compact", "flexible", "model")

_SPACE = literal(" ")
_NEWLINE = literal("\n")
_COLON, _COMMA = literal(":"), literal(",")
_MOST_SPACES = 2
_WIDEST = 4
"""Spaces of indentation a level."""


@kept(256)
def gaps(level: int) -> frozenset[str]:
    """Return every non-empty whitespace of the flexible style between two tokens on a level of nesting."""
    return frozenset((" ", *("\n" + indent * level for indent in ("  ", "    ", "\t"))))


@kept(256)
def _gap(level: int, style: Style) -> Expr:
    if style == "compact":
        return EPSILON
    if style == "flexible":
        return union(EPSILON, *(literal(gap) for gap in sorted(gaps(level))))
    indents = union(repeat(_SPACE, 0, _WIDEST * (level + 1)), repeat(literal("\t"), 1, level + 1))
    return union(repeat(_SPACE, 0, _MOST_SPACES), concat(repeat(_NEWLINE, 1, 2), indents))


def around(*, style: Style) -> Expr:
    """Return the whitespace before and after a whole text."""
    return optional(_NEWLINE) if style == "model" else EPSILON


def after_mark(level: int, *, style: Style) -> Expr:
    """Return the whitespace after `{` or `[`, before something on that level of nesting (from 1)."""
    return _gap(level, style)


def before_close(level: int, *, style: Style) -> Expr:
    """Return the whitespace before the `}` or `]` that closes something on that level."""
    return _gap(level - 1, style)


def comma(level: int, *, style: Style) -> Expr:
    """Return a comma between two things on a level of nesting, and the whitespace around it."""
    return concat(optional(_SPACE) if style == "model" else EPSILON, _COMMA, _gap(level, style))


def colon(*, style: Style) -> Expr:
    """Return a colon and the whitespace around it."""
    if style == "compact":
        return _COLON
    if style == "flexible":
        return concat(_COLON, optional(_SPACE))
    return concat(optional(_SPACE), _COLON, repeat(_SPACE, 0, _MOST_SPACES))


def empty(marks: str, level: int, *, style: Style) -> Expr:
    """Return two brackets with nothing inside, on the level of what could be inside."""
    if style != "model":
        return literal(marks)
    return concat(literal(marks[0]), _gap(level - 1, style), literal(marks[1]))
