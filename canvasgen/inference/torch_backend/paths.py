"""Single canvases in torch: the best one, and exact samples; nothing waits for the device.

The best path: every (position, state) points at its best edge, and the pointers are composed by doubling, so that log2 L
operations walk L positions of all rows (Hillis & Steele, "Data parallel algorithms", CACM 29(12), 1986). Samples:
forward filtering, backward sampling (Frühwirth-Schnatter, J. Time Series Analysis 15(2), 1994), each choice by the
inverse of a cumulative sum.
"""

from __future__ import annotations

import torch
from torch import Tensor

from canvasgen.inference.torch_backend.classes import Tables, precise
from canvasgen.inference.torch_backend.layouts import BlockLayout
from canvasgen.inference.torch_backend.recurrence import chunks
from canvasgen.inference.torch_backend.semirings import LOG, first_of

__all__ = ["best_classes", "best_tokens", "draw_classes", "draw_states", "draw_tokens"]


def best_classes(
    layout: BlockLayout, tables: Tables, sets: Tensor, to_go: Tensor, start: Tensor, active: Tensor | None
) -> Tensor:
    """int64 `[L, B]`: the class of each position of the best canvas; -1 in the tail and behind the budget.

    Args:
        sets: `[L, Z*]` in the max semiring.
        to_go: `[L + 1, S*]`, best weight from each state to the end.
        start: int64 `[B]` states before the canvas.
        active: bool `[L, B]`; None: all.
    """
    edges = layout.by_source
    pointers = torch.cat(
        [
            first_of(
                sets[part][:, edges.second] + to_go[1:][part][:, edges.first]
                == to_go[:-1][part][:, edges.group],
                edges.group,
                layout.num_states,
            )
            for part in chunks(len(sets), len(edges.group) // len(start))
        ]
    )
    moved = edges.first[pointers]
    if active is not None:
        here = torch.arange(layout.num_states, device=moved.device)
        moved = torch.where(active[:, layout.row_of_state], moved, here)
    distance = 1
    while distance < len(moved):
        moved = torch.cat([moved[:distance], moved[distance:].gather(1, moved[:-distance])])
        distance *= 2
    before = torch.cat([start[None], moved[:-1][:, start]])
    index = edges.second[pointers.gather(1, before)]
    members = torch.cat(
        [
            first_of(
                tables.best[part][:, layout.class_of_member] == sets[part][:, layout.set_of_member],
                layout.set_of_member,
                layout.num_sets,
            ).gather(1, index[part])
            for part in chunks(len(sets), len(layout.class_of_member) // len(start))
        ]
    )
    text = index != layout.tail_set
    return torch.where(text if active is None else text & active, layout.class_of_member[members], -1)


def best_tokens(layout: BlockLayout, logits: Tensor, classes: Tensor) -> Tensor:
    """int64 `[B, L]`: the best token of each class `[L, B]`, of equals the lowest; anything for -1."""
    of_row = layout.class_of_token[:, None]
    parts = [
        torch.where(of_row == classes[part].T[:, :, None], logits[:, part].float(), -torch.inf).argmax(-1)
        for part in chunks(len(classes), logits.shape[2])
    ]
    return torch.cat(parts, dim=1)


def _cumulated(weights: Tensor) -> Tensor:
    """Cumulative sums over the last axis, beginning with zero: `[..., n]` -> `[..., n + 1]`."""
    return torch.nn.functional.pad(weights.cumsum(-1), (1, 0))


def _choose(sums: Tensor, first: Tensor, behind: Tensor, uniforms: Tensor) -> Tensor:
    """The member at a quantile of a run of weights, never one without weight.

    Args:
        sums: `_cumulated` weights `[..., n + 1]`.
        first, behind: int64 `[..., m]`, the runs `first:behind`.
        uniforms: `[..., m]` in [0, 1).
    """
    low, high = sums.gather(-1, first), sums.gather(-1, behind)
    wanted = torch.minimum(low + uniforms * (high - low), torch.nextafter(high, low - 1.0))
    found = torch.searchsorted(sums, wanted.contiguous(), right=True) - 1
    return found.clamp(min=0, max=sums.shape[-1] - 2)


def _shares(values: Tensor, whole: Tensor) -> Tensor:
    """exp(values − whole), and 0 where there is nothing to share."""
    return torch.where(values > -torch.inf, (values - whole).exp(), 0.0)


def draw_states(
    layout: BlockLayout,
    alpha: Tensor,
    sets: Tensor,
    final: Tensor,
    active: Tensor | None,
    rows: Tensor,
    uniforms: Tensor,
) -> Tensor:
    """int64 `[L, R * N]`: the class set that each position's class is drawn from; behind the budget, the tail.

    Args:
        alpha: `[L + 1, S*]`; sets: `[L, Z*]`; final: `[S*]`.
        active: bool `[L, B]`; None: all.
        rows: int64 `[R * N]`, the row of each sample.
        uniforms: `[L + 1, R * N]`.
    """
    edges = layout.by_target
    ends = LOG.sum(alpha[-1] + final, layout.row_of_state, len(layout.tail_set))
    whole = torch.where(ends > -torch.inf, ends, 0.0)[layout.row_of_state]
    offsets = layout.state_offsets
    sums = _cumulated(_shares(alpha[-1] + final, whole))
    state = _choose(sums, offsets[rows], offsets[rows + 1], uniforms[-1])
    found: list[Tensor] = []
    tail = layout.tail_set[rows]
    for part in reversed(list(chunks(len(sets), len(edges.group) // len(layout.tail_set)))):
        ways = alpha[:-1][part][:, edges.first] + sets[part][:, edges.second]
        shares = _shares(ways, alpha[1:][part][:, edges.group])
        if active is not None:  # elsewhere alpha does not move, and shares do not add up to one
            shares = torch.where(active[part][:, layout.row_of_state[edges.group]], shares, 0.0)
        sums = _cumulated(shares)
        for i in reversed(range(part.start, part.stop)):
            edge = _choose(sums[i - part.start], edges.offsets[state], edges.offsets[state + 1], uniforms[i])
            index, before = edges.second[edge], edges.first[edge]
            if active is not None:
                inside = active[i][rows]
                index, before = torch.where(inside, index, tail), torch.where(inside, before, state)
            state = before
            found.append(index)
    return torch.stack(found[::-1])


def draw_classes(layout: BlockLayout, mass: Tensor, index: Tensor, uniforms: Tensor) -> tuple[Tensor, Tensor]:
    """A class of each set `index[L, R * N]`, and the log of its share of the set's mass."""
    classes, shares = list[Tensor](), list[Tensor]()
    for part in chunks(len(mass), len(layout.choices) // len(layout.tail_set)):
        values = mass[part][:, layout.choices]
        whole = LOG.sum(values, layout.set_of_choice, layout.num_sets)
        sums = _cumulated(_shares(values, whole[:, layout.set_of_choice]))
        first, behind = layout.choice_offsets[index[part]], layout.choice_offsets[index[part] + 1]
        chosen = _choose(sums, first, behind, uniforms[part])
        classes.append(layout.choices[chosen])
        shares.append(values.gather(1, chosen) - whole.gather(1, index[part]))
    return torch.cat(classes), torch.cat(shares)


def draw_tokens(
    layout: BlockLayout, tables: Tables, logits: Tensor, rows: Tensor, classes: Tensor, uniforms: Tensor
) -> Tensor:
    """int64 `[R, L, N]`: a token of each class `[R, L, N]`, in id order.

    Args:
        logits: `[B, L, V]`.
        rows: int64 `[R]`.
        uniforms: `[R, L, N]`.
    """
    order, parts = layout.token_order[rows], list[Tensor]()
    of_token = layout.class_of_token[rows].gather(1, order)
    for part in chunks(logits.shape[1], logits.shape[2]):
        values = precise(logits[:, part][rows]).gather(
            2, order[:, None].expand(-1, part.stop - part.start, -1)
        )
        values = values - tables.normaliser[part].T[rows][:, :, None]
        whole = tables.mass[part][:, of_token].transpose(0, 1)
        first, behind = layout.token_offsets[:, classes[:, part]]
        chosen = _choose(_cumulated(_shares(values, whole)), first, behind, uniforms[:, part])
        parts.append(order[:, None].expand(-1, part.stop - part.start, -1).gather(2, chosen))
    return torch.cat(parts, dim=1)
