"""Memory that lifts use again: fresh memory for each would cost more than the work in it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from canvasgen.tokens.advancing import Advance
from canvasgen.tokens.interning import Store

__all__ = ["Workspace", "give_back", "take"]

Ints = npt.NDArray[np.int32]
Words = npt.NDArray[np.uint64]

# Of the workspaces that are kept. Memory is only touched as far as it is used.
_FUNCTIONS = (1 << 16) - 1
_MEMO = 1 << 22
_PAIRS = 1 << 20
_KEPT = 1

_kept: list[Workspace] = []


class Workspace:
    """Empty stores and memos for one `monoid.walk`.

    Args:
        functions: parts, and functions, there is room for.
        memo: entries of each memo: (functions + 1) times byte classes.
        pairs: pairs, and parts of functions, there is room for.
    """

    def __init__(self, functions: int, memo: int, pairs: int) -> None:
        self.functions = functions
        self.pairs = pairs
        self.part_shape: Ints = np.empty(functions + 1, np.int32)
        self.part_memo: Ints = np.zeros(memo, np.int32)
        self.memo: Ints = np.zeros(memo, np.int32)
        self._words: Words = np.zeros((4, functions + 1), np.uint64)
        self._follows: Ints = np.zeros(functions + 1, np.int32)
        self.part_store = _store(functions + 1, pairs)
        self.store = _store(functions + 1, pairs)
        self._ranks: Ints = np.empty(0, np.int32)

    def rank_function(self, tokens: int) -> Ints:
        """int32[tokens] of anything."""
        if len(self._ranks) < tokens:
            self._ranks = np.empty(tokens, np.int32)
        return self._ranks[:tokens]

    @property
    def advance(self) -> Advance:
        """Zeros."""
        words = self._words
        return words[0], words[1], self._follows, words[2], words[3]

    def clear(self, parts: int, functions: int, classes: int) -> None:
        """Make zeros again of what a walk may have written."""
        self.part_memo[: parts * classes] = 0
        self.memo[: functions * classes] = 0
        self._words[:2, :functions] = 0
        self._words[2:, :parts] = 0
        self._follows[:functions] = 0
        self.part_store[0].fill(0)
        self.store[0].fill(0)

    def most(self, classes: int) -> int:
        """Parts, and functions, there is room for with so many byte classes."""
        return min(self.functions, len(self.memo) // classes - 1)


def _store(lists: int, items: int) -> Store:
    size = 1 << (2 * lists - 1).bit_length()
    return (
        np.zeros(size, np.int32),
        np.zeros(lists, np.uint64),
        np.zeros(lists + 1, np.int64),
        np.zeros(items, np.int64),
    )


def take(functions: int, classes: int, pairs: int) -> Workspace:
    """Return an empty workspace with at least so much room; it belongs to the caller alone."""
    memo = (functions + 1) * classes
    if functions <= _FUNCTIONS and memo <= _MEMO and pairs <= _PAIRS:
        try:
            return _kept.pop()
        except IndexError:
            return Workspace(_FUNCTIONS, _MEMO, _PAIRS)
    return Workspace(max(functions, _FUNCTIONS), max(memo, _MEMO), max(pairs, _PAIRS))


def give_back(workspace: Workspace, parts: int, functions: int, classes: int) -> None:
    """Keep a workspace for the next lift, unless it is a large one or there are enough.

    Args:
        workspace: after a walk.
        parts, functions: how many the walk made.
        classes: byte classes of the walk.
    """
    size = (workspace.functions, len(workspace.memo), workspace.pairs)
    if size != (_FUNCTIONS, _MEMO, _PAIRS) or len(_kept) >= _KEPT:
        return
    workspace.clear(parts, functions, classes)
    _kept.append(workspace)
