"""The algebra of constraints: concatenation, union, intersection and complement.

Each operation combines every facet of its parts: the automata (`canvasgen.automata`); the validators, so that `matches`
of a combination is the combination of `matches`; the prompt and the first canvas (`Shown`); token positions (`Placed`);
and the cells of a table (`Cells`). A concatenation whose parts have validators tries every way to split the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any

from typing_extensions import override

from canvasgen import automata
from canvasgen.automata import Expr
from canvasgen.constraints.agreement import Agreement, first_agreement
from canvasgen.constraints.base import Constraint, operator
from canvasgen.constraints.cells import Cells, no_cells, only_cells
from canvasgen.constraints.coerce import as_constraint
from canvasgen.constraints.combined import Combined
from canvasgen.constraints.cover import cover
from canvasgen.constraints.growth import least_bytes
from canvasgen.constraints.positions import no_positions
from canvasgen.constraints.shown import Shown, joined
from canvasgen.constraints.texts import NOWHERE, Placed, as_bytes
from canvasgen.errors import ValidationFailed
from canvasgen.notes import Note

__all__ = ["Both", "Either", "Not", "Sequence"]


class Sequence(Combined):
    """`a + b`: a text of a followed by a text of b.

    If exactly one part has a value (JSON, a choice, a template), `parse` returns it; of several places for this part, the
    earliest and from there the longest is read. Otherwise the value is the text.
    """

    def __init__(self, parts: tuple[Constraint, ...]) -> None:
        flat = [inner for part in parts for inner in (part.parts if type(part) is Sequence else (part,))]
        # The positions of a leading text are positions of the whole; those of any other part are not.
        no_positions(flat if flat and not flat[0].placed.ends_inside else flat[1:], "+")
        super().__init__(tuple(flat))

    @property
    @override
    def placed(self) -> Placed:
        return Placed(self.parts[0].placed.places) if self.parts else NOWHERE

    @property
    @override
    def shown(self) -> Shown:
        return joined(part.shown for part in self.parts)

    @property
    @override
    def cells(self) -> Cells | None:
        found = only_cells(self.parts)
        return None if found is None else found[1].inside(lambda inner: self._with(found[0], inner))

    @property
    def agreement(self) -> Agreement | None:
        """The first part's that has one."""
        return first_agreement(self.parts, self._with)

    @override
    def _expression(self) -> Expr:
        return automata.concat(*(part.expr for part in self.parts))

    def _with(self, number: int, language: Expr) -> Expr:
        """Return the texts of the whole if one part has another language."""
        return automata.concat(
            *(language if at == number else part.expr for at, part in enumerate(self.parts))
        )

    @override
    def ends(self, text: str, start: int) -> list[int]:
        ends = {start}
        for part in self.parts:
            ends = {stop for begin in ends for stop in part.ends(text, begin)}
        return sorted(ends)

    @override
    def _check(self, text: str) -> None:
        if len(text) not in self.ends(text, 0):
            raise ValidationFailed("no way to split the text satisfies every part", rule="+", value=text)

    @property
    @override
    def has_value(self) -> bool:
        return sum(part.has_value for part in self.parts) == 1

    @override
    def parse(self, text: str) -> Any:
        if not self.has_value:
            return text
        at = next(number for number, part in enumerate(self.parts) if part.has_value)
        start, stop = self.place_of(at, text)
        return self.parts[at].parse(text[start:stop])

    @override
    def options(self, text: str) -> Mapping[str, Mapping[Any, Expr]]:
        if sum(part.has_value for part in self.parts) != 1:
            return {}
        at = next(number for number, part in enumerate(self.parts) if part.has_value)
        start, stop = self.place_of(at, text)
        return {
            field: {option: self._with(at, language) for option, language in options.items()}
            for field, options in self.parts[at].options(text[start:stop]).items()
        }

    def place_of(self, number: int, text: str) -> tuple[int, int]:
        """Return the place of a part's text: the earliest start, and from there the latest end.

        Raises:
            ValidationFailed: the text is none of the whole.
        """
        begins = {0}
        for part in self.parts[:number]:
            begins = {stop for begin in begins for stop in part.ends(text, begin)}
        rest = Sequence(self.parts[number + 1 :])
        closes: dict[int, bool] = {}
        for begin in sorted(begins):
            for stop in reversed(self.parts[number].ends(text, begin)):
                if stop not in closes:
                    closes[stop] = len(text) in rest.ends(text, stop)
                if closes[stop]:
                    return begin, stop
        raise ValidationFailed("no way to split the text satisfies every part", rule="+", value=text)


class Either(Combined):
    """`a | b`: a text of a or of b; `parse` is that of the first part that matches."""

    def __init__(self, parts: tuple[Constraint, ...]) -> None:
        flat = [inner for part in parts for inner in (part.parts if type(part) is Either else (part,))]
        no_positions(flat, "|")
        no_cells(flat, "|")
        super().__init__(tuple(flat))

    @property
    @override
    def shown(self) -> Shown:
        return reduce(Shown.__or__, (part.shown for part in self.parts))

    @override
    def _expression(self) -> Expr:
        return automata.union(*(part.expr for part in self.parts))

    def _with(self, number: int, language: Expr) -> Expr:
        """Return the texts of the whole if one part has another language."""
        return automata.union(
            *(language if at == number else part.expr for at, part in enumerate(self.parts))
        )

    @property
    def agreement(self) -> Agreement | None:
        """The first part's that has one."""
        return first_agreement(self.parts, self._with)

    @override
    def ends(self, text: str, start: int) -> list[int]:
        return sorted({stop for part in self.parts for stop in part.ends(text, start)})

    @override
    def _check(self, text: str) -> None:
        self._first(text)

    def _first(self, text: str) -> int:
        """Return the number of the first part that the text belongs to."""
        for number, part in enumerate(self.parts):
            if part.matches(text):
                return number
        raise ValidationFailed("no alternative accepts the text", rule="|", value=text)

    @property
    @override
    def has_value(self) -> bool:
        return any(part.has_value for part in self.parts)

    @override
    def parse(self, text: str) -> Any:
        return self.parts[self._first(text)].parse(text)

    @override
    def options(self, text: str) -> Mapping[str, Mapping[Any, Expr]]:
        number = self._first(text)
        earlier = [part.expr for part in self.parts[:number]]  # a text of these is read as theirs
        return {
            field: {
                option: automata.difference(language, automata.union(*earlier)) if earlier else language
                for option, language in options.items()
            }
            for field, options in self.parts[number].options(text).items()
        }


class Both(Combined):
    """`a & b`: a text that is one of a and of b.

    `parse` is that of the first part that has a value; without one, the value is the text.
    """

    def __init__(self, parts: tuple[Constraint, ...]) -> None:
        flat = (inner for part in parts for inner in (part.parts if type(part) is Both else (part,)))
        super().__init__(tuple(flat))

    @property
    @override
    def placed(self) -> Placed:
        return reduce(Placed.__and__, (part.placed for part in self.parts))

    @property
    @override
    def shown(self) -> Shown:
        return reduce(Shown.__and__, (part.shown for part in self.parts))

    @property
    @override
    def cells(self) -> Cells | None:
        found = only_cells(self.parts)
        if found is None:
            return None
        return found[1].inside(lambda inner: self._with(found[0], inner), lambda marked: marked)

    @property
    def agreement(self) -> Agreement | None:
        """The first part's that has one; the other parts have no marks."""
        return first_agreement(self.parts, self._with, lambda marked: marked)

    @override
    def _expression(self) -> Expr:
        return self._meet(part.expr for part in self.parts)

    def _with(self, number: int, language: Expr) -> Expr:
        """Return the texts of the whole if one part has another language."""
        return self._meet(language if at == number else part.expr for at, part in enumerate(self.parts))

    def _meet(self, languages: Iterable[Expr]) -> Expr:
        asked = dict.fromkeys(languages)
        if any(part.placed.places for part in self.parts) and len(asked) > 1:
            asked.pop(automata.ANY_TEXT, None)  # of `fixed`: it contains every constraint's texts
        return automata.intersect(*asked)

    @override
    def ends(self, text: str, start: int) -> list[int]:
        first, *others = (set(part.ends(text, start)) for part in self.parts)
        return sorted(first.intersection(*others))

    @override
    def _check(self, text: str) -> None:
        for part in self.parts:
            part.validate(text)

    @property
    def _main(self) -> int:
        """The number of the part whose value is that of the whole."""
        return next((at for at, part in enumerate(self.parts) if part.has_value), 0)

    @property
    @override
    def has_value(self) -> bool:
        return self.parts[self._main].has_value

    @override
    def parse(self, text: str) -> Any:
        return self.parts[self._main].parse(text)

    @override
    def options(self, text: str) -> Mapping[str, Mapping[Any, Expr]]:
        return {
            field: {option: self._with(self._main, language) for option, language in options.items()}
            for field, options in self.parts[self._main].options(text).items()
        }


class Not(Combined):
    """`~a`: every well-formed UTF-8 text that does not belong to a.

    What is generated is outside of a language that covers a (`cover`): no other spelling of a JSON value that a accepts.
    """

    def __init__(self, part: Constraint) -> None:
        no_positions((part,), "~")
        no_cells((part,), "~")
        super().__init__((part,))

    @override
    def _expression(self) -> Expr:
        return _outside(self.parts[0])

    @override
    def ends(self, text: str, start: int) -> list[int]:
        if not self.has_validator:
            return super().ends(text, start)
        whole = as_bytes(text[start:])
        if whole is None:  # ends before the first lone surrogate, which no text holds
            first = next(at for at in range(start, len(text)) if as_bytes(text[at]) is None)
            return self.ends(text[:first], start)
        return sorted(set(range(start, len(text) + 1)).difference(self.parts[0].ends(text, start)))

    @override
    def _check(self, text: str) -> None:
        if self.parts[0].matches(text):
            raise ValidationFailed("the text belongs to the negated constraint", rule="~", value=text)

    @override
    def explain(self) -> tuple[Note, ...]:
        if not self.parts[0].has_validator:
            return ()
        return (
            Note(
                "departure",
                "texts near those of the negated constraint, which only its validator tells from them",
            ),
        )


def _outside(part: Constraint) -> Expr:
    """Return texts that a constraint does not accept: all of them if it has no validator."""
    if isinstance(part, Not):
        return part.parts[0].expr
    if isinstance(part, Either):
        return automata.intersect(*map(_outside, part.parts))
    if isinstance(part, Both):
        return automata.union(*map(_outside, part.parts))
    return automata.complement(cover(part))


@cover.register
def _covers_in_sequence(constraint: Sequence) -> Expr:
    return automata.concat(*map(cover, constraint.parts))


@cover.register
def _covers_of_some(constraint: Either) -> Expr:
    return automata.union(*map(cover, constraint.parts))


@cover.register
def _covers_of_all(constraint: Both) -> Expr:
    return automata.intersect(*map(cover, constraint.parts))


@cover.register
def _covers_outside(constraint: Not) -> Expr:
    return automata.ANY_TEXT if constraint.has_validator else constraint.expr


def _both(one: object, other: object) -> tuple[Constraint, Constraint] | None:
    """Return the operands as constraints; None if one cannot be read as a constraint."""
    left, right = as_constraint(one), as_constraint(other)
    return None if left is None or right is None else (left, right)


@operator("+")
def _concatenation(one: object, other: object) -> Constraint:
    parts = _both(one, other)
    return NotImplemented if parts is None else Sequence(parts)


@operator("|")
def _union(one: object, other: object) -> Constraint:
    parts = _both(one, other)
    return NotImplemented if parts is None else Either(parts)


@operator("&")
def _intersection(one: object, other: object) -> Constraint:
    parts = _both(one, other)
    return NotImplemented if parts is None else Both(parts)


@operator("~")
def _complement(one: Constraint) -> Constraint:
    return Not(one)


@least_bytes.register
def _least(constraint: Sequence | Either | Both) -> int:
    lengths = list(map(least_bytes, constraint.parts))
    if isinstance(constraint, Sequence):
        return sum(lengths)
    return min(lengths) if isinstance(constraint, Either) else max(lengths)
