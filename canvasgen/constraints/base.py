"""`Constraint`: a set of texts with the operators of the algebra, ready to be compiled for a vocabulary."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from canvasgen.constraints.compiled import CompiledConstraint
from canvasgen.constraints.texts import Texts

if TYPE_CHECKING:
    from canvasgen.vocabulary import Vocabulary

__all__ = ["Constraint", "operator"]


class Constraint(Texts):
    """A set of texts that combines with others: `+ | & ~` mean concatenation, union, intersection and complement of
    the sets that `matches` decides.
    """

    def compile(self, vocabulary: Vocabulary) -> CompiledConstraint:
        """Return the token automaton over a vocabulary (cached in memory and on disk).

        Raises:
            Unsatisfiable: no text satisfies the constraint.
            InvalidConstraint: it fixes tokens that the vocabulary does not have as text.
            ConstraintTooLarge: a limit would be exceeded.
        """
        return CompiledConstraint.build(self, vocabulary)

    def __add__(self, other: object) -> Constraint:
        return _OPERATORS["+"](self, other)

    def __radd__(self, other: object) -> Constraint:
        return _OPERATORS["+"](other, self)

    def __or__(self, other: object) -> Constraint:
        return _OPERATORS["|"](self, other)

    def __ror__(self, other: object) -> Constraint:
        return _OPERATORS["|"](other, self)

    def __and__(self, other: object) -> Constraint:
        return _OPERATORS["&"](self, other)

    def __rand__(self, other: object) -> Constraint:
        return _OPERATORS["&"](other, self)

    def __invert__(self) -> Constraint:
        return _OPERATORS["~"](self)


Operator: TypeAlias = Callable[..., Constraint]
"""A function of one or two operands; it returns NotImplemented for an operand that cannot be read as a constraint."""

_OPERATORS: dict[str, Operator] = {}


def operator(sign: str) -> Callable[[Operator], Operator]:
    """Register a function as the meaning of an operator.

    The classes that the operators return derive from `Constraint`, so its module cannot import them.
    """

    def register(meaning: Operator) -> Operator:
        _OPERATORS[sign] = meaning
        return meaning

    return register
