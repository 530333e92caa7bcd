"""Sudoku puzzles: made from a seed, with one solution, in train and test splits that share none; graded, counted."""

from canvasgen.training.puzzles.making import (
    Grade,
    Puzzle,
    Technique,
    count_solutions,
    dig,
    generate,
    grade,
    solution_grid,
)
from canvasgen.training.puzzles.shape import Shape, shape_of
from canvasgen.training.puzzles.symmetry import Split, invariant, shuffled, split_of

__all__ = [
    "Grade",
    "Puzzle",
    "Shape",
    "Split",
    "Technique",
    "count_solutions",
    "dig",
    "generate",
    "grade",
    "invariant",
    "shape_of",
    "shuffled",
    "solution_grid",
    "split_of",
]
