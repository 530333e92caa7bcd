"""The shipped Sudoku model solves what it should."""

from __future__ import annotations

import pytest

import canvasgen as cg
from canvasgen.errors import ModelError
from canvasgen.models import loading
from canvasgen.models.embedded import sudoku
from canvasgen.models.prompts import SudokuPrompts
from canvasgen.models.vocabularies import load_vocabulary
from canvasgen.training.puzzles import generate
from canvasgen.training.sudoku.evaluate import measure, pinned_start, solve, take

pytestmark = pytest.mark.skipif(
    not (sudoku.WEIGHTS / "model.safetensors").is_file(), reason="the Sudoku model is not trained yet"
)


@pytest.fixture(scope="module")
def denoiser():
    return loading.load("sudoku", device="cpu").denoiser


@pytest.mark.parametrize("pinned", [False, True])
@pytest.mark.parametrize(("size", "band"), [(4, (5, 8)), (6, (14, 18)), (9, (42, 50))])
def test_easy_puzzles_are_solved(denoiser, size, band, pinned) -> None:
    puzzles = take(size, band, 6, seed=1000)
    assert measure(puzzles, solve(denoiser, puzzles, pinned=pinned))["solved"] >= 5


def test_by_name(denoiser) -> None:
    engine = cg.load("sudoku", device="cpu")
    one = generate(4, 8, 0, "test")
    assert engine.generate(one.text) == one.solution
    assert load_vocabulary("sudoku").size == denoiser.vocab_size
    assert isinstance(loading.load("sudoku").prompts, SudokuPrompts)


def test_a_pinned_start_holds_what_is_known() -> None:
    one = generate(4, 8, 0, "test")
    start = pinned_start(one)
    assert sum(token is None for token in start.canvas) == 8
    assert start.kept == len(start.canvas)


def test_unknown_names_and_missing_weights(monkeypatch, tmp_path) -> None:
    with pytest.raises(ModelError, match="tiny, sudoku"):
        loading.load("sodoku")
    monkeypatch.setattr(sudoku, "WEIGHTS", tmp_path)
    with pytest.raises(ModelError, match="install the package again"):
        loading.load("sudoku")


def test_measures_tell_the_kinds_of_failure() -> None:
    from dataclasses import dataclass

    @dataclass
    class Answer:
        text: str
        steps: tuple[int, ...] = (3,)

    one = generate(4, 8, 0, "test")
    given = next(at for at, mark in enumerate(one.text) if mark.isdigit())
    blank = one.text.index(".")

    def changed(at: int) -> str:
        return one.solution[:at] + str(int(one.solution[at]) % 4 + 1) + one.solution[at + 1 :]

    answers = [Answer(text) for text in (one.solution, changed(given), changed(blank), one.solution[:-1])]
    assert measure([one] * 4, answers) == {
        "count": 4,
        "solved": 1,
        "not a grid": 1,
        "other givens": 1,
        "breaks a rule": 1,
        "mean steps": 3.0,
    }
