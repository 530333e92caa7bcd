"""Plain JSON data: parsing it strictly, checking it, and paths into it."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from typing import TypeAlias, cast

from canvasgen.errors import ConstraintTooLarge, InvalidConstraint
from canvasgen.limits import hold, room_for

__all__ = ["Json", "check_plain", "json_path", "parse_text"]

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
"""A value of JSON, as `json.loads` gives it."""

DEEPEST_SCHEMA = 128
"""Deepest nesting of a schema document."""
MOST_VALUES = 1_000_000
"""Most values (objects, arrays, scalars) of a schema document."""

_VALUE_BYTES, _BYTES_PER_CHARACTER = 100, 8
"""Of a value of the document, and of the objects that a character of its text becomes at most."""

_PLAIN_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)


def json_path(path: str, step: str | int) -> str:
    """Return a JSON path, one step longer: `$.properties.name`, `$.enum[2]`, `$.properties['odd name']`."""
    if isinstance(step, int):
        return f"{path}[{step}]"
    if _PLAIN_NAME.fullmatch(step):
        return f"{path}.{step}"
    return f"{path}[{step!r}]"


def parse_text(text: str, what: str = "schema") -> Json:
    """Parse JSON text strictly: no duplicate keys, no NaN or infinities, nesting bounded before anything is
    built.

    Raises:
        InvalidConstraint: it is no JSON text in that sense.
        ConstraintTooLarge: it is nested too deeply.
    """
    room_for(_BYTES_PER_CHARACTER * len(text), "$")
    depth = 0
    for match in _BRACKETS.finditer(text):
        mark = match.group()
        if mark in "[{":
            depth += 1
            if depth > DEEPEST_SCHEMA:
                raise _too_deep(what, f"position {match.start()}")
        elif mark in "]}":
            depth -= 1

    def pairs(items: list[tuple[str, Json]]) -> dict[str, Json]:
        found = dict(items)
        if len(found) != len(items):
            names = Counter(name for name, _ in items)
            twice = next(name for name, count in names.items() if count > 1)
            raise InvalidConstraint(
                f"the {what} has an object with a key twice",
                rule="duplicate key",
                value=twice,
                remedy="keep one of the two",
            )
        return found

    def constant(name: str) -> Json:
        raise InvalidConstraint(
            f"the {what} holds {name}, which is not JSON",
            rule="json",
            value=name,
            remedy="write a finite number, or null",
        )

    try:
        return json.loads(text, object_pairs_hook=pairs, parse_constant=constant)
    except ValueError as error:
        raise InvalidConstraint(
            f"the {what} is no JSON text: {error}",
            rule="json",
            value=text,
            remedy="pass a dictionary, or a text that json.loads reads",
        ) from error


def _too_deep(what: str, path: str) -> ConstraintTooLarge:
    return ConstraintTooLarge(
        f"the {what} is nested deeper than {DEEPEST_SCHEMA} levels",
        path=path,
        rule="nesting depth",
        value=DEEPEST_SCHEMA,
        remedy="put inner parts under `$defs` and refer to them",
    )


def check_plain(root: object, path: str = "$") -> None:
    """Raise an error unless a value is finite, plain JSON data; iterative, so that no depth is too deep for it."""
    count = 0
    waiting: list[tuple[object, str, int]] = [(root, path, 0)]
    while waiting:
        value, path, depth = waiting.pop()
        count += 1
        hold(_VALUE_BYTES)
        if depth > DEEPEST_SCHEMA:
            raise _too_deep("schema", path)
        if count > MOST_VALUES:
            raise ConstraintTooLarge(
                f"the schema holds more than {MOST_VALUES} values",
                rule="schema size",
                remedy="make it smaller: shared parts in $defs, a pattern instead of a long enum",
            )
        if isinstance(value, dict):
            for name, child in cast("dict[object, object]", value).items():
                if not isinstance(name, str):
                    raise InvalidConstraint(
                        "a key of the schema is no string",
                        path=path,
                        rule="json",
                        value=name,
                        remedy="write keys as strings",
                    )
                if isinstance(child, str | bool):
                    continue
                waiting.append((child, f"{path}.{name}", depth + 1))
        elif isinstance(value, list):
            waiting += [
                (child, f"{path}[{at}]", depth + 1) for at, child in enumerate(cast("list[object]", value))
            ]
        elif isinstance(value, float):
            if not math.isfinite(value):
                raise InvalidConstraint(
                    "a number of the schema is not finite",
                    path=path,
                    rule="json",
                    value=value,
                    remedy="leave infinite values and NaN out",
                )
        elif value is not None and not isinstance(value, str | int):
            raise InvalidConstraint(
                "the schema holds something that is not JSON",
                path=path,
                rule="json",
                value=type(value).__name__,
                remedy="write it with objects, arrays, strings, numbers, true, false and null",
            )
