"""The most probable canvases one after another, lazily and exactly.

Every canvas is the best completion of a deviation from an earlier one: take the canvas up to some position,
there the next-best alternative, from there the best way to the end. The alternatives at a position and state
are a merged
stream: (edge, class) pairs by the class's best token, and within a class the tokens by their logit, looked up
in growing batches. A deviation is charged what it loses, which never is negative, so the queue yields
canvases in decreasing order. Sources: Eppstein, "Finding the k shortest paths", SIAM J. Computing 28(2),
1998; Huang & Chiang, "Better k-best parsing", IWPT 2005 (lazy streams).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from canvasgen.inference.layout import Symbols
from canvasgen.inference.tables import Floats, Longs, RowArrays

__all__ = ["Candidate", "ChoiceLattice", "enumerate_best"]

_BATCH = 8  # tokens of a class looked up at first


@dataclass(frozen=True)
class Candidate:
    """Token ids of a text and its end (no tail), and log ∏ p_i of them and of fixed tokens in the tail."""

    tokens: list[int]
    log_weight: float


@dataclass(frozen=True)
class _Choice:
    """One alternative at a (position, state): token, own weight, next state, weight up to the end."""

    token: int
    weight: float
    target: int
    total: float


class _Tokens:
    """The tokens of one class at one position, in decreasing order, looked up in growing batches."""

    def __init__(self, lattice: ChoiceLattice, position: int, index: int) -> None:
        self._lattice, self._position, self._index = lattice, position, index
        fixed = lattice.fixed.get(position)
        if fixed is None:
            self._size = len(lattice.layout.tokens_of_class(index))
            self._ids: Longs = np.empty(0, dtype=np.int64)
            self._weights: Floats = np.empty(0)
        else:
            self._size = 1
            self._ids = np.array([fixed])
            self._weights = lattice.arrays.tables.best[position, index : index + 1]

    def get(self, rank: int) -> tuple[int, float] | None:
        """`(token, log-probability)` of the given rank; None beyond the last possible one."""
        if rank >= self._size:
            return None
        if rank >= len(self._ids):
            self._ids, logits = self._lattice.arrays.top_tokens(
                self._position, self._index, max(_BATCH, 4 * rank)
            )
            self._weights = logits - self._lattice.arrays.tables.normaliser[self._position]
        weight = float(self._weights[rank])
        return (int(self._ids[rank]), weight) if weight > -np.inf else None


class _Alternatives:
    """The choices at a (position, state), best first; of equals the first by target, class, token id."""

    def __init__(self, lattice: ChoiceLattice, position: int, state: int) -> None:
        self._lattice, self._position = lattice, position
        self._found: list[_Choice] = []
        self._heap: list[tuple[float, int, int, int]] = []  # (-total, target, class or -1 for the tail, rank)
        layout, arrays = lattice.layout, lattice.arrays
        targets, sets = layout.leaving(state)
        weights = arrays.best_from(position + 1, targets)
        possible = arrays.best_sets[position, sets] + weights > -np.inf
        targets, sets, weights = targets[possible], sets[possible], weights[possible]
        self._after: dict[int, float] = dict(zip(targets.tolist(), weights.tolist(), strict=True))
        for target, index, after in zip(targets.tolist(), sets.tolist(), weights.tolist(), strict=True):
            if index == layout.tail_set:
                self._push(float(arrays.tables.tail[position]) + after, target, -1, 0)
                continue
            classes = layout.set_classes[layout.set_offsets[index] : layout.set_offsets[index + 1]]
            totals = arrays.tables.best[position, classes] + after
            for c, total in zip(classes.tolist(), totals.tolist(), strict=True):
                self._push(total, target, c, 0)

    def _push(self, total: float, target: int, index: int, rank: int) -> None:
        if total > -np.inf:
            heapq.heappush(self._heap, (-total, target, index, rank))

    def get(self, rank: int) -> _Choice | None:
        """The choice of the given rank; None if there are fewer."""
        while len(self._found) <= rank and self._heap:
            negative, target, index, place = heapq.heappop(self._heap)
            if index < 0:
                tail = float(self._lattice.arrays.tables.tail[self._position])
                self._found.append(_Choice(-1, tail, target, -negative))
                continue
            tokens = self._lattice.tokens(self._position, index)
            token, following = tokens.get(place), tokens.get(place + 1)
            assert token is not None, "a class of positive probability has a token"
            self._found.append(_Choice(token[0], token[1], target, -negative))
            if following is not None:
                self._push(following[1] + self._after[target], target, index, place + 1)
        return self._found[rank] if rank < len(self._found) else None


class ChoiceLattice:
    """The streams of alternatives, shared by all searches over one canvas."""

    def __init__(self, layout: Symbols, arrays: RowArrays, fixed: Mapping[int, int]) -> None:
        self.layout, self.arrays, self.fixed = layout, arrays, fixed
        self._tokens: dict[tuple[int, int], _Tokens] = {}
        self._alternatives: dict[tuple[int, int], _Alternatives] = {}

    def tokens(self, position: int, index: int) -> _Tokens:
        """The stream of a class at a position."""
        key = (position, index)
        if key not in self._tokens:
            self._tokens[key] = _Tokens(self, position, index)
        return self._tokens[key]

    def choice(self, position: int, state: int, rank: int) -> _Choice | None:
        """The choice of the given rank at a position and state."""
        key = (position, state)
        if key not in self._alternatives:
            self._alternatives[key] = _Alternatives(self, position, state)
        return self._alternatives[key].get(rank)


@dataclass(frozen=True)
class _Deviation:
    """Take `path` up to `position`, there the choice of rank `rank`, and from there the best way."""

    path: list[_Choice]
    position: int
    rank: int


def enumerate_best(
    layout: Symbols, arrays: RowArrays, state: int, fixed: Mapping[int, int]
) -> Iterator[Candidate]:
    """Every canvas of positive probability, in decreasing order.

    Args:
        arrays: of the row; the way from `state` to the end has a finite weight.
        state: state before the canvas.
        fixed: position -> token; the tables hold these already.
    """
    lattice, length = ChoiceLattice(layout, arrays, fixed), len(arrays.tables.tail)
    serial = 0
    queue = [(0.0, serial, _Deviation([], 0, 0))]
    while queue:
        loss, _, deviation = heapq.heappop(queue)
        path = deviation.path[: deviation.position]
        states = [path[-1].target if path else state]
        for i in range(deviation.position, length):
            choice = lattice.choice(i, states[-1], deviation.rank if i == deviation.position else 0)
            assert choice is not None, "the way to the end exists"
            path.append(choice)
            states.append(choice.target)
        yield Candidate([c.token for c in path if c.token >= 0], sum(c.weight for c in path))
        for i, at in zip(range(deviation.position, length), states, strict=False):
            rank = deviation.rank + 1 if i == deviation.position else 1
            alternative = lattice.choice(i, at, rank)
            if alternative is not None:
                serial += 1
                extra = max(path[i].total - alternative.total, 0.0)
                heapq.heappush(queue, (loss + extra, serial, _Deviation(path, i, rank)))
