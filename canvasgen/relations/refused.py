"""What is said of a problem that has no assignment, and of arrays that are not of its shape."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from canvasgen.errors import InvalidConstraint, Unsatisfiable

__all__ = ["check_shape", "contradictory", "no_assignment", "not_fixed"]


def no_assignment() -> Unsatisfiable:
    """Return the error of a search that has shown that there is nothing to find."""
    return Unsatisfiable(
        "no assignment satisfies all relations",
        rule="relations",
        remedy="leave relations out, or give cells more values",
    )


def contradictory(why: str) -> Unsatisfiable:
    """Return the error of relations that contradict each other, named in `why`."""
    return Unsatisfiable(
        f"contradictory: {why}", rule="relations", remedy="leave out one of the relations that are named"
    )


def not_fixed(message: str, value: object) -> InvalidConstraint:
    """Return the error of a cell or value to be fixed that is not there."""
    remedy = "name a cell of the domains, and one of its values"
    return InvalidConstraint(message, rule="fixed", value=value, remedy=remedy)


def check_shape(given: npt.NDArray[Any], shape: tuple[int, ...], rule: str) -> None:
    """Check that an array is [cells, values].

    Raises:
        InvalidConstraint: it has another shape.
    """
    if given.shape != shape:
        raise InvalidConstraint(
            f"the {rule} have the shape {given.shape}; the problem has {shape}",
            rule=rule,
            remedy="give an array of this shape",
        )
