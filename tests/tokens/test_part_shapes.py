"""Shapes of sets of states against the table of transitions."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from token_oracle import make_dfa

from canvasgen.automata import DFA
from canvasgen.tokens import part_shapes
from canvasgen.tokens.part_shapes import ANY_SHAPE, groups_of, shape_of
from canvasgen.tokens.transition_table import transition_columns


@st.composite
def automata(draw: st.DrawFn) -> DFA:
    """Random partial automata of up to 12 states, of which many do alike with some bytes."""
    states = draw(st.integers(1, 12))
    rows: list[dict[int, int]] = []
    for _ in range(states):
        known = draw(st.sampled_from(rows)) if rows and draw(st.booleans()) else {}
        targets = draw(st.permutations(range(states)))
        row = {byte: targets[state] for byte, state in known.items()}
        for byte in draw(st.sets(st.integers(97, 104), max_size=5)):
            row[byte] = draw(st.integers(0, states - 1))
        rows.append(row)
    return make_dfa(rows, [True] * states)


@settings(max_examples=200, deadline=None)
@given(automata(), st.data())
def test_cells_are_the_bytes_that_lead_to_the_same_states(dfa: DFA, data: st.DataObject) -> None:
    arrays = (dfa.offsets, dfa.low, dfa.high, dfa.target)
    _, columns, classes = transition_columns(*arrays)
    groups = groups_of(*arrays, columns, classes)
    assert sorted(groups.order.tolist()) == list(range(dfa.num_states))
    for _ in range(8):
        chosen = data.draw(st.lists(st.integers(0, dfa.num_states - 1), min_size=1, max_size=9))
        pairs = np.array([(7 << 32) | state for state in chosen], np.int64)
        shape = shape_of(pairs, 0, len(pairs), groups.shapes)
        if shape == ANY_SHAPE:
            assert len({tuple(columns[:classes, s] >= 0) for s in chosen}) > 1 or len(set(chosen)) > 4
            continue
        does = [tuple(columns[c, chosen].tolist()) for c in range(classes)]
        for c, first in enumerate(groups.shapes[1][shape].tolist()):
            if max(does[c]) < 0:
                assert first == -1
            else:
                assert first == does.index(does[c])


@settings(max_examples=60, deadline=None)
@given(automata())
def test_a_group_of_two_shapes_has_single_cells(dfa: DFA) -> None:
    """As if the hashes of all shapes were equal."""
    arrays = (dfa.offsets, dfa.low, dfa.high, dfa.target)
    _, columns, classes = transition_columns(*arrays)
    cell, signature = part_shapes._signatures(*arrays)
    order = np.arange(dfa.num_states, dtype=np.int32)
    cells = np.full((1, classes), -7, np.int16)
    offsets = np.array([0, dfa.num_states])
    shape = part_shapes._shapes(dfa.offsets, dfa.low, dfa.high, cell, columns, order, offsets, cells)
    assert not shape.any()
    if len(set(signature.tolist())) > 1:
        assert cells[0].tolist() == list(range(classes))
    else:
        assert cells[0].tolist() == groups_of(*arrays, columns, classes).shapes[1][0].tolist()
