"""What should a step of the Triton backend take on a GPU? A prediction by the model written here; nothing is measured.

    python benchmarks/floors.py

Rows of 256 positions over 262,144 tokens in bfloat16, seven edges a state. Each kernel takes the longest of what it has to
read and write, what its slots take of the arithmetic units, and its chain of dependent steps; launches are added. Of the
two forms of the recurrence (one program a row and direction; sixteen that share it, in a graph) the quicker one counts. The
clock counts of a round and of a step are estimates from instructions and latencies of caches, good to a factor of two.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from step import synthetic

from canvasgen.inference.known_layouts import layout_of
from canvasgen.inference.triton_backend.slots import BLOCK, slots_of

PARTS = 16
"""Programs that share a row where the recurrence is a launch a position (`chain_steps.py`)."""

LENGTH, SIZE = 256, 262_144
ROUND, STEP, WALK, GATHER, LAUNCH, NODE = 450, 150, 600, 12, 1.5e-6, 1.3e-6
"""Clocks of a round of `BLOCK` slots, of the rest of a position, of a position of a walk, of a gather by 32 threads;
seconds of a launch in a queue that is not empty, and of one in a CUDA graph."""
SLOTS_OF_A_TOKEN = 1.35
"""Of the pass over the logits, counted by `tests/inference/test_launches.py`."""


@dataclass(frozen=True)
class Gpu:
    """Bytes a second, multiprocessors, clocks a second, what float32 values make of a round, and milliseconds of a
    forward pass of one canvas of DiffusionGemma where it is known."""

    name: str
    bandwidth: float
    processors: int
    clock: float
    doubles: float
    forward: float | None


GPUS = [
    Gpu("H200", 4.8e12, 132, 1.75e9, 1.0, 13.0),
    Gpu("H100", 3.35e12, 132, 1.75e9, 1.0, 16.0),
    Gpu("RTX 4090", 1.008e12, 128, 2.5e9, 0.8, None),
]


@dataclass(frozen=True)
class Size:
    """States and edges of an automaton; slots of its recurrence, and the other slots of a position."""

    states: int
    edges: int
    chain: int
    other: int


def size_of(states: int) -> Size:
    automaton = synthetic(4096, states, 528, fan_out=7, partitions=73, covered=425, reach=60)
    layout = layout_of(automaton, automaton.end_ids)
    chain = max(len(slots_of(one.offsets).members) for one in (layout.by_target, layout.by_source))
    other = sum(
        len(slots_of(offsets).members)
        for offsets in (layout.by_set.offsets, layout.set_offsets, layout.class_set_offsets)
    )
    return Size(automaton.num_states, len(automaton.edge_source), chain, other)


def times(gpu: Gpu, size: Size, rows: int) -> dict[str, float]:
    """Seconds of each part."""
    logits = rows * LENGTH * SIZE
    machine = gpu.processors * gpu.clock
    waves = -(-3 * rows // gpu.processors)
    value = 8 if gpu.doubles == 1.0 else 4
    states = rows * LENGTH * size.states * (3 * value + 4)
    rounds = size.chain / BLOCK
    shared = ceil(3 * rows * PARTS / gpu.processors / 2)  # two programs fit into a multiprocessor
    step = (ceil(rounds / PARTS) * shared * ROUND * gpu.doubles + STEP + 600) / gpu.clock
    return {
        "read": max(2.18 * logits / gpu.bandwidth, SLOTS_OF_A_TOKEN * logits / 32 * GATHER / machine),
        "tables": max(0.26 * logits / gpu.bandwidth, rows * LENGTH * size.other / BLOCK * ROUND / machine),
        "recurrence": max(
            states / gpu.bandwidth, waves * LENGTH * (rounds * ROUND * gpu.doubles + STEP) / gpu.clock
        ),
        "shared": max(states / gpu.bandwidth, LENGTH * (NODE + step)),
        "marginals": max(states / gpu.bandwidth, rows * LENGTH * size.other / BLOCK * ROUND / machine),
        "walks": 2 * LENGTH * WALK / gpu.clock,
        "launches": 19 * LAUNCH,
    }


def main() -> None:
    sizes = [size_of(states) for states in (100, 868, 5_000, 20_000)]
    print(
        "| GPU | states, edges | rows | read | tables | recurrence | shared | marginals | walks | launches | all | "
        "of a forward |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    for gpu in GPUS:
        for size in sizes:
            for rows in (1, 8, 64):
                parts = times(gpu, size, rows)
                whole = sum(parts.values()) - max(parts["recurrence"], parts["shared"])
                share = f"{100e3 * whole / gpu.forward:.0f}%" if gpu.forward is not None and rows == 1 else ""
                cells = " | ".join(f"{1e3 * part:.2f}" for part in (*parts.values(), whole))
                print(f"| {gpu.name} | {size.states:,}, {size.edges:,} | {rows} | {cells} | {share} |")


if __name__ == "__main__":
    main()
