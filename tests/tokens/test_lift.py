"""The lift against running every token byte by byte."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from token_oracle import Expected, check, expected, make_dfa, problems

from canvasgen.automata import ANY_TEXT, DEAD, DFA, concat, literal, parse_regex, repeat, to_dfa, union
from canvasgen.errors import ConstraintTooLarge, Unsatisfiable
from canvasgen.limits import Limits, limited, not_counted
from canvasgen.tokens import TokenAutomaton, TokenLimits, lift, lifting, workspace
from canvasgen.vocabulary import Vocabulary


@pytest.mark.slow
@settings(max_examples=250, deadline=None)
@given(problems())
def test_equals_brute_force(problem: tuple[DFA, Vocabulary]) -> None:
    dfa, vocabulary = problem
    want = expected(dfa, vocabulary)
    if not want.states:
        with pytest.raises(Unsatisfiable):
            lift(dfa, vocabulary)
        return
    check(lift(dfa, vocabulary), want)


@settings(max_examples=60, deadline=None)
@given(problems())
def test_steps_and_acceptance(problem: tuple[DFA, Vocabulary]) -> None:
    dfa, vocabulary = problem
    want = expected(dfa, vocabulary)
    if not want.states:
        return
    automaton = lift(dfa, vocabulary)
    for s, row in enumerate(want.table):
        assert [automaton.step(s, v) for v in range(vocabulary.size)] == row
    assert automaton.shortest_tokens == want.distance[0]
    special = [v for v, content in enumerate(vocabulary.tokens) if content is None]
    for ids in itertools.product(range(min(vocabulary.size, 6)), repeat=3):
        text = ids[: ids.index(0)] if 0 in ids else ids
        wanted = not set(text) & set(special) and dfa.accepts(vocabulary.text_bytes(ids))
        assert automaton.accepts(ids) == wanted


def naive_run(want: Expected, ends: tuple[int, ...], ids: Sequence[int], state: int) -> int:
    """The walk over the table of states and tokens; `len(want.states)` is the state after an end token."""
    for token in ids:
        if state == len(want.states):
            break
        if token in ends:
            state = len(want.states) if want.accepting[state] else -1
        else:
            state = want.table[state][token]
        if state < 0:
            break
    return state


@settings(max_examples=100, deadline=None)
@given(problems(), st.data())
def test_run_is_the_walk_and_composes(problem: tuple[DFA, Vocabulary], data: st.DataObject) -> None:
    dfa, vocabulary = problem
    want = expected(dfa, vocabulary)
    if not want.states:
        return
    automaton = lift(dfa, vocabulary)
    state = data.draw(st.integers(0, automaton.num_states - 1))
    ids = data.draw(st.lists(st.integers(0, vocabulary.size - 1), max_size=8))
    cut = data.draw(st.integers(0, len(ids)))
    reached = automaton.run(ids, state)
    assert reached == naive_run(want, vocabulary.end_ids, ids, state)
    assert reached == automaton.run(ids[cut:], automaton.run(ids[:cut], state))
    assert automaton.run(ids) == automaton.run(ids, automaton.start)
    assert automaton.accepts(ids) == (
        automaton.run(ids) == automaton.ended
        or (automaton.run(ids) >= 0 and want.accepting[automaton.run(ids)])
    )
    for closed in (DEAD, automaton.ended):
        assert automaton.run(ids, closed) == closed


def test_run_tells_dead_from_ended() -> None:
    automaton = lift(to_dfa(literal("ab")), Vocabulary([b"a", b"b", None, None], end_ids=[2]))
    assert [automaton.run(ids) for ids in ([], [0], [0, 1])] == [0, 1, 2]
    assert automaton.run([0, 1, 2]) == automaton.run([0, 1, 2, 3, 0]) == automaton.ended == 3
    for ids in ([1], [2], [0, 2], [0, 1, 0], [0, 1, 3], [0, 3, 1]):
        assert automaton.run(ids) == DEAD
        assert not automaton.accepts(ids)


@settings(max_examples=50, deadline=None)
@given(problems())
def test_is_deterministic(problem: tuple[DFA, Vocabulary]) -> None:
    dfa, vocabulary = problem
    if not expected(dfa, vocabulary).states:
        return
    first = lift(dfa, vocabulary).to_arrays()
    second = lift(dfa, Vocabulary(list(vocabulary.tokens), vocabulary.end_ids)).to_arrays()
    assert all(np.array_equal(first[name], second[name]) for name in first)


def bytewise(*tokens: bytes) -> Vocabulary:
    """Every single byte, then the tokens; the last id ends."""
    return Vocabulary([*(bytes([b]) for b in range(256)), *tokens, None], end_ids=[256 + len(tokens)])


def test_real_texts() -> None:
    """UTF-8 across token borders, literals inside free text, all bytes as tokens."""
    text = ANY_TEXT
    dfa = to_dfa(
        concat(
            literal('{"k":"'), repeat(union(literal("é"), literal("ab"), literal("€")), 0, 5), literal('"}')
        )
    )
    vocabulary = bytewise(
        b'{"', b'":"', b"\xc3\xa9", b"\xa9\xc3", b"ab", b"ba", b'b"}', b"\xe2\x82", "€€".encode()
    )
    check(lift(dfa, vocabulary), expected(dfa, vocabulary))
    dfa = to_dfa(text)
    check(lift(dfa, vocabulary), expected(dfa, vocabulary))


def test_everything_starts_small_and_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Capacities that are too small are only ever a retry."""
    dfa = to_dfa(repeat(union(literal("ab"), literal("b"), literal("é")), 2, 9))
    vocabulary = bytewise(b"ab", b"bab", b"abab", "éé".encode(), b"bb")
    want = lift(dfa, vocabulary).to_arrays()
    for name, small in (("_FUNCTIONS", 2), ("_MEMO", 9), ("_PAIRS", 1), ("_kept", [])):
        monkeypatch.setattr(workspace, name, small)
    got = lift(dfa, vocabulary).to_arrays()
    assert all(np.array_equal(want[name], got[name]) for name in want)


def test_nothing_is_left_over_from_the_lift_before() -> None:
    """Memory is used again: lifts of other sizes, and ones that fail, in between change nothing."""
    small, large = (
        to_dfa(literal("abb")),
        to_dfa(repeat(union(literal("ab"), literal("b"), literal("é")), 2, 9)),
    )
    vocabulary = bytewise(b"ab", b"bab", b"abab", "éé".encode(), b"bb")
    for dfa in (large, small, large, small):
        check(lift(dfa, vocabulary), expected(dfa, vocabulary))
        with pytest.raises(ConstraintTooLarge):
            lift(large, vocabulary, TokenLimits(max_functions=6))
    with ThreadPoolExecutor(4) as pool:
        for automaton in pool.map(lambda dfa: lift(dfa, vocabulary), [small, large] * 10):
            check(automaton, expected(large if automaton.num_states > 4 else small, vocabulary))


def test_trimming_merges_classes() -> None:
    """Tokens that differ only on states that no token reaches are one class; states inside tokens go."""
    # "ab" and "ac" end in states that differ only before a "d" that no token has.
    dfa = make_dfa(
        [{97: 1}, {98: 2, 99: 3}, {101: 4, 100: 4}, {101: 4}, {}], [False, False, False, False, True]
    )
    vocabulary = Vocabulary([b"ab", b"ac", b"e", b"d", b"ce", None], end_ids=[5])
    check(lift(dfa, vocabulary), expected(dfa, vocabulary))
    vocabulary = Vocabulary([b"abe", b"ace", b"c", b"e", None], end_ids=[4])
    automaton = lift(dfa, vocabulary)
    assert automaton.num_states == 2
    assert automaton.class_of_token.tolist() == [0, 0, -1, -1, -1]


def test_empty_text_only() -> None:
    dfa = make_dfa([{}], [True])
    automaton = lift(dfa, Vocabulary([b"a", None], end_ids=[1]))
    check(automaton, expected(dfa, Vocabulary([b"a", None], end_ids=[1])))
    assert automaton.accepts([])
    assert automaton.accepts([1, 0])
    assert not automaton.accepts([0])
    assert repr(automaton) == "TokenAutomaton(1 states, 0 classes, 0 edges, 0 sets)"


def test_unreachable_by_the_vocabulary() -> None:
    with pytest.raises(Unsatisfiable, match="tokens spells"):
        lift(to_dfa(literal("abc")), Vocabulary([b"a", b"b", None], end_ids=[2]))
    with pytest.raises(Unsatisfiable):
        lift(make_dfa([{}], [False]), Vocabulary([b"a", None], end_ids=[1]))


@pytest.mark.parametrize(
    ("limits", "rule"),
    [
        (TokenLimits(max_functions=3), "max_functions"),
        (TokenLimits(max_pairs=30), "max_pairs"),
        (TokenLimits(max_edges=5), "max_edges"),
        (TokenLimits(max_set_entries=5), "max_set_entries"),
    ],
)
def test_limits_are_named(limits: TokenLimits, rule: str) -> None:
    dfa = to_dfa(repeat(union(literal("ab"), literal("b"), literal("é")), 2, 9))
    with pytest.raises(ConstraintTooLarge) as caught:
        lift(dfa, bytewise(b"ab", b"bab", b"abab", "éé".encode(), b"bb"), limits)
    assert caught.value.rule == rule
    assert caught.value.value == getattr(limits, rule)


def test_step_outside() -> None:
    automaton = lift(to_dfa(literal("a")), Vocabulary([b"a", None], end_ids=[1]))
    for state, token in ((2, 0), (-1, 0), (0, 2), (0, -1)):
        with pytest.raises(IndexError):
            automaton.step(state, token)


def test_arrays_are_the_whole_automaton() -> None:
    automaton = lift(to_dfa(literal("abc")), bytewise(b"bc"))
    again = TokenAutomaton.from_arrays(automaton.to_arrays())
    assert again.end_ids == automaton.end_ids
    assert all(np.array_equal(v, again.to_arrays()[k]) for k, v in automaton.to_arrays().items())
    with pytest.raises(ValueError, match="read-only"):
        again.class_of_token[0] = 3


@pytest.mark.parametrize("pattern", ["[ab]{1,5}c|d", "(ab|ba)*", "x"])
def test_a_walk_that_stops_often_finds_the_same(pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    dfa = to_dfa(parse_regex(pattern))
    vocabulary = Vocabulary([b"a", b"b", b"ab", b"abc", b"ba", b"c", b"d", b"x", b"xx", None], end_ids=[9])
    looks: list[str | None] = []
    monkeypatch.setattr(lifting, "look", lambda path=None: looks.append(path))
    whole = lifting.lift_frame(dfa, (), vocabulary)[0]
    once = len(looks)
    monkeypatch.setattr(lifting, "_WORK", 1)
    parts = lifting.lift_frame(dfa, (), vocabulary)[0]
    assert len(looks) > 2 * once
    for name, array in whole.to_arrays().items():
        np.testing.assert_array_equal(parts.to_arrays()[name], array)


def test_a_walk_ends_with_the_time_of_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifting, "_WORK", 1)
    dfa = to_dfa(parse_regex("[ab]{1,5}c|d"))
    vocabulary = Vocabulary([b"a", b"b", b"c", b"d", None], end_ids=[4])
    with limited(Limits(max_seconds=1)):
        not_counted(-2)
        with pytest.raises(ConstraintTooLarge) as caught:
            lifting.lift_frame(dfa, (), vocabulary)
    assert caught.value.rule == "max_seconds"
    assert caught.value.path == "the walk of the vocabulary"
