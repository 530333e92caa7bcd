"""Every backend obeys the laws, on batches of uneven rows; and a broken one does not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from called_cases import called_problems
from hypothesis import given, settings
from hypothesis import strategies as st
from inference_oracle import Problem, TableAutomaton, problems, restricted_problems
from laws import LAWS, Case, check, over

from canvasgen.errors import BudgetTooSmall, ModelError, Unsatisfiable
from canvasgen.extras import installed
from canvasgen.inference import Backend, Lattice, Request, backend_names, condition_batch, registry
from canvasgen.inference.batch import Batch
from canvasgen.inference.numba_backend import NumbaBackend

BACKENDS = [name for name in backend_names() if name not in ("auto", "triton")]  # its interpreter is slow
DTYPES = st.sampled_from([torch.float32, torch.float64, torch.bfloat16, torch.float16])


@st.composite
def batches(draw: st.DrawFn) -> tuple[list[Problem], int, torch.dtype]:
    several = draw(
        st.lists(problems(max_length=3) | restricted_problems() | called_problems(3), min_size=1, max_size=4)
    )
    size = max(problem.logits.shape[1] for problem in several) + draw(st.integers(0, 1))
    longest = max(len(problem.logits) for problem in several)
    rows = [over(problem, size) for problem in several]
    return rows, longest + draw(st.integers(0, 2)), draw(DTYPES)


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
@settings(deadline=None, max_examples=60)
@given(batch=batches(), seed=st.integers(0, 2**16))
def test_the_laws_hold(backend: str, batch: tuple[list[Problem], int, torch.dtype], seed: int) -> None:
    rows, length, dtype = batch
    check(Case(rows, length, backend, dtype, seed))


class Broken:
    """A backend with one answer that is wrong."""

    name = "broken"

    def __init__(self, breaks: Callable[[Lattice], dict[str, object]]) -> None:
        self._breaks = breaks

    def serves(self, device: torch.device) -> bool:
        return False

    def condition(self, batch: Batch) -> Lattice:
        return BrokenLattice(NumbaBackend().condition(batch), self, self._breaks)


class BrokenLattice:
    def __init__(
        self, right: Lattice, backend: Backend, breaks: Callable[[Lattice], dict[str, object]]
    ) -> None:
        self._right, self._wrong, self.backend = right, breaks(right), backend

    def __getattr__(self, name: str) -> object:
        return self._wrong[name] if name in self._wrong else getattr(self._right, name)


def uneven() -> list[Problem]:
    """Two rows of random automata, of 3 and 2 positions, with an end token; every canvas is fairly probable."""
    rng = np.random.default_rng(4)
    tables = [np.array([[1, 0, -1, -1], [0, 1, 1, -1]]), np.array([[0, 1, 1, -1], [1, -1, 0, -1]])]
    return [
        Problem(
            TableAutomaton(table, np.array([True, True]), (3,)),
            rng.uniform(-1, 1, (n, 4)).astype(np.float32),
            {},
            0,
            0,
        )
        for table, n in zip(tables, (3, 2), strict=True)
    ]


def mixed_rows(right: Lattice) -> dict[str, object]:
    """Every row is drawn by the first row's numbers, and every position by itself."""
    return {
        "sample": lambda rows, uniforms: right.sample(rows, uniforms[:, :, [*range(1, uniforms.shape[2]), 0]])
    }


BREAKS: dict[str, Callable[[Lattice], dict[str, object]]] = {
    "log-partition": lambda right: {"log_partition": right.log_partition + 0.01},
    "entropies": lambda right: {"entropies": right.entropies * 1.01},
    "allowed mass": lambda right: {"allowed_mass": right.allowed_mass - 0.01},
    "forced": lambda right: {"forced": ~right.forced},
    "best": lambda right: {"best": right.best.roll(1, 1)},
    "the best one's probability": lambda right: {"best_log_prob": right.best_log_prob - 0.01},
    "best behind the budget": lambda right: {"best": right.best.where(right.best > 1, 1)},
    "marginals": lambda right: {"marginals": lambda rows: right.marginals(rows) + 0.01},
    "marginals of the wrong row": lambda right: {
        "marginals": lambda rows: right.marginals(slice(None)).flip(0)[rows]
    },
    "mask": lambda right: {"support": lambda rows: ~right.support(rows)},
    "samples": lambda right: {
        "sample": lambda rows, uniforms: (
            right.best[list(rows), None].expand(-1, uniforms.shape[1], -1),
            right.sample(rows, uniforms)[1],
        )
    },
    "a sample's probability": lambda right: {
        "sample": lambda rows, uniforms: (
            right.sample(rows, uniforms)[0],
            right.sample(rows, uniforms)[1] + 0.01,
        )
    },
    "kind": lambda right: {"best": right.best.int()},
    "samples by the batch": lambda right: {
        "sample": lambda rows, uniforms: right.sample(rows, (uniforms + 0.3 * len(right.batch.rows)) % 1.0)
    },
}


@pytest.mark.parametrize("name", BREAKS)
def test_the_laws_see_a_broken_backend(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry._backends, "broken", Broken(BREAKS[name]))
    with pytest.raises(AssertionError):
        check(Case(uneven(), 4, "broken"))


def test_the_laws_do_not_see_what_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry._backends, "broken", Broken(lambda right: {}))
    check(Case(uneven(), 4, "broken"))
    assert len({law.__name__ for law in LAWS}) == len(LAWS)


def test_an_unknown_backend_is_refused_by_name() -> None:
    problem = uneven()[0]
    with pytest.raises(ModelError, match=r"no backend 'cuda'.*auto, numba, torch, triton") as caught:
        condition_batch([Request(problem.automaton, problem.logits)], backend="cuda")
    assert caught.value.value == "cuda"


def test_auto_takes_the_device() -> None:
    assert registry.backend_for("auto", torch.device("cpu")).name == "numba"
    assert registry.backend_for("auto", torch.device("mps")).name == "numba"
    cuda = "triton" if installed("triton") else "torch"
    assert registry.backend_for("auto", torch.device("cuda")).name == cuda


@pytest.mark.parametrize("backend", BACKENDS)
def test_one_bad_row_does_not_touch_the_others(backend: str) -> None:
    good = uneven()
    requests = [Request(problem.automaton, pad_id=0, length=len(problem.logits)) for problem in good * 4]
    logits = Case(good * 4, 4, backend).logits
    alone = condition_batch(requests, logits, backend=backend)
    logits = logits.clone()
    logits[1, 3] = torch.nan
    logits[2, 1, 2] = torch.inf
    logits[3, 0] = -torch.inf
    logits[4, 0, :3] = -torch.inf  # an end token alone is possible: a text of none
    requests[4] = Request(good[0].automaton, fixed={0: 0}, pad_id=0, length=3)
    requests[5] = Request(
        TableAutomaton(np.array([[1, -1, -1, -1], [1, 1, -1, -1]]), np.array([False, True]), (3,)), length=1
    )
    requests[5].automaton.distance[0] = 2
    several = condition_batch(requests, logits, check=False, backend=backend)
    kinds = [type(error) for error in several.errors()]
    assert kinds == [
        type(None),
        ModelError,
        ModelError,
        ModelError,
        Unsatisfiable,
        BudgetTooSmall,
        type(None),
        type(None),
    ]
    assert [error.path for error in several.errors()[1:5]] == [
        "position 3",
        "position 1",
        "position 0",
        "position 0",
    ]
    assert (several.log_partition[1:6] == -torch.inf).all()
    for answers in (several.entropies, several.allowed_mass, several.best, several.sample(range(8))):
        assert not answers[1:6].isnan().any()
    for b in (0, 6, 7):
        assert several.log_partition[b] == alone.log_partition[b]
        assert torch.equal(several.best[b], alone.best[b])
        assert torch.equal(several.sample(range(8))[b], alone.sample(range(8))[b])
    with pytest.raises(ModelError, match="NaN"):
        several[1]
    with pytest.raises(ModelError, match="NaN"):
        condition_batch(requests[:5], logits[:5], backend=backend)
    with pytest.raises(BudgetTooSmall):  # before anything is read
        condition_batch(requests, logits, backend=backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_rows_with_logits_of_their_own_length(backend: str) -> None:
    """Where a row has no logits its pad has probability one."""
    rows = uneven()
    requests = [Request(problem.automaton, problem.logits, pad_id=2) for problem in rows]
    several = condition_batch(requests, backend=backend)
    assert several.best.shape == (2, 3)
    for answers in (several.best, several.sample([0, 1]), several.constrained_logits().argmax(-1)):
        assert answers[1, 2] == 2
    assert several.entropies[1, 2] == 0.0
    assert several.constrained_logits()[1, 2].exp().tolist() == [0.0, 0.0, 1.0, 0.0]
    for b, request in enumerate(requests):
        alone = condition_batch([request], backend=backend)
        assert_same = np.testing.assert_allclose
        assert_same(alone.log_partition[0], several.log_partition[b], rtol=1e-12)
        assert_same(alone[0].entropies, several[b].entropies, atol=1e-9)
        assert alone[0].marginals().shape == several[b].marginals().shape == request.logits.shape


@pytest.mark.parametrize("backend", BACKENDS)
def test_blocks_of_a_batch(backend: str) -> None:
    """Rows that go on for several blocks, with a budget each: every one ends in an accepted text within it."""
    rng = np.random.default_rng(0)
    table = np.array([[1, 0, -1, -1], [2, 1, 0, -1], [0, -1, 2, -1]])
    automaton = TableAutomaton(table, np.array([False, False, True]), (3,))
    for draw in range(10):
        budgets, state = [7, 9, 6, 8], [0] * 4
        while any(budgets):
            going = [b for b in range(4) if budgets[b]]
            requests = [
                Request(
                    automaton, state=state[b], length=min(4, budgets[b]), remaining=max(0, budgets[b] - 4)
                )
                for b in going
            ]
            logits = torch.as_tensor(rng.uniform(-9, 9, (len(going), 4, 4)), dtype=torch.float32)
            ids = condition_batch(requests, logits, backend=backend).sample([draw + b for b in going]).numpy()
            several = condition_batch(requests, logits, backend=backend)
            for place, b in enumerate(going):
                length = min(4, budgets[b])
                state[b] = several[place].end_state(ids[place, :length])
                budgets[b] -= length
        assert all(end in (2, automaton.num_states) for end in state)


@pytest.mark.parametrize("backend", BACKENDS)
def test_logits_that_were_changed_are_noticed(backend: str) -> None:
    problem = uneven()[0]
    logits = torch.from_numpy(problem.logits.copy())
    several = condition_batch([Request(problem.automaton)], logits[None], backend=backend)
    logits[0, 0] += 1.0
    for late in (
        lambda: several.best,
        lambda: several.sample([0]),
        several.constrained_logits,
        lambda: several[0].mask,
    ):
        with pytest.raises(ModelError, match="changed in place"):
            late()
    with pytest.raises(ModelError, match="changed in place"):
        condition_batch([Request(problem.automaton, several[0])])
    with torch.inference_mode():
        of_inference = condition_batch([Request(problem.automaton, logits.clone())], backend=backend)
    assert of_inference.best.shape == (1, 3)
