"""The algebra of constraints: concatenation, union, intersection, complement, option and repetition.

Each is the same operation twice: on the automata (`canvasgen.automata`), and on the validators' parts, so
that `matches` of a combination is the combination of `matches`. A concatenation whose parts have validators
is checked over every way to split the text, from each place where a part may begin to each where it may end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from canvasgen import automata
from canvasgen.automata import Expr
from canvasgen.constraints.base import Constraint, Form, Note, Outline, Position
from canvasgen.constraints.positions import no_positions
from canvasgen.errors import InvalidConstraint, UnsupportedConstraint, ValidationFailed

if TYPE_CHECKING:
    from canvasgen.constraints.table import Table

__all__ = [
    "Both",
    "Either",
    "Not",
    "Repeat",
    "Sequence",
    "as_constraint",
    "constraint_from",
    "optional",
    "repeat",
]


def as_constraint(value: object) -> Constraint | None:
    """A constraint as it is, a string as its literal, None for anything else."""
    if isinstance(value, Constraint):
        return value
    if isinstance(value, str):
        from canvasgen.constraints.text import literal

        return literal(value)
    return None


def constraint_from(value: Any) -> Constraint:
    """A constraint as it is, a string as its literal, a type or a JSON Schema as its JSON.

    Raises:
        InvalidConstraint, UnsupportedConstraint, Unsatisfiable: it is a schema that cannot be used.
    """
    constraint = as_constraint(value)
    if constraint is None:
        from canvasgen.constraints.json import json_schema

        constraint = json_schema(value)
    return constraint


def only_table(parts: Iterable[Constraint]) -> Table | None:
    """The one table with relations among parts that follow each other or hold together.

    Raises:
        UnsupportedConstraint: there are several.
    """
    found = [table for part in parts if (table := part.table) is not None]
    if len(found) > 1:
        raise UnsupportedConstraint(
            "a text has one table with relations at most",
            rule="table",
            remedy="make one table of them, or take mode='model' for all but one",
        )
    return found[0] if found else None


def no_table(parts: Iterable[Constraint], where: str) -> None:
    """Refuses tables whose cells could occur twice or not at all.

    Raises:
        UnsupportedConstraint: there is one.
    """
    if any(part.table is not None for part in parts):
        raise UnsupportedConstraint(
            f"a table with relations cannot stand under {where}",
            rule=where,
            remedy="combine it by + and &, or put it into a template",
        )


def _need(value: object, where: str) -> Constraint:
    constraint = as_constraint(value)
    if constraint is None:
        raise InvalidConstraint("a constraint or a string is needed", rule=where, value=value)
    return constraint


class _Combined(Constraint):
    """A constraint made of parts."""

    def __init__(self, parts: tuple[Constraint, ...]) -> None:
        self.parts = parts

    @property
    @override
    def has_validator(self) -> bool:
        return any(part.has_validator for part in self.parts)

    @override
    def _recognises(self, data: bytes) -> bool:
        # With validators, `_judge` asks the parts themselves: they may accept more than they generate.
        return self.has_validator or super()._recognises(data)

    @override
    def explain(self) -> tuple[Note, ...]:
        return tuple(dict.fromkeys(note for part in self.parts for note in part.explain()))


class Sequence(_Combined):
    """`a + b`: a text of a followed by a text of b.

    If exactly one part has a value of its own (JSON, a choice, a template), `parse` reads that, where it begins
    earliest and from there is longest; else the value is the text.
    """

    def __init__(self, parts: tuple[Constraint, ...]) -> None:
        flat = [inner for part in parts for inner in (part.parts if type(part) is Sequence else (part,))]
        # Where a leading text ends is a position of the whole; any other part's positions are not.
        no_positions(flat if flat and not flat[0].ends_at_positions else flat[1:], "+")
        super().__init__(tuple(flat))

    @property
    @override
    def positions(self) -> tuple[Position, ...]:
        return self.parts[0].positions if self.parts else ()

    @override
    def _expression(self) -> Expr:
        return automata.concat(*(part.expr for part in self.parts))

    @property
    @override
    def form(self) -> Form | None:
        inside = self.table
        return None if inside is None else inside.form

    @property
    @override
    def table(self) -> Table | None:
        return only_table(self.parts)

    @override
    def marked(self) -> Expr:
        return automata.concat(*(part.marked() for part in self.parts))

    @override
    def narrowed(self, inside: Constraint) -> Constraint:
        return Sequence(tuple(part.narrowed(inside) for part in self.parts))

    @override
    def _ends(self, text: str, start: int) -> list[int]:
        ends = {start}
        for part in self.parts:
            ends = {stop for begin in ends for stop in part._ends(text, begin)}
        return sorted(ends)

    @override
    def _judge(self, text: str) -> None:
        if len(text) not in self._ends(text, 0):
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
        start, stop = self._span(text, at)
        return self.parts[at].parse(text[start:stop])

    @override
    def options(self, text: str) -> Mapping[str, Mapping[Any, Constraint]]:
        if sum(part.has_value for part in self.parts) != 1:
            return {}
        at = next(number for number, part in enumerate(self.parts) if part.has_value)
        start, stop = self._span(text, at)
        before, after = self.parts[:at], self.parts[at + 1 :]
        return {
            field: {option: Sequence((*before, narrowed, *after)) for option, narrowed in options.items()}
            for field, options in self.parts[at].options(text[start:stop]).items()
        }

    def _span(self, text: str, number: int) -> tuple[int, int]:
        """Where a part's text stands: as early as it can, and from there as far as it can."""
        begins = {0}
        for part in self.parts[:number]:
            begins = {stop for begin in begins for stop in part._ends(text, begin)}
        rest = Sequence(self.parts[number + 1 :])
        closes: dict[int, bool] = {}
        for begin in sorted(begins):
            for stop in reversed(self.parts[number]._ends(text, begin)):
                if stop not in closes:
                    closes[stop] = len(text) in rest._ends(text, stop)
                if closes[stop]:
                    return begin, stop
        raise ValidationFailed("no way to split the text satisfies every part", rule="+", value=text)


class Either(_Combined):
    """`a | b`: a text of a or of b; `parse` reads it as the first that matches."""

    def __init__(self, parts: tuple[Constraint, ...]) -> None:
        flat = [inner for part in parts for inner in (part.parts if type(part) is Either else (part,))]
        no_positions(flat, "|")
        no_table(flat, "|")
        super().__init__(tuple(flat))

    @override
    def _expression(self) -> Expr:
        return automata.union(*(part.expr for part in self.parts))

    @override
    def _judge(self, text: str) -> None:
        if not any(part.matches(text) for part in self.parts):
            raise ValidationFailed("no alternative accepts the text", rule="|", value=text)

    @property
    @override
    def has_value(self) -> bool:
        return any(part.has_value for part in self.parts)

    @override
    def parse(self, text: str) -> Any:
        for part in self.parts:
            if part.matches(text):
                return part.parse(text)
        raise ValidationFailed("no alternative accepts the text", rule="|", value=text)


class Both(_Combined):
    """`a & b`: a text of a that is a text of b too; `parse` reads it as the first that is not on positions alone."""

    @property
    @override
    def positions(self) -> tuple[Position, ...]:
        return tuple(place for part in self.parts for place in part.positions)

    @property
    @override
    def only_positions(self) -> bool:
        return all(part.only_positions for part in self.parts)

    @override
    def _expression(self) -> Expr:
        asked = dict.fromkeys(part.expr for part in self.parts)
        if any(part.positions for part in self.parts) and len(asked) > 1:
            asked.pop(automata.ANY_TEXT, None)  # of `fixed`: every constraint's texts are in it
        return automata.intersect(*asked)

    @property
    @override
    def table(self) -> Table | None:
        return only_table(self.parts)

    @override
    def marked(self) -> Expr:
        return next((part.marked() for part in self.parts if part.table is not None), self.expr)

    @override
    def narrowed(self, inside: Constraint) -> Constraint:
        return Both(tuple(part.narrowed(inside) for part in self.parts))

    @override
    def _judge(self, text: str) -> None:
        for part in self.parts:
            part.validate(text)

    @override
    def parse(self, text: str) -> Any:
        return self._main.parse(text)

    @property
    @override
    def schema(self) -> Any:
        return next((part.schema for part in self.parts if part.schema is not None), None)

    @property
    @override
    def form(self) -> Form | None:
        return next((part.form for part in self.parts if part.form is not None), None)

    @property
    def _main(self) -> Constraint:
        """The part whose value it has."""
        return next((part for part in self.parts if not part.only_positions), self.parts[0])

    @override
    def options(self, text: str) -> Mapping[str, Mapping[Any, Constraint]]:
        rest = tuple(part for part in self.parts if part is not self._main)
        return {
            field: {option: Both((narrowed, *rest)) for option, narrowed in options.items()}
            for field, options in self._main.options(text).items()
        }

    @property
    @override
    def outline(self) -> Outline | None:
        return next((part.outline for part in self.parts if part.outline is not None), None)

    @property
    @override
    def has_value(self) -> bool:
        return self._main.has_value


class Not(_Combined):
    """`~a`: every well-formed UTF-8 text that does not belong to a.

    Texts that only a's validator refuses satisfy `~a` but are never generated.
    """

    def __init__(self, part: Constraint) -> None:
        no_positions((part,), "~")
        no_table((part,), "~")
        super().__init__((part,))

    @override
    def _expression(self) -> Expr:
        return automata.complement(self.parts[0].expr)

    @override
    def _judge(self, text: str) -> None:
        if self.parts[0].matches(text):
            raise ValidationFailed("the text belongs to the negated constraint", rule="~", value=text)

    @override
    def explain(self) -> tuple[Note, ...]:
        if not self.parts[0].has_validator:
            return ()
        return (
            Note("departure", "texts that only the validator of the negated constraint refuses"),
            Note("validator", "texts that the negated constraint accepts but would not generate"),
        )


class Repeat(_Combined):
    """`low` to `high` texts of a constraint, one after the other, with a literal separator between them."""

    def __init__(
        self, part: Constraint, low: int, high: int | None, separator: str = "", where: str = "repeat"
    ) -> None:
        no_positions((part,), where)
        no_table((part,), where)
        super().__init__((part,))
        self.low = low
        self.high = high
        self.separator = separator

    @override
    def _expression(self) -> Expr:
        item = self.parts[0].expr
        if not self.separator:
            return automata.repeat(item, self.low, self.high)
        return automata.separated(item, automata.literal(self.separator), self.low, self.high)

    @override
    def _judge(self, text: str) -> None:
        part = self.parts[0]
        reached: set[int] = {0}
        seen: list[frozenset[int]] = []
        count = 0
        while True:
            if count >= self.low and len(text) in reached:
                return
            state = frozenset(reached)
            if not reached or count == self.high or (count >= self.low and state in seen):
                break
            seen.append(state)
            gap = self.separator if count else ""
            starts = [at + len(gap) for at in sorted(reached) if text.startswith(gap, at)]
            reached = {stop for start in starts for stop in part._ends(text, start)}
            count += 1
        raise ValidationFailed(
            "no way to split the text satisfies every repetition", rule="repeat", value=text
        )


def optional(constraint: Constraint | str) -> Constraint:
    """A text of the constraint, or the empty text.

    Raises:
        InvalidConstraint: the argument is neither a constraint nor a string.
        UnsupportedConstraint: it is on token positions.
    """
    return Repeat(_need(constraint, "optional"), 0, 1, where="optional")


def repeat(
    constraint: Constraint | str, low: int = 0, high: int | None = None, *, separator: str = ""
) -> Constraint:
    """`low` to `high` texts of the constraint (None: any number), with `separator` between neighbours.

    Raises:
        InvalidConstraint: the bounds are negative or contradict each other.
        UnsupportedConstraint: the constraint is on token positions.
    """
    for name, value in (("low", low), ("high", high)):
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
            raise InvalidConstraint(
                "a repetition bound is a whole number, zero or more", rule=name, value=value
            )
    if high is not None and low > high:
        raise InvalidConstraint("the lower bound exceeds the upper one", rule="repeat", value=(low, high))
    return Repeat(_need(constraint, "repeat"), low, high, separator)
