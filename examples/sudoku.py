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


# Prints:
# model: COMPLETE, 2 steps
# 534678912
# 672195348
# 198342567
# 859761423
# 426853791
# 713924856
# 961537284
# 287419635
# 345286179
#
# propagate: COMPLETE, 1 steps
# 534678912
# 672195348
# 198342567
# 859761423
# 426853791
# 713924856
# 961537284
# 287419635
# 345286179
#
# exact: COMPLETE, 1 steps
# 534678912
# 672195348
# 198342567
# 859761423
# 426853791
# 713924856
# 961537284
# 287419635
# 345286179
#
# propagate [[1, 2, 3, 4], [4, 3, 2, 1], [2, 4, 1, 3], [3, 1, 4, 2]]
# exact [[1, 2, 3, 4], [4, 3, 2, 1], [2, 4, 1, 3], [3, 1, 4, 2]]
