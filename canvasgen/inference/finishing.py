"""Whether a text can still be finished so that a memory is satisfied, in the tokens that are left: best-first search."""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Iterator, Sequence
from typing import Protocol, TypeVar

from canvasgen.inference.layout import Symbols
from canvasgen.inference.tables import Bools

__all__ = ["can_be_finished"]

_MOST_PLACES = 3000
"""Places (a state and a memory) that are continued."""
_TOKENS_OF_A_CLASS = 12
"""Tokens of one class that are tried where each may matter."""

M = TypeVar("M", bound=Hashable)


class Remembering(Protocol[M]):
    """What `inference.remembering.Memory` says of tokens."""

    def read(self, memory: M, token: int) -> M | None:
        """Return the memory after one more token; None: impossible."""
        ...

    def is_complete(self, memory: M) -> bool:
        """Return whether the text may end."""
        ...

    def moved_by(self, memory: M) -> Bools | None:
        """Return the tokens that may change it; None: all."""
        ...

    def aimed(self, memory: M) -> Sequence[int]:
        """Return tokens that are tried first."""
        ...


def can_be_finished(
    layout: Symbols, memory: Remembering[M], state: int, start: M, tokens: int
) -> bool | None:
    """Return whether some text of at most `tokens` tokens from a state on ends with the memory complete.

    The place with the fewest tokens to an end goes first. None: not found in a few thousand places, with a few tokens of
    each class.
    """
    if state == layout.ended:
        return True
    heap: list[tuple[int, int, int, M, int]] = [(0, 0, state, start, tokens)]
    seen = {(state, start)}
    number, is_all = 0, True
    for _ in range(_MOST_PLACES):
        if not heap:
            return False if is_all else None
        _, _, state, at, left = heapq.heappop(heap)
        if layout.distance[state] == 0 and memory.is_complete(at):
            return True
        if left == 0:
            continue
        for token, target, is_one_of_all in _ways(layout, memory, state, at):
            is_all &= is_one_of_all
            needed = int(layout.distance[target])
            if not 0 <= needed < left:
                continue
            after = memory.read(at, token)
            if after is not None and (target, after) not in seen:
                seen.add((target, after))
                number += 1
                heapq.heappush(heap, (needed, number, target, after, left - 1))
    return None


def _ways(layout: Symbols, memory: Remembering[M], state: int, at: M) -> Iterator[tuple[int, int, bool]]:
    """Tokens and the states after them; False where others of their class are left out that may matter."""
    for token in memory.aimed(at):
        target = layout.step(state, token)
        if 0 <= target < layout.ended:
            yield token, target, True
    moved = memory.moved_by(at)
    targets, sets = layout.leaving(state)
    for target, index in zip(targets.tolist(), sets.tolist(), strict=True):
        if target == layout.ended:
            continue
        for c in layout.set_classes[layout.set_offsets[index] : layout.set_offsets[index + 1]].tolist():
            tokens = layout.tokens_of_class(c)
            if moved is not None:
                still = tokens[~moved[tokens]]
                if len(still):
                    yield int(still[0]), target, True
                tokens = tokens[moved[tokens]]
            is_all = len(tokens) <= _TOKENS_OF_A_CLASS
            for token in tokens[:_TOKENS_OF_A_CLASS].tolist():
                yield token, target, is_all
