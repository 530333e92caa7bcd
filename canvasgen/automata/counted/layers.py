"""Which states of an automaton are in which layer of a counted repeat, and the automaton with more layers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from canvasgen.automata.counted.stretch_kernels import comes_back, first_difference, stretched_rows

__all__ = ["Layers", "Stretched"]

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Layers:
    """The layers of an automaton with S states and G groups, one group a repeat.

    Attributes:
        group: int32[S], -1 for states outside.
        layer: int32[S], 0 to depth - 1; bodies before, counted from a fixed place on.
        place: int32[S], which state of its layer; every layer of a group has the same places.
        depth: int32[G], layers that are there.
        width: int32[G], places of a layer.
        missing: int32[G], layers that are not there.
        pivot: int32[G], the layer that they are copies of, which stand behind it. From there on a transition into the
            group's layers at or behind the pivot leads a number of layers ahead; any other one, to where it leads.
    """

    group: Ints
    layer: Ints
    place: Ints
    depth: Ints
    width: Ints
    missing: Ints
    pivot: Ints

    @classmethod
    def of(cls, group: Ints, layer: Ints, key: npt.NDArray[Any], missing: Ints, pivot: Ints) -> Layers | None:
        """Number the places of layers by keys that are the same in every layer; None if some layer lacks a place.

        Args:
            group, layer, missing, pivot: see above; groups without a state are left out.
            key: whole numbers [S].
        """
        inside = np.flatnonzero(group >= 0)
        order = inside[np.lexsort((key[inside], layer[inside], group[inside]))]
        present, sizes = np.unique(group[inside], return_counts=True)
        number = np.full(len(missing), -1, np.int32)
        number[present] = np.arange(len(present), dtype=np.int32)
        depth = np.zeros(len(missing), np.int32)
        np.maximum.at(depth, group[inside], layer[inside] + 1)
        depth = depth[present]
        width = sizes // depth
        if np.any(width * depth != sizes):
            return None
        rank = np.arange(len(order)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        wide = np.repeat(width, sizes)
        if np.any(layer[order] != rank // wide):
            return None
        place = np.zeros(len(group), np.int32)
        place[order] = rank % wide
        return cls(
            np.where(group >= 0, number[group], -1).astype(np.int32),
            layer,
            place,
            depth.astype(np.int32),
            width.astype(np.int32),
            missing[present],
            pivot[present],
        )

    @property
    def num_groups(self) -> int:
        """G."""
        return len(self.missing)

    @property
    def num_missing_states(self) -> int:
        """States that the missing layers have."""
        return int((self.missing.astype(np.int64) * self.width).sum())

    def states(self, layers: Ints) -> Ints:
        """Return the states of one layer of each group, `layers[G]`, by group and place."""
        chosen = np.flatnonzero((self.group >= 0) & (self.layer == layers[self.group]))
        order = np.lexsort((self.place[chosen], self.group[chosen]))
        return chosen[order].astype(np.int32)

    def are_alike(
        self, offsets: Ints, target: Ints, labels: tuple[Ints, Ints], accepting: npt.NDArray[np.bool_]
    ) -> bool:
        """Return whether the layer behind each group's pivot does what the pivot does, one layer ahead.

        Args:
            offsets, target: rows of transitions.
            labels: two numbers of each row.
            accepting: bool[S].
        """
        if np.any(self.pivot + 1 >= self.depth):
            return False
        ones, others = self.states(self.pivot), self.states(self.pivot + 1)
        if np.any(accepting[ones] != accepting[others]):
            return False
        found = first_difference(
            *(offsets, target, *labels, self.group, self.layer, self.place, self.pivot, ones, others)
        )
        return found < 0

    def incomplete(self) -> Layers:
        """Return the groups alone that have missing layers; the states of the others are outside."""
        kept = self.missing > 0
        number = np.where(kept, np.cumsum(kept) - 1, -1).astype(np.int32)
        group = np.where(self.group >= 0, number[self.group], -1).astype(np.int32)
        parts = (self.depth, self.width, self.missing, self.pivot)
        return Layers(group, self.layer, self.place, *(part[kept] for part in parts))

    def loops(self, offsets: Ints, target: Ints) -> npt.NDArray[np.bool_]:
        """bool[G]: whether the text may come back to a repeat after it."""
        arrays = (offsets, target, self.group, self.layer)
        lasts = enumerate(self.depth.tolist())
        return np.array([comes_back(*arrays, last - 1, g) for g, last in lasts], np.bool_)

    def stretched(self, offsets: Ints, target: Ints, more: Ints) -> Stretched:
        """Return the automaton with `more[G]` copies of the pivots, behind each.

        States outside of groups come first, in their order; then group by group and place by place the layers.
        """
        pivot, depth = self.pivot, self.depth + more
        outside = np.cumsum(self.group < 0, dtype=np.int32) - 1
        first = int((self.group < 0).sum())
        ends = first + np.cumsum(depth.astype(np.int64) * self.width)
        base = (ends - depth.astype(np.int64) * self.width).astype(np.int32)
        # The states of a group, by place and layer, and their copies.
        inside = np.flatnonzero(self.group >= 0)
        order = inside[np.lexsort((self.layer[inside], self.place[inside], self.group[inside]))]
        groups = self.group[order]
        copies = np.where(self.layer[order] == pivot[groups], 1 + more[groups], 1)
        core = np.concatenate([np.flatnonzero(self.group < 0), np.repeat(order, copies)]).astype(np.int32)
        at = np.arange(len(core) - first) - np.repeat(np.cumsum(copies) - copies, copies)
        behind = np.repeat(np.where(self.layer[order] > pivot[groups], more[groups], 0), copies)
        shift = np.concatenate([np.zeros(first, np.int32), (at + behind).astype(np.int32)])
        rows = stretched_rows(
            *(offsets, target, self.group, self.layer, self.place, pivot, depth.astype(np.int32)),
            *(base, outside, core, shift.astype(np.int32)),
        )
        layers = replace(
            self,
            group=self.group[core],
            layer=(self.layer[core] + shift).astype(np.int32),
            place=self.place[core],
            depth=depth.astype(np.int32),
            missing=self.missing - more,
        )
        return Stretched(*rows, core, layers)


@dataclass(frozen=True, eq=False)
class Stretched:
    """An automaton with more layers.

    Attributes:
        offsets: int64[T + 1].
        row: int32[R], the row of the core that each row is a copy of.
        target: int32[R].
        core: int32[T], the state of the core that each state is a copy of.
        layers: of the new automaton.
    """

    offsets: Longs
    row: Ints
    target: Ints
    core: Ints
    layers: Layers
