"""One row of a batch under an automaton with calls: the answers of `NumbaRow`, whose states are never all at hand."""

from __future__ import annotations

import numpy as np

from canvasgen.inference.batch import Row
from canvasgen.inference.called_layout import CalledLayout
from canvasgen.inference.computed_once import once
from canvasgen.inference.numba_backend.called_rows import Chain, Rows, Shares, best_before
from canvasgen.inference.numba_backend.path_kernels import choose
from canvasgen.inference.numba_backend.row import ClassRow
from canvasgen.inference.tables import Bools, Floats, Longs, Singles, log_sum

__all__ = ["CalledRow"]


class CalledRow(ClassRow):
    """`RowArrays`, and the row's part of every answer, by `Chain`.

    Args:
        row: what to condition on.
        layout: its layout.
        logits: float32 `[L_b, V]`, rows contiguous.
    """

    def __init__(self, row: Row, layout: CalledLayout, logits: Singles) -> None:
        super().__init__(row, logits)
        self._called = layout

    # The log semiring

    @once
    def _chain(self) -> Chain:
        return Chain(self._called, self.sets)

    @once
    def _forward(self) -> Rows:
        layout, chain, shares = self._called, self._chain, Shares(self._called)
        first = np.full(layout.width, -np.inf)
        first[layout.in_row(np.array([self._row.state]))] = 0.0
        return Rows(first, self._row.length, lambda row, at: chain.forward(shares.follow(row), at))

    @once
    def _last_row(self) -> Floats:
        return self._called.as_row(self._final)

    def _find_partition(self) -> float:
        return float(log_sum(self._forward[self._row.length] + self._last_row))

    @property
    def alpha(self) -> Floats:
        """See `RowArrays.alpha`; large."""
        return np.stack([self._called.by_state(self._forward[i]) for i in range(self._row.length + 1)])

    @property
    def beta(self) -> Floats:
        """See `RowArrays.beta`; large."""
        chain, shares, length = self._chain, Shares(self._called), self._row.length
        rows = Rows(self._last_row, length, lambda row, at: chain.backward(shares.take(row), length - 1 - at))
        return np.stack([self._called.by_state(rows[length - i]) for i in range(length + 1)])

    @property
    def reached(self) -> Bools:
        """See `RowArrays.reached`."""
        return np.array([self._forward[i].max() > -np.inf for i in range(self._row.length + 1)])

    def _scores(self) -> Floats:
        layout, chain, length = self._called, self._chain, self._row.length
        out = np.empty((length, layout.num_sets + 2))
        before, behind = Shares(layout), Shares(layout).take(self._last_row)
        rows = (np.empty(layout.width), np.empty(layout.width))
        for position in reversed(range(length)):
            chain.pair(before.follow(self._forward[position]), behind, out[position])
            behind.take(chain.backward(behind, position, rows[position % 2]))
        return out

    # The max semiring

    @once
    def _best_rows(self) -> Rows:
        layout, length, sets = self._called, self._row.length, self.best_sets
        return Rows(self._last_row, length, lambda row, at: best_before(layout, sets[length - 1 - at], row))

    @property
    def to_go(self) -> Floats:
        """See `RowArrays.to_go`; large."""
        length = self._row.length
        return np.stack([self._called.by_state(self._best_rows[length - i]) for i in range(length + 1)])

    def best_from(self, position: int, states: Longs) -> Floats:
        """See `RowArrays.best_from`."""
        return self._best_rows[self._row.length - position][self._called.in_row(states)]

    def _best_classes(self) -> Longs:
        layout, state, best = self._called, self._row.state, self._all_tables.best
        classes = np.full(self._row.length, -1, dtype=np.int64)
        for position in range(self._row.length):
            targets, sets = layout.leaving(state)
            place = int(np.argmax(self.best_sets[position, sets] + self.best_from(position + 1, targets)))
            chosen, state = int(sets[place]), int(targets[place])
            if chosen != layout.tail_set:
                members = layout.set_classes[layout.set_offsets[chosen] : layout.set_offsets[chosen + 1]]
                classes[position] = members[np.argmax(best[position, members])]
        return classes

    # Samples

    def _draw_classes(self, uniforms: Floats, classes: Longs, log_probs: Floats) -> None:
        layout, length, mass = self._called, self._row.length, self._all_tables.mass
        last = layout.by_state(self._forward[length]) + self._final
        states: list[int] = []
        for each, given in enumerate(uniforms):
            state, log_probs[each] = choose(last, given[-1, 0])
            states.append(int(state))
            for position in range(length, classes.shape[1]):
                classes[each, position] = choose(mass[position], given[position, 1])[0]
        for position in reversed(range(length)):
            row = self._forward[position]
            for each, given in enumerate(uniforms):
                sources, sets = layout.entering(states[each])
                place, part = choose(
                    row[layout.in_row(sources)] + self.sets[position, sets], given[position, 0]
                )
                log_probs[each] += part
                chosen, states[each] = int(sets[place]), int(sources[place])
                if chosen == layout.tail_set:
                    classes[each, position], part = choose(mass[position], given[position, 1])
                else:
                    members = layout.set_classes[layout.set_offsets[chosen] : layout.set_offsets[chosen + 1]]
                    place, part = choose(mass[position, members], given[position, 1])
                    classes[each, position] = members[place]
                log_probs[each] += part
