"""The whitespace between the tokens of a JSON text.

`compact` is none at all. `flexible` is what models and writers really write, chosen anew at every place:
nothing, one space, or a newline with the indentation of the level (two or four spaces, or one tab, a level).
All of it is bounded, so that a text cannot run away in whitespace. There is none before the first token and
after the last.
"""

from __future__ import annotations

from functools import lru_cache

from canvasgen.automata import EPSILON, Expr, concat, literal, optional, union

__all__ = ["after_mark", "before_close", "colon", "gaps"]

_SPACE = literal(" ")
_COLON = literal(":")
_SPACED_COLON = concat(_COLON, optional(_SPACE))


@lru_cache(maxsize=256)
def gaps(level: int) -> frozenset[str]:
    """Return every non-empty whitespace that may be between two tokens on a level of nesting."""
    return frozenset((" ", *("\n" + indent * level for indent in ("  ", "    ", "\t"))))


@lru_cache(maxsize=256)
def _gap(level: int) -> Expr:
    return union(EPSILON, *(literal(gap) for gap in sorted(gaps(level))))


def after_mark(level: int, *, flexible: bool) -> Expr:
    """Return the whitespace after `{`, `[` or `,`, before something on that level of nesting (from 1)."""
    return _gap(level) if flexible else EPSILON


def before_close(level: int, *, flexible: bool) -> Expr:
    """Return the whitespace before the `}` or `]` that closes something on that level."""
    return _gap(level - 1) if flexible else EPSILON


def colon(*, flexible: bool) -> Expr:
    """Return a colon and what may stand after it."""
    return _SPACED_COLON if flexible else _COLON
