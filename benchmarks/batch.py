"""What does a batch save? The CPU time of `Engine.batch` against that of as many single calls, in one process.

    python benchmarks/batch.py [--rows 16] [--rounds 3] [--threads 1]

Requests for objects of three and of five fields, texts by pattern and choices, over prompts of different lengths, on the
embedded model. Before anything is timed, every answer of the batch has to be valid and the same as that of its single call.
Printed are the CPU seconds (all threads together) and the seconds on the clock, and their ratios; the best of the rounds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Annotated, TypeVar

import torch
import typer
from pydantic import BaseModel, Field

import canvasgen as cg

NAMES = (
    "Alice Smith",
    "Bob Jones",
    "Carla Diaz",
    "Deng Wei",
    "Eva Braun",
    "Frank Ocean",
    "Gina Lo",
    "Hugo Boss",
)
CITIES = ("Paris", "Rome", "Oslo", "Lima", "Cairo")
Result = TypeVar("Result")


class Person(BaseModel):
    name: str = Field(max_length=30)
    age: int = Field(ge=0, le=150)
    city: str = Field(max_length=30)


class Member(Person):
    email: str = Field(max_length=40)
    member: bool


def request(number: int) -> cg.Request:
    """The requests take turns: two objects, a text, a choice."""
    name, city = NAMES[number % len(NAMES)], CITIES[number % len(CITIES)]
    told = f"{name}, {20 + number} years old, lives in {city}." + " He likes tea." * (number % 4)
    if number % 4 == 2:
        return cg.Request(f"{told} A code for it:", regex="[A-Z]{3}-[0-9]{2,4}", seed=number)
    if number % 4 == 3:
        return cg.Request(f"{told} Is that young or old?", choice=["young", "old", "neither"], seed=number)
    return cg.Request(told, schema=Person if number % 4 == 0 else Member, seed=number)


def check(
    requests: Sequence[cg.Request], alone: Sequence[cg.Completion], together: Sequence[cg.Completion]
) -> None:
    """Raise AssertionError unless all answers are valid, and those of the batch the same as the single ones."""
    for number, (one, single, batched) in enumerate(zip(requests, alone, together, strict=True)):
        constraint = one.resolve()
        assert constraint is not None
        assert constraint.matches(single.text), f"request {number}: {single.text!r} is not valid"
        assert batched.text == single.text, (
            f"request {number}: {batched.text!r} in a batch, {single.text!r} alone"
        )
        assert batched.steps == single.steps, f"request {number}: {batched.steps} steps, {single.steps} alone"


def timed(work: Callable[[], Result]) -> tuple[float, float, Result]:
    """CPU seconds, seconds on the clock, and the result."""
    cpu, clock = time.process_time(), time.perf_counter()
    result = work()
    return time.process_time() - cpu, time.perf_counter() - clock, result


def main(
    rows: Annotated[int, typer.Option(help="Requests, all of one batch.")] = 16,
    rounds: Annotated[int, typer.Option(help="Times that both are measured, in turn.")] = 3,
    threads: Annotated[int, typer.Option(help="Threads of torch; 0: its own choice.")] = 0,
) -> None:
    """Measures and prints."""
    if threads:
        torch.set_num_threads(threads)
    engine = cg.load()
    requests = [request(number) for number in range(rows)]

    def single() -> list[cg.Completion]:
        return [engine.complete(one) for one in requests]

    def batch() -> list[cg.Completion]:
        return engine.batch(requests, size=rows)

    check(requests, single(), batch())
    found = {"single": [timed(single)[:2]], "batch": [timed(batch)[:2]]}
    for _ in range(rounds - 1):
        found["single"].append(timed(single)[:2])
        found["batch"].append(timed(batch)[:2])
    best = {name: [min(column) for column in zip(*times, strict=True)] for name, times in found.items()}
    print(
        f"{rows} requests, {torch.get_num_threads()} threads, best of {rounds} rounds; all answers valid and the same"
    )
    for at, unit in enumerate(("CPU", "clock")):
        one, many = best["single"][at], best["batch"][at]
        print(f"{unit:>6}: single calls {one:.2f} s, batch {many:.2f} s, ratio {many / one:.2f}")


if __name__ == "__main__":
    typer.run(main)
