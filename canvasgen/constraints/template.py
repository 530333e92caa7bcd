"""`template`: fixed text with holes, each hole with a constraint of its own.

The fixed text floats: a hole is as wide as its text, and the recurrence over the canvas finds the widths.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Formatter
from typing import Any

from typing_extensions import override

from canvasgen import automata
from canvasgen.automata import Expr
from canvasgen.constraints.base import Constraint
from canvasgen.constraints.cells import Cells, no_cells, only_cells
from canvasgen.constraints.coerce import constraint_from
from canvasgen.constraints.line_column import line_and_column
from canvasgen.constraints.positions import no_positions
from canvasgen.constraints.shown import Shown, joined
from canvasgen.constraints.text import text as free_text
from canvasgen.errors import ConstraintTooLarge, InvalidConstraint, ValidationFailed
from canvasgen.notes import Note

__all__ = ["Filled", "Template", "template"]

MOST_PIECES = 400
"""Most literals and holes of a template."""
MOST_AGREEING = 256
"""Values of holes that occur several times agree in the automaton if there are no more combinations than this."""


class Filled(dict[str, Any]):
    """The values of a template's holes, by name.

    Attributes:
        text: the whole text.
    """

    def __init__(self, values: dict[str, Any], text: str) -> None:
        super().__init__(values)
        self.text = text


class Hole:
    """A place in a template that holds a text of the constraint of its name."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


class Template(Constraint):
    """The texts that fill a template. Build one with `template`.

    Attributes:
        holes: the constraint of each hole, in the order of their first occurrence.
    """

    def __init__(self, pieces: tuple[str | Hole, ...], holes: dict[str, Constraint]) -> None:
        self.pieces = pieces
        self.holes = holes
        for name, hole in holes.items():
            no_positions((hole,), f"template hole {{{name}}}")
        names = [piece.name for piece in pieces if isinstance(piece, Hole)]
        self._repeated = [name for name in holes if names.count(name) > 1]
        no_cells((holes[name] for name in self._repeated), "a hole that occurs twice")
        self._listed = self._few_values()

    def _few_values(self) -> dict[str, list[str]]:
        """The texts of repeated holes that have so few of them that agreement is in the automaton."""
        found: dict[str, list[str]] = {}
        room = MOST_AGREEING
        for name in self._repeated:
            contents = self.holes[name].automaton.strings(room)
            if contents:
                found[name] = [content.decode("utf-8") for content in contents]
                room //= len(contents)
        return found

    @override
    def _expression(self) -> Expr:
        return self._language({})

    def _language(self, narrowed: Mapping[str, Expr]) -> Expr:
        """The texts if some holes, by name, have other languages."""
        choices: list[dict[str, str]] = [{}]
        for name, texts in self._listed.items():
            choices = [{**choice, name: text} for choice in choices for text in texts]
        whole = {name: narrowed.get(name, hole.expr) for name, hole in self.holes.items()}
        return automata.union(
            *(self._of({**whole, **self._agreeing(choice, narrowed)}) for choice in choices)
        )

    @staticmethod
    def _agreeing(choice: Mapping[str, str], narrowed: Mapping[str, Expr]) -> dict[str, Expr]:
        """The languages of repeated holes that hold these texts."""
        texts = {name: automata.literal(text) for name, text in choice.items()}
        return {
            name: automata.intersect(text, narrowed[name]) if name in narrowed else text
            for name, text in texts.items()
        }

    def _of(self, holes: Mapping[str, Expr]) -> Expr:
        """The fixed text with these languages in its holes."""
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
        # With validators, `_judge` asks the holes themselves: they may accept more than they generate.
        return self.has_validator or super()._recognises(data)

    @override
    def ends(self, text: str, start: int) -> list[int]:
        return sorted({stop for _, stop in self._fillings(text, start)})

    @override
    def _judge(self, text: str) -> None:
        self._split(text)

    def _split(self, text: str) -> dict[str, str]:
        for found, stop in self._fillings(text, 0):
            if stop == len(text):
                return found
        raise ValidationFailed(
            "no way to fill the holes gives the text" + self._whose_fault(text), rule="template", value=text
        )

    def _whose_fault(self, text: str) -> str:
        """The first piece that does not fit in the reading that comes furthest."""
        at, place = 0, 0
        for number, stop in self._reached(text):
            if number > at or stop > place:
                at, place = number, stop
        if at >= len(self.pieces):
            return f": it goes on behind the end, at character {place}"
        piece = self.pieces[at]
        what = repr(piece) if isinstance(piece, str) else f"the hole {{{piece.name}}}"
        return f": {what} does not fit at character {place}"

    def _reached(self, text: str) -> Iterator[tuple[int, int]]:
        places = {0}
        for number, piece in enumerate(self.pieces):
            yield from ((number, place) for place in places)
            if isinstance(piece, str):
                places = {place + len(piece) for place in places if text.startswith(piece, place)}
            else:
                hole = self.holes[piece.name]
                places = {stop for place in places for stop in hole.ends(text, place)}
        yield from ((len(self.pieces), place) for place in places)

    def _fillings(self, text: str, start: int) -> Iterator[tuple[dict[str, str], int]]:
        """The holes' texts, and the end, of every reading from a place on; short texts of early holes first."""
        failed: set[tuple[int, int, tuple[tuple[str, str], ...]]] = set()

        def read(number: int, place: int, found: dict[str, str]) -> Iterator[tuple[dict[str, str], int]]:
            if number == len(self.pieces):
                yield found, place
                return
            key = (number, place, tuple((name, found[name]) for name in self._repeated if name in found))
            if key in failed:
                return
            piece = self.pieces[number]
            any_reading = False
            if isinstance(piece, str) or piece.name in found:
                fixed = piece if isinstance(piece, str) else found[piece.name]
                if text.startswith(fixed, place):
                    for reading in read(number + 1, place + len(fixed), found):
                        any_reading = True
                        yield reading
            else:
                for stop in self.holes[piece.name].ends(text, place):
                    for reading in read(number + 1, stop, {**found, piece.name: text[place:stop]}):
                        any_reading = True
                        yield reading
            if not any_reading:
                failed.add(key)

        yield from read(0, start, {})

    @property
    @override
    def cells(self) -> Cells | None:
        found = only_cells(self.holes.values())
        if found is None:
            return None
        name = list(self.holes)[found[0]]
        return found[1].inside(
            lambda inner: self._language({name: inner}),
            lambda marked: self._of(
                {**{other: hole.expr for other, hole in self.holes.items()}, name: marked}
            ),
        )

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
                fields[f"{name}.{field}".removesuffix(".")] = {
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
            kind = "automaton" if name in self._listed else "validator"
            notes.append(Note(kind, "the hole's occurrences agree", f"{{{name}}}"))
        for name, hole in self.holes.items():
            for note in hole.explain():
                where = f"{{{name}}}" if note.path is None else f"{{{name}}} {note.path}"
                notes.append(Note(note.kind, note.message, where))
        return tuple(notes)


def template(
    text: str | Path, /, *, strict: bool = True, **holes: Constraint | str | type | dict[str, Any]
) -> Template:
    """Fixed text with holes: `template("Dear {name},\\n{body}", name=cg.choice([...]), body=cg.text())`.

    The generated value is a dict of the holes' values, with the whole text as its `text`. A hole that occurs
    several times has the same text everywhere.

    Holes of free text best have no `max_length`: the token budget bounds them anyway, and where the fixed text behind
    such a hole could be part of it, the counts of all holes multiply (ConstraintTooLarge).

    Args:
        text: the template, or the path of a file with it; `{{` and `}}` stand for braces.
        strict: whether every hole needs a constraint; otherwise those without one hold a line of free text.
        holes: the constraint of each hole: a constraint, a string (just that text), a type or a JSON Schema.

    Raises:
        InvalidConstraint: a brace is not closed, a hole has no constraint, or a constraint no hole.
        UnsupportedConstraint: a hole's constraint is on token positions.
        ConstraintTooLarge: more than `MOST_PIECES` holes and literals.
    """
    if isinstance(text, Path):
        try:
            text = text.read_bytes().decode("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidConstraint(f"the template cannot be read: {error}", rule="template") from error
    if not isinstance(text, str):
        raise InvalidConstraint("a template is a string or a path", rule="template", value=text)
    pieces = tuple(_pieces(text))
    if len(pieces) > MOST_PIECES:
        raise ConstraintTooLarge(f"more than {MOST_PIECES} holes and literals", rule="template")
    names = list(dict.fromkeys(piece.name for piece in pieces if isinstance(piece, Hole)))
    for name in holes:
        if name not in names:
            raise InvalidConstraint(
                "the template has no such hole",
                rule="template",
                value=name,
                remedy=f"its holes are {', '.join(names) or 'none'}",
            )
    return Template(pieces, {name: _constraint_of(name, holes, text, strict) for name in names})


def _pieces(text: str) -> Iterator[str | Hole]:
    try:
        parsed = list(Formatter().parse(text))
    except ValueError as error:
        raise InvalidConstraint(
            f"the template is malformed: {error}",
            path=_stray_brace(text),
            rule="template",
            value=text,
            remedy="write {{ and }} for braces",
        ) from error
    for literal, name, spec, conversion in parsed:
        if literal:
            yield literal
        if name is None:
            continue
        if not name.isidentifier() or spec or conversion:
            raise InvalidConstraint(
                "a hole is a name in braces",
                path=line_and_column(text, text.find("{" + name)),
                rule="template",
                value=name,
                remedy="write {{ and }} for braces",
            )
        yield Hole(name)


def _stray_brace(text: str) -> str:
    """Line and column of the first brace that does not pair."""
    open_at: int | None = None
    at = 0
    while at < len(text):
        mark = text[at]
        if mark in "{}" and open_at is None and text[at : at + 2] == mark * 2:
            at += 2
            continue
        if mark == "{":
            if open_at is not None:
                return line_and_column(text, open_at)
            open_at = at
        elif mark == "}":
            if open_at is None:
                return line_and_column(text, at)
            open_at = None
        at += 1
    return line_and_column(text, open_at if open_at is not None else len(text))


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
        return free_text(lines=False)
    return constraint_from(holes[name])
