"""Checks of what ready tables are made of: sizes, lists of names, pairs, mappings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from canvasgen.checks import is_iterable, is_mapping, whole_number
from canvasgen.errors import ConstraintTooLarge, InvalidConstraint

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
        raise ConstraintTooLarge(f"more than {most} rows", rule=rule, value=number)
    return size


def different_names(given: object, rule: str) -> list[str]:
    """Return a list of names.

    Raises:
        InvalidConstraint: it is empty, holds something else than texts, or one name twice.
    """
    if isinstance(given, (str, bytes, set, frozenset, Mapping)) or not is_iterable(given):
        raise InvalidConstraint(f"{rule} are a list of names", rule=rule, value=given)
    names: dict[str, None] = {}
    for at, name in enumerate(given):
        if at >= MOST_NAMES:
            raise ConstraintTooLarge(f"more than {MOST_NAMES} {rule}", rule=rule, value=MOST_NAMES)
        if not isinstance(name, str) or not name:
            raise InvalidConstraint(
                f"a name of {rule} is a text", path=f"{rule}[{at}]", rule=rule, value=name
            )
        if name in names:
            raise InvalidConstraint(f"two {rule} have one name", path=f"{rule}[{at}]", rule=rule, value=name)
        names[name] = None
    if not names:
        raise InvalidConstraint(f"there are no {rule}", rule=rule, value=given)
    return list(names)


def known_pairs(given: object, rule: str, what: str, known: Sequence[Any]) -> list[tuple[Any, Any]]:
    """Return pairs of two different ones of those that are known.

    Raises:
        InvalidConstraint: it is no list of such pairs.
    """
    if isinstance(given, str) or not is_iterable(given):
        raise InvalidConstraint(f"`{rule}` is a list of pairs of {what}", rule=rule, value=given)
    found: list[tuple[Any, Any]] = []
    for pair in given:
        if not is_pair(pair):
            raise InvalidConstraint(f"`{rule}` is a list of pairs of {what}", rule=rule, value=pair)
        one, other = map(_hashable, pair)
        for side in (one, other):
            if side not in known:
                raise InvalidConstraint(f"`{rule}` names none of the {what}", rule=rule, value=side)
        if one == other:
            raise InvalidConstraint(f"`{rule}` pairs two different {what}", rule=rule, value=pair)
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
        raise InvalidConstraint(f"`{rule}` is a mapping", rule=rule, value=given)
    return given
