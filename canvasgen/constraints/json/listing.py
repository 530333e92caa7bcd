"""Comma-separated lists of optional and required entries, each entry written down once.

A list is a small automaton over abstract symbols (entry i, a comma, nothing), whose symbols are then replaced by their
languages (`automata.substitute`). Its states: F_i (nothing written yet, entries from i on may follow), R_i (something
written, so a comma comes first), C_i (entry i comes now).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from canvasgen.automata import DFA, EMPTY, EPSILON, Expr, concat, from_dfa, optional, repeat, substitute, union

__all__ = ["listing"]

_OPEN, _COMMA, _SILENT, _SKIP = 250, 251, 252, 253
MOST_SYMBOLS = 250
"""Most entries of one automaton; longer lists are split."""


def listing(entries: list[tuple[Expr, bool]], more: Expr, comma: Expr) -> Expr:
    """At least one of the entries in their order, all required ones among them, then any number of `more`.

    Args:
        entries: (language, required), in order.
        more: what may follow any number of times; EMPTY for nothing.
        comma: what stands between any two.
    """
    first = next((at for at, (_, required) in enumerate(entries) if required), len(entries))
    if first <= 1 and first < len(entries):
        lead = optional(concat(entries[0][0], comma)) if first else EPSILON
        return concat(lead, entries[first][0], _after(entries[first + 1 :], more, comma))
    head, rest = entries[: min(first + 1, len(entries))], entries[first + 1 :]
    if len(head) <= MOST_SYMBOLS:
        return concat(_automaton_of(head, more if not rest else EMPTY, comma), _after(rest, more, comma) if rest else EPSILON)
    half = len(head) // 2
    left, right = head[:half], head[half:]
    return concat(
        union(concat(listing(left, EMPTY, comma), _after(right, EMPTY, comma)), listing(right, EMPTY, comma)),
        _after(rest, more, comma),
    )


def _after(entries: list[tuple[Expr, bool]], more: Expr, comma: Expr) -> Expr:
    """The entries where something already stands before them."""
    parts = [concat(comma, entry) if required else optional(concat(comma, entry)) for entry, required in entries]
    return concat(*parts, repeat(concat(comma, more)))


def _automaton_of(entries: list[tuple[Expr, bool]], more: Expr, comma: Expr) -> Expr:
    shape = _shape(tuple(required for _, required in entries), more is not EMPTY)
    table = {at: entry for at, (entry, _) in enumerate(entries)}
    table |= {_COMMA: comma, _SILENT: EPSILON, _SKIP: EPSILON}
    if more is not EMPTY:
        table[_OPEN] = more
    return substitute(shape, table)


@lru_cache(maxsize=1024)
def _shape(required: tuple[bool, ...], is_open: bool) -> Expr:
    """The automaton over symbols: state 3i is F_i, 3i + 1 is C_i, 3i + 2 is R_i."""
    count = len(required)
    rows: list[list[tuple[int, int]]] = []
    for at in range(count + 1):
        last = at == count
        forward = not last or is_open
        skip = [] if last or required[at] else [(_SKIP, 3 * at + 3)]
        rows.append([(_SILENT, 3 * at + 1), *skip] if forward else [])
        rows.append([(_OPEN, 3 * at + 2) if last else (at, 3 * at + 5)] if forward else [])
        rows.append([(_COMMA, 3 * at + 1), *([(_SKIP, 3 * at + 5)] if skip else [])] if forward else [])
    offsets = np.cumsum([0, *(len(row) for row in rows)])
    symbols = np.array([symbol for row in rows for symbol, _ in row], dtype=np.uint8)
    targets = np.array([target for row in rows for _, target in row], dtype=np.int32)
    accepting = np.zeros(len(rows), dtype=np.bool_)
    accepting[3 * count + 2] = True
    return from_dfa(DFA(offsets.astype(np.int32), symbols, symbols, targets, accepting))
