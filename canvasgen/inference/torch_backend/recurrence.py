"""The recurrence in torch, written once for every semiring, plainly, for any torch device.

    alpha[i + 1, t] = ⊕ over edges (s, t, z) of alpha[i, s] ⊗ weight[i, z]
    beta[i, s]      = ⊕ over edges (s, t, z) of weight[i, z] ⊗ beta[i + 1, t]
    weight[i, z]    = ⊕ over the classes c of set z, and over the tokens v of class c, of p_i(v)

Arrays go over the states, sets and classes of all rows of a batch (`BlockLayout`). The numba path is held to this one,
and this one to enumeration. Source: Rabiner, "A tutorial on hidden Markov models", Proc. IEEE 77(2), 1989, with classes
and class sets in the place of emissions.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from canvasgen.inference.torch_backend.layouts import BlockLayout
from canvasgen.inference.torch_backend.semirings import LOG, Semiring

__all__ = ["backward", "chunks", "class_scores", "forward_and_backward", "set_scores", "set_weights"]

_CHUNK = 1 << 22  # elements of a row in a chunk of positions; temporaries are float64


def chunks(length: int, width: int) -> Iterator[slice]:
    """Runs of positions of `width` elements a row each, so that temporaries stay small."""
    step = max(1, _CHUNK // max(1, width))
    return (slice(low, min(low + step, length)) for low in range(0, length, step))


def set_weights(
    semiring: Semiring, layout: BlockLayout, classes: Tensor, tail: Tensor, closed: Tensor | None
) -> Tensor:
    """⊕ over the classes of each set: `[L, C*]` -> `[L, Z*]`.

    Args:
        tail: `[L, B]`, the weights of the tails.
        closed: bool `[L, Z*]`, sets that may not stand there.
    """
    width = len(layout.class_of_member) // len(layout.tail_set)
    parts = [
        semiring.sum(classes[part][:, layout.class_of_member], layout.set_of_member, layout.num_sets)
        for part in chunks(len(classes), width)
    ]
    out = torch.cat(parts).index_copy_(1, layout.tail_set, tail)
    return out if closed is None else out.masked_fill_(closed, -torch.inf)


def _sweep(
    semiring: Semiring,
    ends: tuple[Tensor, Tensor, Tensor],
    weights: Tensor,
    boundary: Tensor,
    active: Tensor | None,
) -> Tensor:
    """`[L + 1, n]` from the boundary `[n]` on; group g's new value is ⊕ over its edges of the old value at the other end
    ⊗ the set's weight. `ends` are (group, other end, set) of each edge; where `active[L, n]` is false nothing moves."""
    group, other, index = ends
    rows = [boundary]
    for i in range(len(weights)):
        on_edges = rows[-1].index_select(0, other).add_(weights[i].index_select(0, index))
        new = semiring.sum(on_edges, group, len(boundary))
        rows.append(new if active is None else torch.where(active[i], new, rows[-1]))
    return torch.stack(rows)


def forward_and_backward(
    layout: BlockLayout, sets: Tensor, start: Tensor, final: Tensor, active: Tensor | None
) -> tuple[Tensor, Tensor]:
    """`alpha` and `beta`, `[L + 1, S*]` each, in the log semiring: one recurrence from both ends.

    Args:
        sets: `[L, Z*]`.
        start, final: `[S*]`.
        active: bool `[L, B]`, the positions within each row's budget; None: all.
    """
    both, states = layout.both, layout.num_states
    weights = torch.cat([sets, sets.flip(0)], dim=1)
    moves = None
    if active is not None:
        inside = active[:, layout.row_of_state]
        moves = torch.cat([inside, inside.flip(0)], dim=1)
    values = _sweep(LOG, (both.group, both.first, both.second), weights, torch.cat([start, final]), moves)
    return values[:, :states], values[:, states:].flip(0)


def backward(
    semiring: Semiring, layout: BlockLayout, sets: Tensor, final: Tensor, active: Tensor | None
) -> Tensor:
    """`beta[L + 1, S*]` in any semiring; arguments as above."""
    edges = layout.by_source
    moves = None if active is None else active[:, layout.row_of_state].flip(0)
    ends = (edges.group, edges.first, edges.second)
    return _sweep(semiring, ends, sets.flip(0), final, moves).flip(0)


def set_scores(layout: BlockLayout, alpha: Tensor, beta: Tensor) -> Tensor:
    """log Σ over the edges of each set of alpha ⊗ beta: `[L, Z*]`."""
    edges = layout.by_set
    parts = [
        LOG.sum(
            alpha[:-1][part][:, edges.first] + beta[1:][part][:, edges.second], edges.group, layout.num_sets
        )
        for part in chunks(len(alpha) - 1, len(edges.group) // len(layout.tail_set))
    ]
    return torch.cat(parts)


def class_scores(layout: BlockLayout, scores: Tensor) -> Tensor:
    """log Σ over the sets that hold each class, and the tail: `[L, Z*]` -> `[L, C*]`."""
    width = len(layout.set_of_holder) // len(layout.tail_set)
    parts = [
        LOG.sum(scores[part][:, layout.set_of_holder], layout.class_of_holder, layout.num_classes)
        for part in chunks(len(scores), width)
    ]
    return torch.cat(parts)
