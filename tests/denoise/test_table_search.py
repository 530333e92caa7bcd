"""The search for a table's values within one answer: several canvases, exactness, and the answer's time."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_models import END, Erratic, vocabulary

import canvasgen as cg
from canvasgen.constraints.compiled.belief import text_length
from canvasgen.constraints.compiled.table_belief import TableBelief
from canvasgen.constraints.compiled.table_search import TableSearch
from canvasgen.denoise import Job, run
from canvasgen.errors import BudgetTooSmall, Unsatisfiable
from canvasgen.relations import SearchTime, all_different, different, total
from canvasgen.tokens import Budget, Prefix

LETTERS = vocabulary("a", "b", "aa", ",", "bb")
DIGITS = vocabulary("1", "2", "3", "12", "\n", " ", "b", "1b", "21", ",", "x")


def neighbours(grid):
    (row,) = grid.rows
    return [different(a, b) for a, b in itertools.pairwise(row)]


def spellings(vocab, content: bytes):
    if not content:
        yield ()
    for token, text in enumerate(vocab.tokens):
        if text and content.startswith(text):
            for rest in spellings(vocab, content[len(text) :]):
                yield (token, *rest)


def canvases(constraint, logits, vocab):
    """Every valid canvas within the length, with its log-probability."""
    logs = torch.log_softmax(torch.as_tensor(logits).double(), dim=-1).numpy()
    texts = constraint.automaton.strings(100_000)
    assert texts is not None
    for content in texts:
        if not constraint.matches(content.decode()):
            continue
        for ids in spellings(vocab, content):
            whole = (*ids, END) if len(ids) < len(logs) else ids
            if len(whole) <= len(logs):
                yield whole, float(sum(logs[at, token] for at, token in enumerate(whole)))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_a_text_that_fits_over_several_canvases_is_found(seed):
    """The cells behind a canvas have to fit into the rest of the budget: not any values of theirs will do."""
    made = cg.table(1, 6, ["aaaa", "bbbb", "a", "b"], neighbours, layout="csv")
    shortest = "a,b,a,b,a,b"
    assert made.matches(shortest)
    model = Erratic(seed=seed, canvas_length=4, vocabulary=vocabulary("a", "b", ","))
    done = run(model, [Job([3], made.compile(model.vocabulary), 12, 2, None, seed=seed)])[0]
    assert made.matches(done.text)


@pytest.mark.parametrize("seed", range(8))
def test_the_text_before_a_canvas_may_read_in_several_ways(seed):
    """ "1,11" may be the beginning of "1,1" + "1b", which the relations exclude, or of "1,11" + "1b"."""
    made = cg.table(1, 2, [1, 11], lambda grid: [all_different(grid.cells)], layout="csv") + "1b"
    vocab = vocabulary("1", "b", ",")
    model = Erratic(seed=seed, canvas_length=5, vocabulary=vocab)
    done = run(model, [Job([3], made.compile(vocab), 10, 2, None, seed=seed)])[0]
    assert made.matches(done.text)


@pytest.mark.slow
@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(2, 5), st.sampled_from(["csv", "plain"]), st.integers(0, 4))
def test_a_text_is_found_wherever_one_fits(seed, length, layout, spare):
    """Over random tables, canvases and budgets, where the shortest text that the relations allow just fits."""
    rng = np.random.default_rng(seed)
    words = ["a", "b", "aa", "bb", "aab", "bba"]
    values = [str(one) for one in rng.choice(words, size=3, replace=False)]
    made = cg.table(1, 4, values, neighbours, layout=layout) + str(rng.choice(["", "a", "ab"]))
    vocab = vocabulary("a", "b", ",", " ", "aa", "ab", "ba")
    texts = [text for text in made.automaton.strings(10_000) or () if made.matches(text.decode())]
    fewest = min(len(ids) for text in texts for ids in spellings(vocab, text))
    budget = -(-fewest // length) * length + spare
    model = Erratic(seed=seed % 991, canvas_length=length, vocabulary=vocab)
    done = run(model, [Job([3], made.compile(vocab), budget, 2, None, seed=seed)])[0]
    assert made.matches(done.text)


CONNECTED = [
    ("contains", lambda made: made & cg.contains("21")),
    ("excludes", lambda made: made & cg.excludes("12")),
    ("sides", lambda made: cg.regex("x{0,2}") + made),
    ("template", lambda made: cg.template("b{t}x", t=made) & cg.contains("2")),
    ("alone", lambda made: made),
]


@pytest.mark.slow
@settings(deadline=None, max_examples=80)
@given(
    st.sampled_from(CONNECTED),
    st.sampled_from([[1, 2, 3], [1, 2, 12]]),
    st.integers(0, 2**32 - 1),
    st.integers(5, 8),
    st.floats(0.1, 6.0),
)
def test_the_finished_canvas_is_the_best_of_all(connected, values, seed, length, scale):
    """Also where more than the relations connects the cells: `&`, cells without a fixed place, tokens across borders."""
    name, around = connected
    layout = "plain" if values == [1, 2, 3] else "csv"
    made = around(
        cg.table(
            2, 2, values, lambda g: [all_different(line) for line in (*g.rows, *g.columns)], layout=layout
        )
    )
    logits = (np.random.default_rng(seed).normal(size=(length, DIGITS.size)) * scale).astype(np.float32)
    every = list(canvases(made, logits, DIGITS))
    try:
        compiled = made.compile(DIGITS)
        belief = compiled.believe(compiled.condition(logits), Prefix(), Budget(length))
    except (Unsatisfiable, BudgetTooSmall):
        assert not every
        return
    assert isinstance(belief, TableBelief)
    belief.finish()
    assert belief.proven
    best = max(weight for _, weight in every)
    mine = tuple(belief.best[: text_length(belief.best, (END,))].tolist())
    assert dict(every)[mine] == pytest.approx(best, abs=1e-4), name


@pytest.mark.slow
@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(5, 8), st.floats(0.5, 6.0))
def test_what_is_proven_in_a_step_is_true(seed, length, scale):
    made = cg.regex("x{0,2}") + cg.table(
        2, 2, [1, 2, 3], lambda g: [all_different(line) for line in (*g.rows, *g.columns)], layout="plain"
    )
    logits = (np.random.default_rng(seed).normal(size=(length, DIGITS.size)) * scale).astype(np.float32)
    compiled = made.compile(DIGITS)
    belief = compiled.believe(compiled.condition(logits), Prefix(), Budget(length))
    if belief.proven:
        every = dict(canvases(made, logits, DIGITS))
        mine = tuple(belief.best[: text_length(belief.best, (END,))].tolist())
        assert every[mine] == pytest.approx(max(every.values()), abs=1e-4)


def test_several_texts_of_one_value():
    made = cg.table(
        1, 2, cg.choice({"a": 1, "aa": 1, "b": 2}), lambda grid: [all_different(grid.cells)], layout="csv"
    )
    assert all(made.matches(text) for text in ("a,b", "aa,b", "b,a", "b,aa"))
    assert not made.matches("a,aa")
    found = set()
    for seed in range(12):
        model = Erratic(seed=seed, canvas_length=6, vocabulary=LETTERS)
        done = run(model, [Job([3], made.compile(LETTERS), 6, 1, None, seed=seed)])[0]
        assert made.matches(done.text)
        assert sorted(done.value[0]) == [1, 2]
        found.add(done.text)
    assert len(found) > 1


def test_a_clock_runs_while_a_search_does():
    clock = SearchTime(10.0)
    with clock.running(), clock.running():
        assert clock.left < 10.0
    spent = clock.spent
    assert 0 < spent < 10.0
    assert clock.unreported() == spent
    assert clock.unreported() == 0.0
    assert clock.left == 10.0 - spent
    assert SearchTime(-1.0).left == 0.0


def test_the_exact_solver_pauses_where_it_proves_nothing():
    made = cg.magic_square(3)
    assert made.solution is not None
    search = TableSearch(made)
    asked = []
    for _ in range(12):
        seconds = search.step_seconds()
        asked.append(seconds > 0)
        search.found(made.solution, proven=False, seconds=seconds)
    assert asked == [True, False, True, False, False, True, False, False, False, False, True, False]
    search.found(made.solution, proven=True, seconds=0.1)
    assert search.step_seconds() > 0


def test_an_answer_without_time_is_valid_and_says_so():
    """All that a budget of nothing leaves: the table's own solution, and greedy choices."""
    made = cg.latin_square(5)
    vocab = vocabulary("1", "2", "3", "4", "5", "\n")
    compiled = made.compile(vocab)
    logits = np.random.default_rng(0).normal(size=(30, vocab.size)).astype(np.float32)
    search = TableSearch(made)
    search.clock.seconds = 0.0
    belief = compiled.believe(compiled.condition(logits), Prefix(), Budget(30), search)
    belief.finish()
    text = vocab.text_bytes(belief.best).decode()
    assert made.matches(text)
    assert belief.proven is False
    ids = belief.sample(3)  # type: ignore[attr-defined]
    assert made.matches(vocab.text_bytes(ids).decode())


def test_the_completion_says_whether_it_is_proven():
    def of(made, **options):
        vocab = vocabulary("1", "2", "3", "\n")
        return run(Erratic(canvas_length=12, vocabulary=vocab), [Job([3], made.compile(vocab), 12, 2, None)])[
            0
        ]

    square = cg.latin_square(3)
    assert of(square).proven is True
    assert of(cg.latin_square(3, mode="propagate")).proven is None
    assert of(cg.regex("[12]+")).proven is None
    assert of(cg.table(1, 2, [1, 2, 3], lambda g: [total(g.cells, "==", 4)], layout="plain")).proven is True
