"""The lift of large counted repeats by a few layers, against the lift of all of them."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

sys.path.append(str(Path(__file__).parents[1] / "automata"))
from counted_cases import counted, whole

from canvasgen.automata import CountedDFA, Expr, code_points, concat, literal, repeat, to_dfa
from canvasgen.errors import ConstraintTooLarge, Unsatisfiable
from canvasgen.tokens import TokenAutomaton, TokenLimits, lift, lift_frame
from canvasgen.tokens.counted_lifting import lift_counted
from canvasgen.vocabulary import Vocabulary

PIECES = (
    b"ab",
    b"abab",
    b"aa",
    b"aaaa",
    b'"a',
    b'a"',
    b"bz",
    b"][",
    b"a][a",
    b"]",
    b"ca",
    b"\xc3\xa0a",
    b"\xa0",
)


def assert_same(found: TokenAutomaton, wanted: TokenAutomaton) -> None:
    """Equal but for the numbers of states."""
    assert (found.num_states, found.num_edges) == (wanted.num_states, wanted.num_edges)
    assert found.num_classes == wanted.num_classes
    np.testing.assert_array_equal(found.class_of_token, wanted.class_of_token)
    pairs = list(zip(found.edge_source.tolist(), found.edge_target.tolist(), strict=True))
    assert pairs == sorted(set(pairs))
    ours, theirs = transitions(found), transitions(wanted)
    image, queue = {found.start: wanted.start}, [found.start]
    for state in queue:
        there = image[state]
        assert ours[state].keys() == theirs[there].keys()
        assert found.accepting[state] == wanted.accepting[there]
        assert found.distance[state] == wanted.distance[there]
        for index, target in ours[state].items():
            if target not in image:
                image[target] = theirs[there][index]
                queue.append(target)
            assert image[target] == theirs[there][index]
    assert len(image) == len(set(image.values())) == found.num_states


def transitions(automaton: TokenAutomaton) -> list[dict[int, int]]:
    """For each state: class -> target; sets numbered by first edge."""
    out: list[dict[int, int]] = [{} for _ in range(automaton.num_states)]
    edges = (automaton.edge_source, automaton.edge_target, automaton.edge_set)
    for source, target, index in zip(*(ends.tolist() for ends in edges), strict=True):
        first, last = automaton.set_offsets[index : index + 2]
        for each in automaton.set_classes[first:last].tolist():
            assert each not in out[source]
            out[source][each] = target
    _, firsts = np.unique(automaton.edge_set, return_index=True)
    assert firsts.tolist() == sorted(firsts.tolist())
    return out


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(counted(), st.lists(st.sampled_from(PIECES), max_size=4, unique=True), st.booleans())
def test_equals_the_lift_of_all_layers(expr: Expr, pieces: list[bytes], every_byte: bool) -> None:
    single = [bytes([byte]) for byte in (range(256) if every_byte else b'abcxyz"[]12')]
    vocabulary = Vocabulary([*single, *pieces, None], [len(single) + len(pieces)])
    dfa = whole(expr)
    assume(dfa is not None)
    assert dfa is not None
    try:
        wanted = lift_frame(dfa, [], vocabulary)[0]
    except Unsatisfiable:
        with pytest.raises(Unsatisfiable):
            lift(to_dfa(expr), vocabulary)
        return
    assert_same(lift(to_dfa(expr), vocabulary), wanted)


CHARACTER = code_points([(0x20, 0x21), (0x23, 0x10FFFF)])
WORDS = Vocabulary(
    [*(bytes([byte]) for byte in range(256)), b"the ", b'"x', "é€".encode(), b'","', None], [260]
)


@pytest.mark.parametrize("loops", [False, True], ids=["once", "in a loop"])
def test_few_layers_are_lifted(loops: bool) -> None:
    text = concat(literal('"'), repeat(CHARACTER, 0, 300), literal('"'))
    dfa = to_dfa(repeat(text, 0, None) if loops else text)
    assert isinstance(dfa, CountedDFA)
    few = lift_counted(dfa, WORDS, TokenLimits())
    assert few is not None
    assert few.num_states > 2000
    # The lift itself sees few edges: it stays within a limit that those of all layers exceed.
    with pytest.raises(ConstraintTooLarge):
        lift_frame(dfa, [], WORDS, TokenLimits(max_pairs=4_000))
    small = lift_counted(dfa, WORDS, TokenLimits(max_pairs=4_000))
    assert small is not None
    np.testing.assert_array_equal(small.edge_target, few.edge_target)


def test_limits_count_all_edges() -> None:
    dfa = to_dfa(concat(literal('"'), repeat(CHARACTER, 0, 300), literal('"')))
    with pytest.raises(ConstraintTooLarge) as caught:
        lift(dfa, WORDS, TokenLimits(max_edges=2000))
    assert caught.value.rule == "max_edges"
