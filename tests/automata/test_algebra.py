"""Every operation against enumeration over a small alphabet."""

from __future__ import annotations

import pytest
from dfa_language import counts_of, strings_of
from hypothesis import given, settings
from oracle import MAX_LENGTH, TREES, UNIVERSE, Tree

from canvasgen.automata import DFA, concat, from_dfa, to_dfa, union


def strings(dfa: DFA) -> set[bytes]:
    return {data for data in UNIVERSE if dfa.accepts(data)}


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(TREES)
def test_language_is_the_oracles(tree: Tree) -> None:
    assert strings(to_dfa(tree.expr())) == tree.language()


@settings(max_examples=100, deadline=None)
@given(TREES, TREES)
def test_equal_languages_have_equal_arrays(a: Tree, b: Tree) -> None:
    left, right = to_dfa(union(a.expr(), b.expr())), to_dfa(union(from_dfa(to_dfa(b.expr())), a.expr()))
    assert left == right
    assert left.fingerprint() == right.fingerprint()


def is_trim_and_minimal(dfa: DFA) -> bool:
    """Moore's algorithm, the slow way: no two states are equivalent, all are reachable and useful."""
    states = range(dfa.num_states)
    reached, queue = {0}, [0]
    for s in queue:
        for b in range(256):
            t = dfa.step(s, b)
            if t >= 0 and t not in reached:
                reached.add(t)
                queue.append(t)
    if len(reached) != dfa.num_states or queue != list(states):
        return False
    if dfa.num_states > 1 and (dfa.distances() < 0).any():
        return False
    block = [int(flag) for flag in dfa.accepting]
    while True:
        signature = [
            (block[s], *(block[t] if (t := dfa.step(s, b)) >= 0 else -1 for b in range(256))) for s in states
        ]
        numbers = {key: i for i, key in enumerate(dict.fromkeys(signature))}
        new = [numbers[key] for key in signature]
        if len(set(new)) == len(set(block)):
            return len(set(new)) == dfa.num_states
        block = new


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(TREES)
def test_automata_are_trim_minimal_and_in_breadth_first_order(tree: Tree) -> None:
    assert is_trim_and_minimal(to_dfa(tree.expr()))


@pytest.mark.slow
@settings(max_examples=100, deadline=None)
@given(TREES)
def test_counting_enumeration_and_shortest(tree: Tree) -> None:
    dfa = to_dfa(concat(tree.expr()))
    expected = sorted(tree.language(), key=lambda data: (len(data), data))
    limit = 2
    listed = list(strings_of(dfa, limit))
    assert [s for s in listed if set(s) <= set(b"ab\xc3\xa9")] == [s for s in expected if len(s) <= limit]
    assert listed == sorted(listed, key=lambda data: (len(data), data))
    counts = counts_of(dfa, 2 * dfa.num_states)
    for length in range(limit + 1):
        assert counts[length] == sum(len(s) == length for s in listed)
    if listed:
        assert dfa.shortest() == listed[0]
        assert dfa.shortest_length == len(listed[0])
    assert dfa.is_empty == (dfa.shortest() is None)
    few = dfa.strings(400)
    if few is None:
        assert not dfa.is_finite or sum(counts[: dfa.num_states]) > 400
    else:
        assert few == list(strings_of(dfa, dfa.num_states))
        assert dfa.strings(len(few)) == few
        assert not few or dfa.strings(len(few) - 1) is None
    assert dfa.is_finite == (not any(counts[dfa.num_states : -1]))
    if not dfa.is_empty:
        assert dfa.accepts(dfa.shortest() or b"")
    assert limit <= MAX_LENGTH


@settings(max_examples=50, deadline=None)
@given(TREES)
def test_byte_classes_are_the_coarsest(tree: Tree) -> None:
    dfa = to_dfa(tree.expr())
    classes, number = dfa.byte_classes()
    columns = [tuple(dfa.step(s, b) for s in range(dfa.num_states)) for b in range(256)]
    assert number == len(set(columns)) == len(set(classes.tolist()))
    assert len({(c, col) for c, col in zip(classes.tolist(), columns, strict=True)}) == number
