"""What a relation is, and the checks of their arguments."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from canvasgen.checks import is_iterable, whole_number
from canvasgen.errors import InvalidConstraint
from canvasgen.relations.cell_values import Cell, Value

if TYPE_CHECKING:
    from canvasgen.relations.programs.primitives import Primitive
    from canvasgen.relations.programs.space import Space

__all__ = [
    "COMPARISONS",
    "Relation",
    "cell_of",
    "cells_of",
    "comparison",
    "integer",
    "listed",
    "name_of",
    "refuse",
    "relations_of",
]


@dataclass(frozen=True, kw_only=True)
class Relation(ABC):
    """A statement about the values of some cells that holds or does not.

    Attributes:
        cells: the cells it speaks of, each once, in the order that `holds` takes their values.
        name: what `describe` says instead of a sentence of its own ("row 1: all different").
    """

    cells: tuple[Cell, ...]
    name: str | None = None

    @abstractmethod
    def holds(self, values: Sequence[Value]) -> bool:
        """Return whether it holds for these values of `cells`."""

    @abstractmethod
    def sentence(self) -> str:
        """Return the relation in words."""

    @abstractmethod
    def lower(self, space: Space) -> list[Primitive]:
        """Return what propagation and CP-SAT understand: primitives that hold together exactly where this holds.

        Raises:
            InvalidConstraint: the domains of the cells do not fit the relation.
            ConstraintTooLarge: the numbers leave the range of int64.
        """

    def describe(self) -> str:
        """One short sentence for people: the name, or the relation in words."""
        return self.sentence() if self.name is None else self.name


def relations_of(given: object) -> list[Relation]:
    """Return a list of relations.

    Raises:
        InvalidConstraint: it is no list, or has something else.
    """
    remedy = "make relations with canvasgen.relations: all_different(cells), total(cells, '==', 15), …"
    if not is_iterable(given) or isinstance(given, (str, bytes)):
        refuse("relations are a list of them", "relations", given, remedy)
    found: list[Relation] = []
    for one in given:
        if not isinstance(one, Relation):
            refuse("not a relation", "relations", one, remedy)
        found.append(one)
    return found


COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<=": lambda a, b: a <= b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    ">": lambda a, b: a > b,
}


def refuse(message: str, rule: str, value: object, remedy: str | None = None) -> NoReturn:
    """Raise InvalidConstraint for an argument of a relation."""
    raise InvalidConstraint(message, rule=rule, value=value, remedy=remedy)


def listed(given: object, rule: str, what: str) -> tuple[Any, ...]:
    """Return several things as a tuple.

    Raises:
        InvalidConstraint: they are no list, or one string.
    """
    if isinstance(given, (str, bytes)):
        refuse(f"{rule} takes a list of {what}, not one string", rule, given, f"put the {what} into a list")
    if not is_iterable(given):
        refuse(f"{rule} takes a list of {what}", rule, given, f"put the {what} into a list")
    return tuple(given)


def cell_of(cell: Cell, rule: str) -> Cell:
    """Return a cell.

    Raises:
        InvalidConstraint: it has no hash.
    """
    try:
        hash(cell)
    except TypeError:
        refuse(
            f"a cell of {rule} is not hashable",
            rule,
            cell,
            "name it by a tuple (row, column), or by a string",
        )
    return cell


def name_of(name: object, rule: str) -> str | None:
    """Return the name of a relation, or None.

    Raises:
        InvalidConstraint: it is no text.
    """
    if name is None or isinstance(name, str):
        return name
    refuse(f"the name of {rule} is a text", rule, name)


def cells_of(cells: Iterable[Cell], rule: str, least: int = 1) -> tuple[Cell, ...]:
    """Return the cells of a relation, each once.

    Raises:
        InvalidConstraint: they are no list, there are fewer than `least`, one is named twice, or one is not hashable.
    """
    found = tuple(cell_of(cell, rule) for cell in listed(cells, rule, "cells"))
    if len(found) < least and not any(_is_many(cell) for cell in found):
        refuse(f"{rule} needs at least {least} cell{'s' if least > 1 else ''}", rule, found)
    if len(set(found)) < len(found):
        twice = next(cell for n, cell in enumerate(found) if cell in found[:n])
        refuse(f"{rule} names the cell {twice} twice", rule, found)
    return found


def _is_many(cell: Cell) -> bool:
    """Return whether a cell is the path of several fields of a JSON value."""
    return isinstance(cell, str) and ("[*]" in cell or ".*" in cell)


def comparison(op: Any, rule: str, known: Iterable[str] = COMPARISONS) -> str:
    """Return an operator.

    Raises:
        InvalidConstraint: it is not one of `known`.
    """
    known = tuple(known)
    if not isinstance(op, str) or op not in known:
        refuse(f"{rule} does not know the operator {op!r}", rule, op, f"use one of {' '.join(known)}")
    return op


def integer(number: object, rule: str, what: str) -> int:
    """Return an integer argument.

    Raises:
        InvalidConstraint: it is something else; a bool is not an integer.
    """
    return whole_number(number, rule=rule, name=f"{what} of {rule}", low=None)
