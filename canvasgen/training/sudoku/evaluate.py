"""Solved share of held-out puzzles, model alone: ``python -m canvasgen.training.sudoku.evaluate``.

The engine's own loop without a constraint, at temperature 0, from pure noise or with the givens on the canvas.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import torch
import typer

from canvasgen.denoise import Job, Policy, Start, run
from canvasgen.denoise.completion import Completion
from canvasgen.denoise.protocol import Denoiser
from canvasgen.models.embedded.sudoku import WEIGHTS
from canvasgen.models.embedded.sudoku.grid_tokens import answer_ids, cell_places, prompt_ids
from canvasgen.models.loading import load
from canvasgen.training.puzzles import Puzzle, count_solutions, generate, grade

__all__ = ["BANDS", "measure", "pinned_start", "solve", "take"]

BANDS = {
    4: ((4, 6), (7, 10)),
    6: ((8, 11), (12, 17), (18, 24)),
    9: ((23, 27), (28, 32), (33, 38), (39, 47), (48, 60)),
}
"""Fewest and most givens of each band, by size."""
STEPS = (1, 2, 4, 8, 16, 48)


def take(size: int, band: tuple[int, int], count: int, seed: int = 0) -> list[Puzzle]:
    """Held-out puzzles whose givens go evenly through a band."""
    low, high = band
    wanted = [low + index % (high - low + 1) for index in range(count)]
    return [generate(size, givens, seed + index, "test") for index, givens in enumerate(wanted)]


def pinned_start(puzzle: Puzzle) -> Start:
    """A canvas with the givens, the ends of the rows and the end in their places, and noise elsewhere."""
    grid = puzzle.grid
    blank = set(cell_places(puzzle.shape.size)[grid == 0].tolist())
    canvas = answer_ids(grid[None])[0].tolist()
    return Start(
        canvas=tuple(None if at in blank else token for at, token in enumerate(canvas)), kept=len(canvas)
    )


def solve(
    denoiser: Denoiser,
    puzzles: Sequence[Puzzle],
    *,
    steps: int | None = None,
    pinned: bool = False,
    policy: Policy | None = None,
    chunk: int = 32,
) -> list[Completion]:
    """The model's answers at temperature 0.

    Args:
        steps: most denoising steps; None: the model's own.
        pinned: whether the givens stand on the canvas from the first step on.
        chunk: puzzles that go through the model together.
    """
    jobs = [
        Job(
            prompt_ids(one.grid[None])[0].tolist(),
            max_denoising_steps=steps,
            temperature=0,
            seed=index,
            starts=(pinned_start(one) if pinned else Start(),),
        )
        for index, one in enumerate(puzzles)
    ]
    return [
        done
        for at in range(0, len(jobs), chunk)
        for done in run(denoiser, jobs[at : at + chunk], policy=policy)
    ]


def measure(puzzles: Sequence[Puzzle], answers: Sequence[Completion]) -> dict[str, Any]:
    """Solved puzzles; of the others how many are no grid, keep not to the givens, or break a rule; mean steps."""
    kinds = Counter(_kind(one, answer.text) for one, answer in zip(puzzles, answers, strict=True))
    return {
        "count": len(puzzles),
        "solved": kinds["solved"],
        "not a grid": kinds["not a grid"],
        "other givens": kinds["other givens"],
        "breaks a rule": kinds["breaks a rule"],
        "mean steps": round(sum(sum(answer.steps) for answer in answers) / max(1, len(answers)), 2),
    }


def _kind(puzzle: Puzzle, text: str) -> str:
    if text == puzzle.solution:
        return "solved"
    lines = text.split("\n")
    size = puzzle.shape.size
    if len(lines) != size or any(len(line) != size for line in lines) or not text.replace("\n", "").isdigit():
        return "not a grid"
    if any(given not in (".", mark) for given, mark in zip(puzzle.text, text, strict=True)):
        return "other givens"
    # With the givens in place, a grid that kept the rules would be a second solution.
    return "breaks a rule"


def main(
    folder: Annotated[Path, typer.Option(help="Weights folder.")] = WEIGHTS,
    count: Annotated[int, typer.Option(help="Puzzles of each band.")] = 100,
    seed: Annotated[int, typer.Option(help="Of the first puzzle.")] = 0,
    threads: Annotated[int, typer.Option()] = 1,
) -> None:
    """Print one JSON line for each size, band of givens, start and number of steps."""
    torch.set_num_threads(threads)
    denoiser = load(folder, device="cpu").denoiser
    for size, bands in BANDS.items():
        for band in bands:
            puzzles = take(size, band, count, seed)
            assert all(
                count_solutions(one, (one.shape.box_rows, one.shape.box_columns)) == 1 for one in puzzles
            )
            found = [grade(one) for one in puzzles]
            techniques = dict(Counter(one.technique.name.lower() for one in found))
            for pinned in (False, True):
                for steps in STEPS:
                    answers = solve(denoiser, puzzles, steps=steps, pinned=pinned)
                    row = {
                        "size": size,
                        "givens": band,
                        "start": "givens" if pinned else "noise",
                        "steps": steps,
                        **measure(puzzles, answers),
                        "techniques": techniques,
                    }
                    typer.echo(json.dumps(row))


if __name__ == "__main__":
    typer.run(main)
