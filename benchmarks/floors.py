"""What should a step of the Triton backend take on a GPU? A prediction by the model written here; nothing is measured.

    python benchmarks/floors.py

Rows of 256 positions over 262,144 tokens in bfloat16, seven edges a state. Each kernel takes the longest of what it has to
read and write, the instructions of its slots, and its chain of dependent steps; launches are added. Of the
two forms of the recurrence (one program a row and direction; sixteen that share it, in a graph) the quicker one counts.
Instructions are counted in the compiled kernels; that each scheduler issues one a clock, and what a position waits for
loads that depend on each other, are assumptions.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from step import synthetic

from canvasgen.inference.known_layouts import layout_of
from canvasgen.inference.triton_backend.device_layout import CHUNK
from canvasgen.inference.triton_backend.slots import HEAD, Slots, slots_of
from canvasgen.inference.triton_backend.token_pieces import num_chunks, pieces_of

PARTS = 16
"""Programs that share a row where the recurrence is a launch a position (`chain_steps.py`)."""

LENGTH, SIZE = 256, 262_144
WAIT, WALK, LAUNCH, NODE = 600, 600, 1.5e-6, 1.3e-6
"""Clocks that a position of the recurrence, and one of a walk, wait for loads that depend on each other; seconds of a launch
in a queue that is not empty, and of one in a CUDA graph."""
SCHEDULERS = 4
"""Of a multiprocessor; each issues one instruction of a warp a clock."""

Kinds = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]
"""By width of the tiles: instructions of a thread for a round, and for the rest of a tile."""
READ: Kinds = ((303, 98), (301, 76), (321, 75))
PIECES: Kinds = ((453, 344), (343, 211), (358, 203))
SETS: Kinds = ((360, 130), (322, 89), (377, 89))
OF_SETS: Kinds = ((388, 119), (307, 88), (347, 88))
OF_CLASSES: Kinds = ((278, 103), (230, 65), (259, 66))
SUMS: Kinds = ((131, 60), (116, 60), (179, 82))
BEST: Kinds = ((100, 60), (116, 60), (179, 82))
SHARED: Kinds = ((258, 101), (222, 117), (295, 117))
"""Counted in the machine code for an H100 (`benchmarks/compile_kernels.py --loops`), float64 values. With float32 values the
recurrence takes three quarters."""


@dataclass(frozen=True)
class Gpu:
    """Bytes a second, multiprocessors, clocks a second, what float32 values leave of the recurrence's instructions, and
    milliseconds of a forward pass of one canvas of DiffusionGemma where it is known."""

    name: str
    bandwidth: float
    processors: int
    clock: float
    doubles: float
    forward: float | None


GPUS = [
    Gpu("H200", 4.8e12, 132, 1.75e9, 1.0, 13.0),
    Gpu("H100", 3.35e12, 132, 1.75e9, 1.0, 16.0),
    Gpu("RTX 4090", 1.008e12, 128, 2.5e9, 0.75, None),
]


@dataclass(frozen=True)
class Size:
    """States and edges of an automaton, and instructions of a thread for a position.

    Attributes:
        states, edges: of the automaton.
        tables, marginals: of the passes over pieces, sets and classes.
        forward, backward, best: of the recurrence's three programs.
        part: of the largest of the programs that share a row.
    """

    states: int
    edges: int
    tables: int
    marginals: int
    forward: int
    backward: int
    best: int
    part: int


def tiles_of(slots: Slots, parts: int = 1) -> list[list[int]]:
    """Rounds of each tile, by width."""
    found: list[list[int]] = [[], [], []]
    for part in range(parts):
        head = slots.heads[slots.heads[part] :]
        for kind in range(3):
            found[kind] += [int(head[HEAD + 2 * tile + 1]) for tile in range(head[kind], head[kind + 1])]
    return found


def instructions(tiles: list[list[int]], kinds: Kinds) -> int:
    return sum(a * sum(rounds) + b * len(rounds) for rounds, (a, b) in zip(tiles, kinds, strict=True))


def size_of(states: int) -> Size:
    automaton = synthetic(4096, states, 528, fan_out=7, partitions=73, covered=425, reach=60)
    layout = layout_of(automaton, automaton.end_ids)
    target, source = (
        tiles_of(slots_of(one.offsets, chain=True)) for one in (layout.by_target, layout.by_source)
    )
    pieces = pieces_of(layout.class_of_token, layout.num_classes + 2, CHUNK)
    largest = [
        a * rounds + b
        for tiles in (target, source)
        for kind, (a, b) in enumerate(SHARED)
        for rounds in tiles[kind]
    ]
    return Size(
        automaton.num_states,
        len(automaton.edge_source),
        instructions(tiles_of(slots_of(pieces.of_class)), PIECES)
        + instructions(tiles_of(slots_of(layout.set_offsets)), SETS)
        + OTHER,
        instructions(tiles_of(slots_of(layout.by_set.offsets)), OF_SETS)
        + instructions(tiles_of(slots_of(layout.class_set_offsets)), OF_CLASSES)
        + OTHER,
        instructions(target, SUMS),
        instructions(source, SUMS),
        instructions(source, BEST),
        max(largest) * ceil(max(sum(map(len, tiles)) for tiles in (target, source)) / PARTS),
    )


OTHER = 1500
"""Instructions of the class and marginal passes outside of tiles: the normaliser, the entropies."""


def read_instructions() -> int:
    """Of a position of the pass over the logits."""
    automaton = synthetic(SIZE, 868, 528, fan_out=7, partitions=73, covered=425, reach=60)
    layout = layout_of(automaton, automaton.end_ids)
    pieces = pieces_of(layout.class_of_token, layout.num_classes + 2, CHUNK)
    return instructions(tiles_of(pieces.slots, num_chunks(SIZE, CHUNK)), READ)


def times(gpu: Gpu, size: Size, rows: int, read: int) -> dict[str, float]:
    """Seconds of each part."""
    logits, positions = rows * LENGTH * SIZE, rows * LENGTH
    issued = (
        8 / SCHEDULERS / (gpu.processors * gpu.clock)
    )  # seconds of an instruction of 8 warps, on the whole device
    waves = -(-3 * rows // gpu.processors)
    value = 8 if gpu.doubles == 1.0 else 4
    states = positions * size.states * (3 * value + 4) / gpu.bandwidth

    def chain(each: int, wait: int) -> float:
        return LENGTH * (each * 16 / SCHEDULERS * gpu.doubles + wait) / gpu.clock

    shared = ceil(3 * rows * PARTS / gpu.processors / 2)  # two programs fit into a multiprocessor
    step = (size.part * 8 / SCHEDULERS * gpu.doubles * shared + WAIT) / gpu.clock
    walk = LENGTH * WALK / gpu.clock
    forward = max(chain(size.forward, WAIT), chain(size.backward, WAIT), chain(size.best, WAIT) + walk)
    return {
        "read": max(2.18 * logits / gpu.bandwidth, positions * read * issued),
        "tables": max(0.26 * logits / gpu.bandwidth, positions * size.tables * issued),
        "recurrence": max(states, waves * forward),
        "shared": max(states, LENGTH * (NODE + step)) + walk,
        "marginals": max(states, positions * size.marginals * issued),
        "walk": walk,
        "launches": 18 * LAUNCH,
    }


def main() -> None:
    read = read_instructions()
    sizes = [size_of(states) for states in (100, 868, 5_000, 20_000)]
    print(
        "| GPU | states, edges | rows | read | tables | recurrence | shared | marginals | walk | launches | all | "
        "of a forward |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    for gpu in GPUS:
        for size in sizes:
            for rows in (1, 8, 64):
                parts = times(gpu, size, rows, read)
                whole = sum(parts.values()) - max(parts["recurrence"], parts["shared"])
                share = f"{100e3 * whole / gpu.forward:.0f}%" if gpu.forward is not None and rows == 1 else ""
                cells = " | ".join(f"{1e3 * part:.2f}" for part in (*parts.values(), whole))
                print(f"| {gpu.name} | {size.states:,}, {size.edges:,} | {rows} | {cells} | {share} |")


if __name__ == "__main__":
    main()
