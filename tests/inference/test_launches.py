"""What a step of the Triton backend gives a GPU to do; the figures may only fall."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import quick_interpreter
import torch
from inference_oracle import TableAutomaton
from launch_counting import answers, counted, recorded, uploads_seen
from quick_interpreter import needs_triton
from test_numerics import random_automaton

from canvasgen.inference import Gate, Request, Restriction, condition_batch
from canvasgen.inference.known_layouts import layout_of
from canvasgen.inference.triton_backend.device_layout import CHUNK
from canvasgen.inference.triton_backend.token_pieces import pieces_of

sys.path.insert(0, str(Path(__file__).parent.parent.parent / "benchmarks"))

quick_interpreter.enter()
pytestmark = needs_triton

MOST_LAUNCHES = 18
MOST_BYTES_OF_SUMS, MOST_BYTES = 1.39, 1.46
"""Of one read of the logits: sums, marginals and the best canvas; and a sample, at most."""
MOST_SLOTS = 1.35
"""Of the pass over the logits, for each token (padding of the tiles is the rest)."""


def requests(rows: int) -> list[Request]:
    return [Request(random_automaton(20 + b, 200, 8, seed=b), remaining=9, pad_id=0) for b in range(rows)]


@pytest.mark.parametrize("rows", [1, 8])
def test_launches_do_not_grow_with_the_batch(rows: int) -> None:
    """Rows with automata of their own: eight kernels, and nothing waits for the device."""
    step = counted(requests(rows), torch.zeros(rows, 6, 200, dtype=torch.bfloat16))
    assert len(step.launches) == len(set(step.launches)) == 8
    assert step.num_launches <= MOST_LAUNCHES
    assert step.reads == {}
    assert sum(step.uploads) <= 4096 * rows


def test_a_step_is_what_was_counted() -> None:
    """The count sees an operation, a read and an upload more."""
    several, logits = requests(1), torch.zeros(1, 6, 200, dtype=torch.bfloat16)
    plain = counted(several, logits)
    sets = np.zeros(len(several[0].automaton.set_offsets) + 1, dtype=bool)
    sets[0] = True
    assert isinstance(several[0].automaton, TableAutomaton)
    restricted = Request(
        several[0].automaton,
        restriction=Restriction(several[0].automaton, {}, [Gate(sets, 1, 3)]),
        remaining=9,
        pad_id=0,
    )
    more = counted([restricted], logits)
    assert more.launches == plain.launches
    assert len(more.uploads) == len(plain.uploads) + 2  # closed sets, and the way to the end
    launches: list[tuple[str, dict[str, object]]] = []
    with recorded(launches), uploads_seen([]):
        answers(several, logits)
        condition_batch(several, logits, backend="triton", check=False).constrained_logits()
    names = [name for name, _ in launches]
    assert names.count("_read_tokens") == 2
    assert names[-1] == "_over_vocabulary"


@pytest.mark.slow
def test_bytes_at_the_size_of_gemma() -> None:
    """One row of 256 positions over 262,144 tokens, 868 states."""
    from step import synthetic

    automaton = synthetic(262_144, 868, 528, fan_out=7, partitions=73, covered=425, reach=60)
    logits = torch.zeros(1, dtype=torch.bfloat16).expand(1, 256, 262_144)
    step = counted([Request(automaton, remaining=868, pad_id=0)], logits)
    one_read = 2 * logits.numel()
    drawn = sum(given for name, given in step.bytes_of.items() if name.startswith("_draw"))
    assert sum(step.bytes_of.values()) - drawn <= MOST_BYTES_OF_SUMS * one_read
    assert sum(step.bytes_of.values()) <= MOST_BYTES * one_read
    assert sum(step.uploads) <= 64_000
    layout = layout_of(automaton, automaton.end_ids)
    pieces = pieces_of(layout.class_of_token, layout.num_classes + 2, CHUNK)
    assert len(pieces.slots.members) <= MOST_SLOTS * 262_144
