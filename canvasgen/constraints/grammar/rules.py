"""Rules of a grammar: extended Backus–Naur form over byte languages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from canvasgen.automata import Expr
from canvasgen.constraints.grammar.marks import Marks
from canvasgen.errors import InvalidConstraint

__all__ = ["Choice", "Item", "Leaf", "Ref", "Repeat", "Rules", "Sequence", "check_productive", "references"]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A terminal: its language."""

    expr: Expr


@dataclass(frozen=True, slots=True)
class Ref:
    """A rule, by its name."""

    name: str


@dataclass(frozen=True, slots=True)
class Sequence:
    """A concatenation of items; without items, the empty text."""

    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several items."""

    options: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """`low` to `high` times an item (None: any number)."""

    body: Item
    low: int
    high: int | None


Item: TypeAlias = Leaf | Ref | Sequence | Choice | Repeat


@dataclass(frozen=True, slots=True)
class Rules:
    """A grammar.

    Attributes:
        start: name of the start symbol.
        items: what each rule stands for.
        ignored: what may stand between terminals, before the first and after the last; None if nothing.
        lines: line of each rule in the text, where it is known.
        remarks: what is said about the grammar (priorities, rules that are never used).
        departures: what the grammar derives and is never generated.
        marks: the leaves that are more than their own text.
    """

    start: str
    items: dict[str, Item]
    ignored: Expr | None
    lines: dict[str, int]
    remarks: tuple[str, ...]
    departures: tuple[str, ...] = ()
    marks: Marks = field(default_factory=Marks)


def references(item: Item) -> Iterator[str]:
    """Yield the names of the rules in an item, in order and with repetitions."""
    waiting = [item]
    while waiting:
        here = waiting.pop()
        match here:
            case Ref(name):
                yield name
            case Sequence(items) | Choice(items):
                waiting += reversed(items)
            case Repeat(body):
                waiting.append(body)
            case Leaf():
                pass


def check_productive(items: dict[str, Item], start: str, line_of: Callable[[str], int]) -> None:
    """Raise InvalidConstraint for a rule without a text; where the start rule has none, `Unsatisfiable` says so later.

    Args:
        items: the rules.
        start: the start rule.
        line_of: returns the line of a rule; 0 if it is not known.
    """
    productive = _productive(items)
    barren = [name for name in items if name not in productive]
    if barren and start not in barren:
        raise InvalidConstraint(
            f"the rule {barren[0]} derives no text: each of its options leads back to it",
            path=f"line {line}, column 1" if (line := line_of(barren[0])) else None,
            rule="grammar",
            value=barren[0],
            remedy="give it an option without itself, or remove it",
        )


def _productive(items: dict[str, Item]) -> set[str]:
    """Return the rules that derive some text."""
    found: set[str] = set()

    def ends(item: Item) -> bool:
        match item:
            case Ref(name):
                return name in found
            case Sequence(parts):
                return all(map(ends, parts))
            case Choice(options):
                return any(map(ends, options))
            case Repeat(body, low):
                return low == 0 or ends(body)
            case Leaf():
                return True

    before = -1
    while before < len(found):
        before = len(found)
        found.update(name for name, item in items.items() if name not in found and ends(item))
    return found
