"""Who solves a Sudoku, the model or the rules? Held-out puzzles by mode, givens and denoising steps.

`free`        the model alone, without any constraint
`model`       no rules, only shape: a digit in every cell, the givens in theirs
`propagate`   masks: the values that propagation excludes, before the model runs and as cells are chosen
`exact`       the best assignment of all cells under the rules; a puzzle of one solution is solved before the model runs

Beside them, what the rules do without a model: the share of the puzzles that propagation alone solves.

    python benchmarks/sudoku.py [--size 9] [--count 500] [--steps 1,2,4,8,16,48] [--modes ...] [--json FILE]

Puzzles are from the test split of `canvasgen.training.puzzles` (no symmetry leads from one of the training puzzles'
solutions to theirs), with one solution each, their givens spread evenly over the bands. An answer counts if it is
the solution.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

import canvasgen as cg
from canvasgen.denoise import Completion
from canvasgen.training.puzzles import Puzzle
from canvasgen.training.sudoku.evaluate import BANDS, take

MODES = ("free", "model", "propagate", "exact")


def ask(puzzle: Puzzle, mode: str, steps: int) -> dict[str, Any]:
    """One request."""
    size = puzzle.shape.size
    grid = puzzle.grid.reshape(size, size).tolist()
    common = {"temperature": 0.0, "max_denoising_steps": steps, "seed": 1}
    if mode == "free":
        return {"prompt": "\n".join("".join(str(v) if v else "." for v in row) for row in grid), **common}
    return {"table": cg.sudoku(grid, mode=mode), **common}


def solves(answer: Completion | cg.errors.CanvasgenError, puzzle: Puzzle) -> bool:
    """Whether the answer is the solution; a dead end that raised an error is none."""
    return isinstance(answer, Completion) and answer.text.strip() == puzzle.solution.strip()


def propagated(puzzle: Puzzle) -> bool:
    """Whether the rules alone leave nothing open."""
    size = puzzle.shape.size
    made = cg.sudoku(puzzle.grid.reshape(size, size).tolist(), mode="propagate")
    assert made.problem is not None
    return bool((made.problem.root.sum(axis=1) == 1).all())


def main(
    size: Annotated[int, typer.Option(help="4, 6 or 9.")] = 9,
    count: Annotated[int, typer.Option(help="Puzzles in all.")] = 500,
    steps: Annotated[str, typer.Option(help="Most denoising steps.")] = "1,2,4,8,16,48",
    modes: Annotated[str, typer.Option(help="What to measure.")] = ",".join(MODES),
    model: Annotated[str, typer.Option(help="The model.")] = "sudoku",
    out: Annotated[Path | None, typer.Option("--json", help="Where the figures go.")] = None,
) -> None:
    """Measures and prints a table for each mode."""
    console = Console(width=110)
    engine = cg.load(model)
    bands = BANDS[size]
    each = -(-count // len(bands))
    puzzles = {band: take(size, band, each) for band in bands}
    found: list[dict[str, Any]] = []
    alone = {band: sum(map(propagated, ones)) / each for band, ones in puzzles.items()}
    heads = [f"{low}-{high} givens" for low, high in bands]
    for mode in modes.split(","):
        table = Table(
            "steps", *heads, "all", "mean steps", "s", title=f"{size}x{size}, {mode}: solved of {each} each"
        )
        for most in track(list(map(int, steps.split(","))), description=mode, console=Console(stderr=True)):
            begun = time.perf_counter()
            shares: list[float] = []
            taken: list[int] = []
            for band, ones in puzzles.items():
                answers = engine.batch([ask(one, mode, most) for one in ones], size=32, errors="return")
                shares.append(sum(map(solves, answers, ones)) / len(ones))
                taken += [sum(one.steps) for one in answers if isinstance(one, Completion)]
                found.append(
                    {
                        "size": size,
                        "mode": mode,
                        "steps": most,
                        "band": band,
                        "count": each,
                        "solved": shares[-1],
                    }
                )
            seconds = time.perf_counter() - begun
            table.add_row(
                str(most),
                *(f"{share:.1%}" for share in shares),
                f"{sum(shares) / len(shares):.1%}",
                f"{sum(taken) / max(1, len(taken)):.1f}",
                f"{seconds:.0f}",
            )
            if out is not None:
                out.write_text(
                    json.dumps({"rows": found, "propagation alone": list(alone.values())}, indent=1)
                )
        console.print(table)
    console.print(
        "propagation alone:",
        ", ".join(f"{head} {share:.1%}" for head, share in zip(heads, alone.values(), strict=True)),
    )


if __name__ == "__main__":
    typer.run(main)
