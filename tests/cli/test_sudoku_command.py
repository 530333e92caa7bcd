"""`canvasgen sudoku`: a grid or a line each on standard output, and honest words on standard error."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from canvasgen.cli.app import app
from canvasgen.cli.drawing.grids import box_labels, cells_of_text, drawn

SMALL = "1.3.4..1..4.3.1."
SOLVED = "1234\n4321\n2143\n3412\n"
CLASSIC = "53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79"


def sudoku(*arguments: str, stdin: str = "") -> Result:
    done = CliRunner().invoke(app, ["sudoku", *arguments], input=stdin)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


@pytest.mark.parametrize("mode", ["exact", "propagate"])
def test_the_grid_alone_on_a_pipe(mode: str) -> None:
    done = sudoku(SMALL, "--mode", mode)
    assert (done.exit_code, done.stdout, done.stderr) == (0, SOLVED, "")


def test_standard_input_and_files(tmp_path: Path) -> None:
    assert sudoku("-", stdin=SMALL).stdout == SOLVED
    file = tmp_path / "small.ss"
    file.write_text("1.|3.\n4.|.1\n-----\n..|4.\n3.|1.\n", encoding="utf-8")
    assert sudoku(str(file)).stdout == SOLVED


@pytest.mark.slow
def test_a_file_of_puzzles_gives_a_line_each(tmp_path: Path) -> None:
    file = tmp_path / "many.sdm"
    file.write_text(f"{SMALL}\n1...............\n{SMALL}\n", encoding="utf-8")
    done = sudoku(str(file))
    assert done.exit_code == 1
    assert done.stdout.split("\n") == ["1234432121433412", "", "1234432121433412", ""]
    assert "puzzle 2: InvalidConstraint: the puzzle has several solutions" in done.stderr
    assert done.stderr.splitlines()[-1] == "2 of 3 puzzles solved; mode exact"
    done = sudoku(str(file), "--any")
    assert done.exit_code == 0, done.stderr
    assert [len(line) for line in done.stdout.splitlines()] == [16, 16, 16]


@pytest.mark.slow
def test_variants(tmp_path: Path) -> None:
    cages = tmp_path / "cages.txt"
    cages.write_text("# sums\n3: r1c1 r1c2\n8 = r2c1+r2c2+r3c2\n", encoding="utf-8")
    done = sudoku("1" + "." * 15, "--cages", str(cages), "--any", "--steps", "1", "--seed", "1")
    assert done.exit_code == 0, done.stderr
    rows = done.stdout.splitlines()
    assert rows[0].startswith("12")
    assert int(rows[1][0]) + int(rows[1][1]) + int(rows[2][1]) == 8
    done = sudoku("." * 36, "--box", "3x2", "--any", "--steps", "1", "--mode", "propagate", "--seed", "1")
    assert len({done.stdout.splitlines()[row][column] for row in range(3) for column in range(2)}) == 6
    done = sudoku("." * 16, "--diagonal", "--any", "--steps", "1", "--seed", "1")
    assert len({row[at] for at, row in enumerate(done.stdout.splitlines())}) == 4
    done = sudoku("." * 16, "--regions", "AAAA BBCC BBCC DDDD", "--any", "--steps", "1")
    assert done.exit_code == 0, done.stderr


def test_the_model_alone_is_found_out() -> None:
    done = sudoku(CLASSIC, "--mode", "model", "--steps", "1", "--seed", "0")
    assert done.exit_code == 1
    assert len(done.stdout.splitlines()) == 9
    assert "not solved" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["11.............."], ["Unsatisfiable", "box 1"]),
        (["1..............."], ["several solutions", "--any"]),
        (["12345"], ["InvalidConstraint", "square"]),
        (["missing.sdk"], ["no such puzzle file", "missing.sdk"]),
        (["/tmp/nowhere/puzzle"], ["no such puzzle file"]),
        (["-"], ["empty"]),
        ([SMALL, "--box", "2"], ["ROWSxCOLUMNS"]),
        ([SMALL, "--box", "3x2"], ["does not hold 4 values"]),
        ([SMALL, "--regions", "AABB"], ["16 cells"]),
        ([SMALL, "--regions", "A" * 16], ["has 16 cells"]),
        ([SMALL, "--box", "2x2", "--regions", "A" * 16], ["exclude"]),
        ([SMALL, "--cages", "missing.txt"], ["missing.txt"]),
        ([SMALL, "--model", "/nonexistent/folder"], ["ModelError"]),
        ([SMALL, "--steps", "0"], ["steps"]),
    ],
)
def test_wrong_input_is_one_line(arguments: list[str], words: list[str]) -> None:
    done = sudoku(*arguments)
    assert done.exit_code == 2, done.stdout
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    for word in words:
        assert word in done.stderr


@pytest.mark.parametrize("line", ["15 r1c1", "15: 1,1", "x: r1c1", ": r1c1", ""])
def test_wrong_cages(tmp_path: Path, line: str) -> None:
    cages = tmp_path / "cages.txt"
    cages.write_text(line, encoding="utf-8")
    done = sudoku(SMALL, "--cages", str(cages))
    assert done.exit_code == 2
    assert "--cages" in done.stderr


def test_borders_stand_between_regions() -> None:
    cells = cells_of_text("12\n3", 2)
    assert cells == [["1", "2"], ["3", "."]]
    given = [[True, False], [False, False]]
    shown = drawn(cells, [["A", "A"], ["B", "A"]], given, [["1", "."], ["3", "."]])
    assert shown.plain == "┌───────┐\n│ 1   2 │\n├───┐   │\n│ 3 │ . │\n└───┴───┘"
    styles = {shown.plain[span.start : span.end].strip(): span.style for span in shown.spans}
    assert styles == {"1": "bold", "2": "bold green"}
    assert box_labels(6, 2, 3)[1] == [0, 0, 0, 1, 1, 1]


@pytest.mark.slow
def test_a_terminal_sees_the_grid_and_who_solved_it() -> None:
    above, below = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "canvasgen", "sudoku", SMALL], stdin=below, stdout=below, stderr=below
    )
    os.close(below)
    seen = b""
    while True:
        try:
            seen += os.read(above, 4096)
        except OSError:
            break
    assert process.wait(timeout=300) == 0
    text = seen.decode()
    assert "step 1, log mass" in text
    assert "├───────┼───────┤" in text
    assert "mode exact" in text
    assert "which the solver found before the model ran" in text
