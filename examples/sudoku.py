"""A Sudoku by the model alone, with masks by propagation, and with all cells chosen together by a solver.

python examples/sudoku.py
"""

from __future__ import annotations

import canvasgen as cg

PUZZLE = "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79"

engine = cg.load("sudoku")
for mode in ("model", "propagate", "exact"):
    puzzle = cg.sudoku(PUZZLE, mode=mode)
    solved = engine.complete(constraint=puzzle, seed=1)
    print(f"{mode}: {solved.outcome.name}, {sum(solved.steps)} steps")
    print(solved.text, end="\n\n")

# A grid that leaves the model a choice: both modes hold every rule, `exact` takes the likeliest grid of all.
for mode in ("propagate", "exact"):
    open_grid = cg.sudoku("1..." + "." * 12, mode=mode, unique=False)
    chosen = engine.complete(constraint=open_grid, seed=1)
    print(mode, chosen.value)
