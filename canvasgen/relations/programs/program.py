"""Primitives laid out in flat arrays for the kernels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from canvasgen.relations.programs.primitives import (
    Cardinality,
    Different,
    Element,
    Equal,
    NotCount,
    NotSum,
    Primitive,
    Sum,
    Table,
)
from canvasgen.relations.programs.space import Space
from canvasgen.relations.relation_limits import RelationLimits

__all__ = [
    "CARDINALITY",
    "DIFFERENT",
    "ELEMENT",
    "EQUAL",
    "NOT_COUNT",
    "NOT_SUM",
    "SUM",
    "TABLE",
    "Program",
    "assemble",
    "words_of",
]

Ints = NDArray[np.int64]

# Kinds of primitives. Those from TABLE on are costly: they run when the others have come to rest.
EQUAL, SUM, NOT_SUM, CARDINALITY, NOT_COUNT, ELEMENT, TABLE, DIFFERENT = range(8)


class Program(NamedTuple):
    """P primitives over n cells in words of 64 bits; E entries (cells of primitives).

    Attributes:
        args: `[P, 6]`: kind, first and last entry, and three numbers that depend on the kind.
        cells: cells of the entries, `[E]`.
        factors: factors of the entries of sums, bits of those of elements, `[E]`.
        masks: bits of the entries that are literals, `[E, words]`; `[0, words]` if there are none.
        tuples: the rows of all tables one after the other, int32.
        watch_start: where each cell's primitives start in `watch`, `[n + 1]`.
        watch: primitives by cell.
        group_start: as `watch_start`, for `groups`.
        groups: primitives of kind DIFFERENT by cell.
        start: where each cell's universe starts in `numbers`, `[n]`.
        numbers: integers of values, and their ranks, `[2, values]`.
        bit: bits of each cell's values, `[n, width]`; -1 beyond its last.
    """

    args: Ints
    cells: Ints
    factors: Ints
    masks: Ints
    tuples: NDArray[np.int32]
    watch_start: Ints
    watch: Ints
    group_start: Ints
    groups: Ints
    start: Ints
    numbers: Ints
    bit: Ints


def words_of(bits: int, words: int) -> list[int]:
    """Return a set of bits as signed 64-bit words."""
    found = [(bits >> (64 * k)) & (2**64 - 1) for k in range(words)]
    return [word - 2**64 if word >= 2**63 else word for word in found]


def assemble(space: Space, primitives: Sequence[Primitive], limits: RelationLimits) -> Program:
    """Return the program of the primitives, in their order.

    Raises:
        ConstraintTooLarge: they have more than `max_entries` entries.
    """
    limits.check("max_entries", sum(map(_entries, primitives)), "entries of the relations")
    args: list[tuple[int, int, int, int, int, int]] = []
    cells: list[int] = []
    factors: list[int] = []
    masks: list[tuple[int, int]] = []
    rows: list[NDArray[np.int32]] = []
    length = 0
    for p in primitives:
        first, a, b, c = len(cells), 0, 0, 0
        if isinstance(p, Cardinality | NotCount):
            masks += [(first + n, bits) for n, (_, bits) in enumerate(p.literals)]
            cells += [cell for cell, _ in p.literals]
            a, b = (p.low, p.high) if isinstance(p, Cardinality) else (p.count, 0)
        elif isinstance(p, Element):
            a, b = p.index, p.value
            cells += [cell for _, cell in p.choices]
            factors += [0] * (first - len(factors)) + [bit for bit, _ in p.choices]
        else:
            cells += p.cells
        if isinstance(p, Sum | NotSum):
            factors += [0] * (first - len(factors)) + list(p.factors)
            a, b, c = (p.low, p.high, int(p.ranks)) if isinstance(p, Sum) else (p.total, 0, 0)
        elif isinstance(p, Table):
            a, b = length, p.tuples.shape[0]
            rows.append(p.tuples.ravel())
            length += p.tuples.size
        args.append((_KIND[type(p)], first, len(cells), a, b, c))
    factors += [0] * (len(cells) - len(factors))
    mask = np.zeros((len(cells) if masks else 0, space.words), np.int64)
    for entry, bits in masks:
        mask[entry] = words_of(bits, space.words)
    watch: list[list[int]] = [[] for _ in space.cells]
    groups: list[list[int]] = [[] for _ in space.cells]
    for n, p in enumerate(primitives):
        for cell in _cells(p):
            watch[cell].append(n)
            if isinstance(p, Different):
                groups[cell].append(n)
    watch_start, watched = _flat(watch)
    group_start, grouped = _flat(groups)
    return Program(
        args=np.array(args, np.int64).reshape(len(args), 6),
        cells=np.array(cells, np.int64),
        factors=np.array(factors, np.int64),
        masks=mask,
        tuples=np.concatenate(rows) if rows else np.zeros(0, np.int32),
        watch_start=watch_start,
        watch=watched,
        group_start=group_start,
        groups=grouped,
        start=space.start,
        numbers=np.stack([space.numbers, space.ranks]),
        bit=space.bit,
    )


_KIND: dict[type, int] = {
    Equal: EQUAL,
    Sum: SUM,
    NotSum: NOT_SUM,
    Cardinality: CARDINALITY,
    NotCount: NOT_COUNT,
    Element: ELEMENT,
    Table: TABLE,
    Different: DIFFERENT,
}


def _cells(p: Primitive) -> list[int]:
    if isinstance(p, Cardinality | NotCount):
        return list(dict.fromkeys(cell for cell, _ in p.literals))
    if isinstance(p, Element):
        return list(dict.fromkeys((p.index, p.value, *(cell for _, cell in p.choices))))
    return list(p.cells)


def _entries(p: Primitive) -> int:
    return p.tuples.size if isinstance(p, Table) else len(_cells(p))


def _flat(lists: list[list[int]]) -> tuple[Ints, Ints]:
    start = np.cumsum([0, *map(len, lists)]).astype(np.int64)
    return start, np.array([n for found in lists for n in found], np.int64)
