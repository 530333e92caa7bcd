"""Groups of unequal size as tiles of equal size, which a kernel reduces without atomics: sliced ELLPACK.

A reduction by group (the edges into a state, the classes of a set, the tokens of a class) is arranged for a machine
that computes on blocks. Groups are sorted by size, the largest first; a *tile* holds `BLOCK / W` groups, each in `W`
columns, and as many rounds of W as its largest group needs. W is 4, 32 or 256, by the size of the group, so that little
is padding and no group takes many rounds. The order of the members, the widths and with them the order of every sum
depend on the groups alone: not on the batch, the number of threads or the machine. Source of the format: Monakov,
Lokhmotov & Avetisyan, HiPEAC 2010.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from canvasgen.inference.tables import Ints

__all__ = ["BLOCK", "HEAD", "WIDE_BLOCK", "WIDTHS", "Slots", "slots_of"]

WIDTHS = (4, 32, 256)
"""W of the three kinds of tiles."""

_LARGEST = (16, 256)
"""Members of the largest group of the first two kinds: at most four, and eight, rounds of a tile."""
_LARGEST_OF_CHAINS = ((16, 256), (8, 256), (32, 256), (64, 256), (16, 32), (64, 64))
_CLOCKS = ((131, 60), (116, 60), (179, 82))
"""Instructions that a warp takes for a round of the recurrence, and for the rest of a tile, of each kind
(`benchmarks/compile_kernels.py --loops`). Of the limits above those that take the fewest are chosen, the first of equals."""

BLOCK = 2048
"""Slots of one round of a tile; it changes the speed and not the results."""

WIDE_BLOCK = BLOCK // 4
"""Those of the second and third kind in the recurrence: one a thread, as few states have so many edges."""

HEAD = 5
"""Numbers of a part's head before those of its tiles."""


@dataclass(frozen=True, eq=False)
class Slots:
    """int32 arrays that a kernel finds by their addresses.

    Attributes:
        heads: P offsets in `heads`, one for each part. There: the first tile of each kind and the last one's end (4), the
            place of the first lane in `lanes`, then for each tile the place of its first slot and its rounds.
        lanes: the groups of each tile; -1: none.
        members: of every slot, the member's number (place in what `slots_of` was given); -1: none.
    """

    heads: Ints
    lanes: Ints
    members: Ints


def _kinds(sizes: Ints, block: int, chain: bool) -> Ints:
    """The kind of tile of each group."""
    if not chain:
        return np.searchsorted(_LARGEST, sizes).astype(np.int32)
    ordered = np.sort(sizes)[::-1]
    choices = [np.searchsorted(limits, ordered) for limits in _LARGEST_OF_CHAINS]
    clocks = [sum(_clocks(ordered[kinds == kind], kind, block) for kind in range(3)) for kinds in choices]
    return np.searchsorted(_LARGEST_OF_CHAINS[int(np.argmin(clocks))], sizes).astype(np.int32)


def _clocks(sizes: Ints, kind: int, block: int) -> int:
    """Instructions for the tiles of one kind; the sizes decrease."""
    rounds = -(-sizes[:: _slots_of_round(kind, block, True) // WIDTHS[kind]] // WIDTHS[kind])
    return int(_CLOCKS[kind][0] * rounds.sum() + _CLOCKS[kind][1] * len(rounds))


def slots_of(offsets: Ints, parts: int = 1, block: int = BLOCK, chain: bool = False) -> Slots:
    """Arrange groups, whose members are numbered one group after another.

    Args:
        offsets: `[G + 1]`, the first member of each group; a group may be empty.
        parts: P. G is a multiple of it; a part is as many groups that follow each other, and tiles do not cross parts.
        block: slots of a round.
        chain: for the recurrence: the limits between the kinds are those that it takes least time for, the slots of a round
            of the first kind lie column by column, and rounds of the others have a quarter of the slots.
    """
    heads, lanes, members = list[npt.NDArray[np.int32]](), list[Ints](), list[Ints]()
    places, lanes_before, slots_before = list[int](), 0, 0
    size = (len(offsets) - 1) // parts
    for part in range(parts):
        first = part * size
        head, part_lanes, part_members = _part(offsets[first : first + size + 1], block, slots_before, chain)
        head[4] = lanes_before
        places.append(parts + sum(len(one) for one in heads))
        heads.append(head)
        lanes.append(part_lanes)
        members.append(part_members)
        lanes_before += len(part_lanes)
        slots_before += len(part_members)
    together = np.concatenate([np.array(places, dtype=np.int32), *heads])
    return Slots(together, np.concatenate(lanes), np.concatenate(members))


def _slots_of_round(kind: int, block: int, chain: bool) -> int:
    return block // 4 if chain and kind > 0 else block


def _part(offsets: Ints, block: int, slots_before: int, chain: bool) -> tuple[Ints, Ints, Ints]:
    """Head, lanes and members of one part."""
    sizes = np.diff(offsets)
    kinds = _kinds(sizes, block, chain)
    tiles, lanes, members = [0], list[Ints](), list[Ints]()
    numbers = list[int]()
    for kind, width in enumerate(WIDTHS):
        rows = _slots_of_round(kind, block, chain) // width
        groups = np.flatnonzero(kinds == kind)
        groups = groups[np.argsort(-sizes[groups], kind="stable")].astype(np.int32)
        for low in range(0, len(groups), rows):
            tile = groups[low : low + rows]
            rounds = int(-(-sizes[tile[0]] // width))
            numbers += [slots_before, rounds]
            lanes.append(np.append(tile, np.full(rows - len(tile), -1)).astype(np.int32))
            members.append(_tile(offsets, tile, rows, rounds, width, chain and kind == 0))
            slots_before += rounds * rows * width
        tiles.append(tiles[-1] + -(-len(groups) // rows))
    head = np.array([*tiles, 0, *numbers], dtype=np.int32)
    return head, _joined(lanes), _joined(members)


def _tile(offsets: Ints, groups: Ints, rows: int, rounds: int, width: int, by_column: bool) -> Ints:
    """The members by round, group and column, or by round, column and group."""
    column = np.arange(rounds * width)
    found = np.full((rows, rounds * width), -1, dtype=np.int32)
    member = offsets[groups][:, None] + column
    found[: len(groups)] = np.where(member < offsets[groups + 1][:, None], member, -1)
    return found.reshape(rows, rounds, width).transpose((1, 2, 0) if by_column else (1, 0, 2)).reshape(-1)


def _joined(parts: Sequence[Ints]) -> Ints:
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int32)
