"""Better assignments near a known one: large neighbourhood search, with work that is counted and not timed.

All cells but those of a few relations keep their values, and branch and bound looks for the best values of the rest
(P. Shaw, "Using constraint programming and local search methods to solve vehicle routing problems", CP 1998).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from canvasgen.relations.kernels.search_kernel import best_solution
from canvasgen.relations.programs.program import Program

__all__ = ["improved"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_NODES = 40  # of each neighbourhood
_OPEN_CELLS = 16  # of each neighbourhood, about
_RELATIONS = 4  # that a neighbourhood is made of, at most


def improved(
    program: Program,
    active: NDArray[np.bool_],
    domain: Ints,
    scores: Floats,
    excluded: Ints,
    start: Ints,
    *,
    rounds: int,
    rng: np.random.Generator,
) -> Ints:
    """Return an assignment that is at least as good as the one given, as bits int64 `[n]`.

    Args:
        program, active: the problem.
        domain: the values that are possible, int64 `[n, words]`.
        scores: by cell and bit, float64 `[n, 64 · words]`; finite wherever the domain has a bit.
        excluded: assignments that do not count, int64 `[k, n]` of bits.
        start: a solution that counts, as bits int64 `[n]`.
        rounds: how many neighbourhoods are searched.
        rng: chooses them.
    """
    cells = np.arange(len(start))
    best, score = start, float(scores[cells, start].sum())
    lost = scores.max(axis=1) - scores[cells, start]
    for _ in range(rounds):
        if not lost.max(initial=0.0) > 0:
            return best
        inside = domain.copy()
        fixed = ~_neighbourhood(program, lost, rng)
        inside[fixed] = 0
        inside[cells[fixed], best[fixed] >> 6] = np.int64(1) << (best[fixed] & 63)
        _, found, bits = best_solution(program, active, inside, scores, excluded, _NODES, score)
        if found > score and math.isfinite(found):
            best, score = bits, found
            lost = scores.max(axis=1) - scores[cells, best]
    return best


def _neighbourhood(program: Program, lost: Floats, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return the cells to open, bool `[n]`: of relations of cells, drawn by how much they lose."""
    chosen = np.zeros(len(lost), np.bool_)
    weights = lost / lost.sum()
    for _ in range(_RELATIONS):
        if chosen.sum() >= min(_OPEN_CELLS, len(lost)):
            break
        cell = int(rng.choice(len(lost), p=weights))
        watching = program.watch[program.watch_start[cell] : program.watch_start[cell + 1]]
        chosen[cell] = True
        if len(watching):
            _, first, last = program.args[rng.choice(watching), :3]
            chosen[rng.permutation(program.cells[first:last])[:_OPEN_CELLS]] = True
    return chosen
