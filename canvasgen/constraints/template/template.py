"""`template`: fixed text with holes, each hole with its constraint.

The fixed text floats: a hole is as wide as its text, and the recurrence over the canvas finds the widths.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from typing_extensions import override

from canvasgen import automata
from canvasgen.automata import Expr
from canvasgen.checks import file_text, text_argument
from canvasgen.constraints.agreement import Agreement, agreement_in
from canvasgen.constraints.base import Constraint
from canvasgen.constraints.cells import Cells, no_cells, only_cells
from canvasgen.constraints.coerce import constraint_from
from canvasgen.constraints.cover import cover
from canvasgen.constraints.growth import grown_part, largest, least_bytes
from canvasgen.constraints.line_column import line_and_column
from canvasgen.constraints.positions import no_positions
from canvasgen.constraints.shown import Shown, joined
from canvasgen.constraints.template.braces import Hole, pieces_of
from canvasgen.constraints.template.readings import Readings
from canvasgen.constraints.text import text as free_text
from canvasgen.constraints.texts import automaton_of, field_path
from canvasgen.errors import ConstraintTooLarge, InvalidConstraint, ValidationFailed
from canvasgen.limits import Limits, checked_limits, largest_of
from canvasgen.notes import Note
from canvasgen.showing import call

__all__ = ["Filled", "Template", "template"]

MOST_PIECES = 400
"""Most literals and holes of a template."""
MOST_AGREEING = 256
"""Most combinations of values of repeated holes that the automaton keeps equal; beyond, a search for each canvas does."""


class Filled(dict[str, Any]):
    """The values of a template's holes, by name.

    Attributes:
        text: the whole text.
    """

    def __init__(self, values: dict[str, Any], text: str) -> None:
        super().__init__(values)
        self.text = text


class Template(Constraint):
    """The texts that fill a template. Build one with `template`.

    Attributes:
        holes: the constraint of each hole, in the order of their first occurrence.
    """

    def __init__(
        self, pieces: tuple[str | Hole, ...], holes: dict[str, Constraint], limits: Limits | None = None
    ) -> None:
        self.pieces = pieces
        self.holes = holes
        self.limits = limits or largest_of(hole.limits for hole in holes.values())
        for name, hole in holes.items():
            no_positions((hole,), f"template hole {{{name}}}")
        names = [piece.name for piece in pieces if isinstance(piece, Hole)]
        self._repeated = [name for name in holes if names.count(name) > 1]
        no_cells((holes[name] for name in self._repeated), "a hole that occurs twice")
        self._listed = self._few_values()

    @override
    def __repr__(self) -> str:
        form = "".join(piece if isinstance(piece, str) else f"{{{piece.name}}}" for piece in self.pieces)
        return call("Template", form=form, holes=self.holes)

    def _few_values(self) -> dict[str, list[str]]:
        """Return the texts of those repeated holes that the automaton keeps equal: those with few texts."""
        found: dict[str, list[str]] = {}
        room = MOST_AGREEING
        counted = {name: self.holes[name].automaton.strings(room) or [] for name in self._repeated}
        for name, contents in sorted(counted.items(), key=lambda item: len(item[1])):
            if 0 < len(contents) <= room:
                found[name] = [content.decode("utf-8") for content in contents]
                room //= len(contents)
        return found

    @override
    def _expression(self) -> Expr:
        return self._language({})

    def _language(self, narrowed: Mapping[str, Expr]) -> Expr:
        """Return the texts of the whole if some holes, by name, have other languages."""
        choices: list[dict[str, str]] = [{}]
        for name, texts in self._listed.items():
            choices = [{**choice, name: text} for choice in choices for text in texts]
        whole = {name: narrowed.get(name, hole.expr) for name, hole in self.holes.items()}
        return automata.union(*(self.of({**whole, **self._agreeing(choice, narrowed)}) for choice in choices))

    def _with_hole(self, name: str, language: Expr) -> Expr:
        """Return the texts of the whole if one hole has another language."""
        return self._language({name: language})

    @staticmethod
    def _agreeing(choice: Mapping[str, str], narrowed: Mapping[str, Expr]) -> dict[str, Expr]:
        """Return the languages of repeated holes with these texts."""
        texts = {name: automata.literal(text) for name, text in choice.items()}
        return {
            name: automata.intersect(text, narrowed[name]) if name in narrowed else text
            for name, text in texts.items()
        }

    def of(self, holes: Mapping[str, Expr]) -> Expr:
        """Return the fixed text with these languages in its holes."""
        return automata.concat(
            *(
                automata.literal(piece) if isinstance(piece, str) else holes[piece.name]
                for piece in self.pieces
            )
        )

    @property
    @override
    def has_validator(self) -> bool:
        return any(hole.has_validator for hole in self.holes.values()) or any(
            name not in self._listed for name in self._repeated
        )

    @override
    def _recognises(self, data: bytes) -> bool:
        # With validators, `_check` decides by the holes' `ends`: they may accept more than they generate.
        return self.has_validator or super()._recognises(data)

    @override
    def ends(self, text: str, start: int) -> list[int]:
        return sorted(self._readings(text).ends(start))

    @override
    def _check(self, text: str) -> None:
        self._split(text)

    def _readings(self, text: str) -> Readings:
        return Readings(self.pieces, self.holes, frozenset(self._repeated), text)

    def _split(self, text: str) -> dict[str, str]:
        """Return the text of every hole.

        Raises:
            ValidationFailed: there is no reading.
        """
        readings = self._readings(text)
        found = readings.first()
        if found is None:
            raise ValidationFailed(
                f"no way to fill the holes gives the text: {readings.obstacle()}", rule="template", value=text
            )
        return found

    def hole_spans(self, text: str) -> list[tuple[str, int, int]]:
        """Return each occurrence of a hole with the characters of a text that it holds; none if the text does not match."""
        return self._readings(text).spans() or []

    def contents(self, text: str) -> Mapping[str, str]:
        """Return the text of every hole of a matching text."""
        return self._split(text)

    @property
    @override
    def cells(self) -> Cells | None:
        found = only_cells(self.holes.values())
        if found is None:
            return None
        name = list(self.holes)[found[0]]
        return found[1].inside(
            lambda inner: self._language({name: inner}),
            lambda marked: self.of(
                {**{other: hole.expr for other, hole in self.holes.items()}, name: marked}
            ),
        )

    @property
    def agreement(self) -> Agreement | None:
        """The holes whose occurrences the automaton does not keep equal."""
        names = [name for name in self._repeated if name not in self._listed]
        if names:
            order = [piece.name for piece in self.pieces if isinstance(piece, Hole) and piece.name in names]
            return Agreement(
                tuple(order), {name: self.holes[name].expr for name in names}, self._language, self._language
            )
        for name, hole in self.holes.items():
            inner = None if name in self._repeated else agreement_in(hole)
            if inner is not None:
                return inner.inside(partial(self._with_hole, name))
        return None

    @property
    @override
    def shown(self) -> Shown:
        return joined(
            Shown((piece,)) if isinstance(piece, str) else self.holes[piece.name].shown.named(piece.name)
            for piece in self.pieces
        )

    @override
    def options(self, text: str) -> Mapping[str, Mapping[Any, Expr]]:
        fields: dict[str, dict[Any, Expr]] = {}
        for name, filling in self._split(text).items():
            for field, options in self.holes[name].options(filling).items():
                fields[field_path(name, field)] = {
                    option: self._language({name: language}) for option, language in options.items()
                }
        return fields

    @property
    @override
    def has_value(self) -> bool:
        return True

    @override
    def parse(self, text: str) -> Filled:
        found = self._split(text)
        return Filled({name: self.holes[name].parse(found[name]) for name in self.holes}, text)

    @override
    def explain(self) -> tuple[Note, ...]:
        notes = [Note("automaton", "the fixed text, and every hole's texts")]
        for name in self._repeated:
            notes.append(
                Note("automaton", "the hole's occurrences agree", f"{{{name}}}")
                if name in self._listed
                else Note("validator", "the hole's occurrences agree: found before a commit", f"{{{name}}}")
            )
        for name, hole in self.holes.items():
            for note in hole.explain():
                where = f"{{{name}}}" if note.path is None else f"{{{name}}} {note.path}"
                notes.append(Note(note.kind, note.message, where))
        return tuple(notes)


@grown_part.register
def _grown_hole(constraint: Template) -> str:
    return largest((f"{{{name}}}", partial(automaton_of, hole)) for name, hole in constraint.holes.items())


@cover.register
def _of_covers(constraint: Template) -> Expr:
    return constraint.of({name: cover(hole) for name, hole in constraint.holes.items()})


def template(
    text: str | Path,
    /,
    *,
    strict: bool = True,
    limits: Limits | Constraint | str | type | dict[str, Any] | None = None,
    **holes: Constraint | str | type | dict[str, Any],
) -> Template:
    """Return fixed text with holes: `template("Dear {name},\\n{body}", name=cg.choice([...]), body=cg.text())`.

    The generated value is a dict of the holes' values, with the whole text as its `text`. A hole that occurs
    several times has the same text everywhere.

    Give holes of free text no `max_length`: the token budget bounds them anyway, and if the fixed text after such a hole
    can also be a part of it, the counts of all holes multiply (ConstraintTooLarge).

    Args:
        text: the template, or the path of a file with it; `{{` and `}}` stand for braces.
        strict: whether every hole needs a constraint; if not, a hole without one holds a line of free text, at least one
            character of it. For a hole that may stay empty give `cg.text(lines=False)`.
        limits: what the compilation may need (`cg.Limits`); None: what any hole may need. (Or the constraint of a hole that
            is named `limits`.)
        holes: the constraint of each hole: a constraint, a string (just that text), a type or a JSON Schema.

    Raises:
        InvalidConstraint: a brace is not closed, a hole has no constraint, or a constraint no hole.
        UnsupportedConstraint: a hole's constraint is on token positions.
        ConstraintTooLarge: more than `MOST_PIECES` holes and literals; or, once it is compiled, a limit is exceeded.
    """
    if isinstance(text, Path):
        text = file_text(text, "template")
    text = text_argument(
        text,
        "a template is a string that has UTF-8, or a path",
        rule="template",
        remedy="give the text, or a pathlib.Path",
    )
    pieces = tuple(pieces_of(text))
    if len(pieces) > MOST_PIECES:
        raise ConstraintTooLarge(
            f"more than {MOST_PIECES} holes and literals",
            path=f"piece {MOST_PIECES + 1}",
            rule="template",
            value=len(pieces),
            remedy="fill several shorter templates",
        )
    names = list(dict.fromkeys(piece.name for piece in pieces if isinstance(piece, Hole)))
    if "limits" in names and limits is not None and not isinstance(limits, Limits):
        holes["limits"], limits = limits, None
    for name in holes:
        if name not in names:
            raise InvalidConstraint(
                "the template has no such hole",
                rule="template",
                value=name,
                remedy=f"its holes are {', '.join(names) or 'none'}",
            )
    found = {name: _constraint_of(name, holes, text, strict) for name in names}
    return Template(pieces, found, None if limits is None else checked_limits(limits))


def _constraint_of(name: str, holes: dict[str, Any], text: str, strict: bool) -> Constraint:
    if name not in holes:
        if strict:
            raise InvalidConstraint(
                "the hole has no constraint",
                path=line_and_column(text, text.find("{" + name + "}")),
                rule="template",
                value=name,
                remedy=f"pass {name}=cg.text(), or strict=False",
            )
        return free_text(1, lines=False)
    return constraint_from(holes[name])


@least_bytes.register
def _least(constraint: Template) -> int:
    lengths = {name: least_bytes(hole) for name, hole in constraint.holes.items()}
    pieces = constraint.pieces
    return sum(len(one.encode("utf-8")) if isinstance(one, str) else lengths[one.name] for one in pieces)
