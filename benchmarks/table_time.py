"""How long do whole answers with a table take, and do they keep the solver's budget?

Open puzzles are the worst case: many solutions, and a model that prefers none. One answer of the embedded model each, 24
denoising steps a canvas, seed 0; at the model's schedule (a sample in each step) and at temperature 0 (the best).

    python benchmarks/table_time.py [CASE ...] [--seed 0]

Columns: CPU seconds of making the table and of the answer; wall-clock seconds of the searches (`timings["solve"]`) and of
all the rest; canvases; whether the answer is proven to be the best. The budget is wall-clock time: keep the machine idle.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator

import canvasgen as cg
from canvasgen.errors import CanvasgenError
from canvasgen.relations import Relation, all_different

SOLVED = "534678912672195348198342567859761423426853791713924856961537284287419635345286179"


def open_killer() -> cg.Table:
    """Cages of two cells without any given."""
    pairs = [[(r, c), (r, c + 1)] for r in range(9) for c in (0, 2, 4, 6)]
    cages = [(sum(int(SOLVED[9 * r + c]) for r, c in pair), pair) for pair in pairs]
    return cg.sudoku("." * 81, cages=cages, unique=False)


def empty_samurai() -> cg.Table:
    """Five 9x9 Sudokus that share corners, on a board of 21x21."""
    corners = [(0, 0), (0, 12), (12, 0), (12, 12), (6, 6)]
    inside = {(top + i, left + j) for top, left in corners for i in range(9) for j in range(9)}
    cells = {(r, c): range(1, 10) if (r, c) in inside else ["#"] for r in range(21) for c in range(21)}
    return cg.table(21, 21, cells, [one for corner in corners for one in _sudoku(*corner)], layout="plain")


def _sudoku(top: int, left: int) -> Iterator[Relation]:
    nine = range(9)
    for i in nine:
        yield all_different([(top + i, left + j) for j in nine])
        yield all_different([(top + j, left + i) for j in nine])
        r, c = top + 3 * (i // 3), left + 3 * (i % 3)
        yield all_different([(r + a, c + b) for a in range(3) for b in range(3)])


CASES: dict[str, Callable[[], cg.Table]] = {
    "magic square 3": lambda: cg.magic_square(3),
    "magic square 4": lambda: cg.magic_square(4),
    "magic square 6": lambda: cg.magic_square(6),
    "8 queens": lambda: cg.queens(8),
    "Latin square 9": lambda: cg.latin_square(9),
    "empty Sudoku 9x9": lambda: cg.sudoku("." * 81, unique=False),
    "open killer": open_killer,
    "round robin of 8": lambda: cg.round_robin(list("ABCDEFGH")),
    "empty Sudoku 16x16": lambda: cg.sudoku("." * 256, unique=False),
    "empty samurai": empty_samurai,
}


def measure(engine: cg.Engine, make: Callable[[], cg.Table], temperature: float | None, seed: int) -> str:
    begun = time.process_time()
    try:
        made = make()
        built = time.process_time() - begun
        done = engine.complete("", table=made, seed=seed, temperature=temperature)
    except CanvasgenError as error:
        return f"{type(error).__name__} after {time.process_time() - begun:.1f} CPU s"
    assert made.matches(done.text)
    used = time.process_time() - begun - built
    solve = done.timings["solve"]
    rest = done.timings["total"] - solve
    return f"{built:>8.2f}{used:>9.2f}{solve:>9.2f}{rest:>9.2f}{done.blocks:>4}  {done.proven}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", help=", ".join(CASES))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    engine = cg.load()
    engine.complete("", table=cg.latin_square(4), seed=0)  # compiles the kernels
    print(f"{'case':<20}{'T':<6}{'made':>6}{'answer':>9}{'solve':>9}{'rest':>9}   n  proven")
    for name in options.cases or CASES:
        for temperature in (None, 0.0):
            shown = "model" if temperature is None else "0"
            print(
                f"{name:<20}{shown:<6}{measure(engine, CASES[name], temperature, options.seed)}", flush=True
            )


if __name__ == "__main__":
    main()
