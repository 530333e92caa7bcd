"""Which part of a constraint makes its automaton too large, for the `path` of the error; how short its texts can be."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import singledispatch
from math import inf
from typing import Protocol

from canvasgen import automata
from canvasgen.automata import DFA
from canvasgen.errors import ConstraintTooLarge
from canvasgen.limits import seconds_left

__all__ = ["grown_part", "largest", "least_bytes"]


class Written(Protocol):
    """What has a language."""

    @property
    def expr(self) -> automata.Expr:
        """The texts that are generated."""
        ...


@singledispatch
def least_bytes(constraint: Written) -> int:
    """Return a number of bytes that no text has fewer of; by default those of the shortest text that is generated, or where
    it is not compiled a number that is no greater.

    Constraints that leave lengths to their validator know more.
    """
    return automata.least_bytes(constraint.expr)


@singledispatch
def grown_part(constraint: object) -> str:
    """Return the name of the part with the largest automaton; by default that of the whole."""
    return f"the whole {type(constraint).__name__.lower()}"


def largest(parts: Iterable[tuple[str, Callable[[], DFA]]]) -> str:
    """Return the name of the part with the largest automaton, and inside of it that of its own largest one.

    Args:
        parts: for each part its name, and what compiles it.
    """
    found, most = "the whole", -1.0
    for name, compiled in parts:
        if seconds_left() <= 0:
            break  # nothing is compiled any more
        try:
            size, inner = float(compiled().num_states), ""
        except ConstraintTooLarge as error:
            size, inner = inf, "" if error.path is None else f", {error.path}"
        if size > most:
            found, most = f"{name}{inner}", size
    return found
