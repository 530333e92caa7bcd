"""Tensor parallelism: the first rank has the sessions, and tells the others what each slot does next.

All ranks have the same logits, and could do the same work. But a search that ends by time (a table's, a schema's) may end
differently on two ranks, and then they would read different canvases. So one decides; the others also save the work.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from canvasgen.integrations.foreign import Foreign
from canvasgen.integrations.vllm.ending import KEY
from canvasgen.integrations.vllm.slot_sessions import Slots, Turn

__all__ = ["RankSlots", "told_by_first"]

Share = Callable[[Tensor], Tensor]
"""Returns the first rank's values, int64 `[n, L + 2]`, to all; what the others give says how many there are."""


def told_by_first(group: Foreign) -> Share | None:
    """Return how the ranks of vLLM's group share values; None where there is but one.

    Args:
        group: vLLM's `GroupCoordinator`.
    """
    if group.world_size == 1:
        return None

    def share(values: Tensor) -> Tensor:
        torch.distributed.broadcast(values, src=group.ranks[0], group=group.cpu_group)
        return values

    return share


class RankSlots:
    """One rank's slots that have a constraint.

    Args:
        slots: the sessions; None on the other ranks.
        length: L, tokens of a canvas.
        share: None where there is one rank.
    """

    def __init__(self, slots: Slots | None, length: int, share: Share | None = None) -> None:
        self._slots, self._length, self._share = slots, length, share
        self._known: set[int] = set()
        self._stepped: list[int] = []

    def __contains__(self, slot: int) -> bool:
        """Whether a slot has a request with a constraint."""
        return slot in self._known

    def add(self, slot: int, new: Any) -> bool:
        """Begin a request, as `Slots.add`; return whether it has a constraint."""
        self.remove(slot)
        if self._slots is not None:
            is_ours = self._slots.add(slot, new)
        else:
            is_ours = KEY in (getattr(new.sampling_params, "extra_args", None) or {})
        if is_ours:
            self._known.add(slot)
        return is_ours

    def remove(self, slot: int) -> None:
        """Drop a slot's request."""
        self._known.discard(slot)
        if self._slots is not None:
            self._slots.remove(slot)

    def first(self, slots: Sequence[int]) -> dict[int, Turn]:
        """What slots do when their prompts have been read."""
        made = None if self._slots is None else {slot: self._slots.first(slot) for slot in slots}
        return self._shared(slots, made)

    def step(self, slots: Sequence[int], logits_of: Callable[[list[int]], Tensor]) -> dict[int, Turn]:
        """What slots do after a step of the engine.

        Args:
            slots: that had a canvas in it, in the same order on all ranks.
            logits_of: the logits of some of them, `[n, L, V]`.
        """
        if self._slots is None:
            return self._shared(slots, None)
        denoising = [slot for slot in slots if self._slots.is_denoising(slot)]
        self._stepped = denoising
        made = self._slots.step(denoising, logits_of(denoising)) if denoising else {}
        made |= {slot: self._slots.emitted(slot) for slot in slots if slot not in made}
        return self._shared(slots, made)

    def end_step(self) -> None:
        """Count a step of the engine, as `Slots.end_step`."""
        if self._slots is not None:
            self._slots.end_step(self._stepped)

    def _shared(self, slots: Sequence[int], made: dict[int, Turn] | None) -> dict[int, Turn]:
        if self._share is None:
            assert made is not None, "the only rank has the sessions"
            return made
        if not slots:
            return {}
        rows = torch.zeros((len(slots), self._length + 2), dtype=torch.int64)
        for row, slot in zip(rows, slots if made is not None else (), strict=False):
            turn = (made or {})[slot]
            row[: self._length] = turn.canvas
            row[self._length], row[self._length + 1] = turn.commits, turn.begins
        rows = self._share(rows)
        return {
            slot: Turn(row[: self._length], bool(row[self._length]), bool(row[self._length + 1]))
            for slot, row in zip(slots, rows, strict=True)
        }
