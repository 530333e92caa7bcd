"""Which bytes can stand behind a terminal: FIRST and FOLLOW of a grammar (Aho, Lam, Sethi, Ullman, section 4.4.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from canvasgen.automata import (
    ANY_TEXT,
    DFA,
    EPSILON,
    Expr,
    byte_set,
    concat,
    intersect,
    literal,
    repeat,
    to_dfa,
    union,
)
from canvasgen.automata.private_bytes import CUT_BAR
from canvasgen.constraints.grammar.rules import Choice, Item, Leaf, Ref, Repeat, Sequence

__all__ = ["END", "bytes_after", "first_bytes", "replaced", "sees_nothing_else"]

END = -1
"""In a set of bytes: the end of the text."""


def first_bytes(dfa: DFA) -> frozenset[int]:
    """Return the bytes that a text of an automaton can begin with; `END` for the empty text."""
    if dfa.is_empty:
        return frozenset()
    rows = range(int(dfa.offsets[0]), int(dfa.offsets[1]))
    found = {byte for row in rows for byte in range(int(dfa.low[row]), int(dfa.high[row]) + 1)}
    return frozenset(found | {END} if dfa.accepting[0] else found)


def bytes_after(
    items: Mapping[str, Item], start: str, begins: Callable[[Expr], frozenset[int]]
) -> dict[Expr, frozenset[int]]:
    """Return, for each leaf, the bytes that can follow it in a text of the grammar, `END` for the end of the text.

    Args:
        items: the rules.
        start: the start rule.
        begins: returns the bytes that a leaf can begin with, `END` if it may be empty.
    """
    first: dict[str, frozenset[int]] = dict.fromkeys(items, frozenset())

    def of(item: Item) -> frozenset[int]:
        match item:
            case Leaf(expr):
                return begins(expr)
            case Ref(name):
                return first[name]
            case Choice(options):
                return frozenset[int]().union(*map(of, options))
            case Repeat(body, low):
                return of(body) if low else of(body) | {END}
            case Sequence(parts):
                found = frozenset({END})
                for part in parts:
                    if END not in found:
                        break
                    found = (found - {END}) | of(part)
                return found

    changed = True
    while changed:
        after = {name: of(item) for name, item in items.items()}
        changed, first = after != first, after

    follow: dict[str, frozenset[int]] = {name: frozenset({END} if name == start else ()) for name in items}
    leaves: dict[Expr, frozenset[int]] = {}

    def spread(item: Item, behind: frozenset[int]) -> None:
        match item:
            case Leaf(expr):
                leaves[expr] = leaves.get(expr, frozenset()) | behind
            case Ref(name):
                follow[name] |= behind
            case Choice(options):
                for option in options:
                    spread(option, behind)
            case Repeat(body, _, high):
                again = frozenset[int]() if high == 1 else of(body)
                spread(body, (again - {END}) | behind)
            case Sequence(parts):
                for part in reversed(parts):
                    spread(part, behind)
                    begun = of(part)
                    behind = (begun - {END}) | behind if END in begun else begun

    before = None
    while before != follow:
        before = dict(follow)
        for name, item in items.items():
            spread(item, follow[name])
    return leaves


def sees_nothing_else(alone: Expr, cut: Expr, after: frozenset[int]) -> bool:
    """Return whether a terminal that looks around matches where it stands if and only if it would match alone.

    Args:
        alone: the texts that it matches with nothing around them.
        cut: the texts `u|x|v`, the bar the byte `CUT_BAR`, with x what it matches between u and v.
        after: the bytes that v can begin with, and `END` if it can be empty.
    """
    bar = literal(bytes((CUT_BAR,)))
    some = byte_set((byte, byte) for byte in after if byte != END)
    behind = union(concat(some, repeat(byte_set([(0, 0xFF)]))), *([EPSILON] if END in after else []))
    here = intersect(cut, concat(ANY_TEXT, bar, ANY_TEXT, bar, behind))
    free = intersect(
        concat(ANY_TEXT, bar, alone, bar, ANY_TEXT), concat(ANY_TEXT, bar, ANY_TEXT, bar, behind)
    )
    return to_dfa(here).fingerprint() == to_dfa(free).fingerprint()


def replaced(item: Item, others: Mapping[Expr, Expr]) -> Item:
    """Return an item with other languages in some of its leaves."""
    match item:
        case Leaf(expr):
            return Leaf(others.get(expr, expr))
        case Ref():
            return item
        case Choice(options):
            return Choice(tuple(replaced(option, others) for option in options))
        case Sequence(parts):
            return Sequence(tuple(replaced(part, others) for part in parts))
        case Repeat(body, low, high):
            return Repeat(replaced(body, others), low, high)
