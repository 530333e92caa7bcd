"""How long is a conditioning step on the embedded model's own logits, compared with one log_softmax of them?

    python benchmarks/own_step.py [--rounds 100]

One thread, CPU microseconds. The logits are those of the first and the last denoising step of real requests, where most
states of the automaton are improbable. A step is what the denoising loop asks for: log-partition, entropies, allowed mass,
forced positions, the best canvas and its probability. It is timed in turn with `log_softmax`, once over the states that
matter and once over all; the answers of both are compared first. The ratio is of the least times. Calls are those of Python
functions, its own and built-in ones, in one step.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np
import torch

import canvasgen as cg
from canvasgen.denoise import beliefs
from canvasgen.inference import Posteriors, Request, condition_batch
from canvasgen.inference.numba_backend.pruned import pruned_sums

TEXT = {"type": "string"}
REQUESTS: dict[str, tuple[str, dict[str, Any]]] = {
    "a person, three closed fields": (
        "Ann Miller is 34 years old and lives in Paris.",
        {
            "name": {"type": "string", "maxLength": 30},
            "age": {"type": "integer"},
            "city": {"enum": ["Paris", "Rome"]},
        },
    ),
    "a rating, open object": (
        "Great, I would give it five stars but it was terrible in the end",
        {"sentiment": {"enum": ["good", "bad"]}, "stars": {"type": "integer", "minimum": 1, "maximum": 5}},
    ),
    "a product, open object": (
        "Write a product: a red chair of oak, 45.50 euros, tags furniture wood",
        {"title": TEXT, "price": {"type": "number"}, "tags": {"type": "array", "items": TEXT}},
    ),
}

Step = tuple[Request, torch.Tensor]


def steps_of(engine: cg.Engine, prompt: str, fields: dict[str, Any], *, is_closed: bool) -> list[Step]:
    """The requests and logits `[1, L, V]` that the loop conditions."""
    seen: list[Step] = []

    def spy(requests: list[Request], logits: torch.Tensor, **options: Any) -> Posteriors:
        seen.append((requests[0], logits.clone()))
        return condition_batch(requests, logits, **options)

    schema = {"type": "object", "properties": fields, "required": [*fields]}
    if is_closed:
        schema["additionalProperties"] = False
    with patch.object(beliefs, "condition_batch", spy):
        engine.complete(prompt, schema=schema, seed=3, max_denoising_steps=8)
    return seen


def step(request: Request, logits: torch.Tensor) -> Posteriors:
    """What the loop asks for."""
    found = condition_batch([request], logits)
    for answer in (found.entropies, found.allowed_mass, found.forced, found.best, found.best_log_prob):
        assert len(answer)
    return found


@contextmanager
def over_all_states() -> Iterator[None]:
    """Nothing may be left out."""
    with (
        patch.object(pruned_sums, "_LEFT_OUT", -1.0),
        patch.object(pruned_sums, "_SPREAD", pruned_sums._WIDEST),
    ):
        yield


def calls_of(work: Callable[[], object]) -> int:
    """Python's calls in some work."""
    count = 0

    def profile(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(profile)
    work()
    sys.setprofile(None)
    return count


def compared(request: Request, logits: torch.Tensor, rounds: int) -> tuple[float, float]:
    """Least CPU microseconds of a step and of `log_softmax`, in turns."""
    taken = np.empty((rounds + 2, 2))
    for n in range(rounds + 2):
        begun = time.process_time()
        step(request, logits)
        between = time.process_time()
        torch.log_softmax(logits, -1)
        taken[n] = between - begun, time.process_time() - between
    ours, theirs = 1e6 * taken[2:].min(axis=0)
    return float(ours), float(theirs)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=100)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    engine = cg.load()
    for name, (prompt, fields) in REQUESTS.items():
        seen = steps_of(engine, prompt, fields, is_closed="closed" in name)
        for place in sorted({0, len(seen) - 1}):
            request, logits = seen[place]
            report(f"{name}, step {place + 1}", request, logits, rounds)


def report(name: str, request: Request, logits: torch.Tensor, rounds: int) -> None:
    found = step(request, logits)
    with over_all_states():
        exact = step(request, logits)
        np.testing.assert_allclose(found.log_partition, exact.log_partition, rtol=1e-12)
        np.testing.assert_allclose(found.entropies, exact.entropies, atol=1e-9)
        np.testing.assert_array_equal(found.best, exact.best)
        before, base = compared(request, logits, max(rounds // 5, 3))
    now, other_base = compared(request, logits, rounds)
    automaton = request.automaton
    calls = calls_of(lambda: step(request, logits))
    print(
        f"{name}: {automaton.num_states} states, {len(automaton.class_of_token)} tokens, {logits.shape[1]} positions; "
        f"log_softmax {other_base:.0f} us; all states {before:.0f} us ({before / base:.1f}); "
        f"now {now:.0f} us ({now / other_base:.1f}); {calls} calls"
    )


if __name__ == "__main__":
    main()
