"""How many cells of a table does the embedded model copy correctly from a text?

Held-out texts that state two to four records of one kind, each to be filled into a Markdown or CSV table whose cells
are open, or open except for the first column. Cells are any text without the layout's separators, so that the model
alone decides what they contain and how wide they are.

    python benchmarks/tables.py [--count 200] [--split test] [--model FOLDER]
"""

from __future__ import annotations

from collections import defaultdict
from itertools import islice
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

import canvasgen as cg
from canvasgen.training.tiny.data.examples import TABLES, Example, Split, examples

CELL = cg.text(min_length=1, lines=False, without=["|", ","])


def asked(example: Example) -> tuple[str, cg.Constraint, list[list[str]]]:
    """The text, the table and the right cells of an example."""
    assert example.form is not None
    lines = example.text.split("\n")
    layout = "markdown" if lines[0].startswith("|") else "csv"
    mark = "|" if layout == "markdown" else ","
    rows = [[cell.strip() for cell in line.strip("|").split(mark)] for line in lines]
    names, right = rows[0], rows[2 if layout == "markdown" else 1 :]
    opened = set(example.value)
    cells = [
        [CELL if f"{number}/{column}" in opened else [value] for column, value in enumerate(row)]
        for number, row in enumerate(right)
    ]
    table = cg.table(len(right), names, cells=cells, layout=layout)  # type: ignore[arg-type]
    assert table.shown.form(lambda hole: hole.mark or "") == example.form.form
    return example.form.source.strip(), table, right


def main(
    count: Annotated[int, typer.Option(help="Tables.")] = 200,
    split: Annotated[str, typer.Option(help="`test` or `test_hard`.")] = "test",
    model: Annotated[str | None, typer.Option(help="Folder of a model; none: the embedded one.")] = None,
    steps: Annotated[int | None, typer.Option(help="Most denoising steps.")] = None,
    seed: Annotated[int, typer.Option()] = 5,
    size: Annotated[int, typer.Option(help="Rows in a batch.")] = 16,
) -> None:
    """Fill tables and count."""
    engine = cg.load(model)
    held_out = list(islice(examples(seed, _split(split), TABLES), count))
    made = [asked(example) for example in held_out]
    requests = [
        cg.Request(prompt, table=table, seed=n, max_denoising_steps=steps)
        for n, (prompt, table, _) in enumerate(made)
    ]
    done: list[cg.Completion] = []
    for first in track(range(0, count, size), description="tables", console=Console(stderr=True)):
        done += engine.batch(requests[first : first + size], size=size)
    whole: dict[str, list[bool]] = defaultdict(list)
    single: dict[str, list[bool]] = defaultdict(list)
    passes = 0
    for example, (_, table, right), completion in zip(held_out, made, done, strict=True):
        assert table.matches(completion.text)
        passes += sum(completion.steps)
        kinds = ["all", example.task.removeprefix("table, "), f"{len(right)} rows"]
        kinds.append("first column given" if len(example.value) < sum(map(len, right)) else "all cells open")
        for kind in kinds:
            whole[kind].append(completion.value == right)
            single[kind] += [
                completion.value[number][column] == right[number][column]
                for number, column in (map(int, name.split("/")) for name in example.value)
            ]
    shown = Table("tables", "count", "whole tables", "cells", title=f"{count} tables, {split}")
    for kind in sorted(whole, key=lambda kind: (kind != "all", kind)):
        shown.add_row(
            kind,
            str(len(whole[kind])),
            f"{sum(whole[kind]) / len(whole[kind]):.1%}",
            f"{sum(single[kind]) / len(single[kind]):.1%}",
        )
    Console().print(shown)
    Console().print(f"denoising steps, mean: {passes / count:.1f}")


def _split(name: str) -> Split:
    if name not in ("test", "test_hard"):
        raise typer.BadParameter("test or test_hard")
    return name  # type: ignore[return-value]


if __name__ == "__main__":
    typer.run(main)
