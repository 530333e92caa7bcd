"""Is a schema inside of a larger constraint answered as well as the schema alone, and what is telling the model worth?

The embedded model extracts asked fields from held-out prompts under the same schema in several compositions, once told
what `Constraint.shown` says of the whole, and once told nothing (as before compositions showed their parts).

    python benchmarks/compositions.py [--count 40] [--split test]
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

import canvasgen as cg
from canvasgen.constraints import Constraint
from canvasgen.training.tiny.data.examples import examples

COMPOSITIONS: dict[str, Callable[[Constraint], Constraint]] = {
    "schema alone": lambda schema: schema,
    "literal + schema": lambda schema: "Answer: " + schema,
    "thoughts + schema": lambda schema: cg.text(until="</think>", max_tokens=12) + schema,
    "schema | literal": lambda schema: schema | cg.literal("none"),
    "optional(schema)": cg.optional,
    "schema & excludes": lambda schema: schema & cg.excludes(["http"]),
    "repeat(schema, 1, 2)": lambda schema: cg.repeat(schema, 1, 2, separator="\n"),
    "template with a hole": lambda schema: cg.template("Record: {record}\n", record=schema),
}


def inner(value: Any) -> Any:
    """The value of the schema's part: of a template its hole's, of a repetition the only item's."""
    if isinstance(value, dict) and set(value) == {"record"}:
        return value["record"]
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def main(
    count: Annotated[int, typer.Option(help="held-out prompts")] = 40,
    split: Annotated[str, typer.Option(help="test or test_hard (held-out words and phrasings)")] = "test",
    seed: Annotated[int, typer.Option(help="seed of data and runs")] = 20_000,
) -> None:
    engine = cg.load()
    held_out = [e for e in islice(examples(seed, split=split), 4 * count) if e.schema and e.form is None][
        :count
    ]
    table = Table(
        "", "told: exact", "told: steps", "not told: exact", "not told: steps", title=f"{count} prompts"
    )
    for name, compose in track(COMPOSITIONS.items(), description="", console=Console(stderr=True)):
        row: list[str] = [name]
        for told in (True, False):
            done = engine.batch(
                cg.Request(
                    one.prompt,
                    constraint=compose(cg.json_schema(one.schema)),
                    prompt_schema=told,
                    max_tokens=192,
                    seed=seed + number,
                )
                for number, one in enumerate(held_out)
            )
            right = sum(inner(each.value) == one.value for each, one in zip(done, held_out, strict=True))
            steps = sum(sum(each.steps) for each in done) / len(done)
            row += [f"{right / len(done):.1%}", f"{steps:.1f}"]
        table.add_row(*row)
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
