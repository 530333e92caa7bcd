"""Does the memory of a process stay flat, however many different schemas it sees?

    python benchmarks/memory.py [--schemas 10000] [--patterns] [--out docs/images/memory.svg]

Each schema is another one: an object with properties of its own, and with `--patterns` a pattern whose automaton has some
hundred states. It is compiled over a vocabulary of bytes, conditions a canvas, and judges a text. The plot is the memory
that the process holds (resident, private) against the number of schemas.
"""

from __future__ import annotations

import gc
import os
import resource
import time
from pathlib import Path

import numpy as np
import typer

import canvasgen as cg
from canvasgen.request.remembered import remembered_schema
from canvasgen.training.sudoku.chart import Panel, Series, draw
from canvasgen.vocabulary import Vocabulary

POINTS = 50
VOCABULARY = Vocabulary([bytes([byte]) for byte in range(256)] + [None], end_ids=[256])


def held() -> float:
    """Megabytes of this process: resident and not shared."""
    pages = [int(one) for one in Path("/proc/self/statm").read_text().split()]
    return (pages[1] - pages[2]) * resource.getpagesize() / 1e6


def schema(number: int, patterns: bool) -> dict[str, object]:
    """The schema of a number; no two are alike."""
    properties: dict[str, object] = {
        f"name{number}": {"type": "string", "maxLength": 20 + number % 30},
        "count": {"type": "integer", "minimum": number},
        "kind": {"enum": [f"kind {number + n}" for n in range(5)]},
    }
    if patterns:
        properties["code"] = {
            "type": "string",
            "pattern": f"^[a-f]{{{5 + number % 200}}}x{number}[0-9]{{1,{10 + number % 40}}}$",
        }
    return {"type": "object", "properties": properties, "required": list(properties)}


def see(number: int, patterns: bool) -> None:
    """What a server does with a schema."""
    made = remembered_schema(schema(number, patterns), None, "", None, {})
    compiled = made.compile(VOCABULARY)
    _ = compiled.condition(np.zeros((16, VOCABULARY.size), np.float32), remaining=2000).log_partition
    made.matches("{}")


def main(schemas: int = 10_000, patterns: bool = False, out: Path | None = None) -> None:
    """Print the memory as it goes, and draw it."""
    os.environ["CANVASGEN_CACHE"] = ""
    cg.regex("a").compile(VOCABULARY)
    points: list[tuple[float, float]] = []
    begun = time.process_time()
    for number in range(1, schemas + 1):
        see(number, patterns)
        if number % max(schemas // POINTS, 1) == 0:
            gc.collect()
            points.append((number, held()))
            print(
                f"{number:6} schemas: {points[-1][1]:7.1f} MB, {time.process_time() - begun:7.1f} CPU s",
                flush=True,
            )
    if out is not None:
        top = 1.2 * max(megabytes for _, megabytes in points)
        line = Series("with patterns" if patterns else "objects", points)
        out.write_text(draw([Panel("memory of a process", "different schemas", "MB", [line], top=top)]))


if __name__ == "__main__":
    typer.run(main)
