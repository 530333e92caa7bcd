"""How fast are propagation and exact optimisation over cells? Sudokus with scores as a denoiser might give them.

Puzzles are dug at random from shuffled solved grids: until every further cell would leave a second solution
("one"), or 3 % of the cells further ("several"). Scores are log-softmax of normal noise (σ = 2), either alone
("noise") or with 2 added for the value of the solved grid ("model"). Before anything is timed, what propagation
keeps is compared with the solved grid, and every optimum is checked: it satisfies all rules, and its score is at least
the solved grid's where it is proven.

    python benchmarks/relations.py [--puzzles 30] [--seconds 10] [--narrow]

Columns are median, 90th percentile and maximum over the puzzles, wall-clock milliseconds on one thread. "first
best" is the first call of a problem: it looks for all solutions, and builds the CP-SAT model where they are many.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from itertools import pairwise

import numpy as np

from canvasgen.relations import Problem, Relation, RelationLimits, all_different, different, lookup, total

Grid = np.ndarray


def rules(box: int) -> list[Relation]:
    side = range(box * box)
    units = [[(r, c) for c in side] for r in side] + [[(r, c) for r in side] for c in side]
    for a in range(box):
        units += [[(box * a + i, box * b + j) for i in range(box) for j in range(box)] for b in range(box)]
    return [all_different(unit) for unit in units]


def problem_of(grid: Grid, box: int, seconds: float = 10.0) -> Problem:
    """The puzzle of a grid `[side, side]` in which 0 is open."""
    side = box * box
    digits = list(range(1, side + 1))
    domains = {(r, c): [int(grid[r, c])] if grid[r, c] else digits for r in range(side) for c in range(side)}
    return Problem(domains, rules(box), limits=RelationLimits(seconds=seconds))


def solved_grid(box: int, rng: np.random.Generator) -> Grid:
    """The cyclic solution with values, rows and columns (within bands, and bands) shuffled."""
    side = box * box

    def lines() -> list[int]:
        return [box * a + i for a in rng.permutation(box) for i in rng.permutation(box)]

    values = rng.permutation(side) + 1
    rows, columns = lines(), lines()
    return np.array([[values[(box * (r % box) + r // box + c) % side] for c in columns] for r in rows])


def dug(grid: Grid, box: int, rng: np.random.Generator) -> tuple[Grid, Grid]:
    """A puzzle with one solution that needs all of its givens, and one with several solutions."""
    puzzle = grid.copy()
    order = rng.permutation(grid.size)
    for at in order:
        row, column = divmod(int(at), len(grid))
        puzzle[row, column] = 0
        found = problem_of(puzzle, box).solutions(1)
        if found is None:
            puzzle[row, column] = grid[row, column]
    several = puzzle.copy()
    givens = np.flatnonzero(several)
    several.flat[rng.choice(givens, size=grid.size * 3 // 100, replace=False)] = 0
    return puzzle, several


def scores_of(problem: Problem, grid: Grid, bonus: float, rng: np.random.Generator) -> np.ndarray:
    """Log-probabilities `[cells, width]`."""
    raw = rng.normal(size=problem.root.shape) * 2
    for n, (cell, values) in enumerate(zip(problem.cells, problem.values, strict=True)):
        raw[n, values.index(int(grid[cell]))] += bonus
        raw[n, len(values) :] = -np.inf
    return raw - np.log(np.exp(raw).sum(axis=1, keepdims=True))


def truth_of(problem: Problem, grid: Grid) -> np.ndarray:
    pairs = zip(problem.cells, problem.values, strict=True)
    return np.array([values.index(int(grid[cell])) for cell, values in pairs])


def milliseconds(run: Callable[[], object], repeat: int) -> float:
    """The fastest of several runs."""
    times: list[float] = []
    for _ in range(repeat):
        begin = time.perf_counter()
        run()
        times.append(time.perf_counter() - begin)
    return 1000 * min(times)


def row(name: str, times: list[float]) -> None:
    print(f"{name:<42}{np.median(times):>10.3f}{np.quantile(times, 0.9):>10.3f}{max(times):>10.3f}")


def measure(box: int, count: int, seconds: float) -> None:
    rng = np.random.default_rng(box)
    side = box * box
    grids = [solved_grid(box, rng) for _ in range(count)]
    puzzles = [dug(grid, box, rng) for grid in grids]
    size = f"{side}x{side}"
    for which, label in enumerate(("one", "several")):
        problems = [problem_of(pair[which], box, seconds) for pair in puzzles]
        for problem, grid in zip(problems, grids, strict=True):
            assert problem.root[np.arange(side * side), truth_of(problem, grid)].all()
        starts = [np.arange(p.width)[None] < np.array([len(v) for v in p.values])[:, None] for p in problems]
        row(
            f"{size} {label}: problem",
            [milliseconds(lambda p=pair[which]: problem_of(p, box), 3) for pair in puzzles],
        )
        times = [
            milliseconds(lambda p=p, s=s: p.propagate(s), 20) for p, s in zip(problems, starts, strict=True)
        ]
        row(f"{size} {label}: propagate", times)
        for kind, bonus in (("model", 2.0), ("noise", 0.0)):
            times, first, greedy, proven, agree = [], [], [], 0, 0
            for problem, grid, puzzle in zip(problems, grids, [pair[which] for pair in puzzles], strict=True):
                scores = scores_of(problem, grid, bonus, rng)
                solved = problem.best(scores)
                fresh = problem_of(puzzle, box, seconds)
                at = np.arange(side * side)
                assert not problem.check(solved.assignment)
                assert not solved.proven or solved.score >= scores[at, truth_of(problem, grid)].sum() - 1e-3
                proven += solved.proven
                first.append(1000 * fresh.best(scores).seconds)
                quick = problem.greedy(scores)
                agree += quick is not None and scores[at, quick].sum() >= solved.score - 1e-9
                slow = solved.seconds > 1
                times.append(
                    1000 * solved.seconds if slow else milliseconds(lambda p=problem, s=scores: p.best(s), 3)
                )
                greedy.append(milliseconds(lambda p=problem, s=scores: p.greedy(s), 3))
            row(f"{size} {label}, {kind}: best ({proven}/{count} proven)", times)
            row(f"{size} {label}, {kind}: first best", first)
            row(f"{size} {label}, {kind}: greedy ({agree}/{count} optimal)", greedy)


def narrow_problems() -> dict[str, Callable[[], Problem]]:
    """Relations that connect few cells at a time, as in tables of records."""
    chain = [f"c{n:02}" for n in range(40)]
    records = [(row, column) for row in range(30) for column in ("country", "capital")]
    board = [(r, c) for r in range(12) for c in range(3)]
    near = [
        ((r, c), (r + a, c + b)) for r, c in board for a, b in ((0, 1), (1, 0)) if (r + a, c + b) in board
    ]
    return {
        "40 cells of 10 values, neighbours differ": lambda: Problem(
            {cell: list(range(10)) for cell in chain}, [different(*pair) for pair in pairwise(chain)]
        ),
        "30 records, one looked up by the other, of 50": lambda: Problem(
            {cell: list(range(50)) for cell in records},
            [
                lookup((row, "country"), {n: (7 * n) % 50 for n in range(50)}, (row, "capital"))
                for row in range(30)
            ],
        ),
        "12 sums of two cells of 0 to 20 in a third": lambda: Problem(
            {(r, c): list(range(41 if c == 2 else 21)) for r, c in board},
            [total([(r, 0), (r, 1)], "==", (r, 2)) for r in range(12)],
        ),
        "board of 12x3 cells of 4 colours, neighbours differ": lambda: Problem(
            {cell: list(range(4)) for cell in board}, [different(*pair) for pair in near]
        ),
    }


def cpu_milliseconds(run: Callable[[], object], repeat: int) -> float:
    """The fastest of several runs, CPU time."""
    times: list[float] = []
    for _ in range(repeat):
        begin = time.process_time()
        run()
        times.append(time.process_time() - begin)
    return 1000 * min(times)


def measure_narrow(count: int) -> None:
    """Elimination beside the other searches, on the same scores; equal optima are asserted. CPU milliseconds."""
    rng = np.random.default_rng(0)
    for name, make in narrow_problems().items():
        with_it, without = make(), make()
        without._optimum.__dict__["elimination"] = None
        begin = time.process_time()
        assert with_it._optimum.elimination is not None
        made = 1000 * (time.process_time() - begin)
        without.best(np.zeros(without.root.shape))
        times: dict[str, list[float]] = {"elimination": [], "searches": [], "exact sample": []}
        for seed in range(count):
            scores = rng.normal(size=with_it.root.shape) * 2
            best, other = with_it.best(scores), without.best(scores)
            assert best.proven
            assert best.score >= other.score - 1e-3
            assert not other.proven or abs(other.score - best.score) < 1e-3
            times["elimination"].append(cpu_milliseconds(lambda p=with_it, s=scores: p.best(s), 3))
            times["searches"].append(cpu_milliseconds(lambda p=without, s=scores: p.best(s), 1))
            times["exact sample"].append(
                cpu_milliseconds(lambda p=with_it, s=scores, n=seed: p.sample(s, n), 3)
            )
        print(f"{name} (made in {made:.0f} ms)")
        for kind, found in times.items():
            row(f"    {kind}", found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--puzzles", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument(
        "--narrow", action="store_true", help="only relations that connect few cells at a time"
    )
    options = parser.parse_args()
    print(f"{'milliseconds':<42}{'median':>10}{'p90':>10}{'most':>10}")
    measure_narrow(options.puzzles)
    if options.narrow:
        return
    measure(3, options.puzzles, options.seconds)
    measure(4, max(options.puzzles // 3, 3), options.seconds)


if __name__ == "__main__":
    main()
