"""`table`: cells, their values, a layout and relations, checked and put together."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, get_args

from canvasgen.checks import is_iterable, is_mapping
from canvasgen.constraints.shown import Trained
from canvasgen.constraints.table.arguments import is_listed
from canvasgen.constraints.table.cell_domains import Domain, domain_of
from canvasgen.constraints.table.grid import Cell, Grid, grid
from canvasgen.constraints.table.layouts import Laid, Layout, lay
from canvasgen.constraints.table.related_cells import related_domains
from canvasgen.constraints.table.table import Mode, Table, Wording
from canvasgen.errors import InvalidConstraint
from canvasgen.limits import Limits, checked_limits, limited
from canvasgen.notes import Note
from canvasgen.relations import Relation

__all__ = ["assemble", "checked_mode", "checked_relations", "table"]

_MODES: tuple[str, ...] = get_args(Mode)
_INSTRUCTION = "Answer only with this table, every {gap} in it filled in:"
_RULES = "Answer only with this table, every {gap} in it filled in so that {rules}:"
_REMEDY = "make relations with canvasgen.relations: all_different(cells), total(cells, '==', 15), …"
_MOST_RULES = 24
"""Most rules that the prompt lists."""


def table(
    rows: int | Sequence[str],
    columns: int | Sequence[str],
    cells: Any = str,
    relations: Iterable[Relation] | Callable[[Grid], Iterable[Relation]] = (),
    *,
    layout: Layout = "markdown",
    mode: Mode = "exact",
    instruction: str | None = None,
    limits: Limits | None = None,
) -> Table:
    """Return a table whose cells agree: fixed text, a domain for each cell, and relations across cells.

    `table(["Mon", "Tue"], ["early", "late"], cells=["Ann", "Bob", "Cy"], relations=lambda grid:
    [cg.relations.all_different(row) for row in grid.rows])`

    The generated value is a list of rows, each a list of the cells' values.

    Args:
        rows, columns: how many, or their names, which the layout shows.
        cells: what a cell may hold: a list of values or a range, one value that stands there, a type, a JSON Schema, or a
            constraint. Or such a description by cell: a mapping from `(row, column)`, from a column's name or number, or
            from `...` for all others; or a list of rows.
        relations: over cells `(row, column)` (by name where they have names, else by number from 0), made with
            `canvasgen.relations`; or a function of the grid, which has `rows`, `columns`, `diagonals` and `boxes`.
        layout: `plain` (digits side by side, or words with spaces), `aligned`, `csv`, `markdown` or `json`.
        mode: `exact` chooses all cells together; `propagate` masks what propagation excludes, the surest cell first;
            `model` leaves the relations to the model, and does not check them either.
        instruction: what the model is told above the table; None: to fill it in, and the relations in words.
        limits: what making and compiling the table may need (`cg.Limits`), the search for a first solution included; None:
            the default limits.

    Raises:
        InvalidConstraint: a description, a name, a relation's cell or an option is malformed.
        ConstraintTooLarge: too many cells, values or tuples; names the limit.
        UnsupportedConstraint: the layout cannot hold such cells, or a relation is about a cell whose values cannot be
            listed (whole numbers without bounds are taken from -999 to 999, or less where such cells are many).
        Unsatisfiable: no assignment satisfies the relations; names a minimal set of those that contradict each other.
        TimeLimit: the solver could not tell in its time.
    """
    with limited(limits):
        about = grid(rows, columns)
        domains = _domains(cells, about, as_json=layout == "json")
        wanted = checked_relations(relations(about) if callable(relations) else relations, about)
        domains, notes = related_domains(domains, wanted, mode)
        made = assemble(
            about, domains, wanted, layout=layout, mode=mode, instruction=instruction, notes=notes
        )
    made.limits = checked_limits(limits)
    return made


def assemble(
    about: Grid,
    domains: Mapping[Cell, Domain],
    relations: tuple[Relation, ...],
    *,
    layout: str,
    mode: str,
    instruction: str | None = None,
    gap: str = "?",
    laid: Laid | None = None,
    trained: Trained | None = None,
    notes: tuple[Note, ...] = (),
) -> Table:
    """Return a table of checked parts; arguments and errors as for `table`."""
    checked_mode(mode)
    if not _is_instruction(instruction):
        raise InvalidConstraint(
            "an instruction is a text",
            rule="instruction",
            value=instruction,
            remedy="give a string, or leave it out",
        )
    laid = laid or lay(about, domains, layout)
    wording = Wording(instruction or _instruction(relations, gap), gap, trained)
    made = Table(about, laid, relations, mode, wording, notes)  # type: ignore[arg-type]
    if made.problem is not None:
        with limited():
            made.settle()
    return made


def _is_instruction(value: object) -> bool:
    return value is None or isinstance(value, str)


def checked_relations(relations: object, about: Grid) -> tuple[Relation, ...]:
    """Return relations over cells of a grid.

    Raises:
        InvalidConstraint: one is not a relation, or names a cell that does not exist.
    """
    if not is_iterable(relations):
        raise InvalidConstraint(
            "relations are a list of them, or a function of the grid that returns one",
            rule="relations",
            value=relations,
            remedy=_REMEDY,
        )
    wanted: list[Relation] = []
    known = set(about.cells)
    for relation in relations:
        if not isinstance(relation, Relation):
            raise InvalidConstraint("not a relation", rule="relations", value=relation, remedy=_REMEDY)
        for cell in relation.cells:
            if cell not in known:
                raise InvalidConstraint(
                    f"a relation names a cell that there is not: {relation.describe()}",
                    rule="relations",
                    value=cell,
                    remedy="cells are (row, column), by name where they have names, else by number from 0",
                )
        wanted.append(relation)
    return tuple(wanted)


def checked_mode(mode: str) -> None:
    """Raise an error for an unknown mode."""
    if mode not in _MODES:
        raise InvalidConstraint(
            "there is no such mode", rule="mode", value=mode, remedy=f"take one of {', '.join(_MODES)}"
        )


def _instruction(relations: Sequence[Relation], gap: str) -> str:
    if not relations:
        return _INSTRUCTION.format(gap=gap)
    rules = [relation.describe() for relation in relations[:_MOST_RULES]]
    if len(relations) > _MOST_RULES:
        rules.append(f"{len(relations) - _MOST_RULES} more such rules hold")
    return _RULES.format(gap=gap, rules="; ".join(rules))


def _domains(cells: Any, about: Grid, *, as_json: bool) -> dict[Cell, Domain]:
    """Return the domain of every cell from the user's argument."""
    if _is_matrix(cells, about):
        given = {
            cell: one
            for row, line in zip(about.rows, cells, strict=True)
            for cell, one in zip(row, line, strict=True)
        }
    elif is_mapping(cells) and _is_by_place(cells, about):
        given = {cell: _of_cell(cells, cell, about) for cell in about.cells}
        _check_all_used(cells, about)
    else:
        one = domain_of(cells, "cells", as_json=as_json)
        return dict.fromkeys(about.cells, one)
    known: dict[int, Domain] = {}
    domains: dict[Cell, Domain] = {}
    for cell, one in given.items():
        if id(one) not in known:
            known[id(one)] = domain_of(one, f"cell {cell}", as_json=as_json)
        domains[cell] = known[id(one)]
    return domains


def _is_matrix(cells: Any, about: Grid) -> bool:
    if not is_listed(cells) or not cells or not all(map(is_listed, cells)):
        return False
    widths = {len(row) for row in cells}
    if len(cells) != len(about.row_names) or widths != {len(about.column_names)}:
        raise InvalidConstraint(
            f"the rows of `cells` are not {len(about.row_names)} of {len(about.column_names)}",
            rule="cells",
            value=[len(row) for row in cells],
            remedy="give a list for each row, with a cell for each column",
        )
    return True


def _is_by_place(cells: Mapping[Any, Any], about: Grid) -> bool:
    """Return whether a mapping describes cells one by one, and is not a JSON Schema."""
    return any(key is ... or isinstance(key, (tuple, int)) or key in about.column_names for key in cells)


def _of_cell(cells: Mapping[Any, Any], cell: Cell, about: Grid) -> Any:
    column = cell[1]
    number = about.column_names.index(column)
    for key in (cell, column, number, ...):
        if key in cells:
            return cells[key]
    raise InvalidConstraint(
        "nothing is said of what a cell may hold",
        path=str(cell),
        rule="cells",
        remedy="name its column, or give what all others hold as cells[...]",
    )


def _check_all_used(cells: Mapping[Any, Any], about: Grid) -> None:
    known: set[Hashable] = {*about.cells, *about.column_names, *range(len(about.column_names)), ...}
    for key in cells:
        if key not in known:
            raise InvalidConstraint(
                "`cells` names a cell or column that there is not",
                rule="cells",
                value=key,
                remedy="cells are (row, column), by name where they have names, else by number from 0",
            )
