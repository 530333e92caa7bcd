"""Quality against steps: what the dial and a limit of steps cost and bring, for each kind of task, on the embedded model.

    python benchmarks/dial.py [--count 12] [--split test] [--folder FOLDER] [--image docs/images/dial.svg]

`position by position` is DiffusionGemma's own stop rule (mean doubt below a bound, and stable), without the joint posterior.

Held-out examples, the same examples and seeds in every column. `free` is the model's own `generate`: the same prompt and no
constraint; what it wrote is read as a text of the constraint if it is one. Each cell has the mean number of denoising steps,
the share of right values and that of right whole answers; the plot has them as curves. Steps do not depend on
the machine; seconds of CPU an answer are printed below, in batches of `--count`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from rich.console import Console
from rich.table import Table

from canvasgen.denoise import Completion, Policy
from canvasgen.engine import Engine, Request
from canvasgen.errors import CanvasgenError
from canvasgen.models.embedded.tiny import WEIGHTS
from canvasgen.models.loading import Loaded, load
from canvasgen.training.sudoku.chart import Panel, Series, draw
from canvasgen.training.tiny.data.examples import Example, Split, examples
from canvasgen.training.tiny.measure import KINDS, constraint_of, right_values_of

OWN_RULE = Policy(certain=2.0, likely=2.0)
"""The stop rule of `position by position`; all other settings have the default policy."""
ASKED = (
    "objects, records",
    "letters, records",
    "gaps, records",
    "edits",
    "copies",
    "labels",
    "tables, records",
)
SETTINGS: dict[str, dict[str, Any]] = {
    "position by position": {},
    "1 step": {"max_denoising_steps": 1},
    "2 steps": {"max_denoising_steps": 2},
    "4 steps": {"max_denoising_steps": 4},
    "fast": {"quality": "fast"},
    "balanced": {"quality": "balanced"},
    "best": {"quality": "best"},
}


@dataclass(frozen=True)
class Cell:
    """What the examples of one kind came to in one setting."""

    steps: float
    right: float
    seconds: float
    values: float

    @property
    def shown(self) -> str:
        return f"{self.steps:.1f}, {self.values:.0%}, {self.right:.0%}"


def asked_of(one: Example, seed: int, **options: Any) -> Request:
    """The request, without its constraint."""
    prompt = f"{one.instruction}\n{one.prompt.strip()}" if one.instruction else one.prompt
    schema = one.schema or False
    return Request(prompt, prompt_schema=schema, seed=seed, on_step_limit="return", **options)


@dataclass(frozen=True)
class Read:
    """A text without a constraint, and the value that it can be read as."""

    text: str
    value: Any


def rights_of(one: Example, done: Completion, *, free: bool) -> list[bool]:
    """Which values of an answer are right; none of a free text that cannot be read."""
    if not free:
        return right_values_of(one, done)
    text = done.text.strip()
    constraint = constraint_of(one)
    try:
        value = constraint.parse(text) if constraint.matches(text) else None
    except CanvasgenError:
        value = None
    if value is None:
        return [False] * len(right_values_of(one, Read(one.text, constraint.parse(one.text))))
    return right_values_of(one, Read(text, value))


def measured(engine: Engine, ones: list[Example], options: dict[str, Any] | None) -> Cell:
    """Ask for all examples of a kind; None: without their constraints."""
    requests = [
        asked_of(one, seed, **({} if options is None else {"constraint": constraint_of(one), **options}))
        for seed, one in enumerate(ones)
    ]
    begun = time.process_time()
    done = engine.batch(requests, size=len(requests))
    seconds = time.process_time() - begun
    rights = [rights_of(one, each, free=options is None) for one, each in zip(ones, done, strict=True)]
    values = [value for right in rights for value in right]
    steps = sum(sum(each.steps) for each in done)
    return Cell(
        steps / len(ones), sum(map(all, rights)) / len(ones), seconds / len(ones), sum(values) / len(values)
    )


def curves(
    loaded: Loaded, split: Split, count: int, tell: Callable[[str, list[str]], object], seed: int = 11
) -> dict[str, dict[str, Cell]]:
    """By kind and setting, what the examples came to; each kind is told as soon as it is measured."""
    usual, own = Engine(loaded), Engine(loaded, policy=OWN_RULE)
    cells: dict[str, dict[str, Cell]] = {}
    for kind in ASKED:
        ones = list(islice(examples(seed, split, KINDS[kind]), count))
        row = cells[kind] = {"free": measured(usual, ones, None)}
        for name, options in SETTINGS.items():
            row[name] = measured(usual if options else own, ones, options)
        tell(kind, [cell.shown for cell in row.values()])
    return cells


def plotted(cells: dict[str, dict[str, Cell]]) -> str:
    """Curves over the limits of steps and over the qualities, as SVG."""
    panels: list[Panel] = []
    for title, names in (
        ("limits of 1, 2, 4 steps, and balanced", ("1 step", "2 steps", "4 steps", "balanced")),
        ("quality: fast, balanced, best", ("fast", "balanced", "best")),
    ):
        series = [
            Series(kind.partition(",")[0], [(row[name].steps, row[name].right) for name in names])
            for kind, row in cells.items()
        ]
        panels.append(Panel(title, "denoising steps an answer (mean)", "right as a whole", series))
    return draw(panels)


def main(
    count: Annotated[int, typer.Option(help="Examples of each kind.")] = 12,
    split: Annotated[str, typer.Option(help="`test`, or `test_hard`.")] = "test",
    folder: Annotated[Path, typer.Option(help="Weights.")] = WEIGHTS,
    image: Annotated[Path | None, typer.Option(help="Where the plot goes.")] = None,
) -> None:
    """Print the table, and draw the curves."""
    torch.set_num_threads(1)
    loaded = load(folder, device="cpu")
    chosen: Split = "test" if split == "test" else "test_hard"
    console = Console(width=170)
    cells = curves(loaded, chosen, count, lambda kind, row: console.print(kind, " | ".join(row)))
    table = Table(
        "kind",
        "free",
        *SETTINGS,
        title=f"steps, right values, right whole answers: {count} of each kind, {split}",
    )
    for kind, row in cells.items():
        table.add_row(kind, *(cell.shown for cell in row.values()))
    names = ("free", *SETTINGS)
    table.add_row(
        "CPU s an answer",
        *(f"{sum(row[name].seconds for row in cells.values()) / len(cells):.2f}" for name in names),
    )
    console.print(table)
    if image is not None:
        image.write_text(plotted(cells), encoding="utf-8")


if __name__ == "__main__":
    typer.run(main)
