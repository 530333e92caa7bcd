"""`optional` and `repeat`: texts of a constraint, one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from typing_extensions import override

from canvasgen import automata
from canvasgen.automata import Expr
from canvasgen.checks import invalid, whole_number
from canvasgen.constraints.base import Constraint
from canvasgen.constraints.cells import no_cells
from canvasgen.constraints.coerce import as_constraint
from canvasgen.constraints.combined import Combined
from canvasgen.constraints.cover import cover
from canvasgen.constraints.growth import least_bytes
from canvasgen.constraints.positions import no_positions
from canvasgen.constraints.shown import Shown
from canvasgen.constraints.texts import field_path
from canvasgen.errors import ValidationFailed

__all__ = ["Optional", "Repeat", "optional", "repeat"]


class Repeat(Combined):
    """`low` to `high` texts of a constraint, one after the other, with a literal separator between them.

    If the texts have values, the value is the list of them. If there are several ways to split a text, one with the
    fewest items is read.
    """

    def __init__(
        self, part: Constraint, low: int, high: int | None, separator: str = "", where: str = "repeat"
    ) -> None:
        no_positions((part,), where)
        no_cells((part,), where)
        super().__init__((part,))
        self.part = part
        self.low = low
        self.high = high
        self.separator = separator

    @override
    def _expression(self) -> Expr:
        return self.of(self.part.expr)

    def of(self, item: Expr) -> Expr:
        """Return the texts of the whole if the part has this language."""
        if not self.separator:
            return automata.repeat(item, self.low, self.high)
        return automata.separated(item, automata.literal(self.separator), self.low, self.high)

    @property
    @override
    def shown(self) -> Shown:
        return self.part.shown.repeated(self.low, self.high, self.separator)

    @override
    def ends(self, text: str, start: int) -> list[int]:
        if not self.has_validator:
            return super().ends(text, start)
        found = {start} if self.low == 0 else set[int]()
        reached, seen = {start}, list[set[int]]()
        count = 0
        while reached and count != self.high and not (count > self.low and reached in seen):
            if count:
                seen.append(reached)
            gap = self.separator if count else ""
            begins = (at + len(gap) for at in reached if text.startswith(gap, at))
            reached = {stop for begin in begins for stop in self.part.ends(text, begin)}
            count += 1
            if count >= self.low:
                found |= reached
        return sorted(found)

    @override
    def _check(self, text: str) -> None:
        self._items(text)

    def _items(self, text: str) -> list[tuple[int, int]]:
        """Return the places of the texts, in a reading with the fewest.

        Dynamic programming over the number of texts: which places it can end at, and where the last text then begins.

        Raises:
            ValidationFailed: there is no reading.
        """
        begins: list[dict[int, int]] = [{0: 0}]  # by number of texts: where they end -> where the last begins
        seen: list[frozenset[int]] = []
        while True:
            count, reached = len(begins) - 1, begins[-1]
            if count >= self.low and len(text) in reached:
                return self._read_back(begins, len(text))
            state = frozenset(reached)
            if not reached or count == self.high or (count >= self.low and state in seen):
                break
            if count:  # the first text has no separator before it
                seen.append(state)
            gap = self.separator if count else ""
            found: dict[int, int] = {}
            for at in sorted(reached):
                if text.startswith(gap, at):
                    for stop in self.part.ends(text, at + len(gap)):
                        found.setdefault(stop, at + len(gap))
            begins.append(found)
        raise ValidationFailed(
            "no way to split the text satisfies every repetition", rule="repeat", value=text
        )

    def _read_back(self, begins: list[dict[int, int]], stop: int) -> list[tuple[int, int]]:
        """Return the places of the texts of the reading that ends at a place."""
        items: list[tuple[int, int]] = []
        for number in range(len(begins) - 1, 0, -1):
            start = begins[number][stop]
            items.append((start, stop))
            stop = start - (len(self.separator) if number > 1 else 0)
        return items[::-1]

    @property
    @override
    def has_value(self) -> bool:
        return self.part.has_value

    @override
    def parse(self, text: str) -> Any:
        if not self.has_value:
            return text
        return [self.part.parse(text[start:stop]) for start, stop in self._items(text)]

    @override
    def options(self, text: str) -> Mapping[str, Mapping[Any, Expr]]:
        fields: dict[str, dict[Any, Expr]] = {}
        for number, (start, stop) in enumerate(self._items(text)):
            for field, options in self.part.options(text[start:stop]).items():
                fields[field_path(self._of(number), field)] = {
                    option: self._with(number, language) for option, language in options.items()
                }
        return fields

    def _of(self, number: int) -> str:
        """Return the name of one of the texts in the names of its fields."""
        return f"[{number}]"

    def _with(self, number: int, language: Expr) -> Expr:
        """Return the texts of the whole if one item, by its number, has another language."""
        gap = automata.literal(self.separator)
        before = automata.repeat(automata.concat(self.part.expr, gap), number, number)
        low, high = max(0, self.low - number - 1), None if self.high is None else self.high - number - 1
        return automata.concat(
            before, language, automata.repeat(automata.concat(gap, self.part.expr), low, high)
        )


@cover.register
def _of_covers(constraint: Repeat) -> Expr:
    return constraint.of(cover(constraint.part))


class Optional(Repeat):
    """A text of a constraint, or the empty text; if the texts have values, that of the empty text is None."""

    def __init__(self, part: Constraint) -> None:
        super().__init__(part, 0, 1, where="optional")

    @override
    def parse(self, text: str) -> Any:
        if not self.has_value:
            return text
        return self.part.parse(text) if self._items(text) else None

    @override
    def _of(self, number: int) -> str:
        return ""


def optional(constraint: Constraint | str) -> Constraint:
    """Return a text of the constraint, or the empty text.

    If the constraint's texts have values, the value is that of the text, and None for the empty text.

    Raises:
        InvalidConstraint: the argument is neither a constraint nor a string.
        UnsupportedConstraint: it is on token positions.
    """
    return Optional(_need(constraint, "optional"))


def repeat(
    constraint: Constraint | str, low: int = 0, high: int | None = None, *, separator: str = ""
) -> Constraint:
    """Return `low` to `high` texts of the constraint (None: any number), with `separator` between neighbours.

    If the constraint's texts have values, the value is the list of them.

    Raises:
        InvalidConstraint: the bounds are negative or contradict each other.
        UnsupportedConstraint: the constraint is on token positions.
    """
    low = whole_number(low, rule="low")
    if high is not None:
        high = whole_number(high, rule="high")
    if high is not None and low > high:
        raise invalid("the lower bound exceeds the upper one", "repeat", (low, high), "swap the bounds")
    return Repeat(_need(constraint, "repeat"), low, high, separator)


def _need(value: object, where: str) -> Constraint:
    constraint = as_constraint(value)
    if constraint is None:
        raise invalid(
            "a constraint or a string is needed",
            where,
            value,
            "wrap it: cg.literal(…), cg.regex(…), cg.json_schema(…)",
        )
    return constraint


@least_bytes.register
def _least(constraint: Repeat) -> int:
    between = len(constraint.separator.encode("utf-8")) * max(constraint.low - 1, 0)
    return constraint.low * least_bytes(constraint.part) + between
