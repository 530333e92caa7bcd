"""The pass over the logits in torch: what each token class is worth at each position."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from canvasgen.inference.tables import LARGEST
from canvasgen.inference.torch_backend.layouts import BlockLayout
from canvasgen.inference.torch_backend.recurrence import chunks
from canvasgen.inference.torch_backend.semirings import LOG, MAX

__all__ = ["Tables", "precise", "read_classes"]


@dataclass(frozen=True, eq=False)
class Tables:
    """`ClassTables` of all rows; float64 `[L, C*]`, and `[L, B]` where it is a row's.

    Attributes:
        best, mass, mean, normaliser, tail: see `ClassTables`.
        count: how many tokens of the class are possible.
        wrong: bool `[L, B]`: the logits are no distribution; there every class is impossible.
    """

    best: Tensor
    mass: Tensor
    mean: Tensor
    count: Tensor
    normaliser: Tensor
    tail: Tensor
    wrong: Tensor


def precise(logits: Tensor) -> Tensor:
    """Logits of any float type as float64, with the value that they have as float32."""
    return logits.float().double()


def _moments(values: Tensor, index: Tensor, size: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Largest value, log mass, mean below the largest and number of finite values of each part of `values[n, m]`."""
    best = MAX.sum(values, index, size)
    shift = torch.where(best.isfinite(), best, 0.0)
    below = values - shift.index_select(1, index)
    weight = below.exp()
    total, moment, count = (torch.zeros_like(best) for _ in range(3))
    total.index_add_(1, index, weight)
    possible = values > -torch.inf
    moment.index_add_(1, index, torch.where(possible, weight * below, 0.0))
    count.index_add_(1, index, possible.double())
    return best, total.log() + shift, torch.where(total > 0, moment / total, 0.0), count


def read_classes(layout: BlockLayout, logits: Tensor, fixed: Tensor | None) -> Tables:
    """The tables of logits `[B, L, V]`.

    Args:
        fixed: int64 `[L, B]`, the token that stands there, or -1; None: no position is fixed.
    """
    rows, length, size = logits.shape
    index = layout.class_of_token.reshape(-1)
    found = [
        _moments(precise(logits[:, part]).transpose(0, 1).reshape(-1, rows * size), index, layout.num_classes)
        for part in chunks(length, size)
    ]
    best, mass, mean, count = (torch.cat(kind) for kind in zip(*found, strict=True))
    normaliser = LOG.sum(mass, layout.row_of_class, rows)
    wrong = ~(normaliser.abs() <= LARGEST)
    refused, shift = wrong[:, layout.row_of_class], normaliser[:, layout.row_of_class]
    best = torch.where(refused, -torch.inf, best - shift)
    mass = torch.where(refused, -torch.inf, mass - shift)
    mean, count = torch.where(refused, 0.0, mean), torch.where(refused, 0.0, count)
    tail = torch.where(wrong, -torch.inf, 0.0).double()
    tables = Tables(best, mass, mean, count, normaliser, tail, wrong)
    return tables if fixed is None else _with_fixed(layout, tables, logits, fixed)


def _with_fixed(layout: BlockLayout, tables: Tables, logits: Tensor, fixed: Tensor) -> Tables:
    """A fixed token's class has its weight, all other classes of the position none."""
    given, token = fixed >= 0, fixed.clamp(min=0)
    chosen = layout.class_of_token.gather(1, token.T).T
    weight = precise(logits.gather(2, token.T[:, :, None])[:, :, 0].T) - tables.normaliser
    weight = torch.where(tables.wrong, -torch.inf, weight)
    held = given[:, layout.row_of_class]

    def put(table: Tensor, elsewhere: float, value: Tensor) -> Tensor:
        kept = torch.where(given, value, table.gather(1, chosen))
        return torch.where(held, elsewhere, table).scatter(1, chosen, kept)

    return Tables(
        best=put(tables.best, -torch.inf, weight),
        mass=put(tables.mass, -torch.inf, weight),
        mean=torch.where(held, 0.0, tables.mean),
        count=put(tables.count, 0.0, torch.ones_like(weight)),
        normaliser=tables.normaliser,
        tail=torch.where(given, weight, tables.tail),
        wrong=tables.wrong,
    )
