"""`choice`: one of several texts, each with a value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from itertools import islice
from typing import Any, TypeVar

from typing_extensions import override

from canvasgen import automata
from canvasgen.automata import Expr
from canvasgen.checks import is_enum, is_iterable, is_mapping, text_argument
from canvasgen.constraints.base import Constraint
from canvasgen.constraints.shown import Hole, Options, Shown
from canvasgen.errors import ConstraintTooLarge, InvalidConstraint, ValidationFailed
from canvasgen.limits import Limits, checked_limits
from canvasgen.notes import Note

__all__ = ["MOST_OPTIONS", "Choice", "by_key", "choice"]

Part = TypeVar("Part")

MOST_OPTIONS = 64
"""A choice of more is not put into the prompt, and its probabilities are not computed."""
MOST_ITEMS = 1_000_000
"""Items of a choice."""


class Choice(Constraint):
    """One of several texts, each with a value."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = values

    @override
    def _expression(self) -> Expr:
        return automata.union(*(automata.literal(item) for item in self.values))

    @property
    @override
    def shown(self) -> Shown:
        few = len(self.values) <= MOST_OPTIONS
        return Shown((Hole(holds=(Options(tuple(self.values)),) if few else ()),))

    @property
    @override
    def has_value(self) -> bool:
        return True

    @override
    def options(self, text: str) -> Mapping[str, Mapping[Any, Expr]]:
        if not 2 <= len(self.values) <= MOST_OPTIONS:
            return {}
        return {
            "": by_key((value, written, automata.literal(written)) for written, value in self.values.items())
        }

    @override
    def parse(self, text: str) -> Any:
        if text not in self.values:
            raise ValidationFailed("the text is none of the choices", rule="choice", value=text)
        return self.values[text]

    @override
    def explain(self) -> tuple[Note, ...]:
        return (Note("automaton", f"one of {len(self.values)} texts"),)


def by_key(options: Iterable[tuple[Any, str, Part]]) -> dict[Any, Part]:
    """Return what belongs to each option, by the option itself; by its text, for all of them, if one has no hash or
    two are equal (`1`, `True` and `1.0` are one key of a dict).

    Args:
        options: each option, its text (no two are alike), and what belongs to it.
    """
    rows = list(options)
    try:
        found = {value: part for value, _, part in rows}
    except TypeError:
        found = dict[Any, Part]()
    return found if len(found) == len(rows) else {text: part for _, text, part in rows}


def choice(items: Iterable[Any] | Mapping[str, Any] | type[Enum], *, limits: Limits | None = None) -> Choice:
    """Return one of the items; the generated value is the item itself.

    Args:
        items: strings, or values that are written with `str`; a mapping from text to value; or an Enum class, or some of
            its members (the texts are the members' values).
        limits: what the compilation may need (`cg.Limits`); None: the default limits.

    Raises:
        InvalidConstraint: there are no items, two are written alike, or one has no text of its own (bytes) or no UTF-8.
    """
    values: dict[str, Any] = {}
    for written, value in _written(items):
        written = text_argument(written, "a choice is written as a string that has UTF-8", rule="choice")
        if written in values:
            raise InvalidConstraint(
                "two choices are written alike",
                rule="choice",
                value=written,
                remedy="leave one of them out, or let them be written differently",
            )
        values[written] = value
    if not values:
        raise InvalidConstraint("a choice needs at least one item", rule="choice", remedy="give some")
    made = Choice(values)
    made.limits = checked_limits(limits)
    return made


def _refused(message: str, items: object) -> InvalidConstraint:
    return InvalidConstraint(message, rule="choice", value=items, remedy='give a list of them: ["yes", "no"]')


def _written(items: object) -> list[tuple[object, Any]]:
    """Return the items of a choice, each behind its text."""
    if isinstance(items, str):
        raise _refused("a choice needs several items, not one string", items)
    if is_mapping(items):
        return list(items.items())
    if is_enum(items):
        return [(_text_of(member), member) for member in items]
    if isinstance(items, bytes | bytearray) or not is_iterable(items):
        raise _refused("a choice needs an iterable of items", items)
    try:
        listed = list(islice(items, MOST_ITEMS + 1))
    except TypeError as error:  # numpy's array of no dimension only looks iterable
        raise _refused("a choice needs an iterable of items", items) from error
    if len(listed) > MOST_ITEMS:
        raise ConstraintTooLarge(
            f"a choice of more than {MOST_ITEMS} items",
            rule="choice",
            value=MOST_ITEMS,
            remedy="write them as a regular expression or a grammar",
        )
    return [(_text_of(item), item) for item in listed]


def _text_of(item: object) -> str:
    """Return how an item of a choice is written.

    Raises:
        InvalidConstraint: it has no text of its own.
    """
    if isinstance(item, Enum):
        return _text_of(item.value)
    if isinstance(item, str):
        return str.__str__(item)
    nameless = type(item).__str__ is object.__str__ and type(item).__repr__ is object.__repr__
    if nameless or isinstance(item, bytes | bytearray):
        raise InvalidConstraint(
            "an item of a choice has no text of its own",
            rule="choice",
            value=item,
            remedy='pass a mapping from texts to items, {"text": item}',
        )
    try:
        return str(item)
    except Exception as error:  # the text of an object is made by code of its own
        raise InvalidConstraint(
            f"an item of a choice has no text: {error}",
            rule="choice",
            value=item,
            remedy='pass a mapping from texts to items, {"text": item}',
        ) from error
