"""Rules of a grammar: extended Backus–Naur form over byte languages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from canvasgen.automata import Expr
from canvasgen.constraints.grammar.marks import Marks

__all__ = ["Choice", "Item", "Leaf", "Ref", "Repeat", "Rules", "Sequence", "references"]


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
