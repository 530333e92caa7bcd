"""The most probable canvas of which something holds that no state of the automaton knows: a search with a *memory*.

    layer i:   (state, memory) ──▶ the best way there, of those that lead to the same state and memory
    its bound: the weight of that way + the best way on to the end, whatever the memory (`to_go`): never too low

A layer keeps the entries with the greatest bounds, so many (`width`) of each *lane*. Of what is dropped, the greatest
bound is remembered: if it is no more than the weight of the canvas found, that canvas is proven to be the best. A greater
width drops less; entries whose bound is no more than the best weight so far are dropped without loss. So widths that grow
are an exact branch and bound, with an answer at any time.

Where a memory says that most tokens leave it as it is (in a string that it does not care about), the tokens of a class are
one step. Source: beam search with bounds: Zhang, "Complete anytime beam search", AAAI 1998.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np

from canvasgen.inference.finishing import can_be_finished
from canvasgen.inference.k_best import ChoiceLattice
from canvasgen.inference.layout import Symbols
from canvasgen.inference.tables import Bools, Longs, RowArrays

__all__ = ["M", "Memory", "RememberedBest"]

_SLACK = 1e-6
"""Nats by which a canvas may be less probable than a bound and count as the best: rounding of float32 sums."""


M = TypeVar("M", bound=Hashable)


class Memory(Protocol[M]):
    """What is remembered of the tokens so far."""

    def read(self, memory: M, token: int) -> M | None:
        """Return the memory after one more token; None if what is to hold cannot hold any more."""
        ...

    def is_complete(self, memory: M) -> bool:
        """Return whether the text may end."""
        ...

    def moved_by(self, memory: M) -> Bools | None:
        """Return the tokens that may change it, bool `[V]`; None: all. The others leave it as it is, in every state."""
        ...

    def lane(self, memory: M) -> int:
        """Return a number; entries of a layer compete with those of their own lane alone."""
        ...

    def aimed(self, memory: M) -> Sequence[int]:
        """Return tokens that are tried in any case, however improbable they are."""
        ...


@dataclass(slots=True, eq=False)
class _Entry(Generic[M]):
    """The best way to a state and a memory: its weight, the entry before, and its last token.

    A token of -1 is the tail; one of -2 - c is the best of class c that leaves the memory as it is.
    """

    state: int
    memory: M
    weight: float
    before: _Entry[M] | None
    token: int


class _Steps:
    """The tokens of a class set, by whether they may change a memory."""

    def __init__(self, lattice: ChoiceLattice, index: int, moved: Bools) -> None:
        self._lattice, self._moved = lattice, moved
        layout = lattice.layout
        still: list[int] = []
        mixed: list[int] = []
        moving: list[Longs] = [np.empty(0, np.int64)]
        for c in layout.set_classes[layout.set_offsets[index] : layout.set_offsets[index + 1]].tolist():
            tokens: Longs = layout.tokens_of_class(c).astype(np.int64)
            inside = tokens[moved[tokens]]
            moving.append(inside)
            if not len(inside):
                still.append(c)
            elif len(inside) < len(tokens):
                mixed.append(c)
        self._still: Longs = np.array(still, np.int64)
        self._mixed = mixed
        self._moving: Longs = np.concatenate(moving)
        arrays = lattice.arrays
        self._weights = arrays.columns(self._moving) - arrays.tables.normaliser[:, None]

    def still(self, position: int) -> tuple[float, int]:
        """The greatest weight of a token that changes nothing, and the token, or its class as `_Entry.token` has it."""
        best = self._lattice.arrays.tables.best[position]
        found = (-np.inf, -1)
        if len(self._still):
            at = int(np.argmax(best[self._still]))
            found = (float(best[self._still[at]]), -2 - int(self._still[at]))
        for c in self._mixed:
            if best[c] > found[0]:
                found = max(found, self._still_of(position, c))
        return found

    def _still_of(self, position: int, index: int) -> tuple[float, int]:
        tokens, rank = self._lattice.tokens(position, index), 0
        while (token := tokens.get(rank)) is not None:
            if not self._moved[token[0]]:
                return token[1], token[0]
            rank += 1
        return -np.inf, -1

    def moving(self, position: int) -> Iterator[tuple[float, int]]:
        """The weights of the others with their tokens, best first."""
        weights = self._weights[position]
        fixed = self._lattice.fixed.get(position)
        if fixed is not None:
            best = self._lattice.arrays.tables.best[position]
            index = int(self._lattice.layout.class_of_token[fixed])
            weights = np.where(self._moving == fixed, best[index], -np.inf)
        for at in np.argsort(-weights, kind="stable").tolist():
            if weights[at] == -np.inf:
                return
            yield float(weights[at]), int(self._moving[at])


class RememberedBest(Generic[M]):
    """A search over one canvas.

    Attributes:
        tokens: of text and end of the best canvas found; None before one is found.
        weight: log of its mass.
        bound: no canvas has a greater weight.

    Args:
        layout, arrays: of the row.
        state: before the canvas.
        fixed: position -> token; the arrays hold these already.
        memory: what is remembered.
        start: the memory before the canvas.
        after: tokens of budget behind the canvas; 0: the text has to end on it.
    """

    def __init__(
        self,
        layout: Symbols,
        arrays: RowArrays,
        state: int,
        fixed: Mapping[int, int],
        memory: Memory[M],
        start: M,
        *,
        after: int,
    ) -> None:
        self._after = after
        self._layout, self._arrays, self._state = layout, arrays, state
        self._lattice = ChoiceLattice(layout, arrays, fixed)
        self._memory, self._start = memory, start
        self._to_go = arrays.to_go
        self._length = len(self._to_go) - 1
        self._sets: dict[tuple[int, int], _Steps] = {}
        self._lost = -np.inf
        self.tokens: list[int] | None = None
        self.weight = -np.inf
        self.bound = float(self._to_go[0, state])

    @property
    def proven(self) -> bool:
        """Whether no canvas that is wanted is more probable; without a canvas: there is none."""
        return self.bound <= self.weight + _SLACK

    def run(self, width: int, goes_on: Callable[[], bool]) -> int:
        """Search all layers once.

        Args:
            width: entries of each lane that a layer keeps.
            goes_on: asked before each entry that is continued; once False, the pass is given up, and nothing is proven.

        Returns:
            The number of entries that were continued.
        """
        self._lost = -np.inf
        count = 0
        layer = {(self._state, self._start): _Entry(self._state, self._start, 0.0, None, -1)}
        for position in range(self._length):
            following: dict[tuple[int, M], _Entry[M]] = {}
            for entry in self._kept(layer, position, width):
                if not goes_on():
                    return count
                count += 1
                self._continue(entry, position, width, following)
            layer = following
        self._close(layer)
        self.bound = min(self.bound, max(self._lost, self.weight))
        return count

    def _kept(
        self, layer: Mapping[tuple[int, M], _Entry[M]], position: int, width: int
    ) -> Iterator[_Entry[M]]:
        to_go = self._to_go[position]
        by_lane: dict[int, list[tuple[float, int, _Entry[M]]]] = {}
        for number, entry in enumerate(layer.values()):
            bound = entry.weight + float(to_go[entry.state])
            if bound > self.weight:
                by_lane.setdefault(self._memory.lane(entry.memory), []).append((-bound, number, entry))
        for lane in by_lane.values():
            lane.sort()
            if len(lane) > width:
                self._lost = max(self._lost, -lane[width][0])
            yield from (entry for _, _, entry in lane[:width])

    def _close(self, layer: Mapping[tuple[int, M], _Entry[M]]) -> None:
        to_go = self._to_go[self._length]
        weighed = [(entry.weight + float(to_go[entry.state]), entry) for entry in layer.values()]
        for weight, entry in sorted(weighed, key=lambda one: -one[0]):
            if weight <= self.weight:
                return
            ends = can_be_finished(self._layout, self._memory, entry.state, entry.memory, self._after)
            if ends:
                self.weight, self.tokens = weight, self._written(entry)
            elif ends is None:
                self._lost = max(self._lost, weight)

    def _written(self, entry: _Entry[M]) -> list[int]:
        entries: list[_Entry[M]] = []
        while entry.before is not None:
            entries.append(entry)
            entry = entry.before
        entries.reverse()
        tokens: list[int] = []
        for position, one in enumerate(entries):
            if one.token >= 0:
                tokens.append(one.token)
            elif one.token <= -2:
                tokens.append(self._best_of_class(position, -2 - one.token))
        return tokens

    def _best_of_class(self, position: int, index: int) -> int:
        found = self._lattice.tokens(position, index).get(0)
        assert found is not None, "a class of positive probability has a token"
        return found[0]

    # From one layer to the next.

    def _continue(
        self, entry: _Entry[M], position: int, width: int, following: dict[tuple[int, M], _Entry[M]]
    ) -> None:
        moved = None if entry.state == self._layout.ended else self._memory.moved_by(entry.memory)
        most = 4 * width + 16
        if moved is None:
            self._one_by_one(entry, position, most, following)
        else:
            self._by_class(entry, position, moved, most, following)
        for token in self._memory.aimed(entry.memory):
            target = self._layout.step(entry.state, token)
            if target >= 0 and token not in self._layout.end_ids:
                self._read(entry, position, token, target, self._log_prob(position, token), following)

    def _log_prob(self, position: int, token: int) -> float:
        fixed = self._lattice.fixed.get(position)
        if fixed is not None:
            index = int(self._layout.class_of_token[token])
            return float(self._arrays.tables.best[position, index]) if fixed == token else -np.inf
        return self._arrays.token_logit(position, token) - float(self._arrays.tables.normaliser[position])

    def _one_by_one(
        self, entry: _Entry[M], position: int, most: int, following: dict[tuple[int, M], _Entry[M]]
    ) -> None:
        """Every token, the best ones first, as far as they may matter."""
        rank = 0
        while True:
            choice = self._lattice.choice(position, entry.state, rank)
            if choice is None or entry.weight + choice.total <= self.weight:
                return
            if rank >= most:
                self._lost = max(self._lost, entry.weight + choice.total)
                return
            self._read(entry, position, choice.token, choice.target, choice.weight, following)
            rank += 1

    def _by_class(
        self,
        entry: _Entry[M],
        position: int,
        moved: Bools,
        most: int,
        following: dict[tuple[int, M], _Entry[M]],
    ) -> None:
        """One step for all tokens that leave the memory as it is; the others one by one, the best ones first."""
        targets, sets = self._layout.leaving(entry.state)
        for target, index in zip(targets.tolist(), sets.tolist(), strict=True):
            after = float(self._to_go[position + 1, target])
            if self._arrays.best_sets[position, index] == -np.inf or after == -np.inf:
                continue
            steps = self._steps(index, moved)
            weight, token = steps.still(position)
            if entry.weight + weight + after > self.weight:
                self._put(entry, token, target, weight, entry.memory, following)
            for rank, (weight, token) in enumerate(steps.moving(position)):
                if entry.weight + weight + after <= self.weight:
                    break
                if rank >= most:
                    self._lost = max(self._lost, entry.weight + weight + after)
                    break
                self._read(entry, position, token, target, weight, following)

    def _steps(self, index: int, moved: Bools) -> _Steps:
        key = (index, id(moved))
        found = self._sets.get(key)
        if found is None:
            found = self._sets[key] = _Steps(self._lattice, index, moved)
        return found

    def _read(
        self,
        entry: _Entry[M],
        position: int,
        token: int,
        target: int,
        weight: float,
        following: dict[tuple[int, M], _Entry[M]],
    ) -> None:
        memory: M | None = entry.memory
        if target == self._layout.ended:
            if entry.state != target and not self._memory.is_complete(memory):
                return
        else:
            memory = self._memory.read(memory, token)
            if memory is None:
                return
        if entry.weight + weight + float(self._to_go[position + 1, target]) > self.weight:
            self._put(entry, token, target, weight, memory, following)

    @staticmethod
    def _put(
        entry: _Entry[M],
        token: int,
        target: int,
        weight: float,
        memory: M,
        following: dict[tuple[int, M], _Entry[M]],
    ) -> None:
        total = entry.weight + weight
        known = following.get((target, memory))
        if known is None:
            following[target, memory] = _Entry(target, memory, total, entry, token)
        elif total > known.weight:
            known.weight, known.before, known.token = total, entry, token
