"""How long is one conditioning step on a GPU, kernel by kernel and as one graph, beside the dense tree of matrix products?

    python benchmarks/gpu_step.py [--tiny] [--states N ...] [--rows N ...] [--repeats N]

On CUDA: rows of 256 positions over 262,144 tokens in bfloat16, with synthetic automata of 100 to 20,000 states; under eight
minutes. `--tiny` runs the same code in Triton's interpreter on the CPU, to show that it works; its times mean nothing.
Each case is checked against the plain torch backend before it is timed. A step is what the denoising loop asks for: log Z,
entropies, allowed mass, forced positions, the best canvas and its probability, and one sample a row.

The *dense tree* writes each position's transitions as a matrix of states × states and multiplies them pairwise (a parallel
scan, the method of Mosaic for constrained diffusion); here log Z alone, in float32, which favours it.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

os.environ.setdefault("TRITON_INTERPRET", str(int("--tiny" in sys.argv)))

import torch
from step import synthetic

from canvasgen.inference import Posteriors, Request, condition_batch, registry
from canvasgen.inference.known_layouts import layout_of
from canvasgen.inference.triton_backend import TritonBackend
from canvasgen.tokens import TokenAutomaton

TINY = "--tiny" in sys.argv
WAYS: dict[str, dict[str, Any]] = {
    "kernels": {},
    "graph": {"graphs": True, "split_slots": 1 << 40},
    "split": {"graphs": True, "split_slots": 0},
}
"""Backends that are timed: kernel by kernel, one graph, one graph whose recurrence is a launch a position."""


def interpreted() -> None:
    """Triton's interpreter, quick; there is no graph on the CPU: its kernels run one by one."""
    sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "inference"))
    import quick_interpreter

    from canvasgen.inference.triton_backend import chain_steps, graphs

    quick_interpreter.enter()
    graphs.capture = lambda work: work
    chain_steps.PARTS = 2


def automaton_of(states: int, size: int, seed: int = 0) -> TokenAutomaton:
    """Of the sizes measured on a JSON schema with ten properties."""
    if size < 1000:
        return synthetic(size, states, 12, fan_out=3, partitions=4, covered=8, reach=4, seed=seed)
    return synthetic(size, states, 528, fan_out=7, partitions=73, covered=425, reach=60, seed=seed)


def answers(requests: list[Request], logits: torch.Tensor, backend: str) -> Posteriors:
    """A step."""
    found = condition_batch(requests, logits, check=False, backend=backend)
    for one in ("log_partition", "entropies", "allowed_mass", "forced", "best", "best_log_prob"):
        getattr(found, one)
    found.sample(range(len(requests)))
    return found


def timed(work: Callable[[], object], repeats: int, device: torch.device) -> float:
    """Milliseconds: the median of the repeats."""
    found = list[float]()
    for _ in range(repeats):
        if device.type == "cuda":
            begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            begin.record()
            work()
            end.record()
            end.synchronize()
            found.append(begin.elapsed_time(end))
        else:
            start = time.perf_counter()
            work()
            found.append(1e3 * (time.perf_counter() - start))
    return median(found)


def check(found: Posteriors, expected: Posteriors, what: str) -> None:
    """Raise where an answer is not the reference's.

    Raises:
        SystemExit: it is not.
    """
    pairs = {
        "log_partition": (found.log_partition, expected.log_partition, 1e-3),
        "entropies": (found.entropies, expected.entropies, 2e-3),
        "allowed_mass": (found.allowed_mass, expected.allowed_mass, 1e-3),
        "best_log_prob": (found.best_log_prob, expected.best_log_prob, 1e-3),
    }
    for name, (mine, other, tolerance) in pairs.items():
        difference = float((mine.double() - other.double()).abs().max())
        if not difference <= tolerance:
            raise SystemExit(f"{what}: {name} is off by {difference:.2g}")
    if not bool((found.forced == expected.forced).all()):
        raise SystemExit(f"{what}: forced positions differ")


def dense_tree(automaton: TokenAutomaton, logits: torch.Tensor) -> Callable[[], torch.Tensor]:
    """What computes log Z of a row `[L, V]` by products of matrices `[L, S + 1, S + 1]`, from the class weights on."""
    layout, device = layout_of(automaton, automaton.end_ids), logits.device
    logs = logits.double().log_softmax(dim=1)
    classes = torch.as_tensor(layout.class_of_token, device=device).long()
    mass = torch.full((len(logs), layout.num_classes + 2), -torch.inf, dtype=torch.float64, device=device)
    for c in range(layout.num_classes + 2):
        mass[:, c] = logs[:, classes == c].logsumexp(dim=1)
    offsets = layout.set_offsets
    sets = torch.zeros((len(logs), layout.num_sets + 2), dtype=torch.float64, device=device)
    for z in range(layout.num_sets + 1):
        sets[:, z] = mass[
            :, torch.as_tensor(layout.set_classes[offsets[z] : offsets[z + 1]]).long()
        ].logsumexp(1)
    states = layout.num_states + 1
    groups = layout.by_target
    target = torch.repeat_interleave(
        torch.arange(states, device=device), torch.as_tensor(groups.offsets, device=device).diff().long()
    )
    place = torch.as_tensor(groups.first, device=device).long() * states + target
    index = torch.as_tensor(groups.second, device=device).long()
    final = torch.as_tensor(layout.final(states, None), device=device)

    def work() -> torch.Tensor:
        matrices = torch.zeros((len(logs), states * states), dtype=torch.float32, device=device)
        matrices.index_add_(1, place, sets[:, index].exp().float())
        parts = matrices.view(-1, states, states)
        scales = torch.zeros(len(parts), dtype=torch.float64, device=device)
        while len(parts) > 1:
            if len(parts) % 2:
                eye = torch.eye(states, device=device)[None]
                parts, scales = torch.cat([parts, eye]), torch.cat([scales, scales.new_zeros(1)])
            parts, scales = parts[::2] @ parts[1::2], scales[::2] + scales[1::2]
            largest = parts.amax(dim=(1, 2)).clamp(min=1e-30)
            parts, scales = parts / largest[:, None, None], scales + largest.double().log()
        return parts[0, layout.start][final].double().sum().log() + scales[0]

    return work


def case(states: int, rows: int, device: torch.device, repeats: int) -> None:
    """One line for each way."""
    length, size = (3, 60) if TINY else (256, 262_144)
    requests = [Request(automaton_of(states, size, seed=b), remaining=states, pad_id=0) for b in range(rows)]
    generator = torch.Generator(device).manual_seed(0)
    kind = torch.bfloat16
    logits = torch.empty((rows, length, size), dtype=kind, device=device)
    for b in range(rows):  # never float32 of all rows
        logits[b] = torch.randn((length, size), generator=generator, device=device).to(kind) * 3
    expected = [answers([one], logits[b : b + 1], "torch") for b, one in enumerate(requests[:2])]
    for name in WAYS:
        for b, one in enumerate(requests[:2]):
            for _ in range(1 if name == "kernels" else 2):  # kernel by kernel, and what was captured
                check(answers([one], logits[b : b + 1], name), expected[b], f"{name}, {states} states")
        if rows > 1:
            for _ in range(3):
                both = answers(requests, logits, name)
            alone = answers(requests[:1], logits[:1], name)
            if not bool((both.best[0] == alone.best[0]).all()):
                raise SystemExit(f"{name}: the first row's best canvas depends on the batch")
        took = timed(lambda: answers(requests, logits, name), repeats, device)  # noqa: B023
        print(f"{states:7,d} {rows:5d}  {name:8s} {took:10.3f} ms", flush=True)
    if rows == 1 and states <= 600:
        tree = dense_tree(requests[0].automaton, logits[0])  # type: ignore[arg-type]
        difference = abs(float(tree()) - float(expected[0].log_partition[0]))
        if not difference <= 0.05:
            raise SystemExit(f"the dense tree's log Z is off by {difference:.2g}")
        took = timed(tree, max(3, repeats // 4), device)
        print(f"{states:7,d} {rows:5d}  {'tree':8s} {took:10.3f} ms   (log Z alone)", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument(
        "--states", type=int, nargs="*", default=[6] if TINY else [100, 512, 868, 5_000, 20_000]
    )
    parser.add_argument("--rows", type=int, nargs="*", default=[1] if TINY else [1, 8])
    parser.add_argument("--repeats", type=int, default=1 if TINY else 20)
    arguments = parser.parse_args()
    if not TINY and not torch.cuda.is_available():
        raise SystemExit("there is no CUDA device here; --tiny shows that the script works")
    device = torch.device("cpu" if TINY else "cuda")
    torch.backends.cuda.matmul.allow_tf32 = False
    if TINY:
        interpreted()
    for name, options in WAYS.items():
        backend: Any = TritonBackend(**options)
        backend.name = name
        registry.register(backend)
    print(f"{torch.cuda.get_device_name() if not TINY else 'Triton interpreter'}; torch {torch.__version__}")
    print(" states  rows  way       a step")
    for states in arguments.states:
        for rows in arguments.rows:
            case(states, rows, device, arguments.repeats)


if __name__ == "__main__":
    main()
