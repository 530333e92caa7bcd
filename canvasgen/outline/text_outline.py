"""The named parts of a text under a constraint: fields of JSON, holes of a template, cells of a table, parts of a sum."""

from __future__ import annotations

from collections.abc import Iterable
from functools import singledispatch

from canvasgen.constraints.algebra import Both, Either, Sequence
from canvasgen.constraints.choices import Choice
from canvasgen.constraints.grounded import SpanOf
from canvasgen.constraints.infill import Infill
from canvasgen.constraints.json_schema import JsonSchema
from canvasgen.constraints.table import Table
from canvasgen.constraints.table.grid import Cell
from canvasgen.constraints.template import Template
from canvasgen.constraints.text import Language, Literal, Regex, Text
from canvasgen.constraints.texts import Texts
from canvasgen.errors import CanvasgenError
from canvasgen.outline.beginnings import Fixed, Free, Listed, Piece, beginning, begins
from canvasgen.outline.json_outline import json_outline
from canvasgen.outline.named_parts import Named
from canvasgen.schemas.texts.fences import without_fence
from canvasgen.trace import PlaceName, TraceGrid

__all__ = ["Named", "grid_of", "outline"]


def outline(constraint: Texts, text: str) -> list[Named]:
    """Return the named parts of a text, in order; they do not overlap.

    Of the beginning of a text there are the parts so far, the last one as far as it goes. A draft may be one: of a text
    over several canvases it ends with its canvas, perhaps within a character, which is U+FFFD then.
    """
    try:
        found = _parts(constraint, text)
    except CanvasgenError:
        found = []  # the text is none of the constraint's, or cannot be read with moderate work
    if not found and text.endswith(_CUT):
        return outline(constraint, text[: -len(_CUT)])
    return found


_CUT = "\N{REPLACEMENT CHARACTER}"


@singledispatch
def _parts(constraint: Texts, text: str) -> list[Named]:
    del constraint, text
    return []


@_parts.register
def _of_json(constraint: JsonSchema, text: str) -> list[Named]:
    del constraint
    inner = without_fence(text)
    return [one.inside(len(text) - len(inner), "") for one in json_outline(inner)]


@_parts.register
def _of_drafted_json(constraint: Language, text: str) -> list[Named]:
    """Return the parts of a draft, whose language is that of JSON texts in any order of keys."""
    del constraint
    inner = without_fence(text)
    return json_outline(inner) if inner.lstrip()[:1] in ("{", "[") else []


@_parts.register
def _of_table(constraint: Table, text: str) -> list[Named]:
    grid = constraint.grid
    rows = {name: at for at, name in enumerate(grid.row_names)}
    columns = {name: at for at, name in enumerate(grid.column_names)}
    found: list[Named] = []
    for (row, column), start, stop in constraint.cells_of(text) or _begun_cells(constraint, text):
        name = f"{row if grid.rows_named else f'row {row + 1}'}, {column if grid.columns_named else f'column {column + 1}'}"
        place = PlaceName(kind="cell", name=name, row=rows[row], column=columns[column])
        lead = len(text[start:stop]) - len(text[start:stop].lstrip(" "))
        found.append(Named(place, start + lead, stop))
    return found


def _begun_cells(constraint: Table, text: str) -> list[tuple[Cell, int, int]]:
    """Return the cells in the beginning of a table."""
    laid = constraint.laid
    pieces: list[Piece] = [
        Fixed(piece)
        if isinstance(piece, str)
        else Listed(tuple(laid.listed[piece]))
        if piece in laid.listed
        else Free(laid.free[piece], lead=laid.lead[piece])
        for piece in laid.pieces
    ]
    read = ((laid.pieces[number], start, stop) for number, start, stop in beginning(pieces, text))
    return [(piece, start, stop) for piece, start, stop in read if not isinstance(piece, str)]


@_parts.register
def _of_template(constraint: Template, text: str) -> list[Named]:
    found: list[Named] = []
    for name, start, stop in constraint.hole_spans(text) or _begun_holes(constraint, text):
        inner = _named(constraint.holes[name], text, start, stop, name)
        found += inner or [Named(PlaceName(kind="hole", name=name), start, stop)]
    return found


def _begun_holes(constraint: Template, text: str) -> list[tuple[str, int, int]]:
    """Return the holes in the beginning of a filled template, or in a draft whose holes of one name differ."""
    pieces: list[Piece] = [
        Fixed(piece) if isinstance(piece, str) else Free(constraint.holes[piece.name], shortest=True)
        for piece in constraint.pieces
    ]
    read = ((constraint.pieces[number], start, stop) for number, start, stop in beginning(pieces, text))
    return [(piece.name, start, stop) for piece, start, stop in read if not isinstance(piece, str)]


@_parts.register
def _of_gap(constraint: Infill, text: str) -> list[Named]:
    start, stop = len(constraint.prefix), len(text) - len(constraint.suffix)
    if stop < start or not text.startswith(constraint.prefix):
        return []
    if not text.endswith(constraint.suffix):
        stop = next((stop for number, _, stop in _begun_parts(constraint, text) if number == 1), start)
    inner = _named(constraint.part, text, start, stop, "")
    return inner or [Named(PlaceName(kind="hole", name="gap"), start, stop)]


@_parts.register
def _of_sequence(constraint: Sequence, text: str) -> list[Named]:
    found: list[Named] = []
    places = (
        [(number, *constraint.place_of(number, text)) for number in range(len(constraint.parts))]
        if len(text) in constraint.ends(text, 0)
        else _begun_parts(constraint, text)
    )
    for number, start, stop in places:
        part = constraint.parts[number]
        if isinstance(part, Literal):
            continue
        is_simple = isinstance(part, Regex | Choice | Text | SpanOf)
        inner = [] if is_simple else _named(part, text, start, stop, "")
        found += inner or [Named(PlaceName(kind="part", name=f"part {number + 1}"), start, stop)]
    return found


def _begun_parts(constraint: Sequence, text: str) -> list[tuple[int, int, int]]:
    """Return the parts of a sum in the beginning of a text, by number."""
    return beginning([Free(part) for part in constraint.parts], text)


@_parts.register
def _of_both(constraint: Both, text: str) -> list[Named]:
    return _first_found(constraint.parts, text)


@_parts.register
def _of_either(constraint: Either, text: str) -> list[Named]:
    matching = [part for part in constraint.parts if part.matches(text)]
    return _first_found(matching or [part for part in constraint.parts if begins(part, text)], text)


def _first_found(parts: Iterable[Texts], text: str) -> list[Named]:
    """Return the named parts that the first of some constraints gives a text."""
    for part in parts:
        found = outline(part, text)
        if found:
            return found
    return []


def _named(constraint: Texts, text: str, start: int, stop: int, outer: str) -> list[Named]:
    """Return the named parts of a part of a text."""
    return [one.inside(start, outer) for one in outline(constraint, text[start:stop])]


def grid_of(constraint: Texts) -> TraceGrid | None:
    """Return the rows and columns of the table that a constraint is or has inside; None without one."""
    table = _table_in(constraint)
    if table is None:
        return None
    grid = table.grid
    rows = _labels(grid.row_names, grid.rows_named)
    columns = _labels(grid.column_names, grid.columns_named)
    places = {cell: (r, c) for r, row in enumerate(grid.rows) for c, cell in enumerate(row)}
    given = tuple(sorted(places[cell] for cell in table.given))
    return TraceGrid(rows=rows, columns=columns, given=given, regions=_regions(table))


def _regions(table: Table) -> tuple[int, ...]:
    """Return the region of each cell, row by row; none if relations do not cut the table into regions."""
    grid = table.grid
    lines = {frozenset(line) for line in (*grid.rows, *grid.columns)}
    found: dict[object, int] = {}
    for relation in table.relations:
        cells = frozenset(relation.cells)
        if len(cells) == len(grid.column_names) and cells not in lines and not cells & found.keys():
            found.update(dict.fromkeys(cells, len(set(found.values()))))
    return tuple(found[cell] for cell in grid.cells) if len(found) == len(grid.cells) else ()


def _labels(names: tuple[object, ...], named: bool) -> tuple[str, ...]:
    """Return the names, or numbers from 1."""
    return tuple(str(name) if named else str(at + 1) for at, name in enumerate(names))


def _table_in(constraint: Texts) -> Table | None:
    if isinstance(constraint, Table):
        return constraint
    parts: tuple[Texts, ...] = ()
    if isinstance(constraint, Sequence | Both):
        parts = constraint.parts
    elif isinstance(constraint, Template):
        parts = tuple(constraint.holes.values())
    return next((table for part in parts if (table := _table_in(part)) is not None), None)
