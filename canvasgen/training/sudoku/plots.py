"""Pictures of a run and of an evaluation: ``python -m canvasgen.training.sudoku.plots``.

Draws ``sudoku-loss.svg`` and ``sudoku-accuracy-by-givens.svg`` from the lines that training and evaluation write.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Annotated, Any

import typer

from canvasgen.training.sudoku.chart import Panel, Series, draw

__all__ = ["givens_chart", "loss_chart", "thinned", "wilson"]

Line = dict[str, Any]


def thinned(lines: list[Line], every: int = 20) -> list[Line]:
    """A log with the means of so many steps each in place of the steps, and the looks at held-out puzzles."""
    out: list[Line] = []
    waiting: list[Line] = []
    for line in lines:
        if "held_out" in line:
            out.append(line)
            continue
        waiting.append(line)
        if len(waiting) == every:
            keys = ["loss", "blank_loss", "right_4", "right_6", "right_9"]
            means = {key: round(sum(one[key] for one in waiting) / every, 4) for key in keys}
            out.append(
                {key: line[key] for key in ("step", "seconds", "puzzles")} | {"mean of": every} | means
            )
            waiting = []
    return out


def loss_chart(lines: list[Line]) -> str:
    """The loss of blank cells in training, and the solved share of held-out puzzles, by thousands of puzzles."""
    steps = [line for line in lines if "blank_loss" in line]
    looks = [line for line in lines if "held_out" in line]
    loss = Series(
        "open cells of training canvases", [(one["puzzles"] / 1000, one["blank_loss"]) for one in steps]
    )

    def solved(name: str) -> Series:
        size, givens = name.split("/")
        points = [(one["puzzles"] / 1000, one["held_out"][name]["solved"]) for one in looks]
        return Series(f"{size} x {size}, {givens} givens", points)

    x = "puzzles seen (thousands)"
    return draw(
        [
            Panel("Training loss", x, "nats per open cell", [loss], 0.1, 10.0, logarithmic=True),
            Panel(
                "Held-out puzzles, 12 steps from noise",
                x,
                "solved",
                [solved(n) for n in looks[-1]["held_out"]],
            ),
        ]
    )


def wilson(hits: int, count: int) -> tuple[float, float]:
    """The 95% interval of a share (Wilson 1927)."""
    z = 1.96
    middle = (hits + z * z / 2) / (count + z * z)
    half = z * math.sqrt(hits * (count - hits) / count + z * z / 4) / (count + z * z)
    return max(0.0, middle - half), min(1.0, middle + half)


def givens_chart(lines: list[Line], size: int = 9) -> str:
    """Solved share of a size by givens, for numbers of steps; and from noise against from the givens."""
    rows = [line for line in lines if line["size"] == size]
    ticks = sorted({(sum(row["givens"]) / 2, f"{row['givens'][0]}-{row['givens'][1]}") for row in rows})

    def line(name: str, start: str, steps: int, dashed: bool = False) -> Series:
        chosen = [row for row in rows if row["start"] == start and row["steps"] == steps]
        return Series(
            name,
            [(sum(row["givens"]) / 2, row["solved"] / row["count"]) for row in chosen],
            dashed,
            [wilson(row["solved"], row["count"]) for row in chosen],
        )

    steps = sorted({row["steps"] for row in rows})
    by_steps = [line(f"{n} step{'s' * (n > 1)}", "noise", n) for n in steps]
    starts = [
        line(f"{start}, {n} steps", start, n, start == "givens")
        for n in (steps[-1], 4)
        for start in ("noise", "givens")
    ]
    x = "givens"
    return draw(
        [
            Panel(f"{size} x {size}, from noise", x, "solved", by_steps, ticks=ticks),
            Panel("From noise, or with the givens on the canvas", x, "solved", starts, ticks=ticks),
        ]
    )


def read(path: Path) -> list[Line]:
    """The JSON lines of a file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def main(
    log: Annotated[Path, typer.Option(help="What training wrote, thinned or whole.")] = Path(
        "docs/data/sudoku-training.jsonl"
    ),
    evaluation: Annotated[Path, typer.Option(help="What the evaluation printed.")] = Path(
        "docs/data/sudoku-evaluation.jsonl"
    ),
    out: Annotated[Path, typer.Option(help="Folder of the pictures.")] = Path("docs/images"),
    thin: Annotated[Path | None, typer.Option(help="Write the thinned log there.")] = None,
) -> None:
    """Draw the pictures."""
    lines = read(log)
    if any("norm" in line for line in lines):
        lines = thinned(lines)
    if thin is not None:
        thin.parent.mkdir(parents=True, exist_ok=True)
        thin.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    out.mkdir(parents=True, exist_ok=True)
    (out / "sudoku-loss.svg").write_text(loss_chart(lines), encoding="utf-8")
    if evaluation.exists():
        (out / "sudoku-accuracy-by-givens.svg").write_text(givens_chart(read(evaluation)), encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
