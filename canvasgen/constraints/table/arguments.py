"""Checks of what ready tables are made of: sizes, lists of names, pairs, mappings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from canvasgen.checks import invalid, is_iterable, is_mapping, whole_number
from canvasgen.errors import ConstraintTooLarge

__all__ = [
    "MOST_ROWS",
    "different_names",
    "is_listed",
    "is_pair",
    "known_pairs",
    "mapping_or_empty",
    "row_count",
]

MOST_ROWS = 44
"""Rows of the largest square of queens, and of a magic square: its cells hold up to `MOST_VALUES` values each."""


MOST_NAMES = 10_000
"""Names of rows, columns, people and the like: as many as a problem may have cells."""


def row_count(number: object, rule: str, most: int = MOST_ROWS) -> int:
    """Return a number of rows or columns.

    Raises:
        InvalidConstraint: it is not a whole number above zero.
        ConstraintTooLarge: it is above `most`.
    """
    size = whole_number(number, rule=rule, name="a size", low=1)
    if size > most:
        raise ConstraintTooLarge(
            f"more than {most} rows",
            rule=rule,
            value=number,
            remedy=f"give at most {most}, or make several tables",
        )
    return size


def different_names(given: object, rule: str) -> list[str]:
    """Return a list of names.

    Raises:
        InvalidConstraint: it is empty, holds something else than texts, or one name twice.
    """
    if isinstance(given, (str, bytes, set, frozenset, Mapping)) or not is_iterable(given):
        raise invalid(f"{rule} are a list of names", rule, given, f"write {rule}=['a', 'b']")
    names: dict[str, None] = {}
    for at, name in enumerate(given):
        if at >= MOST_NAMES:
            raise ConstraintTooLarge(
                f"more than {MOST_NAMES} {rule}",
                rule=rule,
                value=MOST_NAMES,
                remedy=f"give at most {MOST_NAMES}, or make several tables",
            )
        if not isinstance(name, str) or not name:
            raise invalid(
                f"a name of {rule} is a text", rule, name, "write it as a string", path=f"{rule}[{at}]"
            )
        if name in names:
            raise invalid(
                f"two {rule} have one name", rule, name, f"name the {rule} differently", path=f"{rule}[{at}]"
            )
        names[name] = None
    if not names:
        raise invalid(f"there are no {rule}", rule, given, f"give at least one name in {rule}=")
    return list(names)


def known_pairs(given: object, rule: str, what: str, known: Sequence[Any]) -> list[tuple[Any, Any]]:
    """Return pairs of two different ones of those that are known.

    Raises:
        InvalidConstraint: it is no list of such pairs.
    """
    if isinstance(given, str) or not is_iterable(given):
        raise invalid(f"`{rule}` is a list of pairs of {what}", rule, given, f"write {rule}=[('a', 'b')]")
    found: list[tuple[Any, Any]] = []
    for pair in given:
        if not is_pair(pair):
            raise invalid(f"`{rule}` is a list of pairs of {what}", rule, pair, f"write {rule}=[('a', 'b')]")
        one, other = map(_hashable, pair)
        for side in (one, other):
            if side not in known:
                raise invalid(
                    f"`{rule}` names none of the {what}",
                    rule,
                    side,
                    f"take a name from {what}, spelled as there",
                )
        if one == other:
            raise invalid(f"`{rule}` pairs two different {what}", rule, pair, "leave the pair out")
        found.append((one, other))
    return found


def _hashable(side: object) -> object:
    """Return a cell as a tuple, also if it is given as a list; anything else as it is."""
    return tuple(side) if is_listed(side) else side


def is_pair(given: object) -> TypeGuard[Sequence[Any]]:
    """Return whether a value is a tuple or a list of two."""
    return is_listed(given) and len(given) == 2


def is_listed(given: object) -> TypeGuard[Sequence[Any]]:
    """Return whether a value is a tuple or a list."""
    return isinstance(given, (tuple, list))


def mapping_or_empty(given: object, rule: str) -> Mapping[Any, Any]:
    """Return a mapping; an empty one for None.

    Raises:
        InvalidConstraint: it is something else.
    """
    if given is None:
        return {}
    if not is_mapping(given):
        raise invalid(f"`{rule}` is a mapping", rule, given, f"write {rule}={{name: value}}")
    return given
