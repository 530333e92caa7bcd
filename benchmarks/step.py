"""How long is one conditioning step beside one log_softmax of the same logits?

    python benchmarks/step.py [--threads N] [--rounds N]

A step is what the denoising loop asks for at every step: class-level mask, log-partition, MAP canvas, entropies and
class-level marginals (the `[L, V]` arrays are timed apart). The automata are synthetic, of the sizes measured on a JSON
schema with ten properties and the Gemma vocabulary. Step and log_softmax are timed in turn (A B A B), and the ratio is
the median of the rounds' ratios, so that whatever else the machine does falls on both.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from canvasgen.inference import Posterior, condition


@dataclass(frozen=True, eq=False)
class SyntheticAutomaton:
    """The arrays of a token automaton."""

    num_states: int
    num_classes: int
    start: int
    class_of_token: np.ndarray
    edge_source: np.ndarray
    edge_target: np.ndarray
    edge_set: np.ndarray
    set_offsets: np.ndarray
    set_classes: np.ndarray
    accepting: np.ndarray
    distance: np.ndarray


def synthetic(
    size: int, states: int, classes: int, fan_out: int, partitions: int, covered: int, reach: int, seed: int = 0
) -> SyntheticAutomaton:
    """States in a row; each sends `covered` classes, parted into `fan_out` sets, to itself or up to `reach` ahead.

    `partitions` different partings are shared by the states. Class sizes follow a power law.
    """
    rng = np.random.default_rng(seed)
    weights = rng.pareto(0.9, classes) + 1.0
    class_of_token = rng.choice(classes, size, p=weights / weights.sum()).astype(np.int32)
    class_of_token[rng.permutation(size)[:classes]] = np.arange(classes)
    class_of_token[:8] = -1
    sets: list[np.ndarray] = []
    for _ in range(partitions):
        chosen = rng.permutation(classes)[:covered]
        cuts = np.sort(rng.choice(np.arange(1, covered), fan_out - 1, replace=False))
        sets += [np.sort(part) for part in np.split(chosen, cuts)]
    edges = set[tuple[int, int, int]]()
    for state in range(states):
        parting = int(rng.integers(partitions))
        targets = {state, min(state + 1, states - 1)}
        while len(targets) < min(fan_out, states - state):
            targets.add(min(state + int(rng.integers(1, reach)), states - 1))
        edges |= {(state, target, parting * fan_out + n) for n, target in enumerate(sorted(targets))}
    source, target, index = (np.array(ends, dtype=np.int32) for ends in zip(*sorted(edges), strict=True))
    distance = np.full(states, states, dtype=np.int32)
    distance[-1] = 0
    for state in reversed(range(states - 1)):
        distance[state] = 1 + distance[target[(source == state) & (target > state)]].min()
    return SyntheticAutomaton(
        num_states=states,
        num_classes=classes,
        start=0,
        class_of_token=class_of_token,
        edge_source=source,
        edge_target=target,
        edge_set=index,
        set_offsets=np.concatenate([[0], np.cumsum([len(s) for s in sets])]).astype(np.int32),
        set_classes=np.concatenate(sets).astype(np.int32),
        accepting=np.arange(states) == states - 1,
        distance=distance,
    )


def step(automaton: SyntheticAutomaton, logits: torch.Tensor, backend: str = "auto") -> Posterior:
    """What the loop asks for at every step."""
    posterior = condition(automaton, logits, end_ids=[1, 2, 3], pad_id=0, backend=backend)
    posterior.entropies  # noqa: B018
    posterior.allowed_classes  # noqa: B018
    posterior.best  # noqa: B018
    return posterior


def check(automaton: SyntheticAutomaton, logits: torch.Tensor) -> None:
    """The fast path gives what the reference gives, before anything is timed."""
    fast, plain = step(automaton, logits), step(automaton, logits, "torch")
    assert abs(fast.log_partition - plain.log_partition) <= 1e-3, (fast.log_partition, plain.log_partition)
    np.testing.assert_allclose(fast.class_log_marginals, plain.class_log_marginals, atol=1e-3)
    np.testing.assert_allclose(fast.entropies, plain.entropies, atol=1e-4)
    np.testing.assert_array_equal(fast.best, plain.best)


def timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def compare(name: str, automaton: SyntheticAutomaton, length: int, rounds: int, spread: float) -> None:
    size = len(automaton.class_of_token)
    logits = torch.from_numpy(np.random.default_rng(1).standard_normal((length, size), dtype=np.float32) * spread)
    check(automaton, logits[:32] if size > 10_000 else logits)
    tasks: dict[str, Callable[[], object]] = {
        "log_softmax": lambda: torch.log_softmax(logits, -1),
        "step": lambda: step(automaton, logits),
        "step, then marginals [L, V]": lambda: step(automaton, logits).marginals(),
        "step, then mask [L, V]": lambda: step(automaton, logits).mask,
        "step, then one sample": lambda: step(automaton, logits).sample(1, 0),
    }
    for work in tasks.values():
        work()
    taken = {task: np.array([0.0] * rounds) for task in tasks}
    for n in range(rounds):
        for task, work in tasks.items():
            taken[task][n] = timed(work)
    sizes = f"{automaton.num_states} states, {automaton.num_classes} classes, {len(automaton.edge_source)} edges, "
    sizes += f"{len(automaton.set_offsets) - 1} sets, {len(automaton.set_classes)} pairs"
    print(f"\n{name}: {length} x {size} float32, spread {spread}; {sizes}; {torch.get_num_threads()} threads")
    for task, times in taken.items():
        ratio = np.median(times / taken["log_softmax"])
        print(f"  {task:30s} {1e3 * np.median(times):9.2f} ms   best {1e3 * times.min():9.2f} ms   ratio {ratio:6.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", choices=["large", "small"], default=None)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    if arguments.only != "small":
        large = synthetic(262_144, 868, 528, fan_out=7, partitions=73, covered=425, reach=60)
        for spread in (3.0, 10.0):
            compare("Gemma's size", large, 256, arguments.rounds, spread)
    if arguments.only != "large":
        small = synthetic(1_536, 400, 150, fan_out=6, partitions=30, covered=120, reach=40)
        compare("the embedded model's size", small, 128, max(50, arguments.rounds), 3.0)


if __name__ == "__main__":
    main()
