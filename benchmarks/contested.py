"""Does the rule of contested positions (`denoise/stopping/opposition`) help answers that are taken from a source?

    python benchmarks/contested.py [--count 15] [--split test] [--folder FOLDER] [--nats 3]

Held-out JSON examples of six kinds, `--count` of each, every string and number a part of the prompt, with the rule and
without it, the same seeds. An example whose values the grounded schema cannot state (a value that is not in the text) is
left out and counted. The interval is that of the mean difference of an answer's share of right values, by 2,000 resamples.
"""

from __future__ import annotations

import math
import random
from itertools import islice
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.table import Table

from canvasgen.constraints import json_schema
from canvasgen.denoise import Policy
from canvasgen.engine import Engine, Request
from canvasgen.errors import CanvasgenError
from canvasgen.models.embedded.tiny import WEIGHTS
from canvasgen.models.loading import Loaded, load
from canvasgen.training.tiny.data.examples import Example, Split, examples
from canvasgen.training.tiny.measure import KINDS, right_values_of

ASKED = (
    "objects, records",
    "objects, scenes",
    "objects, absent fields",
    "objects, values alone",
    "objects, long texts",
    "objects, rows",
)


def can_be_stated(one: Example) -> bool:
    """Whether the expected value is one that the grounded schema allows."""
    try:
        return json_schema(one.schema, grounded=one.prompt).matches(one.text)
    except CanvasgenError:
        return False


def answered(loaded: Loaded, ones: list[Example], nats: float) -> list[tuple[int, list[bool]]]:
    """The steps of each answer, and which of its values are right."""
    engine = Engine(loaded, policy=Policy(opposed=nats))
    asked = [
        Request(
            one.full_prompt,
            constraint=json_schema(one.schema, grounded=one.prompt),
            prompt_schema=False,
            seed=seed,
            on_step_limit="return",
        )
        for seed, one in enumerate(ones)
    ]
    done = engine.batch(asked, size=16)
    return [(sum(each.steps), right_values_of(one, each)) for one, each in zip(ones, done, strict=True)]


def shares(answers: list[tuple[int, list[bool]]]) -> list[float]:
    """Of each answer, the share of right values."""
    return [sum(right) / len(right) for _, right in answers]


def interval(differences: list[float]) -> tuple[float, float]:
    """95% of the resampled means."""
    chance = random.Random(0)
    means = sorted(
        sum(chance.choices(differences, k=len(differences))) / len(differences) for _ in range(2000)
    )
    return means[50], means[1949]


def shown(answers: list[tuple[int, list[bool]]]) -> str:
    """Mean steps, right values, answers that are right as a whole."""
    values = [one for _, right in answers for one in right]
    whole = sum(all(right) for _, right in answers)
    steps = sum(steps for steps, _ in answers) / len(answers)
    return f"{steps:.1f}, {sum(values) / len(values):.1%}, {whole} of {len(answers)}"


def main(
    count: Annotated[int, typer.Option(help="Examples of each kind.")] = 15,
    split: Annotated[str, typer.Option(help="`test`, or `test_hard`.")] = "test",
    folder: Annotated[Path, typer.Option(help="Weights.")] = WEIGHTS,
    nats: Annotated[float, typer.Option(help="`Policy.opposed` of the rule.")] = 3.0,
    seed: Annotated[int, typer.Option(help="Seed of the examples.")] = 29,
) -> None:
    """Print a row for each kind, and the difference of all."""
    torch.set_num_threads(1)
    loaded = load(folder, device="cpu")
    chosen: Split = "test" if split == "test" else "test_hard"
    table = Table(
        "kind", "left out", "without", f"{nats:g} nats", title=f"steps, right values, whole: {count} of each"
    )
    every: tuple[list[tuple[int, list[bool]]], list[tuple[int, list[bool]]]] = ([], [])
    for kind in ASKED:
        drawn = list(islice(examples(seed, chosen, KINDS[kind]), count))
        ones = [one for one in drawn if can_be_stated(one)]
        if not ones:
            table.add_row(kind, str(count), "", "")
            continue
        cells = [answered(loaded, ones, math.inf), answered(loaded, ones, nats)]
        for whole, part in zip(every, cells, strict=True):
            whole += part
        table.add_row(kind, str(count - len(ones)), *map(shown, cells))
    table.add_row("all", "", *map(shown, every))
    console = Console(width=120)
    console.print(table)
    differences = [after - before for before, after in zip(*map(shares, every), strict=True)]
    low, high = interval(differences)
    console.print(
        f"difference of an answer's right values: {sum(differences) / len(differences):+.1%}"
        f" ({low:+.1%} to {high:+.1%}), {sum(d > 0 for d in differences)} better,"
        f" {sum(d < 0 for d in differences)} worse of {len(differences)}"
    )


if __name__ == "__main__":
    typer.run(main)
