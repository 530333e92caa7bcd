"""Automata of the decimals that are multiples of a number, written down as tables of transitions."""

from __future__ import annotations

import numpy as np

from canvasgen.automata import DFA, Expr, from_dfa
from canvasgen.limits import kept

__all__ = ["multiples"]

_ZERO, _NINE, _MINUS, _POINT = 0x30, 0x39, 0x2D, 0x2E


@kept(256)
def multiples(units: int, places: int, trailing: int | None) -> Expr:
    """Return the decimals, with or without a minus sign, whose value is a multiple of `units` · 10^−`places`.

    Leading zeros are not ruled out: the language is made to be intersected with one of well-formed numbers.

    Args:
        units: the step, in units of its last decimal place; above zero.
        places: decimal places of the step.
        trailing: most digits after the point, at least `places`; None for any number; 0 for no point at all.

    The automaton reads the digits and keeps the number so far modulo `units`: with k of the `places` digits after the
    point read, a prefix of remainder r is a multiple exactly if r · 10^(places − k) ≡ 0. After them only zeros may
    follow.
    """
    fractional = places if trailing != 0 else 0
    table: list[dict[int, int]] = [{}]
    accepting = [False]
    number: dict[tuple[str, int, int], int] = {}
    waiting: list[tuple[str, int, int]] = []

    def state(kind: str, read: int, rest: int) -> int:
        key = (kind, read, rest)
        if key not in number:
            number[key] = len(table)
            table.append({})
            accepting.append(kind != "point" and rest * 10 ** (places - min(read, places)) % units == 0)
            waiting.append(key)
        return number[key]

    digits = range(10)
    first = {_ZERO + digit: state("whole", 0, digit % units) for digit in digits}
    table.append(dict(first))
    accepting.append(False)
    table[0] = {**first, _MINUS: len(table) - 1}
    while waiting:
        key = waiting.pop()
        kind, read, rest = key
        row = table[number[key]]
        if kind == "whole":
            row.update({_ZERO + digit: state("whole", 0, (10 * rest + digit) % units) for digit in digits})
            if trailing != 0:
                row[_POINT] = state("point", 0, rest)
        elif read < fractional:
            row.update(
                {_ZERO + digit: state("part", read + 1, (10 * rest + digit) % units) for digit in digits}
            )
        elif rest == 0 and trailing is None:
            row[_ZERO] = state("part", fractional + 1, 0) if kind == "point" else number[key]
        elif rest == 0 and trailing is not None and read < trailing:
            row[_ZERO] = state("part", read + 1, 0)
    return from_dfa(_automaton(table, accepting))


def _automaton(table: list[dict[int, int]], accepting: list[bool]) -> DFA:
    offsets = [0]
    low: list[int] = []
    high: list[int] = []
    target: list[int] = []
    for row in table:
        for byte in sorted(row):
            if low and len(low) > offsets[-1] and high[-1] == byte - 1 and target[-1] == row[byte]:
                high[-1] = byte
            else:
                low.append(byte)
                high.append(byte)
                target.append(row[byte])
        offsets.append(len(low))
    return DFA(
        np.array(offsets, dtype=np.int32),
        np.array(low, dtype=np.uint8),
        np.array(high, dtype=np.uint8),
        np.array(target, dtype=np.int32),
        np.array(accepting, dtype=np.bool_),
    )
