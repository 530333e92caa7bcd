"""What does a step on a GPU have to do: launches, synchronisations, bytes?

    python benchmarks/launches.py [--rows N] [--states N] [--length N] [--size N]

Counted without a GPU, for the Triton backend: kernels are recorded and not run, as nothing of a step depends on a value.
The rows have different automata, of the sizes measured on a JSON schema with ten properties and Gemma's vocabulary. Bytes
are those of every array that a kernel is given, once: what has to come from memory or go there if the caches hold what a
kernel reads again. Beside it the plain torch backend.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("TRITON_INTERPRET", "1")

import torch
from step import synthetic

from canvasgen.inference import Request, condition_batch

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "inference"))

import quick_interpreter
from counting import Counting
from launch_counting import NO_WORK, Step, counted


def requests(rows: int, states: int, size: int) -> list[Request]:
    """Rows with automata of their own."""
    return [
        Request(
            synthetic(size, states, 528, fan_out=7, partitions=73, covered=425, reach=60, seed=b),
            remaining=states,
            pad_id=0,
        )
        for b in range(rows)
    ]


def report(step: Step, logits: torch.Tensor) -> None:
    rows, length, _ = logits.shape
    one_read = logits.numel() * logits.element_size()
    print(f"  launches {step.num_launches}: kernels {len(step.launches)}, operations of torch "
          f"{sum(step.operations.values())}, uploads {len(step.uploads)}")  # fmt: skip
    print(f"    kernels: {', '.join(name.strip('_') for name in step.launches)}")
    print(f"    operations: {step.operations}")
    print(f"  synchronisations {sum(step.reads.values())}")
    print(f"  uploaded {sum(step.uploads) / rows / 1e3:.1f} KB a row")
    print(
        f"  to the host, at the step's end: {(length * 8 + 3 * 8) / 1e3:.1f} KB a row (best canvas, log Z, flags)"
    )
    total = sum(step.bytes_of.values())
    print(f"  bytes {total / 1e6:.0f} MB, {total / one_read:.2f} of one read of the logits")
    for name, given in step.bytes_of.items():
        print(f"    {name.strip('_'):14s} {given / 1e6:9.1f} MB  {given / one_read:6.3f}")


def plain(several: list[Request], length: int, size: int) -> None:
    """The reference's operations, at a small vocabulary, on which they do not depend."""
    logits = torch.zeros(len(several), length, size, dtype=torch.bfloat16)
    with Counting() as counting:
        found = condition_batch(several, logits, check=False, backend="torch")
        for answer in ("log_partition", "entropies", "allowed_mass", "forced", "best", "best_log_prob"):
            getattr(found, answer)
        found.sample(range(len(several)))
    work = sum(n for name, n in counting.operations.items() if name not in NO_WORK)
    print(f"\nplain torch backend: {work} operations, {sum(counting.reads.values())} synchronisations")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=8)
    parser.add_argument("--states", type=int, default=868)
    parser.add_argument("--length", type=int, default=256)
    parser.add_argument("--size", type=int, default=262_144)
    arguments = parser.parse_args()
    quick_interpreter.enter()
    several = requests(arguments.rows, arguments.states, arguments.size)
    logits = torch.zeros(1, dtype=torch.bfloat16).expand(arguments.rows, arguments.length, arguments.size)
    automaton = several[0].automaton
    print(
        f"{arguments.rows} rows, {arguments.length} x {arguments.size} bfloat16; {automaton.num_states} states, "
        f"{len(automaton.edge_source)} edges, {automaton.num_classes} classes each"
    )
    report(counted(several, logits), logits)
    plain(requests(arguments.rows, arguments.states, 4096), arguments.length, 4096)


if __name__ == "__main__":
    main()
