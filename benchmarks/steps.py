"""How many steps do answers take, and how good are they? The stop rules, the dial and everyday tasks in one command.

    python benchmarks/steps.py --label "ninth run" --write [--count 8] [--split test] [--only dial]

Measures `dial.py`'s kinds and settings and `everyday.py`'s tasks, free and grounded, of the shipped weights. `--write` puts
the tables between the marks in docs/measurements.md, the curves into docs/images/dial.svg, and the everyday tasks by kind
into docs/data/everyday.json under the label, beside those that are there: before and after.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from pathlib import Path
from typing import Annotated, Any

import dial
import everyday
import torch
import typer
from rich.console import Console

import canvasgen as cg
from canvasgen.models.embedded.tiny import WEIGHTS
from canvasgen.models.loading import load
from canvasgen.training.tiny.data.examples import Split

DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "measurements.md"
STORED = DOCS / "data" / "everyday.json"
IMAGE = DOCS / "images" / "dial.svg"


def everyday_results(engine: cg.Engine, seeds: int, *, ground: bool) -> dict[str, Any]:
    """By kind the right answers and all, and the mean steps and CPU seconds of an answer."""
    right: dict[str, list[bool]] = defaultdict(list)
    steps, begun = 0, time.process_time()
    for task in everyday.TASKS:
        options = everyday.grounded(task) if ground else task.options
        for seed in range(seeds):
            try:
                answer = engine.complete(task.prompt, seed=seed, on_step_limit="return", **options)
                steps += len(answer.trace)
                got = task.pick(answer.value)
            except cg.errors.CanvasgenError as error:
                got = error
            right[task.kind].append(got == task.expected)
    number = sum(map(len, right.values()))
    return {
        "right": {kind: [sum(ones), len(ones)] for kind, ones in right.items()},
        "steps": round(steps / number, 2),
        "seconds": round((time.process_time() - begun) / number, 3),
    }


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a table in Markdown."""
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows])


def everyday_table(stored: dict[str, dict[str, Any]]) -> str:
    """Return the everyday tasks by kind, a column for each label, free and grounded."""
    columns = [
        (f"{label}{', grounded' if how == 'grounded' else ''}", results[how])
        for how in ("free", "grounded")
        for label, results in stored.items()
    ]
    kinds = list(columns[0][1]["right"])
    rows = [[kind, *("{} of {}".format(*one["right"][kind]) for _, one in columns)] for kind in kinds]

    def share(one: dict[str, Any]) -> str:
        counts = one["right"].values()
        return f"{sum(right for right, _ in counts) / sum(number for _, number in counts):.0%}"

    rows.append(["all", *(share(one) for _, one in columns)])
    rows.append(["steps an answer", *(f"{one['steps']:.1f}" for _, one in columns)])
    return table(["kind", *(name for name, _ in columns)], rows)


def dial_table(cells: dict[str, dict[str, dial.Cell]]) -> str:
    """Return steps, right values and right whole answers, by kind and setting."""
    names = list(next(iter(cells.values())))
    rows = [
        [kind, *(row[name].shown for name in names), f"{row['balanced'].seconds:.2f}"]
        for kind, row in cells.items()
    ]
    for what, told in (
        ("steps of the unconstrained ones", lambda row, name: row[name].steps / row["free"].steps),
        ("CPU s an answer, in a batch", lambda row, name: row[name].seconds),
    ):
        means = [sum(told(row, name) for row in cells.values()) / len(cells) for name in names]
        rows.append([what, *(f"{mean:.2f}" for mean in means), ""])
    return table(["kind", *names, "CPU s (balanced)"], rows)


def written(page: str, name: str, content: str) -> str:
    """Return a page with the content between the marks of a name.

    Raises:
        ValueError: it has no such marks.
    """
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, found, rest = page.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"the page has no marks {begin} and {end}")
    return f"{before}{begin}\n{content}\n{end}{after}"


def main(
    label: Annotated[str, typer.Option(help="What the weights or the engine are called in the tables.")],
    count: Annotated[int, typer.Option(help="Examples of each kind for the dial.")] = 8,
    seeds: Annotated[int, typer.Option(help="Seeds of each everyday task.")] = 3,
    split: Annotated[str, typer.Option(help="`test`, or `test_hard`.")] = "test",
    only: Annotated[str | None, typer.Option(help="`dial` or `everyday`; both if left out.")] = None,
    write: Annotated[bool, typer.Option("--write", help="Into docs/.")] = False,
) -> None:
    """Measure, print, and perhaps write."""
    torch.set_num_threads(1)
    console = Console(width=170, soft_wrap=True)
    if only != "everyday":
        chosen: Split = "test" if split == "test" else "test_hard"
        cells = dial.curves(
            load(WEIGHTS, device="cpu"), chosen, count, lambda kind, row: console.print(kind, " | ".join(row))
        )
        content = f"{label}, {count} examples of each kind (`{split}`):\n\n{dial_table(cells)}"
        console.print(content, markup=False)
        if write:
            PAGE.write_text(written(PAGE.read_text(), "dial", content))
            IMAGE.write_text(dial.plotted(cells))
    if only != "dial":
        engine = cg.load()
        stored: dict[str, dict[str, Any]] = json.loads(STORED.read_text())
        stored[label] = {
            "free": everyday_results(engine, seeds, ground=False),
            "grounded": everyday_results(engine, seeds, ground=True),
        }
        content = everyday_table(stored)
        console.print(content, markup=False)
        if write:
            STORED.write_text(json.dumps(stored, indent=1) + "\n")
            PAGE.write_text(written(PAGE.read_text(), "everyday", content))


if __name__ == "__main__":
    typer.run(main)
