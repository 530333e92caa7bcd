"""Relations as JSON: `["total", ["items[*].price"], "==", "total"]`, a name and its arguments.

A cell of a table is `[row, column]`, a field of a JSON value its path.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from canvasgen import relations
from canvasgen.checks import is_sequence
from canvasgen.errors import InvalidConstraint

__all__ = ["RELATIONS", "relations_of"]

RELATIONS = (
    "all_different",
    "allowed",
    "different",
    "element",
    "equal",
    "forbidden",
    "linear",
    "lookup",
    "ordered",
    "total",
)
"""Relations whose arguments are data."""


def relations_of(value: object, path: str) -> list[relations.Relation]:
    """Return the relations of a list.

    Raises:
        InvalidConstraint: it is none, or a relation does not exist or does not take these arguments; `path` says where.
    """
    if not is_sequence(value):
        raise _no_array(value, path)
    return [_relation(one, f"{path}[{at}]") for at, one in enumerate(value)]


def _relation(value: object, path: str) -> relations.Relation:
    if not is_sequence(value):
        raise _no_array(value, path)
    name, *arguments = value or [None]
    if not isinstance(name, str) or name not in RELATIONS:
        raise InvalidConstraint(
            "there is no such relation",
            path=path,
            rule="relations",
            value=name,
            remedy="choose from: " + ", ".join(RELATIONS),
        )
    make: Any = getattr(relations, name)
    try:
        return make(*[_cells(one) for one in arguments])
    except TypeError as error:  # too many arguments, or too few
        raise InvalidConstraint(
            str(error),
            path=path,
            rule=name,
            value=arguments,
            remedy="give the arguments that the function has",
        ) from error
    except InvalidConstraint as error:
        error.path = path
        raise


def _no_array(value: object, path: str) -> InvalidConstraint:
    return InvalidConstraint(
        "a JSON array is needed",
        path=path,
        rule="JSON",
        value=value,
        remedy="write a list of relations, each [name, argument, ...]",
    )


def _cells(value: Any) -> Any:
    """Return a list with the pairs inside of it as cells, `(row, column)`."""
    if not is_sequence(value):
        return value
    flat = [one for one in value if not is_sequence(one)]
    return [_cell(one) for one in value] if not flat else list(value)


def _cell(value: Sequence[Any]) -> Any:
    is_pair = len(value) == 2 and not any(is_sequence(one) for one in value)
    return tuple(value) if is_pair else _cells(value)
