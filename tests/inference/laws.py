"""The laws of a backend: what every batch obeys, whatever computed it.

A law takes a `Case` and fails by an assertion. `LAWS` lists them; `check` goes through all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from called_cases import CalledTable
from inference_oracle import Enumeration, Problem, TableAutomaton
from numpy.testing import assert_allclose, assert_array_equal

from canvasgen.inference import Posteriors, Request, condition_batch


def over(problem: Problem, size: int) -> Problem:
    """The same problem over more tokens, of which the new ones are no text."""
    if isinstance(problem.automaton, CalledTable):
        logits = np.pad(problem.logits, ((0, 0), (0, size - problem.logits.shape[1])), constant_values=0.25)
        return replace(problem, automaton=problem.automaton.over(size), logits=logits)
    table, more = problem.automaton.table, size - problem.automaton.table.shape[1]
    automaton = TableAutomaton(
        np.pad(table, ((0, 0), (0, more)), constant_values=-1),
        problem.automaton.accepting,
        problem.automaton.end_ids,
    )
    logits = np.pad(problem.logits, ((0, 0), (0, more)), constant_values=0.25)
    return replace(problem, automaton=automaton, logits=logits)


@dataclass(frozen=True, eq=False)
class Case:
    """Problems over one vocabulary as a batch of logits `[B, L, V]`, each with its n <= L positions."""

    problems: Sequence[Problem]
    length: int
    backend: str
    dtype: torch.dtype = torch.float32
    seed: int = 0
    draws: int = 40

    @cached_property
    def logits(self) -> torch.Tensor:
        """`[B, L, V]`: the problems' own, and something behind their budgets."""
        size = self.problems[0].logits.shape[1]
        rng = np.random.default_rng(self.seed)
        out = torch.as_tensor(rng.uniform(-2, 2, (len(self.problems), self.length, size)).astype(np.float32))
        for row, problem in zip(out, self.problems, strict=True):
            row[: len(problem.logits)] = torch.from_numpy(problem.logits)
        return out.to(self.dtype)

    @property
    def values(self) -> np.ndarray:
        """The logits as they are computed with."""
        return self.logits.float().double().numpy()

    def request(self, b: int) -> Request:
        problem = self.problems[b]
        return Request(
            problem.automaton,
            fixed=problem.fixed,
            state=problem.state,
            remaining=problem.remaining,
            restriction=problem.restriction,
            offset=problem.offset,
            pad_id=b % self.logits.shape[2],
            length=len(problem.logits),
        )

    @property
    def rows(self) -> range:
        return range(len(self.problems))

    @property
    def requests(self) -> list[Request]:
        return [self.request(b) for b in self.rows]

    @cached_property
    def posteriors(self) -> Posteriors:
        return condition_batch(self.requests, self.logits, check=False, backend=self.backend)

    @cached_property
    def exact(self) -> list[Enumeration]:
        """By enumeration of the V^n canvases of each row."""
        return [
            Enumeration(replace(problem, logits=self.values[b, : len(problem.logits)].astype(np.float32)))
            for b, problem in enumerate(self.problems)
        ]

    @property
    def inside(self) -> list[tuple[int, int, Enumeration]]:
        """(row, n, what is exact) of each row that is possible."""
        return [(b, len(self.problems[b].logits), one) for b, one in enumerate(self.exact) if one.total > 0]


def shapes_and_kinds(case: Case) -> None:
    """Tensors over all rows, on the device of the logits."""
    answers, (rows, length, size) = case.posteriors, case.logits.shape
    expected = {
        "log_partition": ((rows,), torch.float64),
        "entropies": ((rows, length), torch.float64),
        "allowed_mass": ((rows, length), torch.float64),
        "best_log_prob": ((rows,), torch.float64),
        "best": ((rows, length), torch.int64),
        "forced": ((rows, length), torch.bool),
    }
    tensors = {name: (getattr(answers, name), *kind) for name, kind in expected.items()}
    tensors["sample"] = (answers.sample(range(rows)), (rows, length), torch.int64)
    tensors["constrained"] = (answers.constrained_logits(), (rows, length, size), torch.float32)
    for name, (tensor, shape, dtype) in tensors.items():
        assert (tuple(tensor.shape), tensor.dtype, tensor.device) == (shape, dtype, case.logits.device), name
    assert len(answers) == rows


def failures_are_told(case: Case) -> None:
    """A row has an error, and a log-partition of −inf, exactly if no canvas is valid."""
    for b, (error, one) in enumerate(zip(case.posteriors.errors(), case.exact, strict=True)):
        assert (error is None) == (one.total > 0)
        assert bool(case.posteriors.log_partition[b] == -torch.inf) == (one.total == 0)
        assert one.total > 0 or bool(case.posteriors.best_log_prob[b] == -torch.inf)


def partition_is_the_mass(case: Case) -> None:
    """log Z is the mass of the valid canvases."""
    for b, _, one in case.inside:
        assert_allclose(case.posteriors.log_partition[b], np.log(one.total), atol=1e-5)


def marginals_are_exact(case: Case) -> None:
    """Of the tokens within the budget; a token that cannot be has −inf, and is not in the mask."""
    found = case.posteriors.constrained_logits().double().numpy()
    for b, n, one in case.inside:
        assert_allclose(np.exp(found[b, :n]), one.marginals(), atol=1e-5)
        assert_array_equal(found[b, :n] > -np.inf, one.marginals() > 0)
        assert_array_equal(np.asarray(case.posteriors[b].mask), one.marginals() > 0)


def summary_is_exact(case: Case) -> None:
    """Entropies, allowed mass and forced positions are those of the marginals."""
    answers = case.posteriors
    for b, n, one in case.inside:
        p = one.marginals()
        with np.errstate(divide="ignore", invalid="ignore"):
            entropies = -np.where(p > 0, p * np.log(p), 0.0).sum(axis=1)
            allowed = np.log(np.where(p > 0, one.p, 0.0).sum(axis=1))
        assert_allclose(answers.entropies[b, :n], entropies, atol=2e-5)
        assert_allclose(answers.allowed_mass[b, :n], allowed, atol=1e-5)
        assert_array_equal(answers.forced[b, :n], (p > 0).sum(axis=1) == 1)


def best_is_the_most_probable_text(case: Case) -> None:
    """And it is the first of the enumeration, in decreasing order, of all texts."""
    for b, n, one in case.inside:
        ids = case.posteriors.best[b, :n].numpy()
        row = case.posteriors[b]
        texts = sorted(one.texts.values(), reverse=True)
        assert_allclose(np.exp(row.log_prob(ids)), texts[0] / one.total, atol=1e-6)
        assert_allclose(np.exp(float(case.posteriors.best_log_prob[b])), texts[0] / one.total, atol=1e-6)
        found = list(row.k_best())
        assert_array_equal(found[0][0], ids)
        assert_allclose([np.exp(each) for _, each in found], np.array(texts) / one.total, atol=1e-6)


def samples_have_the_exact_distribution(case: Case) -> None:
    """Each draw tells the probability of its classes: with the tokens' own, the canvas's exact one."""
    for b, n, one in case.inside:
        problem = case.problems[b]
        uniforms = np.random.default_rng(case.seed).random((case.draws, n + 1, 3))
        ids, log_probs = case.posteriors[b].sample_at(uniforms)
        ends = np.isin(np.arange(one.p.shape[1]), problem.automaton.end_ids)
        classes = np.where(ends, -2, problem.automaton.class_of_token)
        for canvas, log_prob in zip(ids, log_probs, strict=True):
            assert tuple(canvas) in one.joint
            chosen = np.exp(log_prob)
            for i, token in enumerate(canvas):
                if i not in problem.all_fixed:
                    chosen *= one.p[i, token] / one.p[i, classes == classes[token]].sum()
            assert_allclose(chosen, one.joint[tuple(canvas)] / one.total, atol=1e-6, rtol=1e-5)


def one_sample_a_row_by_its_seed(case: Case) -> None:
    """`Posteriors.sample` draws what the row's view draws, and other seeds draw something else."""
    seeds = [7 + b for b in case.rows]
    ids = case.posteriors.sample(seeds).numpy()
    for b, n, one in case.inside:
        assert tuple(ids[b, :n]) in one.joint
        assert_array_equal(ids[b, :n], case.posteriors[b].sample(1, seeds[b])[0])
    if any(max(one.joint.values()) < 0.6 * one.total for _, _, one in case.inside):
        assert any(
            (case.posteriors.sample([s + b for b in case.rows]).numpy() != ids).any() for s in range(30)
        )


def behind_the_budget_the_canvas_is_free(case: Case) -> None:
    """There every token has the model's own probability, and nothing is written."""
    answers, logits = case.posteriors, torch.as_tensor(case.values)
    ids = answers.sample(range(len(case.problems)))
    for b, n, _ in case.inside:
        logs = logits[b, n:].log_softmax(-1)
        assert_allclose(answers.constrained_logits()[b, n:].double().exp(), logs.exp(), atol=1e-5)
        entropies = -(logs.exp() * torch.where(logs > -torch.inf, logs, 0.0)).sum(-1)
        assert_allclose(answers.entropies[b, n:], entropies, atol=2e-5)
        assert_allclose(answers.allowed_mass[b, n:], 0.0, atol=1e-6)
        assert not answers.forced[b, n:].any()
        assert (answers.best[b, n:] == case.request(b).pad_id).all()
        assert (logs.gather(-1, ids[b, n:, None]) > -torch.inf).all()


def a_batch_is_its_rows(case: Case) -> None:
    """A row's answers do not depend on its neighbours, nor on whether it brings its own logits."""
    answers = case.posteriors
    constrained, samples = answers.constrained_logits(), answers.sample([b + 3 for b in case.rows])
    for b, n, _ in case.inside:
        own = replace(case.request(b), logits=case.logits[b, :n], length=None)
        for alone in (
            condition_batch([case.request(b)], case.logits[b : b + 1], backend=case.backend),
            condition_batch([own], backend=case.backend),
        ):
            assert_allclose(alone.log_partition[0], answers.log_partition[b], rtol=1e-12, atol=1e-12)
            assert_allclose(alone.entropies[0, :n], answers.entropies[b, :n], atol=1e-9)
            assert_allclose(alone.allowed_mass[0, :n], answers.allowed_mass[b, :n], atol=1e-9)
            assert_array_equal(alone.best[0, :n], answers.best[b, :n])
            assert_array_equal(alone.forced[0, :n], answers.forced[b, :n])
            assert_array_equal(alone.sample([b + 3])[0, :n], samples[b, :n])
            assert_allclose(alone.constrained_logits()[0, :n], constrained[b, :n], atol=1e-5)


def what_goes_on_has_no_end(case: Case) -> None:
    """`going_on` is the posterior of the canvases without an end behind which a token can still follow."""
    for b, n, one in case.inside:
        problem, masses = case.problems[b], dict[tuple[int, ...], float]()
        if problem.restriction is not None:
            continue
        tokens = set(range(one.p.shape[1])) - set(problem.automaton.end_ids)
        for canvas, mass in one.joint.items():
            state = one.end_states[canvas]
            if state == problem.automaton.num_states or problem.remaining == 0:
                continue
            after = {problem.step(state, token, problem.offset + n) for token in tokens} - {-1}
            if any(problem.can_finish(to, problem.offset + n + 1, problem.remaining - 1) for to in after):
                masses[canvas] = mass
        found = case.posteriors[b].going_on()
        assert (found is not None) == bool(masses)
        if found is not None:
            assert_allclose(np.exp(found.log_partition), sum(masses.values()), rtol=1e-5)
            assert_allclose(masses[tuple(found.best.tolist())], max(masses.values()), rtol=1e-5)


LAWS: list[Callable[[Case], None]] = [
    shapes_and_kinds,
    failures_are_told,
    partition_is_the_mass,
    marginals_are_exact,
    summary_is_exact,
    best_is_the_most_probable_text,
    samples_have_the_exact_distribution,
    one_sample_a_row_by_its_seed,
    behind_the_budget_the_canvas_is_free,
    a_batch_is_its_rows,
    what_goes_on_has_no_end,
]


def check(case: Case) -> None:
    """Raise AssertionError for the first law that does not hold."""
    for law in LAWS:
        law(case)
