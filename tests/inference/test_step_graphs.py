"""A step as one graph, and a recurrence of several programs a row: the same numbers as kernel by kernel."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import quick_interpreter
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from quick_interpreter import needs_triton
from test_numerics import random_automaton

from canvasgen.inference import Gate, Posteriors, Request, Restriction, condition_batch, registry
from canvasgen.inference.triton_backend import TritonBackend

quick_interpreter.enter()
pytestmark = [
    needs_triton,
    pytest.mark.filterwarnings("ignore:(invalid value|divide by zero|overflow):RuntimeWarning"),
]

ANSWERS = ("log_partition", "entropies", "allowed_mass", "forced", "best", "best_log_prob", "wrong")


class Recorder:
    """What a CUDA graph does, as far as the host can see it: launches are written down once, and done again as they were."""

    def __init__(self) -> None:
        self.captures = 0

    def capture(self, work: Callable[[], None]) -> Callable[[], None]:
        from canvasgen.inference.triton_backend import token_pass

        self.captures += 1
        kind: Any = type(token_pass._read_tokens)
        run, launches = kind.run, list[tuple[Any, tuple[Any, ...], dict[str, Any]]]()

        def write_down(kernel: Any, *args: Any, **kwargs: Any) -> None:
            launches.append((kernel, args, kwargs))

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(kind, "run", write_down)
            work()

        def replay() -> None:
            for kernel, args, kwargs in launches:
                run(kernel, *args, **kwargs)

        return replay


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    from canvasgen.inference.triton_backend import graphs

    found = Recorder()
    monkeypatch.setattr(graphs, "capture", found.capture)
    return found


def request(seed: int, restricted: bool = False, fixed: bool = False, length: int | None = None) -> Request:
    automaton = random_automaton(5 + seed % 4, 40, 6, seed=seed)
    sets = np.zeros(len(automaton.set_offsets) + 1, dtype=bool)
    sets[seed % 2] = True
    return Request(
        automaton,
        restriction=Restriction(automaton, {}, [Gate(sets, 1, 1)]) if restricted else None,
        fixed={0: int(automaton.end_ids[0])} if fixed else {},
        length=length,
        remaining=6,
        pad_id=0,
    )


def logits_of(seed: int, rows: int, length: int = 1) -> torch.Tensor:
    values = torch.randn(rows, length, 40, generator=torch.Generator().manual_seed(seed)) * 5
    return values.masked_fill(
        torch.rand(values.shape, generator=torch.Generator().manual_seed(seed)) < 0.2, -torch.inf
    )


def same(found: Posteriors, expected: Posteriors) -> None:
    """Bit for bit, where both rows are possible."""
    mine: Any = found._lattice
    other: Any = expected._lattice
    going = expected.log_partition > -torch.inf
    assert torch.equal(found.log_partition, expected.log_partition)
    for name in ANSWERS:
        assert torch.equal(getattr(mine, name)[going], getattr(other, name)[going]), name
    seeds = [*range(len(expected))]
    assert torch.equal(found.sample(seeds)[going], expected.sample(seeds)[going])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("values", "split"), [("float32", 0), ("float64", 1 << 30)], ids=["float32-split", "float64-whole"]
)
def test_a_graph_gives_what_its_kernels_give(
    values: str, split: int, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Steps of other automata, logits, lengths and places: captured once, and replayed."""
    from canvasgen.inference.triton_backend import chain_steps

    backend = TritonBackend(values, chunk=64, graphs=True, split_slots=split)
    monkeypatch.setitem(registry._backends, "graphs", backend)
    monkeypatch.setitem(registry._backends, "kernels", TritonBackend(values, chunk=64))
    monkeypatch.setattr(chain_steps, "PARTS", 2)
    kept: list[tuple[torch.Tensor, torch.Tensor]] = []
    for step in range(3):
        several = [request(2 * step + b, length=2 - b) for b in range(2)]
        logits = logits_of(step, 2, 2)
        found, expected = (
            condition_batch(several, logits, check=False, backend=one) for one in ("graphs", "kernels")
        )
        same(found, expected)
        kept.append((found.log_partition, expected.log_partition))
        del found
        gc.collect()
    assert recorder.captures == 1
    assert all(torch.equal(mine, other) for mine, other in kept)  # what was handed out is not written over


@pytest.mark.slow
def test_workspaces_are_lent_to_one_lattice_at_a_time(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    from canvasgen.inference.triton_backend import graphs

    backend = TritonBackend(chunk=64, graphs=True)
    monkeypatch.setitem(registry._backends, "graphs", backend)
    plain = [
        condition_batch([request(seed)], logits_of(seed, 1), check=False, backend="torch") for seed in (1, 2)
    ]
    both = [
        condition_batch([request(seed)], logits_of(seed, 1), check=False, backend="graphs") for seed in (1, 2)
    ]
    for found, expected in zip(both, plain, strict=True):
        torch.testing.assert_close(found.entropies, expected.entropies, atol=1e-5, rtol=0)
    tables = {found._lattice._table.data_ptr() for found in both}  # pyright: ignore[reportAttributeAccessIssue]
    assert len(tables) == 2
    workspaces: Any = backend._workspaces
    del found
    both.clear()
    gc.collect()
    assert workspaces.num_bytes > 0
    again = condition_batch([request(3)], logits_of(3, 1), check=False, backend="graphs")
    assert again._lattice._table.data_ptr() in tables  # pyright: ignore[reportAttributeAccessIssue]
    monkeypatch.setattr(graphs, "KEPT_BYTES", 0)
    del again
    gc.collect()
    assert workspaces.num_bytes == 0


@pytest.mark.slow
def test_another_shape_is_another_graph(recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = TritonBackend(chunk=64, graphs=True)
    monkeypatch.setitem(registry._backends, "graphs", backend)
    for several in ([request(1)], [request(1)], [request(2, fixed=True)], [request(2, fixed=True)]):
        condition_batch(several, logits_of(1, 1), check=False, backend="graphs")
        gc.collect()
    assert recorder.captures == 2


@given(st.integers(0, 10**7))
@settings(max_examples=200)
def test_buckets(size: int) -> None:
    from canvasgen.inference.triton_backend.graphs import bucket

    assert size <= bucket(size) <= max(64, size * 9 // 8 + 64)
    assert bucket(bucket(size)) == bucket(size)
    assert len({bucket(n) for n in range(size, size * 2, max(1, size // 50))}) <= 18
