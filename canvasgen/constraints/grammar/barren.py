"""Rules that derive no text are refused."""

from __future__ import annotations

from collections.abc import Callable

from canvasgen.constraints.grammar.rules import Choice, Item, Leaf, Ref, Repeat, Sequence
from canvasgen.errors import InvalidConstraint

__all__ = ["check_productive"]


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
