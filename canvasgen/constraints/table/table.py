"""`Table`: a grid of cells with fixed text between them, and relations that the cells' values satisfy together.

The automaton holds the shape: the fixed text, and in each cell the values that propagation leaves. Relations across
cells are no matter for a chain of states; where the table is conditioned, `constraints.compiled` reads a score for every
value of every cell off the chain, and `relations.Problem` finds the best assignment.
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
from canvasgen.constraints.table.grid import Cell, Grid
from canvasgen.constraints.table.layouts import Laid
from canvasgen.errors import Unsatisfiable, ValidationFailed
from canvasgen.notes import Note
from canvasgen.relations import Check, Problem, Relation

__all__ = ["BORDER", "Mode", "Table"]

Mode = Literal["exact", "propagate", "model"]
BORDER = automata.literal(bytes((CELL_BORDER,)))
"""Stands at both borders of a cell in the marked language; UTF-8 has no such byte."""


@dataclass(frozen=True)
class Wording:
    """How a table is shown to a model.

    Attributes:
        instruction: what to do, a sentence or several.
        gap: what stands in the place of an open cell.
        trained: the embedded model that was trained for such tables.
    """

    instruction: str
    gap: str = "?"
    trained: Trained | None = None


class Table(Constraint):
    """The texts of a table. Build one with `table`, `sudoku` and the other ready ones.

    Attributes:
        grid: the rows and columns.
        mode: `exact`, `propagate` or `model`.
        problem: the cells that relations are about, with their values; None if there are no relations.
        related: those cells, in the order in which they stand.
    """

    def __init__(
        self,
        grid: Grid,
        laid: Laid,
        relations: tuple[Relation, ...],
        mode: Mode,
        wording: Wording,
    ) -> None:
        self.grid = grid
        self.mode = mode
        self.relations = relations
        self._laid = laid
        self._wording = wording
        about = {cell for relation in relations for cell in relation.cells}
        asked = about & laid.listed.keys()
        self.related = tuple(piece for piece in laid.pieces if not isinstance(piece, str) and piece in asked)
        self.problem: Problem | None = None
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

    @property
    def _remedy(self) -> str:
        """What to do about a contradiction."""
        named = self.grid.rows_named and self.grid.columns_named
        where = "" if named else " (cells are (row, column), without names numbered from 0)"
        return f"take back one of them{where}"

    @property
    def root(self) -> NDArray[np.bool_]:
        """bool `[related cells, values]`: what can stand before the model runs, by propagation.

        In mode `exact`, if there is one solution alone that can be found quickly, that one.

        Raises:
            Unsatisfiable: nothing; names a minimal conflict.
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
        """Finds out whether there is a solution.

        Raises:
            Unsatisfiable: there is none; names a minimal conflict.
            TimeLimit: the solver could not tell in its time.
        """
        problem = self.problem
        assert problem is not None
        found = problem.solutions(1)
        try:
            if found is None:  # several, or the search gave up
                problem.best(np.zeros((len(problem.cells), problem.width)))
                return
        except Unsatisfiable:
            found = ()
        if not len(found):
            raise Unsatisfiable(
                f"the relations contradict each other: {problem.conflict()}",
                rule="relations",
                remedy=self._remedy,
            )

    @property
    def texts(self) -> tuple[tuple[str, ...], ...]:
        """By related cell, the texts of its values."""
        return tuple(tuple(self._laid.listed[cell]) for cell in self.related)

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
        """The texts of each listed cell that may stand."""
        allowed = {cell: tuple(texts) for cell, texts in self._laid.listed.items()}
        if self.problem is not None and self.mode != "model":
            for cell, texts, mask in zip(self.related, self.texts, self.root, strict=True):
                allowed[cell] = tuple(text for text, kept in zip(texts, mask, strict=False) if kept)
        return allowed

    @override
    def _expression(self) -> Expr:
        return self.language()

    def language(self, mask: NDArray[np.bool_] | None = None, *, borders: bool = False) -> Expr:
        """The table's texts; with these values alone, bool `[related cells, values]`, or with `BORDER` around cells."""
        allowed = dict(self._allowed)
        if mask is not None:
            for cell, texts, row in zip(self.related, self.texts, mask, strict=True):
                allowed[cell] = tuple(texts[value] for value in np.flatnonzero(row[: len(texts)]).tolist())
        return self._written(allowed, dict.fromkeys(self.related, BORDER) if borders else {})

    def _written(self, allowed: Mapping[Cell, tuple[str, ...]], borders: Mapping[Cell, Expr]) -> Expr:
        parts: list[Expr] = []
        fixed = ""
        for piece in self._laid.pieces:
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
        return automata.concat(automata.literal(self._laid.lead[cell]), self._laid.free[cell].expr)

    # Reading

    @property
    @override
    def has_validator(self) -> bool:
        return (bool(self.relations) and self.mode != "model") or any(
            one.has_validator for one in self._laid.free.values()
        )

    @override
    def _check(self, text: str) -> None:
        values, texts = self._values(text)
        if self.mode == "model":
            return
        plain: dict[Any, Any] = {**values}
        for cell in self.related:
            plain[cell] = self._laid.listed[cell][texts[cell]]
        for relation in self.relations:
            seen: dict[Any, Any] = dict(values) if isinstance(relation, Check) else plain
            if not relation.holds([seen[cell] for cell in relation.cells]):
                raise ValidationFailed(
                    f"the cells do not agree: {relation.describe()}",
                    path=", ".join(map(str, relation.cells[:12])),
                    rule=type(relation).__name__,
                    value=[seen[cell] for cell in relation.cells],
                )

    def _values(self, text: str) -> tuple[dict[Cell, Any], dict[Cell, str]]:
        """The value and the text of every cell.

        Raises:
            ValidationFailed: the text is no such table.
        """
        pieces = self._laid.pieces
        failed: set[tuple[int, int]] = set()

        def read() -> list[tuple[Cell, int, int]] | None:
            """Where the cells stand; None if the text does not fit."""
            spans: list[list[tuple[Cell, int, int]]] = [[]]
            stack = [(0, 0, iter(self._stops(0, text, 0)))]
            while stack:
                piece, start, stops = stack[-1]
                stop = next(stops, None)
                if stop is None or (piece + 1, stop) in failed:
                    if stop is None:
                        failed.add((piece, start))
                        stack.pop()
                        spans.pop()
                    continue
                here = pieces[piece]
                found = spans[-1] if isinstance(here, str) else [*spans[-1], (here, start, stop)]
                if piece + 1 == len(pieces):
                    if stop == len(text):
                        return found
                    continue
                stack.append((piece + 1, stop, iter(self._stops(piece + 1, text, stop))))
                spans.append(found)
            return None

        found = read()
        if found is None:
            raise ValidationFailed("the text is no such table", rule="table", value=text)
        values: dict[Cell, Any] = {}
        for cell, start, stop in found:
            content = text[start:stop]
            if cell in self._laid.listed:
                values[cell] = self._laid.values.get(cell, self._laid.listed[cell])[content]
            else:
                free = self._laid.free[cell]
                inner = content[len(self._laid.lead[cell]) :]
                if free.has_validator:
                    free.validate(inner)
                values[cell] = free.parse(inner)
        return values, {cell: text[start:stop] for cell, start, stop in found}

    def _stops(self, number: int, text: str, at: int) -> list[int]:
        """Where a piece that begins at a place may end."""
        piece = self._laid.pieces[number]
        if isinstance(piece, str):
            return [at + len(piece)] if text.startswith(piece, at) else []
        if piece in self._laid.listed:
            return sorted(
                {at + len(one) for one in self._laid.listed[piece] if text.startswith(one, at)}, reverse=True
            )
        lead = self._laid.lead[piece]
        if not text.startswith(lead, at):
            return []
        return self._laid.free[piece].ends(text, at + len(lead))[::-1]

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
        """The texts of cells that have only one from the start, by what the user gave, not by propagation."""
        return {cell: next(iter(texts)) for cell, texts in self._laid.listed.items() if len(texts) == 1}

    @property
    @override
    def shown(self) -> Shown:
        """The fixed text with the known cells; the canvas starts from it if every open cell is one character wide."""
        known, wording = self._known, self._wording
        narrow = self._laid.free.keys() <= known.keys() and all(
            len(text) == 1 for cell, texts in self._laid.listed.items() if cell not in known for text in texts
        )
        whole = Shown(instruction=wording.instruction, about="the table", trained=wording.trained)
        pieces: list[Piece] = []
        for piece in self._laid.pieces:
            if isinstance(piece, str) or piece in known:
                text = piece if isinstance(piece, str) else known[piece]
                if pieces and isinstance(pieces[-1], str):
                    pieces[-1] += text
                elif text:
                    pieces.append(text)
            else:
                old = next(iter(self._laid.listed[piece])) if narrow else None
                pieces.append(Hole(mark=self._laid.lead[piece] + wording.gap, old=old, floats=False))
        return replace(whole, pieces=tuple(pieces))

    @override
    def explain(self) -> tuple[Note, ...]:
        notes = [Note("automaton", "the table's shape, and what each cell may hold")]
        if self.problem is not None and self.mode == "model":
            notes.append(Note("annotation", f"{len(self.relations)} relations are told to the model alone"))
        elif self.problem is not None:
            how = "joint optimisation" if self.mode == "exact" else "propagation, and checked at commit"
            notes.append(
                Note(
                    "relations",
                    f"{sum(not isinstance(one, Check) for one in self.relations)} relations, by {how}",
                )
            )
            notes += [Note("validator", one.describe()) for one in self.relations if isinstance(one, Check)]
        for cell, free in self._laid.free.items():
            notes += [Note(note.kind, note.message, str(cell)) for note in free.explain()]
        return tuple(notes)
