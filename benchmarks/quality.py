"""Are the answers good? Exact match of values on held-out prompts, constrained and unconstrained, same seeds.

The embedded model extracts asked fields from prose it has never seen, once under the schema's constraint and once free.
A free text counts as parsed if it is JSON, and as right if the value is the expected one.

    python benchmarks/quality.py [--count 300] [--split test] [--steps 48]
"""

from __future__ import annotations

import json
from collections import defaultdict
from itertools import islice
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

import canvasgen as cg
from canvasgen.training.tiny.data.examples import Example, examples


def parsed(text: str) -> Any:
    """The JSON value of a text; an exception object that equals nothing if it is none."""
    try:
        return json.loads(text)
    except ValueError as error:
        return error


def fields_right(expected: Any, got: Any) -> tuple[int, int]:
    """How many top-level values of `expected` are right in `got`, and how many there are."""
    if not isinstance(expected, dict):
        return int(expected == got), 1
    return sum(isinstance(got, dict) and got.get(k) == v for k, v in expected.items()), len(expected)


def run(
    engine: cg.Engine, batch: list[Example], constrained: bool, steps: int | None, seed: int
) -> list[Any]:
    requests = [
        cg.Request(
            e.prompt,
            schema=e.schema if constrained else None,
            prompt_schema=e.schema,
            max_denoising_steps=steps,
            seed=seed + i,
        )
        for i, e in enumerate(batch)
    ]
    completions = engine.batch(requests)
    return [c.value if constrained else parsed(c.text) for c in completions]


def main(
    count: Annotated[int, typer.Option(help="held-out prompts")] = 300,
    split: Annotated[str, typer.Option(help="test or test_hard (held-out words and phrasings)")] = "test",
    steps: Annotated[int | None, typer.Option(help="denoising steps at most; default: the model's")] = None,
    seed: Annotated[int, typer.Option(help="seed of data and runs")] = 20_000,
    batch_size: Annotated[int, typer.Option(help="prompts a forward pass")] = 25,
) -> None:
    engine = cg.load()
    held_out = list(islice(examples(seed, split=split), count))
    totals: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    batches = [held_out[i : i + batch_size] for i in range(0, count, batch_size)]
    for number, batch in enumerate(track(batches, description="prompts", console=Console(stderr=True))):
        for kind in ("constrained", "unconstrained"):
            values = run(engine, batch, kind == "constrained", steps, seed + number * batch_size)
            for example, value in zip(batch, values, strict=True):
                right, asked = fields_right(example.value, value)
                row = totals[kind]
                row["parsed"] += not isinstance(value, ValueError)
                row["exact"] += value == example.value
                row["right"] += right
                row["asked"] += asked
    table = Table(
        "",
        "parsed",
        "whole value exact",
        "single fields exact",
        title=f"{count} prompts, split {split}, steps {steps}",
    )
    for kind, row in totals.items():
        table.add_row(
            kind,
            f"{row['parsed'] / count:.1%}",
            f"{row['exact'] / count:.1%}",
            f"{row['right'] / row['asked']:.1%}",
        )
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
