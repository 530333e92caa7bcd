"""What a cell may hold: a list of values with their texts, or any text of a constraint."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, get_origin

from canvasgen.checks import invalid, is_iterable
from canvasgen.constraints.base import Constraint
from canvasgen.constraints.choices import Choice, choice
from canvasgen.constraints.coerce import constraint_from
from canvasgen.constraints.text import text
from canvasgen.constraints.texts import as_bytes
from canvasgen.errors import CanvasgenError, ConstraintTooLarge, InvalidConstraint

__all__ = ["MOST_VALUES", "Domain", "domain_of", "plain", "written"]

MOST_VALUES = 2_000
"""Most values of a cell that are listed one by one."""


@dataclass(frozen=True)
class Domain:
    """The texts of a cell.

    Attributes:
        values: text to value, in the order given; None if the texts are not listed.
        constraint: the texts, listed or not.
    """

    values: Mapping[str, Any] | None
    constraint: Constraint

    def listed(self) -> Domain:
        """Return the domain with its texts listed if they are few, else as it is."""
        if self.values is not None:
            return self
        contents = self.constraint.automaton.strings(MOST_VALUES)
        if contents is None:
            return self
        texts = [content.decode("utf-8") for content in contents]
        values = {one: self.constraint.parse(one) for one in texts if self.constraint.matches(one)}
        return Domain(values, self.constraint) if values else self


def plain(value: Any, content: str) -> Any:
    """Return a value for relations: a scalar as it is, an Enum's member by its value, anything else by its text."""
    if isinstance(value, Enum):
        value = value.value
    return value if type(value) in _SCALARS else content


_SCALARS = (str, int, float, bool, type(None))


def written(value: object) -> str:
    """Return a value as a cell's text: a string as it is, everything else as JSON."""
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, str):
        return value
    if isinstance(value, float) and not math.isfinite(value):
        raise invalid("a cell holds finite numbers", "cells", value, "leave infinite values and NaN out")
    if value is None or isinstance(value, (bool, int, float)):
        return json.dumps(value)
    raise invalid(
        "a cell's value is a string, a number, a boolean or None",
        "cells",
        value,
        "give a constraint for anything else, such as cg.choice({text: value})",
    )


def domain_of(given: Any, where: str, *, as_json: bool = False) -> Domain:
    """Return the domain of a user's description of a cell.

    Args:
        given: several values (a list, tuple, set, range, or an Enum class) to choose from; one fixed value;
            a type (`str` is a line of text) or a JSON Schema; or a constraint. A set is taken in the order of
            the values' texts.
        where: the cell, for errors.
        as_json: whether text is to be written as a JSON string.

    Raises:
        InvalidConstraint: it is none of these, empty, or two values are written alike.
        ConstraintTooLarge: more than `MOST_VALUES` values.
    """
    try:
        if isinstance(given, Choice) and len(given.values) <= MOST_VALUES:
            return Domain(given.values, given)
        if isinstance(given, Constraint):
            return Domain(None, given)
        if given is str and as_json:
            return Domain(None, constraint_from({"type": "string", "minLength": 1}))
        if given is str:
            return Domain(None, text(min_length=1, lines=False))
        if given is bool:
            return _listing([True, False], where, as_json)
        if isinstance(given, type) and issubclass(given, Enum):
            return _listing(list(given), where, as_json)
        if isinstance(given, (type, dict)) or get_origin(given) is not None:
            return Domain(None, constraint_from(given))
        if given is None or isinstance(given, (str, bool, int, float, Enum)):
            return _listing([given], where, as_json)
        if is_iterable(given) and isinstance(given, (set, frozenset)):
            return _listing(sorted(given, key=written), where, as_json)
        if is_iterable(given) and not isinstance(given, (bytes, bytearray)):
            return _listing(given, where, as_json)
    except CanvasgenError as error:
        error.path = error.path or where
        raise
    raise invalid(
        "a cell is described by its values, a type, a JSON Schema or a constraint",
        "cells",
        given,
        "give a list of values, a type such as int, a schema, or cg.regex(…)",
        path=where,
    )


def _listing(given: Iterable[Any], where: str, as_json: bool) -> Domain:
    if isinstance(given, range) and len(given) > MOST_VALUES:
        raise _too_many(len(given), where)
    values: dict[str, Any] = {}
    for value in given:
        content = written(value)
        if as_json and isinstance(value.value if isinstance(value, Enum) else value, str):
            content = json.dumps(content, ensure_ascii=False)  # 1 and "1" are two values
        if as_bytes(content) is None:
            raise invalid(
                "a cell's text has no UTF-8", "cells", content, "leave lone surrogates out", path=where
            )
        if content in values:
            raise invalid(
                "two values of a cell are written alike",
                "cells",
                content,
                'leave one of them out: 1 and "1" are the same text',
                path=where,
            )
        values[content] = value
        if len(values) > MOST_VALUES:
            raise _too_many(len(values), where)
    if not values:
        raise InvalidConstraint(
            "a cell has no value to choose from",
            path=where,
            rule="cells",
            remedy="give the cell one value or more",
        )
    return Domain(values, choice(values))


def _too_many(count: int, where: str) -> ConstraintTooLarge:
    return ConstraintTooLarge(
        f"a cell has more than {MOST_VALUES} values to choose from",
        path=where,
        rule="MOST_VALUES",
        value=count,
        remedy="describe it with a constraint, such as cg.regex; such cells are in no relations",
    )
