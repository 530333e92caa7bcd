"""Tables on a canvas, against the enumeration of every text and every way to cut it into tokens."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_models import END, Erratic, vocabulary

import canvasgen as cg
from canvasgen.constraints.compiled.belief import text_length
from canvasgen.constraints.compiled.table_belief import TableBelief
from canvasgen.denoise import Job, run
from canvasgen.errors import UnsupportedConstraint, ValidationFailed
from canvasgen.models.wording import instructions
from canvasgen.relations import all_different, check, linear, ordered, total
from canvasgen.tokens import Budget, Prefix

ALIGNED = vocabulary("1", "2", "3", "12", "23", "\n", "|", " ", " 1", " 2", "---", "-", " |")
"""No token of it reaches over the border of a Markdown cell."""
CROSSING = vocabulary("1", "2", "3", "12", "23", "2\n", "\n1", "31", "\n", "a", "b", "1\n3")


def spellings(vocabulary, content: bytes):
    """Every way to write bytes in tokens."""
    if not content:
        yield ()
    for token, text in enumerate(vocabulary.tokens):
        if text and content.startswith(text):
            for rest in spellings(vocabulary, content[len(text) :]):
                yield (token, *rest)


def canvases(constraint, texts, logits, vocabulary):
    """Every valid canvas's ids (with the end, if there is room), text and log-probability."""
    logs = torch.log_softmax(torch.as_tensor(logits).double(), dim=-1).numpy()
    for text in texts:
        if not constraint.matches(text):
            continue
        for ids in spellings(vocabulary, text.encode()):
            if len(ids) < len(logs):
                ids = (*ids, END)
            if len(ids) <= len(logs):
                yield ids, text, float(sum(logs[at, token] for at, token in enumerate(ids)))


def square(values, size, relations, **options):
    return cg.table(size, size, values, relations, layout="plain", **options)


def texts_of(made):
    """The texts of a table's shape."""
    texts = made.automaton.strings(100_000)
    assert texts is not None
    return [text.decode() for text in texts]


def rows_and_columns(grid):
    return [all_different(line) for line in (*grid.rows, *grid.columns)]


SQUARES = [
    ("latin", [1, 2, 3], rows_and_columns),
    ("sum", [1, 2, 3], lambda grid: [total(grid.cells, "==", 7), ordered(grid.rows[0], "<=")]),
    ("weights", [1, 2, 3], lambda grid: [linear({grid.cells[0]: 2, grid.cells[3]: -1}, ">=", 1)]),
]


def belief_of(made, logits, vocabulary, length):
    compiled = made.compile(vocabulary)
    belief = compiled.believe(compiled.condition(torch.as_tensor(logits)), Prefix(), Budget(length))
    assert isinstance(belief, TableBelief)
    return belief


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(SQUARES), st.integers(0, 2**32 - 1), st.integers(5, 7), st.floats(0.1, 6.0))
def test_the_best_canvas_is_the_best_of_all(square_of, seed, length, scale):
    _, values, relations = square_of
    made = square(values, 2, relations)
    logits = (np.random.default_rng(seed).normal(size=(length, ALIGNED.size)) * scale).astype(np.float32)
    # Two-digit tokens would cut two cells at once: only borders on tokens count, and they are impossible here.
    for token, text in enumerate(ALIGNED.tokens):
        if text in (b"12", b"23"):
            logits[:, token] = -np.inf
    found = belief_of(made, logits, ALIGNED, length)
    every = list(canvases(made, texts_of(made), logits, ALIGNED))
    best = max(every, key=lambda one: one[2])
    assert tuple(found.best[: text_length(found.best, (END,))].tolist()) == best[0]
    ordered_texts = [text for _, text, _ in sorted(every, key=lambda one: -one[2])]
    said = [
        ALIGNED.text_bytes(ids[: np.flatnonzero(np.append(ids, END) == END)[0]]).decode()
        for ids in itertools.islice(found.candidates(), 5)
    ]
    said = list(dict.fromkeys(said))
    assert said == list(dict.fromkeys(ordered_texts))[: len(said)]


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["plain", "csv", "markdown"]))
def test_scores_are_the_cells_marginals(seed, layout):
    """Values of different widths, so that cells float: P(cell = value), by enumeration."""
    vocab = vocabulary("1", "2", "12", "\n", ",", " ", " 1", " 12", "|", " |", "|\n", "---|", "  ")
    made = cg.table(1, 2, [1, 2, 12, 122], [total([(0, 0), (0, 1)], "<=", 200)], layout=layout)
    shape = cg.table(1, 2, [1, 2, 12, 122], layout=layout)
    length = {"plain": 7, "csv": 7, "markdown": 16}[layout]
    logits = np.random.default_rng(seed).normal(size=(length, vocab.size)).astype(np.float32) * 2
    compiled = made.compile(vocab)
    posterior = compiled.condition(logits)
    scores = compiled.cells.scores(posterior, Prefix())
    every = list(canvases(shape, texts_of(shape), logits, vocab))
    whole = np.logaddexp.reduce([weight for _, _, weight in every])
    wanted = np.full(scores.log_probs.shape, -np.inf)
    for _, text, weight in every:
        for cell, value in enumerate(shape.parse(text)[0]):
            at = [1, 2, 12, 122].index(value)
            wanted[cell, at] = np.logaddexp(wanted[cell, at], weight - whole)
    assert posterior.log_partition == pytest.approx(whole, abs=1e-4)
    assert np.allclose(np.exp(scores.log_probs), np.exp(wanted), atol=1e-4)
    assert not scores.factored


@pytest.mark.slow
@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["exact", "propagate"]), st.integers(1, 4), st.booleans())
def test_tokens_across_borders_leave_the_text_valid(seed, mode, steps, prefixed):
    made = square([1, 2, 3], 3, rows_and_columns, mode=mode)
    constraint = "ab" + made if prefixed else made
    model = Erratic(seed=seed % 1000, canvas_length=16, vocabulary=CROSSING)
    job = Job([3], constraint.compile(CROSSING), 16, steps, None, seed=seed)
    try:
        done = run(model, [job])[0]
    except ValidationFailed:
        assert mode == "propagate"  # a dead end, told
        return
    assert constraint.matches(done.text)
    rows = done.value
    assert sorted(map(tuple, [*rows, *zip(*rows, strict=True)])) == sorted(
        tuple(line) for line in [*rows, *zip(*rows, strict=True)] if sorted(line) == [1, 2, 3]
    )


@pytest.mark.slow
@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1), st.integers(3, 6))
def test_over_several_canvases_cells_agree(seed, length):
    """The cells written before a canvas bind those on it; a value may be cut by a canvas's end."""
    made = cg.table(2, 2, [1, 2, 12, 21], rows_and_columns, layout="plain")
    vocab = vocabulary("1", "2", " ", "\n", " 1", "a", "b")
    whole = made + cg.regex("[ab]{2,4}")
    model = Erratic(seed=seed % 997, canvas_length=length, vocabulary=vocab)
    done = run(model, [Job([3], whole.compile(vocab), 24, 2, None, seed=seed)])[0]
    assert whole.matches(done.text)
    assert done.blocks > 1


@pytest.mark.slow
def test_samples_are_exact_where_the_solutions_can_be_listed():
    """The sampler's distribution over the solutions, from its own weights: no frequencies."""
    made = square([1, 2, 3], 3, rows_and_columns)
    logits = np.random.default_rng(5).normal(size=(12, CROSSING.size)).astype(np.float32)
    for token, text in enumerate(CROSSING.tokens):
        if text and len(text) > 1:
            logits[:, token] = -np.inf
    found = belief_of(made, logits, CROSSING, 12)
    problem = made.problem
    scores = found._scores
    assert scores.factored
    solutions = problem.solutions(1000)
    assert len(solutions) == 12
    total_mass = problem.log_partition(scores.log_probs)
    every = list(canvases(made, texts_of(made), logits, CROSSING))
    exact = np.logaddexp.reduce([weight for _, _, weight in every])
    by_text: dict[str, float] = {}
    for _, text, weight in every:
        by_text[text] = np.logaddexp(by_text.get(text, -np.inf), weight - exact)
    for one in solutions:
        text = "".join(str(v + 1) for v in one)
        text = "\n".join((text[:3], text[3:6], text[6:]))
        mine = sum(scores.log_probs[at, value] for at, value in enumerate(one)) - total_mass
        assert mine == pytest.approx(by_text[text], abs=1e-3)
        ids = [next(t for t, b in enumerate(CROSSING.tokens) if b == c.encode()) for c in text]
        assert found.log_prob(np.array([*ids, END])) == pytest.approx(by_text[text], abs=1e-3)
    drawn = {found.sample(seed)[:11].tobytes() for seed in range(40)}
    assert 1 < len(drawn) <= 12


def test_predicates_are_asked_at_commit():
    made = square(
        [1, 2, 3],
        3,
        lambda grid: [*rows_and_columns(grid), check(grid.rows[0], lambda *row: row == (3, 1, 2))],
    )
    model = Erratic(seed=1, canvas_length=16, vocabulary=CROSSING)
    done = run(model, [Job([3], made.compile(CROSSING), 16, 2, None, seed=1)])[0]
    assert done.value[0] == [3, 1, 2]


def test_where_a_table_cannot_stand():
    made = square([1, 2], 2, rows_and_columns)
    with pytest.raises(UnsupportedConstraint, match="cannot stand under"):
        made | "a"
    with pytest.raises(UnsupportedConstraint, match="cannot stand under"):
        ~made
    with pytest.raises(UnsupportedConstraint, match="cannot stand under"):
        cg.optional(made)
    with pytest.raises(UnsupportedConstraint, match="one table"):
        (made + made).compile(CROSSING)
    assert (square([1, 2], 2, rows_and_columns, mode="model") | "a").matches("11\n11")


def test_tables_within_other_constraints():
    made = square([1, 2, 3], 3, rows_and_columns)
    inside = cg.template("a{t}b", t=made) & cg.contains("31")
    model = Erratic(seed=2, canvas_length=16, vocabulary=CROSSING)
    done = run(model, [Job([3], inside.compile(CROSSING), 16, 3, None, seed=1)])[0]
    assert inside.matches(done.text)
    assert "31" in done.text
    assert math.isfinite(done.log_prob)


def test_a_model_is_told_of_the_table_inside():
    made = square([1, 2, 3], 3, rows_and_columns)
    for whole in ("a" + made, cg.template("a{t}b", t=made), made & cg.contains("31")):
        told = instructions(whole.shown)
        assert told is not None
        assert made.shown.form(lambda hole: hole.mark or "") in told
        assert "are all different" in told


@pytest.mark.slow
def test_what_the_rest_demands_is_found_cell_by_cell():
    """No assignment that the relations like best has the phrase; the values are then taken one at a time."""
    made = square([1, 2, 3, 4], 4, rows_and_columns)
    vocab = vocabulary("1", "2", "3", "4", "\n")
    whole = made & cg.contains("43\n12")
    model = Erratic(seed=4, canvas_length=20, vocabulary=vocab)
    done = run(model, [Job([3], whole.compile(vocab), 20, 2, None, seed=7)])[0]
    assert whole.matches(done.text)
    with pytest.raises((cg.errors.Unsatisfiable, cg.errors.TimeLimit), match="both the table's relations"):
        run(model, [Job([3], (made & cg.contains("44")).compile(vocab), 20, 1, None, seed=7)])


@pytest.mark.parametrize("layout", ["plain", "csv", "json"])
def test_scores_of_both_backends_are_equal(layout):
    made = cg.table(2, 2, ["1", "12", "2"], rows_and_columns, layout=layout)
    vocab = vocabulary(*'12 \n,"[]', "12", ' "', '",', " 1")
    logits = np.random.default_rng(3).normal(size=(40, vocab.size)).astype(np.float32)
    compiled = made.compile(vocab)
    both = [
        compiled.cells.scores(compiled.condition(logits, backend=name), Prefix()).log_probs
        for name in ("numba", "torch")
    ]
    assert np.allclose(np.exp(both[0]), np.exp(both[1]), atol=1e-5)
    assert np.isfinite(both[0]).any(axis=1).all()
