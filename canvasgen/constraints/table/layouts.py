"""The layouts of a table: plain, aligned, CSV, Markdown or JSON.

A layout is fixed text between cells. A space that separates two cells belongs to the text of the second: that is where
tokenizers cut ("| Ann |" is "|", " Ann", " |"), and so no token has to reach over a cell's border.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal, get_args

from typing_extensions import override

from canvasgen import automata
from canvasgen.automata import Expr
from canvasgen.constraints.algebra import Both
from canvasgen.constraints.base import Constraint
from canvasgen.constraints.table.cell_domains import Domain, plain
from canvasgen.constraints.table.grid import Cell, Grid
from canvasgen.constraints.text import Language
from canvasgen.errors import InvalidConstraint, UnsupportedConstraint
from canvasgen.notes import Note

__all__ = ["LAYOUTS", "Laid", "Layout", "lay"]

Layout = Literal["plain", "aligned", "csv", "markdown", "json"]
LAYOUTS: tuple[str, ...] = get_args(Layout)


@dataclass(frozen=True)
class Laid:
    """A table as text.

    Attributes:
        pieces: fixed text and cells, in order.
        lead: by cell, the text before the cell's own text that belongs to the cell.
        listed: by cell, text (with the lead) to value, in the order given.
        free: by cell, the constraint of its text behind the lead, for cells whose texts are not listed.
        values: by cell, text to the caller's value, for listed cells where `listed` has stand-ins.
    """

    pieces: tuple[str | Cell, ...]
    lead: Mapping[Cell, str]
    listed: Mapping[Cell, Mapping[str, Any]]
    free: Mapping[Cell, Constraint]
    values: Mapping[Cell, Mapping[str, Any]] = field(default_factory=dict[Cell, Mapping[str, Any]])


@dataclass(frozen=True)
class _Style:
    """The fixed text of a layout.

    Attributes:
        top: the header with its line ends.
        row: what a row begins with, by its name.
        lead, later_lead: what the first cell, and every other, begins with (a space or nothing).
        between: what stands between two cells, before the lead, by the name of the second's column.
        end: what a row ends with; `join`: what stands between rows; `bottom`: what ends the table.
        write: a text and its value, of a cell, as it is written.
        without: characters that listed texts of cells must not have.
        free_without: characters that texts of constraints must not have; None: the same.
        trimmed: whether spaces around a text are lost on readers.
    """

    top: str = ""
    row: Callable[[Hashable], str] = lambda name: ""
    lead: str = ""
    later_lead: str = ""
    between: Callable[[Hashable], str] = lambda name: ""
    end: str = ""
    join: str = "\n"
    bottom: str = ""
    write: Callable[[str, Any, Cell], str] = lambda content, value, cell: content
    without: str = "\n"
    free_without: str | None = None
    trimmed: bool = False


def lay(grid: Grid, domains: Mapping[Cell, Domain], layout: str) -> Laid:
    """Return a table as text: fixed text and cells.

    Raises:
        InvalidConstraint: there is no such layout, or a listed text or a name cannot stand in it.
        UnsupportedConstraint: `aligned` with a cell whose texts are not listed.
    """
    if layout not in LAYOUTS:
        raise InvalidConstraint(
            "there is no such layout", rule="layout", value=layout, remedy=f"take one of {', '.join(LAYOUTS)}"
        )
    style = _STYLES[layout](grid, domains)
    pieces: list[str | Cell] = [style.top]
    lead: dict[Cell, str] = {}
    listed: dict[Cell, dict[str, Any]] = {}
    free: dict[Cell, Constraint] = {}
    values: dict[Cell, dict[str, Any]] = {}
    for number, row in enumerate(grid.rows):
        pieces.append((style.join if number else "") + style.row(row[0][0]))
        for place, cell in enumerate(row):
            between = style.between(cell[1]) if place else ""
            lead[cell] = style.later_lead if place else style.lead
            domain = domains[cell]
            if domain.values is None:
                without = style.without if style.free_without is None else style.free_without
                free[cell] = _safe(domain.constraint, without, layout, cell)
                pieces += [between, cell]
                continue
            _check_texts(domain.values, style, layout, cell)
            texts = {
                content: lead[cell] + style.write(content, value, cell)
                for content, value in domain.values.items()
            }
            opening, closing = _quotes(texts.values(), lead[cell]) if layout == "json" else ("", "")
            if opening:
                lead[cell] = ""
                texts = {content: one[len(opening) : -len(closing)] for content, one in texts.items()}
            pieces += [between + opening, cell, closing]
            listed[cell] = {texts[content]: plain(value, content) for content, value in domain.values.items()}
            if len(listed[cell]) < len(texts):
                raise InvalidConstraint(
                    f"two values of a cell are written alike in a {layout} table",
                    path=str(cell),
                    rule="layout",
                    value=tuple(texts),
                    remedy="choose another layout, or values that differ in it",
                )
            if any(plain(value, content) is not value for content, value in domain.values.items()):
                values[cell] = {texts[content]: value for content, value in domain.values.items()}
        pieces.append(style.end)
    pieces.append(style.bottom)
    return Laid(_joined(pieces), lead, listed, free, values)


def _quotes(texts: Iterable[str], lead: str) -> tuple[str, str]:
    """Return the quotes around a cell of JSON strings only: tokens often contain a quote and the text around it."""
    strings = all(one.startswith(lead + '"') for one in texts)
    return (lead + '"', '"') if strings else ("", "")


def _joined(pieces: list[str | Cell]) -> tuple[str | Cell, ...]:
    """Return the pieces without empty texts, and with neighbouring texts joined."""
    joined: list[str | Cell] = []
    for piece in pieces:
        if isinstance(piece, str) and joined and isinstance(joined[-1], str):
            joined[-1] += piece
        elif piece != "":
            joined.append(piece)
    return tuple(joined)


def _check_texts(texts: Iterable[str], style: _Style, layout: str, cell: Cell) -> None:
    for content in texts:
        wrong = next((character for character in content if character in style.without), None)
        if wrong is not None:
            problem = f"a cell's text holds {wrong!r}, which a {layout} table cannot hold"
        elif style.trimmed and content != content.strip():
            problem = f"a cell's text has space around it, which is lost in a {layout} table"
        elif layout == "plain" and not content:
            problem = "a cell's text is empty, which a plain table cannot show"
        else:
            continue
        raise InvalidConstraint(
            problem, path=str(cell), rule="layout", value=content, remedy="take another layout, such as json"
        )


def _check_names(grid: Grid, without: str, layout: str) -> None:
    """Raise an error for shown names that would break the lines of a layout."""
    shown = [*(grid.row_names if grid.rows_named else ()), *(grid.column_names if grid.columns_named else ())]
    for name in map(str, shown):
        wrong = next((character for character in name if character in without), None)
        if wrong is not None:
            raise InvalidConstraint(
                f"a name holds {wrong!r}, which a {layout} table cannot hold",
                rule="layout",
                value=name,
                remedy="rename it, or take another layout, such as json",
            )


def _safe(constraint: Constraint, without: str, layout: str, cell: Cell) -> Constraint:
    """Return the texts of a constraint that a reader of the layout can tell apart from fixed text."""
    if not without:
        return constraint
    kept = automata.intersect(constraint.expr, _clean(without))
    if automata.to_dfa(kept).is_empty:
        raise InvalidConstraint(
            f"no text of a cell can stand in a {layout} table: each is empty, has space around it or one of {without!r}",
            path=str(cell),
            rule="layout",
            remedy="take another layout, such as json",
        )
    return Within(constraint, kept)


class Within(Both):
    """Those texts of a constraint that are in a language."""

    def __init__(self, whole: Constraint, kept: Expr) -> None:
        super().__init__((whole, Language(kept)))

    @override
    def explain(self) -> tuple[Note, ...]:
        left_out = self.automaton != self.parts[0].automaton
        return (Note("departure", "texts that would end the cell"),) if left_out else ()


def _clean(without: str) -> Expr:
    """Return non-empty texts without these characters and without surrounding spaces."""
    space = automata.literal(" ")
    parts = [automata.concat(automata.ANY_TEXT, automata.literal(one), automata.ANY_TEXT) for one in without]
    spaced = [automata.concat(space, automata.ANY_TEXT), automata.concat(automata.ANY_TEXT, space)]
    return automata.difference(automata.ANY_TEXT, automata.union(*parts, *spaced, automata.EPSILON))


def _plain(grid: Grid, domains: Mapping[Cell, Domain]) -> _Style:
    texts = [one for domain in domains.values() for one in domain.values or ("..",)]
    if all(len(one) == 1 for one in texts):
        return _Style()
    return _Style(later_lead=" ", without="\r\n ")


def _aligned(grid: Grid, domains: Mapping[Cell, Domain]) -> _Style:
    loose = next((cell for cell, domain in domains.items() if domain.values is None), None)
    if loose is not None:
        raise UnsupportedConstraint(
            "an aligned table needs the texts of every cell listed",
            path=str(loose),
            rule="layout",
            remedy="take csv, markdown or json, or list the cell's values",
        )
    _check_names(grid, "\r\n", "aligned")
    widths: dict[Hashable, int] = {
        column: max(
            len(str(column)) if grid.columns_named else 0,
            *(len(text) for cell in grid.column(column) for text in domains[cell].values or ()),
        )
        for column in grid.column_names
    }
    label = max(len(str(name)) for name in grid.row_names) if grid.rows_named else 0

    def numeric(column: Hashable) -> bool:
        values = [value for cell in grid.column(column) for value in (domains[cell].values or {}).values()]
        return all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)

    numbers = {column: numeric(column) for column in grid.column_names}

    def padded(text: str, column: Hashable) -> str:
        return text.rjust(widths[column]) if numbers[column] else text.ljust(widths[column])

    header = "  ".join(
        ([" " * label] if label else []) + [padded(str(column), column) for column in grid.column_names]
    )
    return _Style(
        top=header + "\n" if grid.columns_named else "",
        row=lambda name: str(name).ljust(label) if label else "",
        lead="  " if label else "",
        later_lead="  ",
        write=lambda content, value, cell: padded(content, cell[1]),
        without="\r\n",
        trimmed=True,
    )


def _csv(grid: Grid, domains: Mapping[Cell, Domain]) -> _Style:
    header = [""] * grid.rows_named + [str(name) for name in grid.column_names]
    # An empty field alone on its line would be read as no line at all.
    alone = '""' if len(grid.column_names) == 1 and not grid.rows_named else ""
    return _Style(
        top=(",".join(map(_csv_field, header)) or alone) + "\n" if grid.columns_named else "",
        row=lambda name: _csv_field(str(name)) + "," if grid.rows_named else "",
        between=lambda name: ",",
        write=lambda content, value, cell: _csv_field(content) or alone,
        # A listed text is quoted where it has to be; of a constraint, such texts are left out.
        without="\r\n",
        free_without='\r\n",',
    )


def _csv_field(text: str) -> str:
    quoted = any(character in text for character in ',"\r\n')
    return '"' + text.replace('"', '""') + '"' if quoted else text


def _markdown(grid: Grid, domains: Mapping[Cell, Domain]) -> _Style:
    names = [" "] * grid.rows_named + [str(name) if grid.columns_named else " " for name in grid.column_names]
    _check_names(grid, "|\r\n", "markdown")
    top = "|" + "|".join(f" {name.strip()} " if name.strip() else "  " for name in names) + "|\n"
    return _Style(
        top=top + "|" + "---|" * len(names) + "\n",
        row=lambda name: f"| {name} |" if grid.rows_named else "|",
        lead=" ",
        later_lead=" ",
        between=lambda name: " |",
        end=" |",
        without="|\r\n",
        trimmed=True,
    )


def _json(grid: Grid, domains: Mapping[Cell, Domain]) -> _Style:
    def key(name: Hashable) -> str:
        return json.dumps(name, ensure_ascii=False) + ":"

    columns, rows = grid.columns_named, grid.rows_named
    first = key(grid.column_names[0]) if columns else ""
    for cell, domain in domains.items():
        if domain.values is None and domain.constraint.shown.schema is None:
            raise UnsupportedConstraint(
                "a cell of a JSON table holds listed values or JSON",
                path=str(cell),
                rule="layout",
                remedy="describe the cell with a type or a JSON Schema, such as {'type': 'string', 'pattern': …}",
            )
    return _Style(
        top="{" if rows else "[",
        row=lambda name: (key(name) if rows else "") + ("{" if columns else "[") + first,
        lead=" " if columns else "",
        later_lead=" ",
        between=lambda name: "," + (" " + key(name) if columns else ""),
        end="}" if columns else "]",
        join=",\n ",
        bottom="}" if rows else "]",
        write=_json_text,
        without="",
    )


def _json_text(content: str, value: Any, cell: Cell) -> str:
    if isinstance(value, Enum):
        value = value.value
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise UnsupportedConstraint(
            f"a cell's value cannot be written as JSON: {error}",
            path=str(cell),
            rule="layout",
            value=value,
            remedy="take another layout, or values that JSON has",
        ) from error


_STYLES: dict[str, Callable[[Grid, Mapping[Cell, Domain]], _Style]] = {
    "plain": _plain,
    "aligned": _aligned,
    "csv": _csv,
    "markdown": _markdown,
    "json": _json,
}
