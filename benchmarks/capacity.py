"""How many GPUs a number of requests a second takes, on paper: what is known of DiffusionGemma, and stated assumptions.

    python benchmarks/capacity.py

Nothing here is measured on a GPU. A denoising step of B rows reads the weights once and computes each row:

    step(B) = max(weights / bandwidth, B · row),   row = 2 · parameters a token uses · 256 / (FLOP/s · share reached)

and the conditioning of B rows takes what `benchmarks/floors.py` predicts. Printed is the table of docs/capacity.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

WEIGHT_BYTES = 51e9
ACTIVE = 3.8e9
CANVAS, PROMPT = 256, 512
REACHED = 0.4
"""Of the peak that a mixture of experts reaches in bfloat16: an assumption."""
USED = 0.7
"""Of a GPU's time that is planned for, so that queues stay short."""
CONDITIONING = {1: 0.91e-3, 8: 2.05e-3, 64: 11.66e-3}
"""Seconds of a step's conditioning by rows, at 868 states: predicted in docs/performance.md."""


@dataclass(frozen=True)
class Gpu:
    """A GPU: bytes a second, FLOP a second in bfloat16 (dense), from its data sheet; published tokens a second."""

    name: str
    bandwidth: float
    flops: float


GPUS = (Gpu("H200", 4.8e12, 989e12), Gpu("H100", 3.35e12, 989e12))


def conditioning(rows: int) -> float:
    """Return seconds for a step's rows, by straight lines between the predictions."""
    (low, first), *others = CONDITIONING.items()
    for high, second in others:
        if rows <= high:
            return first + (second - first) * (rows - low) / (high - low)
        low, first = high, second
    return first * rows / low


def step(gpu: Gpu, rows: int) -> float:
    """Return seconds of one denoising step with its conditioning."""
    row = 2 * ACTIVE * CANVAS / (gpu.flops * REACHED)
    return max(WEIGHT_BYTES / gpu.bandwidth, rows * row) + conditioning(rows)


def a_second(gpu: Gpu, rows: int, steps: int, canvases: int) -> float:
    """Return requests a second: `rows` at a time, each of `canvases` blocks of `steps`, with the prompt's pass."""
    prefill = 2 * ACTIVE * (PROMPT + canvases * CANVAS) / (gpu.flops * REACHED)
    return rows / (canvases * steps * step(gpu, rows) + rows * prefill)


def main() -> None:
    """Print the table."""
    print(
        "| GPU | rows | ms a step | of it conditioning | requests/s, 4 steps | 8 steps | 16 steps | 8 steps, 3 canvases |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for gpu in GPUS:
        for rows in (1, 4, 8, 16, 64):
            whole = step(gpu, rows)
            rates = [a_second(gpu, rows, *kind) for kind in ((4, 1), (8, 1), (16, 1), (8, 3))]
            shown = " | ".join(f"{rate:.1f}" for rate in rates)
            print(f"| {gpu.name} | {rows} | {whole * 1e3:.1f} | {conditioning(rows) / whole:.0%} | {shown} |")
    print()
    print("| requests a second | H200s, 4 steps | 8 steps | 16 steps | 8 steps, 3 canvases |")
    print("|---|---|---|---|---|")
    for wanted in (1, 100, 10_000):
        needed = [
            ceil(wanted / (USED * a_second(GPUS[0], 16, *kind))) for kind in ((4, 1), (8, 1), (16, 1), (8, 3))
        ]
        print(f"| {wanted:,} | " + " | ".join(f"{count:,}" for count in needed) + " |")


if __name__ == "__main__":
    main()
