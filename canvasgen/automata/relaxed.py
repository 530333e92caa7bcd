"""A language of which only a part of the conditions fits into an automaton, and membership in the whole.

What grows is nearly always a count (`foo.{0,100}bar`, `(?=.{1,254}$)`). So the automaton leaves counts open that are
larger than some number, and, if that is not enough, look-arounds and complements; membership (`lazy`) keeps all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from canvasgen.automata import expr as ex
from canvasgen.automata.automaton_limits import DEFAULT_LIMITS, Limits
from canvasgen.automata.compiler import to_dfa
from canvasgen.automata.lazy import contains
from canvasgen.errors import ConstraintTooLarge
from canvasgen.limits import limited, share, step

__all__ = ["Relaxed", "relaxed"]

_MOST_COUNTED = (64, 16, 4, 1)
"""Largest counts that are kept, tried in this order."""
WHOLE_SHARE = 0.7
"""Share of the seconds that the whole language may take before conditions are left out."""
_SHARE = 0.1
"""Share of the limits that a relaxed automaton may need: it is a part of a larger one."""


@dataclass(frozen=True)
class Relaxed:
    """A language, and an automaton that contains it.

    Attributes:
        whole: the language.
        expr: what the automaton holds: the language itself, or more.
        left_out: what the automaton leaves out; empty if it is the language itself.
        limits: of the compilation.
    """

    whole: ex.Expr
    expr: ex.Expr
    left_out: str
    limits: Limits

    def holds(self, text: bytes) -> bool:
        """Return whether a text belongs to the language."""
        if not self.left_out:
            return to_dfa(self.expr, self.limits).accepts(text)
        return contains(self.whole, text, self.limits)


def relaxed(expr: ex.Expr, limits: Limits = DEFAULT_LIMITS) -> Relaxed:
    """Return a language with an automaton within limits: its own, or the closest one found that contains it.

    Raises:
        ConstraintTooLarge: the automaton is too large, and there is nothing to leave out.
    """
    with limited(limits):
        return _relaxed(expr, limits)


def _relaxed(expr: ex.Expr, limits: Limits) -> Relaxed:
    try:
        with share(WHOLE_SHARE, limits):
            to_dfa(expr, limits)
    except ConstraintTooLarge as error:
        failure = error
    else:
        return Relaxed(expr, expr, "", limits)
    small = replace(
        limits,
        max_states=max(1, int(_SHARE * limits.max_states)),
        max_seconds=_SHARE * limits.max_seconds,
    )
    tried = {expr, ex.ANY_TEXT}
    for most in _MOST_COUNTED:
        for keeps in (True, False):
            found = _superset(expr, most, keeps, {})
            if found in tried:
                continue
            tried.add(found)
            try:
                with share(_SHARE, limits):
                    to_dfa(found, small)
                contains(expr, b"", limits)
            except ConstraintTooLarge:
                continue
            what = f"counts above {most}" + ("" if keeps else ", look-arounds and complements")
            return Relaxed(expr, found, what, limits)
    raise failure


def _superset(expr: ex.Expr, most: int, keeps: bool, known: dict[ex.Expr, ex.Expr]) -> ex.Expr:
    """Return a language that contains another: without counts above `most`, and, unless it keeps them, differences.

    What is `known` of parts that occur several times is found once.
    """
    found = known.get(expr)
    if found is None:
        step()
        found = known[expr] = _larger(expr, most, keeps, known)
    return found


def _larger(expr: ex.Expr, most: int, keeps: bool, known: dict[ex.Expr, ex.Expr]) -> ex.Expr:
    def again(part: ex.Expr) -> ex.Expr:
        return _superset(part, most, keeps, known)

    match expr:
        case ex.Concat():
            return ex.concat(*map(again, expr.parts))
        case ex.Union():
            return ex.union(*map(again, expr.parts))
        case ex.Intersect():
            return ex.intersect(*map(again, expr.parts))
        case ex.Difference():
            return ex.difference(again(expr.left), expr.right) if keeps else again(expr.left)
        case ex.Repeat():
            high = expr.high if expr.high is not None and expr.high <= most else None
            return ex.repeat(again(expr.body), min(expr.low, most), high)
        case ex.Substitute():
            return ex.substitute(again(expr.body), dict(expr.table))
        case _:
            return expr
