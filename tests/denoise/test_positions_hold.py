"""The loop over several canvases with a constraint on positions: whatever the model, they hold, and the text closes."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from toy_models import END, LETTERS, Erratic

import canvasgen as cg
from canvasgen.denoise import Defaults, Job, Policy, run
from canvasgen.errors import BudgetTooSmall, Unsatisfiable

BASES = ["[a-d]*", "(ab|cd)*", '\\{("[a-h]*":1 ?,?)+\\}', "[a-h]{3,9}", "a*b[a-d]*2"]


@settings(deadline=None, max_examples=60)
@given(
    base=st.sampled_from(BASES),
    tokens=st.dictionaries(st.integers(0, 7), st.sampled_from(["a", "ab", "cd", '"', "b2"]), max_size=1),
    place=st.none()
    | st.tuples(st.sampled_from(["a", "ba", '":1', "dc"]), st.integers(0, 7), st.integers(0, 2)),
    length=st.integers(1, 4),
    budget=st.integers(1, 11),
    seed=st.integers(0, 99),
    temperature=st.sampled_from([0, 1.0]),
)
def test_positions_hold(base, tokens, place, length, budget, seed, temperature) -> None:
    constraint = cg.regex(base)
    constraint = constraint & cg.fixed(tokens) if tokens else constraint
    constraint = constraint & cg.near(*place) if place else constraint
    try:
        compiled = constraint.compile(LETTERS)
    except Unsatisfiable:
        assume(False)
        return
    model = Erratic(canvas_length=length, defaults=Defaults(max_tokens=budget), seed=seed)
    job = Job([2], compiled, max_tokens=budget, max_denoising_steps=2, temperature=temperature, seed=seed)
    if compiled.shortest_tokens > budget:
        with pytest.raises(BudgetTooSmall):
            run(model, [job])
        return
    done = run(model, [job], policy=Policy())[0]
    assert compiled.accepts(done.token_ids)
    assert len([token for token in done.token_ids if token != END]) <= budget
    assert constraint.matches(done.text)


def test_without_a_budget_the_canvases_reach_the_last_position() -> None:
    compiled = (cg.regex("[a-d]*") & cg.fixed({9: "ab"})).compile(LETTERS)
    done = run(Erratic(canvas_length=4, defaults=Defaults(max_tokens=4)), [Job([2], compiled)])[0]
    assert done.blocks == 3
    assert compiled.accepts(done.token_ids)
