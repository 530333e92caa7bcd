"""`canvasgen sudoku`: a puzzle solved on the canvas, or a file of them."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from canvasgen.cli.drawing.grids import box_labels, cells_of_text, drawn
from canvasgen.cli.endings import EXIT_INTERRUPTED
from canvasgen.cli.loading_options import Loading, with_loading
from canvasgen.cli.notice import clear_notice
from canvasgen.cli.options import LimitsOption, ModelOption, SeedOption, StepsOption, limits_of
from canvasgen.cli.sources import read_text, text_or_file
from canvasgen.errors import CanvasgenError, InvalidConstraint
from canvasgen.limits import limited

if TYPE_CHECKING:
    from canvasgen.constraints.table import Table
    from canvasgen.denoise import Completion
    from canvasgen.engine import Engine
    from canvasgen.limits import Limits
    from canvasgen.request import Request

__all__ = ["sudoku"]

EXIT_UNSOLVED = 1
_FILE_NAME = re.compile(r".*[/\\].*|.*\.(sdk|sdm|ss|csv|txt)", re.IGNORECASE | re.DOTALL)

Rows = list[list[int | None]]


@dataclass(frozen=True)
class _Variant:
    """The options of the command, without the puzzle."""

    box: tuple[int, int] | None
    regions: str | None
    cages: tuple[tuple[int, tuple[tuple[int, int], ...]], ...]
    diagonal: bool
    mode: Literal["exact", "propagate", "model"]
    several: bool
    steps: int | None
    seed: int | None
    limits: Limits | None

    def table(self, rows: Rows) -> Table:
        """Return the constraint of a puzzle."""
        from canvasgen.constraints.table import sudoku as sudoku_table

        try:
            with limited(self.limits):
                return sudoku_table(
                    rows,
                    self.box,
                    diagonal=self.diagonal,
                    regions=self.regions,
                    cages=self.cages,
                    mode=self.mode,
                    unique=not self.several,
                )
        except InvalidConstraint as error:
            if error.rule == "unique":
                error.remedy = "give more cells, or pass --any to let the model choose"
            raise

    def labels(self, size: int) -> list[list[Any]]:
        """Return the region of each cell."""
        if self.regions is not None:
            every = "".join(self.regions.split())
            return [list(every[at : at + size]) for at in range(0, size * size, size)]
        from canvasgen.constraints.table.sudoku import BOXES

        return box_labels(size, *(self.box or BOXES[size]))


@with_loading()
def sudoku(
    puzzle: Annotated[
        str,
        typer.Argument(
            help="16, 36, 81 or 256 characters (`.` or `0` for blanks), or a file (.sdk, .sdm, .ss, .csv, text); "
            "`-` reads standard input."
        ),
    ],
    mode: Annotated[
        Literal["exact", "propagate", "model"],
        typer.Option(
            help="Joint optimum by a solver; propagation, the surest cell first; or the model alone."
        ),
    ] = "exact",
    diagonal: Annotated[
        bool, typer.Option("--diagonal", help="Both diagonals hold every value once.")
    ] = False,
    box: Annotated[str | None, typer.Option(help="Rows and columns of a box, such as 2x3.")] = None,
    regions: Annotated[
        str | None, typer.Option(help="Jigsaw regions: a label for each cell, or a file with them.")
    ] = None,
    cages: Annotated[
        Path | None, typer.Option(help="Killer cages: a file with lines such as `15: r1c1 r1c2 r2c1`.")
    ] = None,
    several: Annotated[
        bool, typer.Option("--any", help="Allow several solutions; the model chooses among them.")
    ] = False,
    steps: StepsOption = None,
    seed: SeedOption = None,
    limits: LimitsOption = None,
    model: ModelOption = None,
    plain: Annotated[
        bool, typer.Option("--plain", help="The grid alone, as on a pipe, on a terminal too.")
    ] = False,
    *,
    loading: Loading,
) -> None:
    """Solve a Sudoku, and print it; a file with a puzzle on each line gives a solution on each line.

    Exit code 1 if a grid breaks the rules (`--mode model` alone does), or a puzzle of several is not solved.

    Example: `canvasgen sudoku 53..7....6..195....98....6.8...6...34..8.3..17...2...6.6....28....419..5....8..79`
    """
    variant = _Variant(
        box=None if box is None else _box(box),
        regions=None if regions is None else text_or_file(regions, "regions"),
        cages=() if cages is None else _cages(read_text(cages, "cages")),
        diagonal=diagonal,
        mode=mode,
        several=several,
        steps=steps,
        seed=seed,
        limits=limits_of(limits),
    )
    puzzles = _puzzles(puzzle)
    tables = [variant.table(puzzles[0])] if len(puzzles) == 1 else []

    from canvasgen.api import load
    from canvasgen.constraints.table.sudoku import model_for
    from canvasgen.request import check_settings

    check_settings(_request(tables[0] if tables else None, variant))
    engine = load(
        model or model_for(len(puzzles[0]), variant.box, jigsaw=variant.regions is not None), **loading
    )
    clear_notice()
    if tables:
        _solve_one(engine, puzzles[0], tables[0], variant, plain=plain or not sys.stdout.isatty())
    else:
        _solve_each(engine, puzzles, variant)


def _solve_one(engine: Engine, rows: Rows, made: Table, variant: _Variant, *, plain: bool) -> None:
    from rich.console import Console

    if plain:
        completion = engine.complete(_request(made, variant))
        typer.echo(completion.text)
    else:
        completion = _watch(engine, rows, made, variant)
        size = len(rows)
        given = [[one is not None for one in row] for row in rows]
        console = Console(highlight=False)
        console.print(drawn(cells_of_text(completion.text, size), variant.labels(size), given))
        console.print(_who(made, completion), soft_wrap=True)
    broken = _broken(made, completion.value)
    if broken:
        shown = "; ".join(broken[:3]) + ("; …" if len(broken) > 3 else "")
        typer.echo(f"canvasgen: not solved: {len(broken)} rules are broken: {shown}", err=True)
        raise typer.Exit(EXIT_UNSOLVED)


def _watch(engine: Engine, rows: Rows, made: Table, variant: _Variant) -> Completion:
    """Return the completion of a puzzle, its grid shown in place while it forms."""
    from rich.console import Console
    from rich.live import Live
    from rich.panel import Panel

    from canvasgen.denoise import Done, Draft

    size = len(rows)
    labels = variant.labels(size)
    given = [[one is not None for one in row] for row in rows]
    before = cells_of_text(made.shown.form(lambda hole: hole.mark or ""), size)
    first = Panel.fit(drawn(before, labels, given), title="the puzzle", title_align="left")
    with Live(first, console=Console(stderr=True), transient=True, refresh_per_second=20) as live:
        for event in engine.stream(_request(made, variant)):
            match event:
                case Draft(text=text, record=record):
                    cells = cells_of_text(text, size)
                    title = f"block {record.block}, step {record.step}, log mass {record.log_mass:.2f}"
                    live.update(
                        Panel.fit(drawn(cells, labels, given, before), title=title, title_align="left")
                    )
                    before = cells
                case Done(completion=completion):
                    return completion
                case _:
                    pass  # `Engine.stream` raises what a `Failed` would tell
    raise AssertionError("a stream ends with its completion")


def _solve_each(engine: Engine, puzzles: list[Rows], variant: _Variant) -> None:
    """Print a line for each puzzle, empty if it is not solved, and on standard error the number of solved ones."""
    solved = tried = 0
    try:
        for number, rows in enumerate(puzzles, 1):
            tried = number
            try:
                made = variant.table(rows)
                completion = engine.complete(_request(made, variant))
                broken = _broken(made, completion.value)
                reason = f"{len(broken)} rules are broken: {broken[0]}" if broken else ""
            except CanvasgenError as error:
                reason, completion = f"{type(error).__name__}: {error}", None
            if reason or completion is None:
                typer.echo(f"canvasgen: puzzle {number}: {' '.join(reason.split())}", err=True)
                typer.echo("")
            else:
                solved += 1
                typer.echo(completion.text.replace("\n", ""))
    except KeyboardInterrupt:
        typer.echo(f"canvasgen: interrupted in puzzle {tried} of {len(puzzles)}; {solved} solved", err=True)
        raise typer.Exit(EXIT_INTERRUPTED) from None
    typer.echo(f"{solved} of {len(puzzles)} puzzles solved; mode {variant.mode}", err=True)
    if solved < len(puzzles):
        raise typer.Exit(EXIT_UNSOLVED)


def _request(made: Table | None, variant: _Variant) -> Request:
    from canvasgen.request import Request

    return Request(
        table=made,
        max_denoising_steps=variant.steps,
        seed=variant.seed,
        limits=variant.limits,
        on_step_limit="return",
    )


def _broken(made: Table, value: list[list[Any]]) -> list[str]:
    """Return the rules that a grid breaks."""
    seen: dict[Any, Any] = {cell: value[cell[0]][cell[1]] for cell in made.grid.cells}
    return [
        relation.describe()
        for relation in made.relations
        if not relation.holds([seen[cell] for cell in relation.cells])
    ]


def _who(made: Table, completion: Completion) -> str:
    """Return a sentence that says who solved the puzzle."""
    steps = sum(completion.steps)
    run = f"mode {made.mode}, {steps} denoising step{'' if steps == 1 else 's'}"
    if made.mode == "model":
        return f"{run}: the model alone; only the shape and the givens were enforced"
    solved = bool((made.root.sum(axis=1) == 1).all())
    if made.mode == "propagate":
        if solved:
            return f"{run}: propagation left one value in every cell before the model ran"
        return f"{run}: the model chose the cells, propagation narrowed them, and the rules were checked at the end"
    if solved:
        return f"{run}: the puzzle has one solution, which the solver found before the model ran"
    return f"{run}: the solver chose, among the solutions, the one that the model finds most probable"


def _puzzles(source: str) -> list[Rows]:
    from canvasgen.constraints.table import read_puzzles

    if source == "-":
        return read_puzzles(sys.stdin.read())
    remedy = "give the path of a file, or the puzzle's 16, 36, 81 or 256 characters"
    return read_puzzles(text_or_file(source, "puzzle", path=_FILE_NAME, remedy=remedy))


def _box(option: str) -> tuple[int, int]:
    found = re.fullmatch(r"([0-9]{1,2})[x×]([0-9]{1,2})", option.strip())
    if found is None:
        raise InvalidConstraint("a box is ROWSxCOLUMNS", rule="--box", value=option, remedy="write 2x3")
    return int(found[1]), int(found[2])


def _cages(text: str) -> tuple[tuple[int, tuple[tuple[int, int], ...]], ...]:
    """Return cages of lines `SUM: r1c1 r1c2 …`; lines that begin with `#` are remarks.

    Raises:
        InvalidConstraint: a line is none, or there is no line.
    """
    cages: list[tuple[int, tuple[tuple[int, int], ...]]] = []
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip().lstrip("\ufeff")
        if not line or line.startswith("#"):
            continue
        found = re.fullmatch(
            r"([0-9]{1,4})\s*[:=]\s*((?:r[0-9]{1,2}c[0-9]{1,2}[\s,+]*)+)", line, re.IGNORECASE
        )
        if found is None:
            raise InvalidConstraint(
                "a cage is a sum and its cells",
                path=f"line {number}",
                rule="--cages",
                value=line,
                remedy="write 15: r1c1 r1c2 r2c1",
            )
        places = re.findall(r"r([0-9]+)c([0-9]+)", found[2], re.IGNORECASE)
        cages.append((int(found[1]), tuple((int(row) - 1, int(column) - 1) for row, column in places)))
    if not cages:
        raise InvalidConstraint(
            "the cages file has no cage", rule="--cages", remedy="write lines such as 15: r1c1 r1c2 r2c1"
        )
    return tuple(cages)
