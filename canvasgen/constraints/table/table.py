"""`Table`: a grid of cells with fixed text between them, and relations that the cells' values satisfy together.

The automaton contains the shape: the fixed text, and in each cell the values that propagation leaves. A chain of states
cannot express relations across cells; when the table is conditioned, `constraints.compiled` computes a score for every
value of every cell from the chain, and `relations.Problem` finds the best assignment.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from canvasgen import automata
from canvasgen.automata import Expr
from canvasgen.automata.private_bytes import CELL_BORDER
from canvasgen.constraints.base import Constraint
from canvasgen.constraints.cells import Cells
from canvasgen.constraints.shown import Hole, Piece, Shown, Trained
from canvasgen.constraints.table.cell_spans import Span, cell_spans
from canvasgen.constraints.table.grid import Cell, Grid
from canvasgen.constraints.table.layouts import Laid
from canvasgen.errors import TimeLimit, Unsatisfiable, ValidationFailed
from canvasgen.notes import Note
from canvasgen.relations import Check, Problem, Relation, SearchTime
from canvasgen.relations.cell_values import key
from canvasgen.showing import call

__all__ = ["BORDER", "Mode", "Table"]

Mode = Literal["exact", "propagate", "model"]
BORDER = automata.literal(bytes((CELL_BORDER,)))
"""The mark at both borders of a cell; UTF-8 has no such byte."""


@dataclass(frozen=True)
class Wording:
    """How a table is written in a prompt.

    Attributes:
        instruction: what to do, one sentence or several.
        gap: the text for an open cell.
        trained: the embedded model that was trained for such tables.
    """

    instruction: str
    gap: str = "?"
    trained: Trained | None = None


class Table(Constraint):
    """The texts of a table. Build one with `table`, `sudoku` and the other ready ones.

    Attributes:
        grid: the rows and columns.
        laid: the pieces of its text, and what each cell may hold.
        mode: `exact`, `propagate` or `model`.
        problem: the cells that relations are about, with their values; None if there are no relations.
        related: those cells, in their order in the text.
        solution: some values that satisfy the relations, int64 `[related cells]`; None before `settle`.
    """

    def __init__(
        self,
        grid: Grid,
        laid: Laid,
        relations: tuple[Relation, ...],
        mode: Mode,
        wording: Wording,
        notes: tuple[Note, ...] = (),
    ) -> None:
        self.grid = grid
        self.mode = mode
        self.relations = relations
        self.laid = laid
        self._wording = wording
        self._notes = notes
        about = {cell for relation in relations for cell in relation.cells}
        asked = about & laid.listed.keys()
        self.related = tuple(piece for piece in laid.pieces if not isinstance(piece, str) and piece in asked)
        self.problem: Problem | None = None
        self.solution: NDArray[np.int64] | None = None
        if self.related:
            inside = [one for one in relations if set(one.cells) <= asked]
            domains: dict[Any, tuple[Any, ...]] = {
                cell: tuple(laid.listed[cell].values()) for cell in self.related
            }
            try:
                self.problem = Problem(domains, inside)
            except Unsatisfiable as error:
                error.remedy = self._remedy
                raise

    @override
    def __repr__(self) -> str:
        rows = self.grid.rows
        shape = f"{len(rows)} x {max(map(len, rows), default=0)}"
        return call("Table", cells=shape, relations=len(self.relations), mode=self.mode)

    @property
    def _remedy(self) -> str:
        """The remedy for a contradiction."""
        named = self.grid.rows_named and self.grid.columns_named
        where = "" if named else " (cells are (row, column), without names numbered from 0)"
        bounded = "".join(f"; {note.path} has {note.message}" for note in self._notes[:1])
        return f"take back one of them{where}{bounded}"

    @property
    def root(self) -> NDArray[np.bool_]:
        """bool `[related cells, values]`: the values that propagation leaves before the model runs.

        In mode `exact`, if search finds quickly that there is only one solution, that one.

        Raises:
            Unsatisfiable: none is left; names a minimal conflict.
        """
        return self._root

    @cached_property
    def _root(self) -> NDArray[np.bool_]:
        problem = self.related_problem
        mask = problem.root
        if self.mode == "exact":
            only = problem.solutions(1)
            if only is not None and len(only) == 1:
                mask = np.arange(problem.width) == only[0][:, None]
        return mask

    def settle(self) -> None:
        """Find a solution.

        Raises:
            Unsatisfiable: there is none; names a minimal conflict.
            TimeLimit: the solver did not finish in its time.
        """
        problem = self.related_problem
        clock = SearchTime(problem.limits.seconds)
        with clock.running():
            found = problem.solutions(1)
            try:
                if found is None:  # several, or the search gave up
                    nothing = np.zeros((len(problem.cells), problem.width))
                    self.solution = problem.best(nothing, seconds=clock.left).assignment
                elif len(found):
                    self.solution = found[0]
                if self.solution is not None:
                    return
            except Unsatisfiable:
                pass
            except TimeLimit as error:
                error.remedy = (
                    "take fewer cells, values or relations; allow more with limits=cg.Limits(max_seconds=…); "
                    "or mode='model', which leaves them to the model"
                )
                raise
        raise Unsatisfiable(
            f"the relations contradict each other: {problem.conflict()}",
            rule="relations",
            remedy=self._remedy,
        )

    @property
    def texts(self) -> tuple[tuple[tuple[str, ...], ...], ...]:
        """By related cell and value (in the problem's order), the texts that are read as the value."""
        return self._texts

    @cached_property
    def _texts(self) -> tuple[tuple[tuple[str, ...], ...], ...]:
        problem = self.related_problem
        found: list[tuple[tuple[str, ...], ...]] = []
        for cell, values in zip(self.related, problem.values, strict=True):
            by_value: dict[Any, list[str]] = {key(value): [] for value in values}
            for text, value in self.laid.listed[cell].items():
                by_value[key(value)].append(text)
            found.append(tuple(map(tuple, by_value.values())))
        return tuple(found)

    @property
    def related_problem(self) -> Problem:
        """The cells that relations are about, with their values."""
        assert self.problem is not None
        return self.problem

    @property
    @override
    def cells(self) -> Cells | None:
        return None if self.problem is None or self.mode == "model" else Cells(self)

    @cached_property
    def _allowed(self) -> Mapping[Cell, tuple[str, ...]]:
        """The texts that are possible in each listed cell."""
        allowed = {cell: tuple(texts) for cell, texts in self.laid.listed.items()}
        if self.problem is not None and self.mode != "model":
            allowed.update(self._masked(self.root))
        return allowed

    def _masked(self, mask: NDArray[np.bool_]) -> dict[Cell, tuple[str, ...]]:
        """The texts of the related cells' values in a mask, bool `[related cells, values]`."""
        return {
            cell: tuple(text for value in np.flatnonzero(row[: len(texts)]).tolist() for text in texts[value])
            for cell, texts, row in zip(self.related, self.texts, mask, strict=True)
        }

    @override
    def _expression(self) -> Expr:
        return self.language()

    def language(self, mask: NDArray[np.bool_] | None = None, *, borders: bool = False) -> Expr:
        """Return the table's texts; with only these values, bool `[related cells, values]`, or with `BORDER`s."""
        allowed = dict(self._allowed)
        if mask is not None:
            allowed.update(self._masked(mask))
        return self._written(allowed, dict.fromkeys(self.related, BORDER) if borders else {})

    def _written(self, allowed: Mapping[Cell, tuple[str, ...]], borders: Mapping[Cell, Expr]) -> Expr:
        parts: list[Expr] = []
        fixed = ""
        for piece in self.laid.pieces:
            if isinstance(piece, str):
                fixed += piece
            elif piece not in borders and len(allowed.get(piece, ())) == 1:
                fixed += allowed[piece][0]
            else:
                border = borders.get(piece, automata.EPSILON)
                parts += [automata.literal(fixed), border, self._cell(piece, allowed), border]
                fixed = ""
        return automata.concat(*parts, automata.literal(fixed))

    def _cell(self, cell: Cell, allowed: Mapping[Cell, tuple[str, ...]]) -> Expr:
        if cell in allowed:
            return automata.union(*(automata.literal(text) for text in allowed[cell]))
        return automata.concat(automata.literal(self.laid.lead[cell]), self.laid.free[cell].expr)

    @property
    @override
    def has_validator(self) -> bool:
        return (bool(self.relations) and self.mode != "model") or any(
            one.has_validator for one in self.laid.free.values()
        )

    @override
    def _check(self, text: str) -> None:
        values, texts = self._values(text)
        if self.mode == "model":
            return
        plain: dict[Any, Any] = {**values}
        for cell in self.related:
            plain[cell] = self.laid.listed[cell][texts[cell]]
        for relation in self.relations:
            seen: dict[Any, Any] = dict(values) if isinstance(relation, Check) else plain
            if not relation.holds([seen[cell] for cell in relation.cells]):
                raise ValidationFailed(
                    f"the cells do not agree: {relation.describe()}",
                    path=", ".join(map(str, relation.cells[:12])),
                    rule=type(relation).__name__,
                    value=[seen[cell] for cell in relation.cells],
                )

    def cells_of(self, text: str) -> list[Span]:
        """Return every cell with the characters of a text that it holds; none if the text is no such table."""
        return cell_spans(self.laid, text) or []

    @property
    def given(self) -> tuple[Cell, ...]:
        """The cells for which the user gave only one text."""
        return tuple(self._known)

    def _values(self, text: str) -> tuple[dict[Cell, Any], dict[Cell, str]]:
        """Return the value and the text of every cell.

        Raises:
            ValidationFailed: the text is not such a table.
        """
        found = cell_spans(self.laid, text)
        if found is None:
            raise ValidationFailed("the text is no such table", rule="table", value=text)
        values: dict[Cell, Any] = {}
        for cell, start, stop in found:
            content = text[start:stop]
            if cell in self.laid.listed:
                values[cell] = self.laid.values.get(cell, self.laid.listed[cell])[content]
            else:
                free = self.laid.free[cell]
                inner = content[len(self.laid.lead[cell]) :]
                if free.has_validator:
                    free.validate(inner)
                values[cell] = free.parse(inner)
        return values, {cell: text[start:stop] for cell, start, stop in found}

    @property
    @override
    def has_value(self) -> bool:
        return True

    @override
    def parse(self, text: str) -> Any:
        values, _ = self._values(text)
        return [[values[cell] for cell in row] for row in self.grid.rows]

    @property
    def _known(self) -> Mapping[Cell, str]:
        """The texts of the cells for which the user gave only one, propagation apart."""
        return {cell: next(iter(texts)) for cell, texts in self.laid.listed.items() if len(texts) == 1}

    @property
    @override
    def shown(self) -> Shown:
        """The fixed text with the known cells; the canvas starts from it if every open cell is one character wide."""
        known, wording = self._known, self._wording
        narrow = self.laid.free.keys() <= known.keys() and all(
            len(text) == 1 for cell, texts in self.laid.listed.items() if cell not in known for text in texts
        )
        whole = Shown(instruction=wording.instruction, about="the table", trained=wording.trained)
        pieces: list[Piece] = []
        for piece in self.laid.pieces:
            if isinstance(piece, str) or piece in known:
                text = piece if isinstance(piece, str) else known[piece]
                if pieces and isinstance(pieces[-1], str):
                    pieces[-1] += text
                elif text:
                    pieces.append(text)
            else:
                old = next(iter(self.laid.listed[piece])) if narrow else None
                pieces.append(Hole(mark=self.laid.lead[piece] + wording.gap, old=old, floats=False))
        return replace(whole, pieces=tuple(pieces))

    @override
    def explain(self) -> tuple[Note, ...]:
        notes = [Note("automaton", "the table's shape, and what each cell may hold")]
        if self.relations and self.mode == "model":
            notes.append(Note("annotation", f"{len(self.relations)} relations are told to the model alone"))
            notes += [Note("annotation", one.describe()) for one in self.relations]
        elif self.problem is not None:
            how = "joint optimisation" if self.mode == "exact" else "propagation, and checked at commit"
            kept = [one for one in self.relations if not isinstance(one, Check)]
            notes.append(Note("relations", f"{len(kept)} relations, by {how}"))
            notes += [Note("relations", one.describe()) for one in kept]
        if self.mode != "model":
            notes += [Note("validator", one.describe()) for one in self.relations if isinstance(one, Check)]
        notes += self._notes
        for cell, free in self.laid.free.items():
            notes += [Note(note.kind, note.message, str(cell)) for note in free.explain()]
        return tuple(notes)
