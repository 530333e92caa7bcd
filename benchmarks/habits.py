"""Of the ways in which models write a valid value, how many can be generated, by the options that follow their habits?

    python benchmarks/habits.py --bench FILE [--limit 40]

Valid instances of JSONSchemaBench, each written in 8 styles of whitespace, with and without a code fence, with the keys as
in the data and shuffled: 48 texts. With `property_order="model"` a text counts if it can be drafted, and can be written
once it has been. These are no outputs of a model: they say which habits fit, not how frequent they are.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

import canvasgen as cg
from canvasgen.errors import CanvasgenError

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "conformance"))

import bench  # pyright: ignore[reportMissingImports]

OPTIONS: dict[str, dict[str, Any]] = {
    "compact": {"whitespace": "compact"},
    "default": {},
    'fence="allow"': {"fence": "allow"},
    'and whitespace="model"': {"fence": "allow", "whitespace": "model"},
    'and property_order="model"': {"fence": "allow", "whitespace": "model", "property_order": "model"},
}
STYLES: dict[str, dict[str, Any]] = {
    "compact": {"separators": (",", ":")},
    "one line": {},
    "spaced": {"separators": (" , ", " : ")},
    "indent 1": {"indent": 1},
    "indent 2": {"indent": 2},
    "indent 3": {"indent": 3},
    "indent 4": {"indent": 4},
    "indent tab": {"indent": "\t"},
}
FENCES = {"bare": "{}", "json fence": "```json\n{}\n```", "fence": "```\n{}\n```"}


def shuffled(value: Any, rng: random.Random) -> Any:
    """The same value with the keys of every object in a random order."""
    if isinstance(value, dict):
        names = list(value)
        rng.shuffle(names)
        return {name: shuffled(value[name], rng) for name in names}
    return [shuffled(item, rng) for item in value] if isinstance(value, list) else value


def texts(value: Any, rng: random.Random) -> Iterator[tuple[str, str]]:
    """Ways to write a value, each with its name."""
    for order, one in (("as in the data", value), ("shuffled", shuffled(value, rng))):
        for fence, around in FENCES.items():
            for style, how in STYLES.items():
                body = json.dumps(one, ensure_ascii=False, **how)
                yield f"{order}, {fence}, {style}", around.replace("{}", body, 1)


def admitted(constraint: Any, text: str) -> bool:
    """Whether a text can be generated."""
    data, drafting = text.encode(), constraint.drafting
    if drafting is None:
        return constraint.automaton.accepts(data)
    return drafting.loose.automaton.accepts(data) and drafting.led([text]).automaton.accepts(data)


def main(
    data: Annotated[Path, typer.Option("--bench", help="the data of JSONSchemaBench")],
    limit: Annotated[int, typer.Option(help="a random sample of so many schemas")] = 40,
) -> None:
    rng = random.Random(0)
    counts = {
        name: [0, 0, 0, 0] for name in OPTIONS
    }  # as in the data: admitted, all; shuffled: admitted, all
    states: dict[str, list[int]] = {name: [] for name in OPTIONS}
    lines = bench.read_bench(data, limit, seed=5)
    for line in track(lines, description="schemas", console=Console(stderr=True)):
        task = json.loads(line)
        values = [test["data"] for test in task["tests"] if test["valid"]][:1]
        written = [one for value in values for one in texts(value, rng)]
        for name, options in OPTIONS.items():
            try:
                constraint = cg.json_schema(task["schema"], **options)
                states[name].append(constraint.automaton.num_states)
            except CanvasgenError:
                continue
            for way, text in written:
                at = 2 * way.startswith("shuffled")
                counts[name][at] += admitted(constraint, text)
                counts[name][at + 1] += 1
    table = Table(
        "options", "keys as in the data", "keys shuffled", "states, p50", title="texts that can be generated"
    )
    for name, (kept, of_kept, mixed, of_mixed) in counts.items():
        middle = sorted(states[name])[len(states[name]) // 2]
        table.add_row(
            name, f"{kept / of_kept:.1%} of {of_kept}", f"{mixed / of_mixed:.1%} of {of_mixed}", f"{middle:,}"
        )
    Console(width=110).print(table)


if __name__ == "__main__":
    typer.run(main)
