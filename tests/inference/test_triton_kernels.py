"""Each kernel gives what the plain reference beside it gives, in Triton's interpreter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import quick_interpreter
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from inference_oracle import TableAutomaton, trimmed
from numpy.testing import assert_array_equal
from quick_interpreter import needs_triton
from torch import Tensor
from torch.testing import assert_close

from canvasgen.inference import Gate, Request, Restriction, condition_batch, registry
from canvasgen.inference.layout import Layout
from canvasgen.inference.triton_backend import TritonBackend
from canvasgen.inference.triton_backend import token_pieces as pieces_module
from canvasgen.inference.triton_backend.slots import BLOCK, HEAD, WIDTHS, slots_of
from canvasgen.inference.triton_backend.token_pieces import pieces_of

quick_interpreter.enter()
pytestmark = [
    needs_triton,
    pytest.mark.filterwarnings(
        "ignore:(invalid value|divide by zero|overflow):RuntimeWarning"
    ),  # −inf, as numpy sees it
]

CHUNK = 16
"""Tokens of a chunk, so that small vocabularies have several."""


@dataclass(frozen=True)
class Drawn:
    """Rows of random automata over one vocabulary, and logits with −inf among them."""

    automata: list[TableAutomaton]
    logits: list[Tensor]
    requests: list[Request]
    values: str


@st.composite
def drawn_rows(draw: st.DrawFn) -> Drawn:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    size, rows = int(rng.integers(3, 50)), draw(st.integers(1, 2))
    dtype = draw(st.sampled_from([torch.float32, torch.bfloat16, torch.float16]))
    scale, longest = draw(st.sampled_from([0.0, 1.0, 30.0])), draw(st.integers(1, 3))
    automata, logits, requests = list[TableAutomaton](), list[Tensor](), list[Request]()
    for row in range(rows):
        states = int(rng.integers(1, 12))
        behaviours = rng.integers(-1, states, (states, int(rng.integers(1, 9))))
        table = behaviours[:, rng.integers(0, behaviours.shape[1], size)]
        automaton = trimmed(table, np.ones(states, dtype=bool), (size - 1,))
        assert automaton is not None
        length = longest if row == 0 else int(rng.integers(1, longest + 1))
        values = rng.uniform(-1, 1, (length, size)) * scale
        values[rng.random(values.shape) < 0.2] = -np.inf
        values[:, 0] = 0.0
        tensor = torch.as_tensor(values).to(dtype)
        if draw(st.booleans()):  # tokens first in memory
            tensor = tensor.T.contiguous().T
        restriction, fixed = None, dict[int, int]()
        if rng.random() < 0.5:
            sets = np.zeros(len(automaton.set_offsets) + 1, dtype=bool)
            sets[rng.integers(0, len(sets))] = True
            restriction = Restriction(automaton, {}, [Gate(sets, 1, 2)])
        elif rng.random() < 0.5:
            fixed = {int(rng.integers(0, length)): 0}
        automata.append(automaton)
        logits.append(tensor)
        requests.append(
            Request(automaton, tensor, fixed=fixed, restriction=restriction, remaining=1, pad_id=0)
        )
    return Drawn(automata, logits, requests, draw(st.sampled_from(["float64", "float32"])))


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Backends of either kind of values by name; classes are cut into pieces of three tokens."""
    monkeypatch.setattr(pieces_module, "PIECE", 3)
    for values in ("float64", "float32"):
        monkeypatch.setitem(registry._backends, values, TritonBackend(values, CHUNK))


def close(found: Tensor, expected: Tensor, tolerance: float = 1e-5) -> None:
    assert_close(found.double(), expected.double(), rtol=1e-6, atol=tolerance, equal_nan=False)


class Row:
    """What the kernels left of one row, beside what the references give."""

    def __init__(self, lattice: Any, index: int) -> None:
        from canvasgen.inference.triton_backend.class_pass import class_pass_reference

        row = lattice.batch.rows[index]
        self.layout: Layout = row.layout
        self.n: int = row.length
        self.row, self.read, self.index = row, lattice._read, index
        self.states, self.sets, self.classes, self.pieces = (
            lattice._sizes.of(index, kind) for kind in range(4)
        )
        self.logits: Tensor = lattice.batch.logits[index]
        self.closed = None if row.closed is None else torch.as_tensor(row.closed)
        self.tables, self.weights = class_pass_reference(
            self.layout, self.logits, dict(row.fixed), self.closed
        )


def check_token_pass(row: Row) -> None:
    from canvasgen.inference.triton_backend.token_pass import read_tokens_reference

    pieces = pieces_of(row.layout.class_of_token, row.layout.num_classes + 2, CHUNK)
    expected, found = read_tokens_reference(pieces, row.logits), row.read.partials
    for name in ("top", "total", "moment", "found"):
        close(getattr(found, name)[: row.n, row.pieces], getattr(expected, name))


def check_class_pass(row: Row) -> None:
    for name in ("best", "mass", "mean", "found"):
        close(getattr(row.read.tables, name)[: row.n, row.classes], getattr(row.tables, name))
    for name in ("normaliser", "tail", "wrong"):
        close(getattr(row.read.tables, name)[: row.n, row.index], getattr(row.tables, name)[:, 0])
    for name in ("best", "mass"):
        close(getattr(row.read.sets, name)[: row.n, row.sets], getattr(row.weights, name))


def check_later_passes(row: Row, lattice: Any, tolerance: float, exact: bool) -> None:
    from canvasgen.inference.triton_backend.best_path import best_path_reference
    from canvasgen.inference.triton_backend.chain_pass import recurrence_reference
    from canvasgen.inference.triton_backend.marginal_pass import marginal_pass_reference
    from canvasgen.inference.triton_backend.vocabulary_pass import over_vocabulary_reference

    final = torch.as_tensor(np.where(row.row.final, 0.0, -np.inf))
    alpha, beta, best, pointers = recurrence_reference(row.layout, row.weights, row.row.state, final)
    for way, expected in enumerate((alpha, beta, best)):
        close(lattice.chain(way, row.index, row.states)[: row.n + 1], expected, tolerance)
    whole = beta[0, row.row.state]
    close(lattice.log_partition[row.index], whole, tolerance)
    if whole == -torch.inf:
        return
    if exact:
        reached = best[:-1] > -torch.inf
        assert_array_equal(row.read.chains.pointers[: row.n, row.states][reached], pointers[reached])
        ids = best_path_reference(row.layout, row.tables, row.weights, best, row.row.state, row.row.filler)
        for position, token in row.row.fixed.items():
            ids[position] = token
        assert lattice.best[row.index, : row.n].tolist() == ids
    marginals = marginal_pass_reference(row.layout, row.tables, alpha, beta, whole, row.closed)
    found = lattice._marginals
    close(found.bias[: row.n, row.classes], marginals.bias, tolerance)
    for name in ("entropies", "allowed_mass", "forced"):
        close(getattr(found, name)[row.index, : row.n], getattr(marginals, name)[0], tolerance)
    expected = over_vocabulary_reference(
        row.layout, row.logits, marginals.bias, row.tables.normaliser[:, 0], dict(row.row.fixed)
    )
    close(lattice.marginals(slice(row.index, row.index + 1))[0, : row.n], expected, tolerance)


def check(drawn: Drawn) -> None:
    lattice: Any = condition_batch(drawn.requests, check=False, backend=drawn.values)._lattice
    exact = drawn.values == "float64"
    for index in range(len(drawn.requests)):
        row = Row(lattice, index)
        check_token_pass(row)
        check_class_pass(row)
        if row.row.error is None:
            check_later_passes(row, lattice, 2e-5 if exact else 2e-4, exact)


@pytest.mark.usefixtures("small_chunks")
def test_two_rows_with_restrictions() -> None:
    """The everyday case of the next test."""
    rng = np.random.default_rng(3)
    table = rng.integers(-1, 6, (6, 5))[:, rng.integers(0, 5, 40)]
    automaton = trimmed(table, np.ones(6, dtype=bool), (39,))
    assert automaton is not None
    logits = [torch.as_tensor(rng.uniform(-30, 30, (n, 40))).bfloat16() for n in (2, 1)]
    sets = np.zeros(len(automaton.set_offsets) + 1, dtype=bool)
    sets[1] = True
    restriction = Restriction(automaton, {}, [Gate(sets, 1, 1)])
    requests = [
        Request(automaton, logits[0], restriction=restriction, remaining=2, pad_id=0),
        Request(automaton, logits[1], fixed={0: 4}, remaining=2, pad_id=0),
    ]
    check(Drawn([automaton] * 2, logits, requests, "float64"))


@pytest.mark.slow
@pytest.mark.usefixtures("small_chunks")
@settings(max_examples=5, derandomize=True)
@given(drawn=drawn_rows())
def test_kernels_are_their_references(drawn: Drawn) -> None:
    check(drawn)


@given(
    sizes=st.lists(st.sampled_from([0, 1, 3, 4, 5, 16, 17, 256, 257, 700]), min_size=2, max_size=12),
    halves=st.booleans(),
    chain=st.booleans(),
)
def test_slots_hold_every_member_once_in_order(sizes: list[int], halves: bool, chain: bool) -> None:
    """Read as a kernel reads them: by tile, round, lane and column."""
    parts = 2 if halves and len(sizes) % 2 == 0 else 1
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
    slots = slots_of(offsets, parts, block=1024, chain=chain)
    found = dict[tuple[int, int], list[int]]()
    for part in range(parts):
        head = slots.heads[slots.heads[part] :]
        lane = int(head[4])
        for kind, width in enumerate(WIDTHS):
            block = 256 if chain and kind > 0 else 1024
            rows = block // width
            for tile in range(int(head[kind]), int(head[kind + 1])):
                start, rounds = (int(head[HEAD + 2 * tile + n]) for n in range(2))
                for row, group in enumerate(slots.lanes[lane : lane + rows].tolist()):
                    own = row * width + np.arange(width)
                    if chain and kind == 0:
                        own = row + np.arange(width) * rows
                    at = [start + turn * block + own for turn in range(rounds)]
                    places = np.concatenate([*at, np.zeros(0, dtype=np.int64)]).astype(np.int64)
                    members = slots.members[places]
                    members = members[members >= 0].tolist()
                    assert group >= 0 or not members
                    if group >= 0:
                        assert (part, group) not in found
                        found[part, group] = members
                lane += rows
    size = len(sizes) // parts
    expected = {
        (part, g): list(range(int(offsets[part * size + g]), int(offsets[part * size + g + 1])))
        for part in range(parts)
        for g in range(size)
    }
    assert found == expected


@given(
    classes=st.lists(st.integers(0, 6), min_size=1, max_size=80),
    chunk=st.sampled_from([1, 7, 16, 100]),
    largest=st.sampled_from([1, 3, 512]),
)
def test_pieces_hold_every_token_once_in_its_chunk(classes: list[int], chunk: int, largest: int) -> None:
    """Class after class, ids ascending; the slots of a chunk hold the tokens of the chunk's pieces."""
    class_of_token = np.array(classes, dtype=np.int32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces_module, "PIECE", largest)
        pieces = pieces_of(class_of_token, 8, chunk)
    assert sorted(pieces.tokens.tolist()) == list(range(len(classes)))
    cut = [pieces.tokens[pieces.offsets[q] : pieces.offsets[q + 1]].tolist() for q in range(pieces.number)]
    for c in range(8):
        mine = [token for q in range(pieces.of_class[c], pieces.of_class[c + 1]) for token in cut[q]]
        assert mine == np.flatnonzero(class_of_token == c).tolist()
    assert all(0 < len(one) <= largest and len({token // chunk for token in one}) == 1 for one in cut)
    found = dict[int, list[int]]()
    slots = pieces.slots
    for part in range(-(-len(classes) // chunk)):
        head = slots.heads[slots.heads[part] :]
        lane = int(head[4])
        for kind, width in enumerate(WIDTHS):
            for tile in range(int(head[kind]), int(head[kind + 1])):
                start, rounds = (int(head[HEAD + 2 * tile + n]) for n in range(2))
                for row, piece in enumerate(slots.lanes[lane : lane + BLOCK // width].tolist()):
                    for turn in range(rounds):
                        at = start + turn * BLOCK + row * width
                        tokens = slots.members[at : at + width]
                        tokens = tokens[tokens >= 0].tolist()
                        assert piece >= 0 or not tokens
                        if piece >= 0:
                            found.setdefault(piece, []).extend(tokens)
                            assert all(token // chunk == part for token in tokens)
                lane += BLOCK // width
    assert found == dict(enumerate(cut))
