"""Which policy of acceptance and self-conditioning keeps a constraint from making answers worse?

Exact match on held-out prompts, the same prompts and seeds for every policy, compared with no constraint.

    python benchmarks/policies.py [--count 150] [--split test]
"""

from __future__ import annotations

import json
import statistics
from itertools import islice
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

import canvasgen as cg
from canvasgen.denoise import Policy
from canvasgen.models.loading import load
from canvasgen.training.tiny.data.examples import examples

POLICIES = {
    "no constraint": None,
    "default": Policy(),
    "self-conditioning on constrained marginals": Policy(self_conditioning="constrained"),
    "entropies alone": Policy(disbelief=0.0),
    "forced positions pinned from step one": Policy(pin_forced=True),
    "commit earlier (stability 2, confidence 0.05)": Policy(stability=2, confidence=0.05),
    "accept less (entropy bound 0.02)": Policy(entropy_bound=0.02),
}


def exact(text: str, value: object) -> bool:
    try:
        return json.loads(text) == value
    except ValueError:
        return False


def main(
    count: Annotated[int, typer.Option(help="held-out prompts")] = 150,
    split: Annotated[str, typer.Option(help="test or test_hard")] = "test",
    seed: Annotated[int, typer.Option(help="seed of data and runs")] = 40_000,
    size: Annotated[int, typer.Option(help="rows a forward pass")] = 25,
) -> None:
    loaded = load()
    held_out = list(islice(examples(seed, split=split), count))
    table = Table("policy", "exact", "steps, mean", title=f"{count} prompts, split {split}")
    for name, policy in POLICIES.items():
        requests = [
            cg.Request(
                e.prompt, schema=None if policy is None else e.schema, prompt_schema=e.schema, seed=seed + i
            )
            for i, e in enumerate(held_out)
        ]
        done = cg.Engine(loaded, policy=policy).batch(requests, size=size, progress=True)
        right = sum(exact(c.text, e.value) for c, e in zip(done, held_out, strict=True))
        table.add_row(name, f"{right / count:.1%}", f"{statistics.mean(sum(c.steps) for c in done):.1f}")
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
