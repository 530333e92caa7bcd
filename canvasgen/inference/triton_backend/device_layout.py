"""A layout's arrays on a device, uploaded once and kept as long as the automaton."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor

from canvasgen.forks import Guard
from canvasgen.inference.layout import Groups, Layout
from canvasgen.inference.tables import Ints
from canvasgen.inference.triton_backend.row_table import FIRST_OF_LAYOUT, Field
from canvasgen.inference.triton_backend.slots import Slots, slots_of
from canvasgen.inference.triton_backend.token_pieces import pieces_of
from canvasgen.inference.triton_backend.uploads import put

__all__ = ["CHUNK", "DeviceLayout", "device_layout"]

CHUNK = 1 << 16
"""Token ids that are read together. Of one position they take 128 KB in bfloat16, which the first-level cache of an H100
(256 KB) holds: so a line of logits goes there once, though its tokens belong to many classes."""


@dataclass(frozen=True, eq=False)
class DeviceLayout:
    """int32 tensors of one layout.

    Attributes:
        arrays: by `Field`, from `FIRST_OF_LAYOUT` on.
        addresses: int64, the same tensors' addresses, as the row table has them.
        distance: int32 `[S + 1]`, 0 for *ended*.
        pieces: Q.
        chain_slots: slots of the recurrence in the direction that has more.
    """

    arrays: dict[Field, Tensor]
    addresses: np.ndarray
    distance: Tensor
    pieces: int
    chain_slots: int

    @property
    def num_bytes(self) -> int:
        """What it takes on the device."""
        return sum(4 * tensor.numel() for tensor in (*self.arrays.values(), self.distance))


def _edges(slots: Slots, groups: Groups) -> tuple[Ints, Ints, Ints, Ints]:
    """Slots of the edges; one that has none has the end -1 and the other number 0, so that this may be read."""
    return slots.heads, slots.lanes, _at(groups.first, slots.members), _at(groups.second, slots.members, 0)


def _at(values: np.ndarray, members: Ints, nothing: int = -1) -> Ints:
    """`values[members]`, and `nothing` where there is no member."""
    padded = np.append(values, nothing).astype(np.int32)
    return padded[members]


def _upload(layout: Layout, device: torch.device, chunk: int) -> DeviceLayout:
    pieces = pieces_of(layout.class_of_token, layout.num_classes + 2, chunk)
    by_target, by_source, by_set = layout.by_target, layout.by_source, layout.by_set
    members, holders = slots_of(layout.set_offsets), slots_of(layout.class_set_offsets)
    of_pieces = slots_of(pieces.of_class)
    columns = [
        *_edges(slots_of(by_target.offsets, chain=True), by_target),
        *_edges(slots_of(by_source.offsets, chain=True), by_source),
        *_edges(slots_of(by_set.offsets), by_set),
        *(members.heads, members.lanes, _at(layout.set_classes, members.members)),
        *(holders.heads, holders.lanes, _at(layout.class_sets, holders.members)),
        *(pieces.slots.heads, pieces.slots.lanes, pieces.slots.members),
        *(of_pieces.heads, of_pieces.lanes, of_pieces.members),
        *(by_target.offsets, by_target.first, by_target.second),
        *(by_source.offsets, by_source.first, by_source.second),
        *(layout.set_offsets, layout.set_classes),
        *(pieces.of_class, pieces.offsets, pieces.tokens),
        layout.class_of_token,
    ]
    fields = [field for field in Field if field >= FIRST_OF_LAYOUT]
    arrays = {
        field: put(np.ascontiguousarray(column, dtype=np.int32), device)
        for field, column in zip(fields, columns, strict=True)
    }
    chain_slots = max(len(arrays[one]) for one in (Field.FIRST_BY_TARGET, Field.FIRST_BY_SOURCE))
    addresses = np.array([tensor.data_ptr() for tensor in arrays.values()], dtype=np.int64)
    distance = put(np.append(layout.distance, 0).astype(np.int32), device)
    return DeviceLayout(arrays, addresses, distance, pieces.number, chain_slots)


_known: WeakKeyDictionary[Layout, dict[tuple[torch.device, int], DeviceLayout]] = WeakKeyDictionary()
_lock = Guard()


def device_layout(layout: Layout, device: torch.device, chunk: int = CHUNK) -> DeviceLayout:
    """The layout on a device; uploaded when it is first asked for, forgotten with its automaton."""
    key = (device, chunk)
    with _lock:
        known = _known.setdefault(layout, {})
        if key not in known:
            known[key] = _upload(layout, device, chunk)
        return known[key]
