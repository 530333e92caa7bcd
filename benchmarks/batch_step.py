"""What does conditioning a batch cost beside its rows one by one, at the embedded model's size?

    python benchmarks/batch_step.py [--rows N] [--rounds N] [--threads N]

A step is what the denoising loop asks for: log-partition, entropies, allowed mass, forced positions, best canvases, one
sample a row. The rows have different automata, of about 100 to 900 states, and canvases of 96 to 128 positions over 1,536
tokens. Before anything is timed the batch's results are compared with the single calls', and the backends with each
other. Batch and single calls are timed in turn, wall-clock and processor time; ratios are medians of the rounds' ratios.
The tensor operations of a step of the torch backend are counted.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from step import synthetic

from canvasgen.inference import Posteriors, Request, condition_batch

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "inference"))

from counting import Counting

LENGTH, SIZE = 128, 1_536
STATES = (104, 161, 230, 318, 404, 530, 701, 892)


def rows(count: int) -> list[Request]:
    """Canvases of different automata and lengths."""
    automata = [
        synthetic(
            SIZE, states, 97, fan_out=3, partitions=34, covered=12, reach=max(12, states // 12), seed=states
        )
        for states in STATES[:count]
    ]
    return [
        Request(automaton, length=LENGTH - 32 * (b % 2), remaining=0 if b % 4 else 64, pad_id=0)
        for b, automaton in zip(range(count), automata * -(-count // len(automata)), strict=False)
    ]


def step(several: list[Request], logits: torch.Tensor, threads: int, backend: str = "numba") -> Posteriors:
    """What the loop asks for at every step."""
    found = condition_batch(several, logits, check=False, backend=backend, threads=threads)
    for answers in (found.entropies, found.allowed_mass, found.forced, found.best):
        assert len(answers) == len(several)
    found.sample(range(len(several)))
    return found


def check(several: list[Request], logits: torch.Tensor, threads: int) -> None:
    """The batch gives what its rows give, and what the reference gives."""
    found, plain = step(several, logits, threads), step(several, logits, threads, "torch")
    assert [error for error in found.errors() if error is not None] == []
    for b, request in enumerate(several):
        alone = step([request], logits[b : b + 1], 1)
        n = request.length
        torch.testing.assert_close(found.log_partition[b], alone.log_partition[0], rtol=0, atol=0)
        torch.testing.assert_close(found.entropies[b], alone.entropies[0], rtol=0, atol=0)
        assert torch.equal(found.best[b], alone.best[0])
        assert torch.equal(found.sample(range(len(several)))[b, :n], alone.sample([b])[0, :n])
    torch.testing.assert_close(found.log_partition, plain.log_partition, rtol=0, atol=1e-3)
    torch.testing.assert_close(found.entropies, plain.entropies, rtol=0, atol=1e-4)
    assert torch.equal(found.best, plain.best)


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Wall-clock and processor seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    several, threads = rows(arguments.rows), arguments.threads
    rng = np.random.default_rng(1)
    logits = torch.from_numpy(rng.standard_normal((len(several), LENGTH, SIZE), dtype=np.float32) * 3.0)
    check(several, logits, threads)
    singles = list(zip(several, logits.split(1), strict=True))
    tasks: dict[str, Callable[[], object]] = {
        "log_softmax of all": lambda: torch.log_softmax(logits, -1),
        "one by one": lambda: [step([request], row, threads) for request, row in singles],
        "one batch": lambda: step(several, logits, threads),
    }
    taken = {
        task: np.array([timed(work) for _ in range(1) if work() is not None]) for task, work in tasks.items()
    }
    taken = {task: np.zeros((arguments.rounds, 2)) for task in taken}
    for n in range(arguments.rounds):
        for task, work in tasks.items():
            taken[task][n] = timed(work)
    print(
        f"{len(several)} rows of {LENGTH} x {SIZE}, automata of {min(STATES)} to {max(STATES)} states, {threads} threads"
    )
    for task, times in taken.items():
        wall, cpu = 1e3 * np.median(times, axis=0)
        ratio = np.median(times / taken["one by one"], axis=0)
        print(
            f"  {task:20s} wall {wall:8.2f} ms, ratio {ratio[0]:5.2f}   processor {cpu:8.2f} ms, ratio {ratio[1]:5.2f}"
        )
    for count in (1, 8):
        step(several[:count], logits[:count], threads, "torch")
        with Counting() as counting:
            step(several[:count], logits[:count], threads, "torch")
        print(
            f"  torch, {count} rows: {counting.total} operations, {counting.reads.total()} reads by the host"
        )


if __name__ == "__main__":
    main()
