"""Generated puzzles: one solution, the givens wanted, the split wanted, the same for the same seed."""

from __future__ import annotations

import pytest

from canvasgen.training.puzzles import Technique, count_solutions, generate, grade, split_of
from canvasgen.training.puzzles.making import to_grid


@pytest.mark.slow
@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize(
    ("size", "givens"), [(4, 5), (6, 10), (6, 20), (9, 27), (9, 45), ((3, 2), 12), ((2, 4), 30), (16, 150)]
)
def test_generated(size, givens, split) -> None:
    for seed in range(6):
        one = generate(size, givens, seed, split)
        box = one.shape.box_rows, one.shape.box_columns
        assert count_solutions(one, box) == 1
        assert grade(one, box).givens == givens
        assert all(a in (".", b) for a, b in zip(one.text, one.solution, strict=True))
        assert split_of(to_grid(one.solution), one.shape) == split
        assert generate(size, givens, seed, split) == one


def test_seeds_differ() -> None:
    assert len({generate(9, 30, seed).text for seed in range(20)}) == 20


def test_as_few_givens_as_there_can_be() -> None:
    one = generate(9, 0, 0)
    assert 17 <= grade(one).givens <= 24
    assert generate(4, 16, 0).text == generate(4, 16, 0).solution
    for wrong in (-1, 82):
        with pytest.raises(ValueError, match="givens"):
            generate(9, wrong, 0)


def test_grades() -> None:
    easy = generate(9, 60, 0)
    assert grade(easy).technique is Technique.NAKED_SINGLE
    assert grade("1...\n....\n....\n....").technique is Technique.SEARCH, "too few givens for any technique"
    techniques = {grade(generate(9, 24, seed)).technique for seed in range(60)}
    assert techniques >= {Technique.HIDDEN_SINGLE, Technique.LOCKED_OR_PAIR, Technique.SEARCH}
    published = (
        "53..7....\n6..195...\n.98....6.\n8...6...3\n4..8.3..1\n7...2...6\n.6....28.\n...419..5\n....8..79"
    )
    assert grade(published).technique is Technique.NAKED_SINGLE
    assert grade(published).givens == 30
    inkala = (
        "8........\n..36.....\n.7..9.2..\n.5...7...\n....457..\n...1...3.\n..1....68\n..85...1.\n.9....4.."
    )
    assert grade(inkala).technique is Technique.SEARCH


def test_techniques_never_contradict_the_solution() -> None:
    """What the techniques fill in is the solution: a puzzle solved by them has one solution."""
    for seed in range(40):
        one = generate(9, 26, seed)
        if grade(one).technique is not Technique.SEARCH:
            assert count_solutions(one) == 1
