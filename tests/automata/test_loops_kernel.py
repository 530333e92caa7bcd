"""Minimisation in one pass: what it finds are the classes that Moore's algorithm finds, and what it cannot find is found."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from canvasgen.automata import Expr, byte_set, concat, literal, repeat, to_dfa, union
from canvasgen.automata.dfa import Bools, Ints
from canvasgen.automata.loops_kernel import blocks_by_loops
from canvasgen.automata.minimise_kernel import minimise

RANGES = ((0, 0), (1, 4), (5, 255))
Arrays = tuple[Ints, Ints, Ints, Ints, Bools]


@st.composite
def automata(draw: st.DrawFn) -> Arrays:
    """A deterministic automaton with all states reachable, whose ranges are cut where they need not be."""
    states = draw(st.integers(1, 12))
    target = st.one_of(st.none(), st.integers(0, states - 1))
    table = draw(st.lists(st.tuples(target, target, target), min_size=states, max_size=states))
    accepting = draw(st.lists(st.booleans(), min_size=states, max_size=states))
    order = [0]
    for state in order:
        order += [t for t in dict.fromkeys(table[state]) if t is not None and t not in order]
    number = {state: at for at, state in enumerate(order)}
    offsets, rows = [0], list[tuple[int, int, int]]()
    for state in order:
        rows += [
            (*bounds, number[t]) for bounds, t in zip(RANGES, table[state], strict=True) if t is not None
        ]
        offsets.append(len(rows))
    columns = np.array(rows, np.int32).reshape(-1, 3).T
    low, high, after = (np.ascontiguousarray(column) for column in columns)
    return np.array(offsets, np.int32), low, high, after, np.array([accepting[s] for s in order], np.bool_)


def _useful(arrays: Arrays) -> Bools:
    offsets, _, _, target, accepting = arrays
    useful = accepting.copy()
    for _ in range(len(accepting)):
        for s in range(len(accepting)):
            useful[s] |= useful[target[offsets[s] : offsets[s + 1]]].any()
    return useful


def _moore(arrays: Arrays, useful: Bools) -> dict[int, object]:
    """The class of each useful state, by refinement."""
    offsets, low, _, target, accepting = arrays
    states = np.flatnonzero(useful).tolist()
    of: dict[int, object] = {s: bool(accepting[s]) for s in states}
    for _ in states:
        signatures = {
            s: (
                of[s],
                tuple(
                    (int(low[r]), of[int(target[r])])
                    for r in range(offsets[s], offsets[s + 1])
                    if useful[target[r]]
                ),
            )
            for s in states
        }
        numbers = {signature: at for at, signature in enumerate(dict.fromkeys(signatures.values()))}
        of = {s: numbers[signature] for s, signature in signatures.items()}
    return of


@given(automata())
def test_the_classes_are_those_of_refinement(arrays: Arrays) -> None:
    useful = _useful(arrays)
    if not useful[0]:
        return
    wanted = _moore(arrays, useful)
    assert len(minimise(*arrays)[4]) == len(set(wanted.values()))
    found, block = blocks_by_loops(*arrays, useful)
    assert found or len(useful) > 4  # texts of four bytes tell so few apart
    if not found:
        return
    pairs = {(int(block[s]), of) for s, of in wanted.items()}
    assert len(pairs) == len(set(wanted.values())) == len({first for first, _ in pairs})


def _loop(tail: str) -> Expr:
    return concat(repeat(byte_set([(0x61, 0x63)])), literal(tail))


@pytest.mark.parametrize("length", [0, 5, 31, 40, 100])
def test_loops_that_differ_late(length: int) -> None:
    tail = "x" * length
    expr = union(concat(literal("1"), _loop(tail + "y")), concat(literal("2"), _loop(tail + "z")))
    dfa = to_dfa(expr)
    assert dfa.num_states == 1 + 2 * (length + 1) + 1
    assert dfa.accepts(b"1ab" + tail.encode() + b"y")
    assert not dfa.accepts(b"1ab" + tail.encode() + b"z")


def test_loops_that_are_equal() -> None:
    both = [concat(literal(start), _loop("end")) for start in ("1", "22")]
    assert to_dfa(union(*both)).num_states == 1 + 1 + 4
