"""At least one of several conditions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from canvasgen.relations.cell_values import Value
from canvasgen.relations.kinds.logic import Condition
from canvasgen.relations.kinds.relation import Relation, listed, name_of, refuse
from canvasgen.relations.programs.primitives import Primitive, clause
from canvasgen.relations.programs.space import Space

__all__ = ["Alternatives", "any_of"]


@dataclass(frozen=True, kw_only=True)
class Alternatives(Relation):
    """At least one of the conditions holds."""

    conditions: tuple[Condition, ...]

    def holds(self, values: Sequence[Value]) -> bool:
        """Return whether one of them holds."""
        at = dict(zip(self.cells, values, strict=True))
        return any(condition.holds(at[condition.cell]) for condition in self.conditions)

    def sentence(self) -> str:
        """Return the relation in words."""
        return " or ".join(condition.describe() for condition in self.conditions)

    def lower(self, space: Space) -> list[Primitive]:
        """One clause."""
        return [
            clause(
                [
                    (n := space.number[condition.cell], condition.bits(space, n))
                    for condition in self.conditions
                ]
            )
        ]


def any_of(conditions: Iterable[Condition], *, name: str | None = None) -> Relation:
    """Require that at least one of the conditions holds.

    Raises:
        InvalidConstraint: there are none, or one is no condition.
    """
    found = listed(conditions, "any_of", "conditions")
    if not found:
        refuse("any_of needs at least one condition", "any_of", found)
    for one in found:
        if not isinstance(one, Condition):
            refuse("not a condition", "any_of", one, "make conditions with is_in(cell, values)")
    return Alternatives(
        cells=tuple(dict.fromkeys(one.cell for one in found)), conditions=found, name=name_of(name, "any_of")
    )
