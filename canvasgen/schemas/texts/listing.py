"""Comma-separated lists of optional and required entries, each entry written down once.

A list is a small automaton over abstract symbols (entry i, a comma, nothing), whose symbols are then replaced
by their languages (`automata.substitute`). Its states: F_i (nothing written yet, entries from i on may
follow), R_i (something written, so a comma comes first), C_i (entry i comes now).
"""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations
from math import comb

import numpy as np

from canvasgen.automata import (
    DFA,
    EMPTY,
    EPSILON,
    Expr,
    concat,
    from_dfa,
    optional,
    private_bytes,
    repeat,
    substitute,
    union,
)
from canvasgen.limits import kept

__all__ = [
    "COMMA",
    "MOST_SYMBOLS",
    "counted",
    "distinct",
    "listing",
    "loop",
    "permuted",
    "subset_count",
    "walk",
]

COMMA = private_bytes.LIST_COMMA
"""The symbol of what stands between two entries."""
_OPEN, _SILENT, _SKIP = private_bytes.LIST_MORE, private_bytes.LIST_SILENT, private_bytes.LIST_SKIP
MOST_SYMBOLS = private_bytes.LIST_ENTRIES
"""Most entries of one automaton; longer lists are split."""


def listing(entries: list[tuple[Expr, bool]], more: Expr, comma: Expr) -> Expr:
    """Return at least one of the entries in their order, all required ones among them, then any number of `more`.

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
        return concat(
            _automaton_of(head, more if not rest else EMPTY, comma),
            _after(rest, more, comma) if rest else EPSILON,
        )
    half = len(head) // 2
    left, right = head[:half], head[half:]
    return concat(
        union(concat(listing(left, EMPTY, comma), _after(right, EMPTY, comma)), listing(right, EMPTY, comma)),
        _after(rest, more, comma),
    )


def loop(item: Expr, comma: Expr) -> Expr:
    """Return at least one item, with commas between; the item occurs once in the automaton, which matters where
    items nest."""
    return substitute(_ring(), {0: item, COMMA: comma})


@lru_cache(maxsize=1)
def _ring() -> Expr:
    return from_dfa(_table([[(0, 1)], [(COMMA, 0)]], [False, True]))


def distinct(items: list[Expr], comma: Expr, low: int, high: int) -> Expr:
    """Return `low` to `high` of the items, at least one, in any order, none twice: two states for each set of items.

    Args:
        items: one language for each value, no two of which share a text; at most `MOST_SYMBOLS`.
        comma: what stands between any two.
        low, high: bounds of their number.
    """
    table: dict[int, Expr] = dict(enumerate(items))
    return substitute(_subsets(len(items), max(low, 1), min(high, len(items))), table | {COMMA: comma})


def counted(entries: list[tuple[Expr, bool]], more: Expr, comma: Expr, low: int, high: int | None) -> Expr:
    """Return as `listing`, but `low` to `high` items in all; at most `MOST_SYMBOLS` entries less one."""
    cap = max(low, 0 if high is None else high)
    last = len(entries)
    numbers: dict[tuple[int, int], int] = {(0, 0): 0}
    waiting = [(0, 0)]
    rows: list[list[tuple[int, int]]] = []
    accepting: list[bool] = []
    for at, count in waiting:
        row: list[tuple[int, int]] = []
        stop = next((number for number in range(at, last) if entries[number][1]), last)
        reached = [(number, number + 1) for number in range(at, min(stop + 1, last))]
        if stop == last and more is not EMPTY:
            reached.append((last, last))
        for symbol, place in reached if high is None or count < high else ():
            after = (place, min(count + 1, cap))
            if after not in numbers:
                numbers[after] = len(numbers)
                waiting.append(after)
            row.append((symbol, 2 * numbers[after] + 1))
        rows += [row, [(COMMA, 2 * numbers[at, count])]]
        accepting += [False, stop == last and count >= low]
    return walk(rows, accepting, [*(entry for entry, _ in entries), more], comma)


def permuted(entries: list[tuple[Expr, bool]], more: Expr, comma: Expr, low: int, high: int | None) -> Expr:
    """Return at least one of the entries in any order, none twice, all required ones among them, `low` to `high`
    of them; any number of `more` between them."""
    last = len(entries)
    needed = sum(1 << at for at, (_, required) in enumerate(entries) if required)
    rows: list[list[tuple[int, int]]] = []
    accepting: list[bool] = []
    for chosen in range(1 << last):
        size = chosen.bit_count()
        row = [
            (at, 2 * (chosen | 1 << at) + 1)
            for at in range(last)
            if not chosen >> at & 1 and (high is None or size < high)
        ]
        if more is not EMPTY:
            row.append((last, 2 * chosen + 1))
        rows += [row, [(COMMA, 2 * chosen)]]
        accepting += [False, chosen & needed == needed and size >= low]
    return walk(rows, accepting, [*(entry for entry, _ in entries), more], comma)


def walk(rows: list[list[tuple[int, int]]], accepting: list[bool], items: list[Expr], comma: Expr) -> Expr:
    """Return an automaton over items and commas: its transitions (symbol, target), sorted, of each state."""
    return substitute(from_dfa(_table(rows, accepting)), dict(enumerate(items)) | {COMMA: comma})


def subset_count(items: int, high: int) -> int:
    """Return how many sets of at most `high` out of so many items there are."""
    return sum(comb(items, size) for size in range(min(items, high) + 1))


@kept(64)
def _subsets(items: int, low: int, high: int) -> Expr:
    """Return the automaton over symbols: for each set two states, before an item and after one."""
    if high < low:
        return EMPTY
    sets = [frozenset(chosen) for size in range(high + 1) for chosen in combinations(range(items), size)]
    number = {chosen: at for at, chosen in enumerate(sets)}
    rows: list[list[tuple[int, int]]] = []
    for chosen in sets:
        left = [item for item in range(items) if item not in chosen] if len(chosen) < high else []
        rows.append([(item, 2 * number[chosen | {item}] + 1) for item in left])
        rows.append([(COMMA, 2 * number[chosen])] if left else [])
    accepting = [after and len(chosen) >= low for chosen in sets for after in (False, True)]
    return from_dfa(_table(rows, accepting))


def _table(rows: list[list[tuple[int, int]]], accepting: list[bool]) -> DFA:
    """Return the automaton with these transitions (symbol, target), sorted by symbol, of each state."""
    offsets = np.cumsum([0, *(len(row) for row in rows)])
    symbols = np.array([symbol for row in rows for symbol, _ in row], dtype=np.uint8)
    targets = np.array([target for row in rows for _, target in row], dtype=np.int32)
    return DFA(offsets.astype(np.int32), symbols, symbols, targets, np.array(accepting, dtype=np.bool_))


def _after(entries: list[tuple[Expr, bool]], more: Expr, comma: Expr) -> Expr:
    """Return the entries that follow something already written."""
    parts = [
        concat(comma, entry) if required else optional(concat(comma, entry)) for entry, required in entries
    ]
    return concat(*parts, repeat(concat(comma, more)))


def _automaton_of(entries: list[tuple[Expr, bool]], more: Expr, comma: Expr) -> Expr:
    shape = _shape(tuple(required for _, required in entries), more is not EMPTY)
    table = {at: entry for at, (entry, _) in enumerate(entries)}
    table |= {COMMA: comma, _SILENT: EPSILON, _SKIP: EPSILON}
    if more is not EMPTY:
        table[_OPEN] = more
    return substitute(shape, table)


@kept(1024)
def _shape(required: tuple[bool, ...], is_open: bool) -> Expr:
    """Return the automaton over symbols: state 3i is F_i, 3i + 1 is C_i, 3i + 2 is R_i."""
    count = len(required)
    rows: list[list[tuple[int, int]]] = []
    for at in range(count + 1):
        last = at == count
        forward = not last or is_open
        skip = [] if last or required[at] else [(_SKIP, 3 * at + 3)]
        rows.append([(_SILENT, 3 * at + 1), *skip] if forward else [])
        rows.append([(_OPEN, 3 * at + 2) if last else (at, 3 * at + 5)] if forward else [])
        rows.append([(COMMA, 3 * at + 1), *([(_SKIP, 3 * at + 5)] if skip else [])] if forward else [])
    return from_dfa(_table(rows, [state == 3 * count + 2 for state in range(len(rows))]))
