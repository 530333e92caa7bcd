"""`Combined`: a constraint made of parts."""

from __future__ import annotations

from functools import partial

from typing_extensions import override

from canvasgen.constraints.base import Constraint
from canvasgen.constraints.growth import grown_part, largest
from canvasgen.constraints.texts import automaton_of
from canvasgen.errors import ConstraintTooLarge
from canvasgen.limits import largest_of
from canvasgen.notes import Note
from canvasgen.showing import call_of

MOST_DEPTH = 64

__all__ = ["Combined"]


class Combined(Constraint):
    """A constraint made of parts.

    Attributes:
        parts: the constraints that it combines; it may need what any of them that has limits of its own may need.
        depth: levels of combined constraints, this one included.
    """

    def __init__(self, parts: tuple[Constraint, ...]) -> None:
        self.parts = parts
        self.depth = 1 + max((part.depth for part in parts if isinstance(part, Combined)), default=0)
        if self.depth > MOST_DEPTH:
            raise ConstraintTooLarge(
                f"constraints are combined in more than {MOST_DEPTH} levels",
                path=f"level {self.depth}",
                rule="nesting depth",
                value=self.depth,
                remedy="combine several at one level: a + b + c, a | b | c and a & b & c are one level each",
            )
        self.limits = largest_of(part.limits for part in parts)

    @override
    def __repr__(self) -> str:
        return call_of(self, parts=self.parts)

    @property
    @override
    def has_validator(self) -> bool:
        return any(part.has_validator for part in self.parts)

    @override
    def _recognises(self, data: bytes) -> bool:
        # With validators, `_check` decides by the parts' `matches`: they may accept more than they generate.
        return self.has_validator or super()._recognises(data)

    @override
    def explain(self) -> tuple[Note, ...]:
        return tuple(dict.fromkeys(note for part in self.parts for note in part.explain()))


@grown_part.register
def _grown_of_several(constraint: Combined) -> str:
    return largest(
        (f"part {number}", partial(automaton_of, part)) for number, part in enumerate(constraint.parts, 1)
    )
