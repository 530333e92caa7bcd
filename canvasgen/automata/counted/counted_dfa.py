"""An automaton with large counted repeats, which writes its arrays when they are asked for."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from canvasgen.automata.counted.layers import Layers
from canvasgen.automata.counted.stretch_kernels import breadth_first_order
from canvasgen.automata.dfa import DFA

__all__ = ["CountedDFA"]

Ints = npt.NDArray[np.int32]

_ARRAYS = frozenset({"offsets", "low", "high", "target", "accepting"})


class CountedDFA(DFA):
    """The minimal automaton of which `core` is the one with fewer layers; its arrays are those of any minimal automaton.

    Args:
        core: the minimal automaton with fewer layers.
        layers: its layers; the pivots are at 0.
    """

    core: DFA
    layers: Layers

    def __init__(self, core: DFA, layers: Layers) -> None:
        object.__setattr__(self, "core", core)
        object.__setattr__(self, "layers", layers)

    def __getattr__(self, name: str) -> Any:
        if name not in _ARRAYS:
            raise AttributeError(f"{type(self).__name__} has no attribute {name}")
        vars(self).update(self._written())
        return vars(self)[name]

    @property
    def num_states(self) -> int:
        """See `DFA.num_states`; needs no arrays."""
        return self.core.num_states + self.layers.num_missing_states

    @cached_property
    def num_transitions(self) -> int:  # pyright: ignore[reportIncompatibleVariableOverride]
        """See `DFA.num_transitions`; needs no arrays."""
        counts = np.diff(self.core.offsets).astype(np.int64)
        inside = self.layers.group >= 0
        groups = self.layers.group[inside]
        copied = self.layers.layer[inside] == self.layers.pivot[groups]
        return int(counts.sum() + (counts[inside] * copied * self.layers.missing[groups]).sum())

    @property
    def is_empty(self) -> bool:
        """See `DFA.is_empty`."""
        return self.core.is_empty

    @cached_property
    def _key(self) -> str:
        layers = self.layers
        digest = hashlib.sha256(b"canvasgen counted DFA 1" + self.core.fingerprint().encode())
        for array in (layers.group, layers.layer, layers.place, layers.missing):
            digest.update(array.tobytes())
        return digest.hexdigest()

    def key(self) -> str:
        """See `DFA.key`."""
        return self._key

    def with_layers(self, more: Ints) -> tuple[DFA, Layers]:
        """Return an automaton with `more[G]` of the missing layers, numbered as `Layers.stretched` does, and its layers."""
        core = self.core
        found = self.layers.stretched(core.offsets, core.target, more)
        dfa = DFA(
            found.offsets.astype(np.int32),
            core.low[found.row],
            core.high[found.row],
            found.target,
            core.accepting[found.core],
        )
        return dfa, found.layers

    def _written(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays with all layers, canonically numbered."""
        core = self.core
        found = self.layers.stretched(core.offsets, core.target, self.layers.missing)
        start = int(np.flatnonzero(found.core == 0)[0])
        assert start == 0, "the start is in no layer"
        number, order = breadth_first_order(found.offsets, found.target)
        counts = np.diff(found.offsets)[order]
        offsets = np.concatenate([[0], np.cumsum(counts)])
        begin: npt.NDArray[np.int64] = found.offsets[:-1][order] - offsets[:-1]
        rows: npt.NDArray[np.int64] = np.arange(int(offsets[-1])) + np.repeat(begin, counts)
        core_rows = found.row[rows]
        arrays: dict[str, npt.NDArray[Any]] = {
            "offsets": offsets.astype(np.int32),
            "low": core.low[core_rows],
            "high": core.high[core_rows],
            "target": number[found.target[rows]],
            "accepting": core.accepting[found.core[order]],
        }
        for array in arrays.values():
            array.setflags(write=False)
        return arrays
