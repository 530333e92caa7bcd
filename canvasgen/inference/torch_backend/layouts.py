"""Layouts on a device: each uploaded once, and those of a batch side by side as one block-diagonal layout.

States, class sets, classes and edges of the rows are numbered one row after another, so that one operation over an axis
of all rows' states (`S*` in all), sets (`Z*`), classes (`C*`) or edges (`E*`) serves the batch, and the number of
operations does not grow with it. Rows never meet, since no edge joins two blocks.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary, ref

import numpy as np
import torch
from torch import Tensor

from canvasgen.forks import Guard
from canvasgen.inference.layout import Groups, Layout

__all__ = ["BlockLayout", "Edges", "block_layout"]

_KEPT = 8
"""Batches (sequences of layouts) whose block layout is kept on a device."""


@dataclass(frozen=True, eq=False)
class Edges:
    """`Groups` as int64 tensors over `E*` edges; `offsets` is `[groups + 1]`."""

    offsets: Tensor
    group: Tensor
    first: Tensor
    second: Tensor


@dataclass(frozen=True, eq=False)
class _Uploaded:
    """A `Layout` as int64 tensors; see there.

    Attributes:
        states, sets, classes: S + 1, Z + 2 and C + 2.
        set_of_member, class_of_member: a pair for every class of every text set, by set.
        class_of_holder, set_of_holder: the same pairs by class, and each class in the tail.
        choices, choice_offsets: the classes of each of the Z + 2 sets; the tail's are all.
        distance: `[S + 1]`, with 0 for *ended*.
    """

    states: int
    sets: int
    classes: int
    class_of_token: Tensor
    token_order: Tensor
    class_offsets: Tensor
    set_of_member: Tensor
    class_of_member: Tensor
    class_of_holder: Tensor
    set_of_holder: Tensor
    choices: Tensor
    choice_offsets: Tensor
    by_source: Edges
    by_target: Edges
    by_set: Edges
    distance: Tensor


@dataclass(frozen=True, eq=False)
class BlockLayout:
    """The layouts of B rows as one; int64 tensors, numbers of states, sets, classes and edges over all rows.

    Attributes:
        num_states, num_sets, num_classes: S*, Z*, C*.
        state_offsets: `[B + 1]`, where each row's states begin.
        row_of_state, row_of_set, row_of_class: the row of each.
        tail_set: `[B]`.
        class_of_token: `[B, V]`.
        token_order: `[B, V]`, a row's token ids sorted by class.
        token_offsets: `[2, C*]`, where the tokens of each class begin and end in the row's `token_order`.
        both: the edges by target, and by source with states `S*` further on: one recurrence goes both ways.

    The others are those of the rows, one row after another.
    """

    num_states: int
    num_sets: int
    num_classes: int
    state_offsets: Tensor
    row_of_state: Tensor
    row_of_set: Tensor
    row_of_class: Tensor
    tail_set: Tensor
    class_of_token: Tensor
    token_order: Tensor
    token_offsets: Tensor
    set_of_member: Tensor
    class_of_member: Tensor
    class_of_holder: Tensor
    set_of_holder: Tensor
    choices: Tensor
    set_of_choice: Tensor
    choice_offsets: Tensor
    by_source: Edges
    by_target: Edges
    by_set: Edges
    both: Edges
    distance: Tensor


def _upload(layout: Layout, device: torch.device) -> _Uploaded:
    def put(array: np.ndarray) -> Tensor:
        return torch.as_tensor(array.astype(np.int64), device=device)

    def edges(groups: Groups) -> Edges:
        return Edges(put(groups.offsets), put(groups.group), put(groups.first), put(groups.second))

    member_counts, holder_counts = np.diff(layout.set_offsets), np.diff(layout.class_set_offsets)
    classes = layout.num_classes + 2
    return _Uploaded(
        states=layout.num_states + 1,
        sets=layout.num_sets + 2,
        classes=classes,
        class_of_token=put(layout.class_of_token),
        token_order=put(layout.token_order),
        class_offsets=put(layout.class_offsets),
        set_of_member=put(np.repeat(np.arange(len(member_counts)), member_counts)),
        class_of_member=put(layout.set_classes),
        class_of_holder=put(np.repeat(np.arange(classes), holder_counts)),
        set_of_holder=put(layout.class_sets),
        choices=put(np.append(layout.set_classes, np.arange(classes))),
        choice_offsets=put(np.append(layout.set_offsets, len(layout.set_classes) + classes)),
        by_source=edges(layout.by_source),
        by_target=edges(layout.by_target),
        by_set=edges(layout.by_set),
        distance=put(np.append(layout.distance, 0)),
    )


def _joined(parts: Sequence[Tensor], shifts: Sequence[int]) -> Tensor:
    return torch.cat([part + shift for part, shift in zip(parts, shifts, strict=True)])


def _joined_offsets(parts: Sequence[Tensor], shifts: Sequence[int]) -> Tensor:
    """Offsets `[n + 1]` of each as one: the end of one is the beginning of the next."""
    firsts = _joined([part[:-1] for part in parts], shifts)
    return torch.cat([firsts, parts[-1][-1:] + shifts[-1]])


def _shifts(counts: Sequence[int]) -> list[int]:
    return [sum(counts[:b]) for b in range(len(counts))]


def _joined_edges(parts: Sequence[Edges], groups: list[int], first: list[int], second: list[int]) -> Edges:
    return Edges(
        offsets=_joined_offsets(
            [part.offsets for part in parts], _shifts([len(part.group) for part in parts])
        ),
        group=_joined([part.group for part in parts], groups),
        first=_joined([part.first for part in parts], first),
        second=_joined([part.second for part in parts], second),
    )


def _block(parts: Sequence[_Uploaded]) -> BlockLayout:
    device = parts[0].class_of_token.device
    counts = [[part.states, part.sets, part.classes] for part in parts]
    states, sets, classes = (_shifts([count[kind] for count in counts]) for kind in range(3))

    def column(of: Callable[[_Uploaded], Tensor]) -> list[Tensor]:
        return [of(part) for part in parts]

    def rows(kind: int) -> Tensor:
        sizes = torch.tensor([count[kind] for count in counts], device=device)
        total = sum(count[kind] for count in counts)
        return torch.arange(len(parts), device=device).repeat_interleave(sizes, output_size=total)

    num_states = sum(count[0] for count in counts)
    choice_offsets = _joined_offsets(
        column(lambda part: part.choice_offsets), _shifts([len(part.choices) for part in parts])
    )
    num_sets, num_choices = sum(count[1] for count in counts), sum(len(part.choices) for part in parts)
    by_target = _joined_edges([part.by_target for part in parts], states, states, sets)
    by_source = _joined_edges([part.by_source for part in parts], states, states, sets)
    both = [torch.cat([by_target.group, by_source.group + num_states])]
    both += [torch.cat([by_target.first, by_source.first + num_states])]
    both += [torch.cat([by_target.second, by_source.second + num_sets])]
    return BlockLayout(
        num_states=num_states,
        num_sets=num_sets,
        num_classes=sum(count[2] for count in counts),
        state_offsets=torch.tensor([*states, num_states], device=device),
        row_of_state=rows(0),
        row_of_set=rows(1),
        row_of_class=rows(2),
        tail_set=torch.tensor(
            [first + part.sets - 1 for first, part in zip(sets, parts, strict=True)], device=device
        ),
        class_of_token=torch.stack([part.class_of_token + classes[b] for b, part in enumerate(parts)]),
        token_order=torch.stack(column(lambda part: part.token_order)),
        token_offsets=torch.stack(
            [
                torch.cat(column(lambda part: part.class_offsets[:-1])),
                torch.cat(column(lambda part: part.class_offsets[1:])),
            ]
        ),
        set_of_member=_joined(column(lambda part: part.set_of_member), sets),
        class_of_member=_joined(column(lambda part: part.class_of_member), classes),
        class_of_holder=_joined(column(lambda part: part.class_of_holder), classes),
        set_of_holder=_joined(column(lambda part: part.set_of_holder), sets),
        choices=_joined(column(lambda part: part.choices), classes),
        set_of_choice=torch.arange(num_sets, device=device).repeat_interleave(
            choice_offsets.diff(), output_size=num_choices
        ),
        choice_offsets=choice_offsets,
        by_source=by_source,
        by_target=by_target,
        by_set=_joined_edges([part.by_set for part in parts], sets, states, states),
        both=Edges(by_target.offsets, *both),
        distance=torch.cat(column(lambda part: part.distance)),
    )


_Key = tuple[torch.device, tuple["ref[Layout]", ...]]
_uploaded: WeakKeyDictionary[Layout, dict[torch.device, _Uploaded]] = WeakKeyDictionary()
_blocks: OrderedDict[_Key, BlockLayout] = OrderedDict()
_lock = Guard()


def block_layout(layouts: Sequence[Layout], device: torch.device) -> BlockLayout:
    """The rows' layouts as one on a device.

    A layout is uploaded once, and forgotten with its automaton; the last 8 sequences of layouts are kept put together.
    """
    key = (device, tuple(ref(layout) for layout in layouts))
    with _lock:
        if key in _blocks:
            _blocks.move_to_end(key)
            return _blocks[key]
        parts: list[_Uploaded] = []
        for layout in layouts:
            known = _uploaded.setdefault(layout, {})
            if device not in known:
                known[device] = _upload(layout, device)
            parts.append(known[device])
        block = _blocks[key] = _block(parts)
        for old in [old for old in _blocks if any(one() is None for one in old[1])]:
            del _blocks[old]
        while len(_blocks) > _KEPT:
            _blocks.popitem(last=False)
    return block
