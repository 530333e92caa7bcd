"""Of what pydantic says about a body, the one thing that is told, and its place in the body."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from canvasgen.checks import is_mapping, is_sequence

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

__all__ = ["told_of"]


def told_of(errors: Sequence[ErrorDetails], body: object) -> tuple[ErrorDetails, list[str | int]]:
    """Return the error that is told, and its place: the first; of alternatives of a value the one that has come furthest.

    A value that may be a text or an object gives an error for each of the two; for an object the one inside of it is meant.

    Args:
        errors: what pydantic says; their places begin in the body.
        body: what was sent.
    """
    first, *rest = ((error, _place(error, body)) for error in errors)
    same = [first, *(one for one in rest if one[1][: len(first[1])] == first[1])]
    return max(same, key=lambda one: (len(one[1]), not one[0]["type"].endswith("_type")))


def _place(error: ErrorDetails, body: object) -> list[str | int]:
    """Return a place without the names of the alternatives that pydantic adds to it: those are not in the body."""
    place: list[str | int] = []
    for number, step in enumerate(error["loc"]):
        if is_mapping(body) and step in body:
            body = body[step]
        elif is_sequence(body) and isinstance(step, int):
            body = body[step] if step < len(body) else None
        elif not (number == len(error["loc"]) - 1 and error["type"] == "missing"):
            continue
        place.append(step)
    return place
