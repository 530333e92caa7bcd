"""A step of the torch backend stays on the device, and its operations do not grow with the batch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from counting import Counting
from test_numerics import random_automaton

from canvasgen.inference import Gate, Posteriors, Request, Restriction, condition_batch

LENGTH, SIZE = 12, 60


def requests(rows: int, fixed: bool = False) -> list[Request]:
    """Rows of different automata and lengths; some with a restriction."""
    found: list[Request] = []
    for b in range(rows):
        automaton = random_automaton(6 + b, SIZE, 8, seed=b)
        sets = np.zeros(len(automaton.set_offsets) + 1, dtype=bool)
        sets[0] = True
        restriction = Restriction(automaton, {}, [Gate(sets, 1, 3)]) if fixed and b % 2 else None
        pins = {LENGTH - 1: SIZE - 1} if fixed and not b % 2 else {}
        length = LENGTH - (b % 3 if not pins else 0)
        found.append(
            Request(automaton, fixed=pins, restriction=restriction, length=length, remaining=5, pad_id=1)
        )
    return found


def step(
    several: list[Request], logits: torch.Tensor, seeds: list[int]
) -> tuple[Posteriors, list[torch.Tensor]]:
    """All that a denoising step asks for."""
    found = condition_batch(several, logits, check=False, backend="torch")
    answers = [found.log_partition, found.entropies, found.allowed_mass, found.forced, found.best]
    return found, [*answers, found.sample(seeds), found.constrained_logits()]


def counted(rows: int, fixed: bool = False) -> Counting:
    logits = torch.randn(rows, LENGTH, SIZE, generator=torch.Generator().manual_seed(0))
    several = requests(rows, fixed)
    step(several, logits, [*range(rows)])  # the layouts are uploaded
    with Counting() as counting:
        step(several, logits, [*range(rows)])
    return counting


@pytest.mark.parametrize("fixed", [False, True])
@pytest.mark.parametrize("rows", [1, 3])
def test_nothing_is_read_within_a_step(rows: int, fixed: bool) -> None:
    counting = counted(rows, fixed)
    assert counting.total > 100
    assert counting.reads == {}


def test_a_step_needs_no_values_at_all() -> None:
    """On the device "meta" tensors have none: whatever reads one fails."""
    several = requests(3, fixed=True)
    logits = torch.empty(3, LENGTH, SIZE, device="meta")
    found, answers = step(several, logits, [0, 1, 2])
    assert {answer.device.type for answer in answers} == {"meta"}
    shapes = [tuple(answer.shape) for answer in answers]
    assert shapes == [(3,), *[(3, LENGTH)] * 5, (3, LENGTH, SIZE)]
    with pytest.raises((RuntimeError, NotImplementedError)):
        found.errors()


def test_the_count_sees_reads() -> None:
    values = torch.arange(3)
    several, logits = requests(1), torch.randn(1, LENGTH, SIZE)
    for read in (
        lambda: values[0].item(),
        lambda: bool(values[0] > 0),
        lambda: values.numpy(),
        lambda: np.asarray(values),
        lambda: values.tolist(),
        lambda: values.nonzero(),
        lambda: values[values > 1],
        lambda: torch.where(values > 1),
        lambda: float(values[1]),
        lambda: condition_batch(several, logits, backend="torch"),
        lambda: condition_batch(several, logits, backend="torch", check=False).errors(),
    ):
        with Counting() as counting:
            read()
        assert counting.reads


def test_operations_do_not_grow_with_the_batch() -> None:
    """Eight rows with eight automata take what two take; one alone has no uneven lengths to mind."""
    one, two, eight = (counted(rows).total for rows in (1, 2, 8))
    assert eight == two
    assert eight < 1.35 * one


def test_a_layout_is_uploaded_once() -> None:
    """What goes to the device in a step are the rows' few numbers and the random ones."""
    several, logits = requests(4), torch.randn(4, LENGTH, SIZE)
    step(several, logits, [0, 1, 2, 3])
    sizes: list[int] = []
    for make in ("tensor", "as_tensor"):
        original = getattr(torch, make)

        def recorded(values: object, *args: object, _make=original, **kwargs: object) -> torch.Tensor:
            out = _make(values, *args, **kwargs)
            sizes.append(out.numel())
            return out

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(torch, make, recorded)
            step(several, logits, [0, 1, 2, 3])
    assert sorted(sizes)[-1] == 4 * (LENGTH + 1) * 3  # the uniforms
    assert sum(sizes) < 200 + 2 * 4 * (LENGTH + 1) * 3
