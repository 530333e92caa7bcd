"""The vocabulary of the Sudoku model, and how a puzzle in a text becomes a prompt."""

from __future__ import annotations

import numpy as np
import pytest

import canvasgen as cg
from canvasgen.constraints.shown import Shown
from canvasgen.errors import ModelError
from canvasgen.models.embedded.sudoku.find_grid import find_grid
from canvasgen.models.embedded.sudoku.grid_tokens import (
    CANVAS_LENGTH,
    EOS_ID,
    FIRST_CELL,
    SIZES,
    VOCABULARY,
    answer_ids,
    cell_places,
    prompt_ids,
)
from canvasgen.models.embedded.tiny import WEIGHTS as TINY
from canvasgen.models.prompts import PlainPrompts, SudokuPrompts, prompt_encoder
from canvasgen.models.wording import shown_as
from canvasgen.training.puzzles import generate
from canvasgen.training.puzzles.making import to_grid
from canvasgen.training.sudoku import sudoku_tokenizer
from canvasgen.training.sudoku.cell_features import FEATURES, features
from canvasgen.training.tiny.text_tokenizer import load as load_tiny
from canvasgen.vocabulary import Vocabulary


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return Vocabulary.from_tokenizer(
        sudoku_tokenizer.build(), end_ids=[EOS_ID], size=len(VOCABULARY), pad_id=0
    )


def test_only_digits_and_newline_are_text(vocabulary: Vocabulary) -> None:
    text = {content: number for number, content in enumerate(vocabulary.tokens) if content}
    assert sorted(text) == [b"\n", *(b"%d" % digit for digit in range(1, 10))]
    assert max(text.values()) < FIRST_CELL


@pytest.mark.parametrize("size", SIZES)
def test_cell_tokens_say_what_they_are(size: int) -> None:
    one = generate(size, size + 4, 0)
    ids = prompt_ids(one.grid[None])[0]
    assert ids.shape == (CANVAS_LENGTH,)
    for cell, place in enumerate(cell_places(size).tolist()):
        row, column = divmod(cell, size)
        value = one.grid[cell] or "."
        assert VOCABULARY[ids[place]] == f"<{size}:{'ABCDEFGHI'[column]}{row + 1}={value}>"
    marks = [VOCABULARY[token] for token in ids.tolist() if token < FIRST_CELL]
    assert marks == ["<row>"] * (size - 1) + ["<end>"] + ["<fill>"] * (CANVAS_LENGTH - size * size - size)


@pytest.mark.parametrize("size", SIZES)
def test_answers_are_their_text(size: int, vocabulary: Vocabulary) -> None:
    one = generate(size, size + 4, 0)
    ids = answer_ids(to_grid(one.solution)[None])[0].tolist()
    assert vocabulary.text_bytes(ids).decode() == one.solution
    assert SudokuPrompts().tokens(one.solution) == ids[: ids.index(EOS_ID)]
    assert sudoku_tokenizer.build().encode(one.solution).ids == ids[: ids.index(EOS_ID)]


def test_every_token_has_its_own_features() -> None:
    table = features()
    assert table.shape == (len(VOCABULARY), FEATURES)
    assert len(np.unique(table, axis=0)) == len(VOCABULARY)
    assert set(table[FIRST_CELL:].sum(axis=1)) == {6.0}


PUZZLE = generate(9, 30, 1)


@pytest.mark.parametrize(
    "text",
    [
        PUZZLE.text,
        f"Solve this, please:\n\n{PUZZLE.text}\n\nThank you 4 that.",
        PUZZLE.text.replace("\n", ""),
        PUZZLE.text.replace(".", "0"),
        PUZZLE.text.replace(".", "{}"),
        PUZZLE.text.replace(".", "{cell}"),
        "\n".join(
            ("------+-------+------\n" if row in (3, 6) else "")
            + " | ".join(" ".join(line[at : at + 3]) for at in (0, 3, 6))
            for row, line in enumerate(PUZZLE.text.split("\n"))
        ),
    ],
)
def test_grids_are_found(text: str) -> None:
    found = find_grid(text)
    assert found is not None
    assert (found == PUZZLE.grid).all()


def test_small_grids_are_found() -> None:
    for size in (4, 6):
        one = generate(size, size + 4, 0)
        assert (find_grid(f"Here:\n{one.text}") == one.grid).all()
    assert find_grid("1..5\n....\n....\n....") is None, "5 is no digit of a 4 x 4 Sudoku"
    assert find_grid("1234") is None


def test_the_form_goes_before_the_prompt() -> None:
    small = generate(4, 6, 0)
    prompts = SudokuPrompts()
    alone = prompts.encode(small.text, None)
    assert prompts.encode(PUZZLE.text, Shown((small.text,))) == alone
    assert prompts.encode(PUZZLE.text, cg.sudoku(small.text.splitlines(), unique=False).shown) == alone
    assert prompts.encode("", Shown((small.text.replace(".", "{}"),))) == alone
    assert prompts.encode([{"role": "user", "content": small.text}], None) == alone
    assert prompts.encode(small.text, Shown(("no grid",))) == alone
    assert prompts.encode(small.text, shown_as({"type": "string"})) == alone


def test_what_is_no_sudoku() -> None:
    with pytest.raises(ModelError, match="no Sudoku") as caught:
        SudokuPrompts().encode("Hello", None)
    assert "9 lines" in str(caught.value)
    with pytest.raises(ModelError, match="digits and newlines") as caught:
        SudokuPrompts().tokens("12a")
    assert caught.value.path == "character 2"


def test_the_tokenizer_tells() -> None:
    assert isinstance(prompt_encoder(sudoku_tokenizer.build()), SudokuPrompts)
    assert isinstance(prompt_encoder(load_tiny(TINY)), PlainPrompts)
