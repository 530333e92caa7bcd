"""Muon in float32: orthogonal updates, and the same steps as torch's."""

from __future__ import annotations

import torch

from canvasgen.training.shared.muon import Muon, orthogonal


def test_singular_values_come_near_one() -> None:
    torch.manual_seed(0)
    for rows, columns in ((12, 24), (40, 16), (16, 40)):
        values = torch.linalg.svdvals(orthogonal(torch.randn(3, rows, columns)))
        assert 0.5 < float(values.min()) <= float(values.max()) < 1.4


def test_steps_are_those_of_torch() -> None:
    torch.manual_seed(0)
    shapes = ((32, 32), (48, 32), (32, 48), (32, 32))
    mine = [torch.nn.Parameter(torch.randn(shape)) for shape in shapes]
    theirs = [torch.nn.Parameter(p.detach().clone()) for p in mine]
    one = Muon(mine, lr=0.01, weight_decay=0.01)
    other = torch.optim.Muon(
        theirs, lr=0.01, weight_decay=0.01, momentum=0.95, adjust_lr_fn="match_rms_adamw"
    )
    for _ in range(4):
        for p, q in zip(mine, theirs, strict=True):
            p.grad = torch.randn_like(p)
            q.grad = p.grad.clone()
        one.step()
        other.step()
    for p, q in zip(mine, theirs, strict=True):
        torch.testing.assert_close(p, q, atol=1e-3, rtol=0)  # torch's rounds to bfloat16
