"""What does the joint optimum bring where the rules leave choices, and what does it cost?

For canvases of a real model (every step of a generation, from noise on) three methods choose all cells together from the
cells' log-probabilities: the exact optimum, greedy with propagation (the most certain cell first), and rejection
sampling (the best of those of N draws from the cells' own distributions that satisfy the rules). Each answer is checked
against the rules; the figure is how far its log-probability is below the exact one's, in nats.

Then the time of a step: the model, the shape's posterior, the scores of the cells, the solver, the canvas of the answer.

    python benchmarks/joint.py [--canvases 40] [--draws 10000]
"""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table as Table_

import canvasgen as cg
from canvasgen import relations
from canvasgen.constraints.compiled.cell_scores import CompiledCells
from canvasgen.constraints.compiled.table_belief import TableBelief
from canvasgen.constraints.table import Table
from canvasgen.relations import Problem
from canvasgen.tokens import Budget, Prefix
from canvasgen.training import puzzles

PARTS = ("model", "posterior", "scores", "solver", "answer")
DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri"]
PEOPLE = ["Ann", "Bob", "Cy", "Dee", "Eve"]
WISHES = (
    "Ann wants Monday early. Bob wants Tuesday late. Cy wants Wednesday early. Dee wants Thursday and Friday."
)


def cases() -> Iterator[tuple[str, str | None, str, Table]]:
    """Name, model, prompt, table."""
    yield "Latin square 4x4, empty", "sudoku", "", _latin(4, 0)
    yield "Latin square 6x6, 4 givens", "sudoku", "", _latin(6, 4)
    yield "Latin square 9x9, 8 givens", "sudoku", "", _latin(9, 8)
    yield "Sudoku 9x9, 17 givens of 26", "sudoku", "", _sudoku_of_several()
    yield (
        "roster, wishes in the prompt",
        None,
        WISHES,
        cg.roster(DAYS, ["early", "late"], PEOPLE, most=3, least=1),
    )
    yield (
        "seating, 8 guests",
        None,
        "Ann sits first.",
        cg.seating([*PEOPLE, "Fay", "Gus", "Hal"], 2, 4, apart=[("Ann", "Bob")]),
    )


def _latin(size: int, givens: int) -> Table:
    rng = np.random.default_rng(size)
    rows, columns = rng.permutation(size), rng.permutation(size)
    grid = [[0] * size for _ in range(size)]
    for at in rng.permutation(size * size)[:givens].tolist():
        row, column = divmod(at, size)
        grid[row][column] = int((rows[row] + columns[column]) % size) + 1
    return cg.latin_square(grid)


def _sudoku_of_several() -> Table:
    grid = puzzles.generate(9, 26, 3, "test").grid.copy()
    grid[np.flatnonzero(grid)[::3]] = 0
    return cg.sudoku(grid.reshape(9, 9).tolist(), unique=False)


def rejection(
    problem: Problem, scores: NDArray[np.float64], draws: int, seed: int
) -> NDArray[np.int64] | None:
    """The best of the draws that satisfy the rules; None if there is none."""
    rng = np.random.default_rng(seed)
    noisy = [np.argmax(row + rng.gumbel(size=(draws, len(row))), axis=1) for row in scores]
    kept = [one for one in _distinct_rows(problem, np.stack(noisy, axis=1)) if not problem.check(one)]
    at = np.arange(len(scores))
    return max(kept, key=lambda one: float(scores[at, one].sum()), default=None)


def _distinct_rows(problem: Problem, drawn: NDArray[np.int64]) -> NDArray[np.int64]:
    """Without draws that an all-different refuses, found by sorting; the rest is checked one by one."""
    number = {cell: at for at, cell in enumerate(problem.cells)}
    fine = np.ones(len(drawn), dtype=np.bool_)
    for relation in problem.relations:
        if isinstance(relation, relations.AllDifferent):
            cells = [number[cell] for cell in relation.cells]
            universe = {
                v: n for n, v in enumerate(dict.fromkeys(v for c in cells for v in problem.values[c]))
            }
            codes = np.stack(
                [np.array([universe[v] for v in problem.values[c]])[drawn[:, c]] for c in cells], 1
            )
            ordered = np.sort(codes, axis=1)
            fine &= (ordered[:, 1:] != ordered[:, :-1]).all(axis=1)
    return drawn[fine]


class Stopwatch:
    """Seconds of each kind of work."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(list)

    def __call__(self, what: str, work: Callable[..., Any], *given: Any) -> Any:
        """The result of some work, its time noted."""
        begun = time.perf_counter()
        result = work(*given)
        self.seconds[what].append(time.perf_counter() - begun)
        return result

    def median(self, what: str) -> str:
        """Milliseconds."""
        return f"{statistics.median(self.seconds[what]) * 1e3:.1f}"


@dataclass
class Outcome:
    """Nats below the exact answers, and how often there was none to compare."""

    greedy: list[float] = field(default_factory=list)
    drawn: list[float] = field(default_factory=list)
    proven: int = 0
    dead_ends: int = 0
    none_drawn: int = 0


def canvases_of(engine: cg.Engine, made: Table, prompt: str, count: int, watch: Stopwatch) -> Iterator[Any]:
    """Logits `[L, V]` of generations of eight steps that move towards the exact answer; receives the answers."""
    rng = np.random.default_rng(0)
    denoiser = engine.denoiser
    context = denoiser.prefill([engine._loaded.encode(prompt, made.shown)])
    size = (denoiser.canvas_length,)
    for number in range(count):
        noise = rng.integers(0, denoiser.vocab_size, size)
        if number % 8 == 0:
            ids, known = noise, None
        logits = watch("model", denoiser.denoise, context, torch.from_numpy(ids)[None], known)
        answer = yield logits[0]
        ids = np.where(rng.random(size) < 0.15 * (number % 8 + 1), answer, noise)
        known = logits


def compare(
    engine: cg.Engine, made: Table, prompt: str, count: int, draws: int, seconds: float, watch: Stopwatch
) -> Outcome:
    """All ways to choose, on each canvas."""
    compiled = made.compile(engine.vocabulary)
    cells, problem = compiled.cells, made.problem
    assert cells is not None
    assert problem is not None
    numbers = np.arange(len(problem.cells))
    found = Outcome()
    flow = canvases_of(engine, made, prompt, count, watch)
    logits = next(flow)
    for number in range(count):
        posterior = watch("posterior", compiled.condition, logits)
        watch("posterior", getattr, posterior, "entropies")
        told = watch("scores", cells.scores, posterior, Prefix())
        scores = told.log_probs
        best = watch("solver", partial(problem.best, seconds=seconds), scores)
        canvas = watch("answer", answer, cells, best.assignment, logits)
        chosen = best.assignment
        if (
            not told.factored
        ):  # cells float: what counts is the text's own probability, as the loop compares it
            belief = compiled.believe(posterior, Prefix(), Budget(len(logits)))
            assert isinstance(belief, TableBelief)
            assert belief.assignment is not None
            chosen = belief.assignment

        def weight(
            assignment: NDArray[np.int64],
            factored: bool = told.factored,
            scores: Any = scores,
            logits: Any = logits,
        ) -> float:
            if factored:
                return float(scores[numbers, assignment].sum())
            return cells.narrowed(assignment).condition(logits).log_partition

        exact = weight(chosen)
        assert not problem.check(chosen), "the exact answer breaks a rule"
        found.proven += best.proven
        greedy = problem.greedy(scores)
        if greedy is None:
            found.dead_ends += 1
        else:
            assert not problem.check(greedy), "the greedy answer breaks a rule"
            found.greedy.append(exact - weight(greedy))
        drawn = rejection(problem, scores, draws, number)
        if drawn is not None:
            found.drawn.append(exact - weight(drawn))
        else:
            found.none_drawn += 1
        if number + 1 < count:
            logits = flow.send(canvas)
    worst = min((*found.greedy, *found.drawn), default=0.0)
    assert worst > -1e-3, f"the exact answer is {-worst} nats worse than another"
    return found


def answer(cells: CompiledCells, assignment: NDArray[np.int64], logits: torch.Tensor) -> NDArray[np.int64]:
    """The best canvas with these values."""
    return cells.narrowed(assignment).condition(logits).best


def main(
    canvases: Annotated[int, typer.Option(help="Canvases of each case.")] = 40,
    draws: Annotated[int, typer.Option(help="Draws of rejection sampling for each canvas.")] = 10_000,
    seconds: Annotated[float, typer.Option(help="The solver's limit.")] = 10.0,
) -> None:
    """Measures and prints two tables."""
    console = Console(width=150)
    worth = Table_(
        "case", "proven", "greedy: dead ends", "worse", "median nats", "rejection: none valid", "worse", "median nats",
        title=f"below the exact answer, {canvases} canvases each",
    )  # fmt: skip
    cost = Table_("case", *PARTS, "solver, p90", title="milliseconds of a step, median")
    for name, model, prompt, made in track(list(cases()), description="cases", console=Console(stderr=True)):
        watch = Stopwatch()
        found = compare(cg.load(model), made, prompt, canvases, draws, seconds, watch)
        worth.add_row(
            name,
            f"{found.proven / canvases:.0%}",
            str(found.dead_ends),
            *_told(found.greedy),
            str(found.none_drawn),
            *_told(found.drawn),
        )
        slow = np.percentile(watch.seconds["solver"], 90) * 1e3
        cost.add_row(name, *(watch.median(part) for part in PARTS), f"{slow:.1f}")
    console.print(worth)
    console.print(cost)


def _told(below: list[float]) -> tuple[str, str]:
    if not below:
        return "-", "-"
    return f"{sum(one > 1e-6 for one in below) / len(below):.0%}", f"{statistics.median(below):.2f}"


if __name__ == "__main__":
    typer.run(main)
