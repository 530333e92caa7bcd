"""Why a problem has no solution: a minimal set of relations and fixed cells that contradict each other."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from canvasgen.relations.cell_values import Cell, Value, show_value
from canvasgen.relations.kinds.relation import Relation

__all__ = ["Conflict", "minimal"]

T = TypeVar("T")


@dataclass(frozen=True)
class Conflict:
    """Relations and fixed cells that no assignment satisfies together.

    Attributes:
        relations: those in conflict.
        fixed: the fixed cells in conflict, with their values.
        minimal: without any one of them there would be a solution; False if time ran out before that was sure.
    """

    relations: tuple[Relation, ...]
    fixed: Mapping[Cell, Value]
    minimal: bool

    def __str__(self) -> str:
        cells = ", ".join(f"{cell} = {show_value(value)}" for cell, value in self.fixed.items())
        relations = "; ".join(relation.describe() for relation in self.relations)
        return f"{cells} and: {relations}" if cells and relations else cells or relations


def minimal(
    items: list[T], solvable: Callable[[list[T]], bool | None], seconds: float
) -> tuple[list[T], bool]:
    """Return a subset of `items` that is unsolvable, and whether no item of it can be left out.

    The deletion filter (J. W. Chinneck and E. W. Dravnieks, "Locating minimal infeasible constraint sets in linear
    programs", ORSA J. Computing 3, 1991): items are left out, first in large
    chunks, then one by one; if the rest is still unsolvable, they stay out.

    Args:
        items: an unsolvable set; the first ones are the first to go.
        solvable: True, False, or None where it cannot tell.
        seconds: after this much wall-clock time the set is returned as it is.
    """
    end = time.monotonic() + seconds
    kept, sure, size = list(items), True, max(1, len(items) // 2)
    while True:
        at = 0
        while at < len(kept):
            if time.monotonic() > end:
                return kept, False
            without = kept[:at] + kept[at + size :]
            answer = solvable(without)
            if answer is False:
                kept = without
            else:
                sure = sure and (size > 1 or answer is not None)
                at += size
        if size == 1:
            return kept, sure
        size = size // 2
