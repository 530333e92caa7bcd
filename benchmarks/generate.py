"""How long does one answer take, and how much memory? `generate` of a 5-field object on the embedded model, warm.

python benchmarks/generate.py [--count 20]
"""

from __future__ import annotations

import resource
import statistics
import time
from typing import Annotated

import typer
from pydantic import BaseModel

import canvasgen as cg

PROMPT = "Alice Smith, 34 years old, lives in Paris. Her e-mail is alice@smith.org and she is a member."


class Person(BaseModel):
    name: str
    age: int
    city: str
    email: str
    member: bool


def main(count: Annotated[int, typer.Option(help="timed runs")] = 20) -> None:
    began = time.perf_counter()
    engine = cg.load()
    loaded = time.perf_counter()
    first = engine.complete(PROMPT, schema=Person, seed=0)
    assert isinstance(first.value, Person)
    warm = time.perf_counter()
    print(f"load {loaded - began:.2f} s, first answer {warm - loaded:.2f} s: {first.value!r}")
    seconds: list[float] = []
    parts: dict[str, list[float]] = {}
    for seed in range(count):
        began = time.perf_counter()
        completion = engine.complete(PROMPT, schema=Person, seed=seed)
        seconds.append(time.perf_counter() - began)
        assert isinstance(completion.value, Person)
        for name, value in completion.timings.items():
            parts.setdefault(name, []).append(value)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"warm answer: median {statistics.median(seconds):.3f} s, worst {max(seconds):.3f} s over {count} runs"
    )
    print("  " + ", ".join(f"{name} {statistics.median(v) * 1e3:.0f} ms" for name, v in parts.items()))
    print(f"peak memory {peak:.2f} GB")


if __name__ == "__main__":
    typer.run(main)
