"""The recurrence of an automaton with calls, row by row, and rows that are worked out again where memory is short.

A row is a vector as `CalledLayout` has it. Forward, values are those before calls and returns are followed, so that each
way is in one state; backward they are those behind, so that Σ alpha · beta is Z at every position.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, sqrt
from typing import Self

import numpy as np

from canvasgen.inference.called_layout import CalledLayout
from canvasgen.inference.numba_backend import called_kernels as kernels
from canvasgen.inference.numba_backend.chain_kernels import share_rows
from canvasgen.inference.tables import Floats

__all__ = ["MOST_BYTES", "Chain", "Rows", "Shares", "best_before"]

_ABOVE, _BELOW = 200.0, -350.0
"""Nats above a column's largest other value that a share may be, and below it where it is left out."""

MOST_BYTES = 1 << 28
"""Memory for the rows of one recurrence; beyond it they are kept at intervals, and worked out again in between."""


class Shares:
    """A row, and the exponentials of its values relative to the largest one of each column.

    Attributes:
        parts: views of the row's frame `[F + 1, 1]` and body `[S, K]`.
        shares: of both.
        tops: `[1]` and `[K]`, what they are relative to.
    """

    def __init__(self, layout: CalledLayout) -> None:
        self._layout = layout
        size, states, callers = layout.num_frame + 1, layout.automaton.body.num_states, layout.num_callers
        self.shares = (np.empty((size, 1)), np.empty((states, callers)))
        self.tops = (np.empty(1), np.empty(callers))
        self._followed = np.empty(layout.width)

    def take(self, row: Floats) -> Self:
        """Work out the shares of a row, which must not change as long as they are used."""
        self.parts = parts(self._layout, row)
        for part, shares, tops in zip(self.parts, self.shares, self.tops, strict=True):
            kernels.column_shares(part, shares, tops)
        return self

    def follow(self, row: Floats) -> Self:
        """Take a forward row with its returns and then its calls followed; the row itself is not changed."""
        layout, automaton = self._layout, self._layout.automaton
        self._followed[:] = row
        frame, body = self.parts = parts(layout, self._followed)
        shares, tops = self.shares[1], self.tops[1]
        returned = np.empty(layout.num_callers)
        kernels.column_shares(body, shares, tops)
        kernels.collect(body, shares, tops, layout.ends, returned)
        frame[automaton.returns, 0] = np.logaddexp(frame[automaton.returns, 0], returned)
        kernels.column_shares(frame, self.shares[0], self.tops[0])
        states, callers = layout.calls
        begun = body[automaton.body_start]
        np.logaddexp.at(begun, callers, frame[states, 0])
        if (begun <= tops + _ABOVE).all():  # one line of the shares is new, and may be above the others
            near = begun > tops + _BELOW
            shares[automaton.body_start] = 0.0
            shares[automaton.body_start, near] = np.exp(begun[near] - tops[near])
        else:
            kernels.column_shares(body, shares, tops)
        return self


def parts(layout: CalledLayout, row: Floats) -> tuple[Floats, Floats]:
    """Views of a row: its frame `[F + 1, 1]` and its body `[S, K]`."""
    size = layout.num_frame + 1
    return row[:size].reshape(-1, 1), row[size:].reshape(-1, layout.num_callers)


class Chain:
    """Steps of the recurrence.

    Args:
        layout: F and S states, K callers.
        sets: `[n, Z + 2]`, log weights of the class sets.
    """

    def __init__(self, layout: CalledLayout, sets: Floats) -> None:
        self.layout = layout
        self.sets = sets
        self._set_shares = np.empty_like(sets)
        share_rows(sets, 0, len(sets), self._set_shares)
        self._totals = Shares(layout).shares

    def forward(self, followed: Shares, position: int) -> Floats:
        """The forward row behind a position from the one before it, its calls and returns followed."""
        return self._moved(followed, position, backward=False)

    def backward(self, behind: Shares, position: int, out: Floats | None = None) -> Floats:
        """The backward row before a position from the one behind it, written to `out` if that is given."""
        out = self._moved(behind, position, backward=True, out=out)
        layout, automaton = self.layout, self.layout.automaton
        frame, body = parts(layout, out)
        states, callers = layout.calls
        frame[states, 0] = np.logaddexp(frame[states, 0], body[automaton.body_start, callers])
        kernels.add_to(body, layout.ends, frame[automaton.returns, 0])
        return out

    def _moved(self, last: Shares, position: int, *, backward: bool, out: Floats | None = None) -> Floats:
        layout, out = self.layout, np.empty(self.layout.width) if out is None else out
        for number, (edges, new) in enumerate(
            zip((layout.frame, layout.body), parts(layout, out), strict=True)
        ):
            group = edges.by_source if backward else edges.by_target
            kernels.step_columns(
                *(group.offsets, group.first, group.second),
                *(last.parts[number], last.shares[number], last.tops[number]),
                *(self.sets[position], self._set_shares[position]),
                *(self._totals[number], new),
            )
        return out

    def pair(self, followed: Shares, behind: Shares, out: Floats) -> None:
        """Fill `out[Z + 2]` with the log mass of the ways over each set at a position.

        Args:
            followed: the forward row before it, its calls and returns followed; its shares mean nothing afterwards.
            behind: the backward row behind it.
            out: filled.
        """
        out[:] = -np.inf
        for number, edges in enumerate((self.layout.frame, self.layout.body)):
            group = edges.by_set
            kernels.pair_columns(
                *(group.offsets, group.first, group.second),
                *(followed.parts[number], followed.shares[number], followed.tops[number]),
                *(behind.parts[number], behind.shares[number], behind.tops[number]),
                out,
            )


def best_before(layout: CalledLayout, best_sets: Floats, row: Floats) -> Floats:
    """`Chain.backward` in the max semiring: the row before a position whose sets weigh `best_sets[Z + 2]`."""
    out = np.empty(layout.width)
    old, new = parts(layout, row), parts(layout, out)
    for edges, last, moved in zip((layout.frame, layout.body), old, new, strict=True):
        group = edges.by_source
        kernels.top_columns(group.offsets, group.first, group.second, last, best_sets, moved)
    frame, body = new
    states, callers = layout.calls
    frame[states, 0] = np.maximum(frame[states, 0], body[layout.automaton.body_start, callers])
    body[layout.ends] = np.maximum(body[layout.ends], frame[layout.automaton.returns, 0])
    return out


class Rows:
    """The n + 1 rows of a recurrence; if there is no room for all, every m-th is kept.

    Args:
        first: the row that is given.
        length: n.
        after: the next row, from the last one and how many came before.
        most_bytes: memory for the rows.
    """

    def __init__(
        self,
        first: Floats,
        length: int,
        after: Callable[[Floats, int], Floats],
        most_bytes: int | None = None,
    ) -> None:
        most = MOST_BYTES if most_bytes is None else most_bytes
        self._after, self._length = after, length
        self._every = 1 if (length + 1) * first.nbytes <= most else ceil(sqrt(length + 1))
        self._kept = {0: first}
        self._block: dict[int, Floats] = {}
        row = first
        for number in range(length):
            row = after(row, number)
            if (number + 1) % self._every == 0 or number + 1 == length:
                self._kept[number + 1] = row

    def __getitem__(self, number: int) -> Floats:
        """A row; the rows of its interval are then at hand as well."""
        if number in self._kept:
            return self._kept[number]
        if number not in self._block:
            at = number - number % self._every
            row, self._block = self._kept[at], {}
            for place in range(at, min(at + self._every, self._length) - 1):
                row = self._block[place + 1] = self._after(row, place)
        return self._block[number]
