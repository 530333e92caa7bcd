"""Holes of a template that hold the same text wherever they occur, inside of a constraint's texts.

That a text occurs twice is no regular property. So a constraint with such a template gives its language as a function of
the holes' languages: with fewer texts in the holes the occurrences differ less, and with one text they are equal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeAlias, runtime_checkable

from canvasgen.automata import Expr, concat, literal
from canvasgen.automata.private_bytes import HOLE_BORDER

__all__ = ["Agreement", "HasAgreement", "agreement_in", "first_agreement"]

Languages: TypeAlias = Mapping[str, Expr]
_BORDER = literal(bytes((HOLE_BORDER,)))


@dataclass(frozen=True)
class Agreement:
    """The holes of a template that occur several times.

    Attributes:
        order: the hole of each occurrence, in the order of the text.
        languages: the texts of each hole.
        around: the constraint's language as a function of the holes' languages.
        around_marked: the same for holes with marks; it may be an over-approximation.
    """

    order: tuple[str, ...]
    languages: Languages
    around: Callable[[Languages], Expr]
    around_marked: Callable[[Languages], Expr]

    def inside(
        self, around: Callable[[Expr], Expr], around_marked: Callable[[Expr], Expr] | None = None
    ) -> Agreement:
        """Return the same holes inside of a larger constraint; `around_marked` is `around` by default."""
        inner, inner_marked = self.around, self.around_marked
        outer_marked = around if around_marked is None else around_marked
        return Agreement(
            self.order,
            self.languages,
            lambda languages: around(inner(languages)),
            lambda languages: outer_marked(inner_marked(languages)),
        )

    def marked(self, languages: Languages) -> Expr:
        """Return the constraint's texts with these texts in the holes and a mark at both borders of each occurrence."""
        return self.around_marked(
            {name: concat(_BORDER, language, _BORDER) for name, language in languages.items()}
        )


@runtime_checkable
class HasAgreement(Protocol):
    """A constraint that may contain a template with such holes."""

    @property
    def agreement(self) -> Agreement | None:
        """None if there are no such holes."""
        ...


def agreement_in(constraint: object) -> Agreement | None:
    """Return the holes of a constraint that have to agree; None if there are none."""
    return constraint.agreement if isinstance(constraint, HasAgreement) else None


def first_agreement(
    parts: Iterable[object],
    with_part: Callable[[int, Expr], Expr],
    around_marked: Callable[[Expr], Expr] | None = None,
) -> Agreement | None:
    """Return the holes of the first part that has some, inside of the whole; those of others are left to the validator.

    Args:
        parts: the parts of a constraint.
        with_part: the language of the whole if one part, by its number, has another language.
        around_marked: as for `Agreement.inside`.
    """
    for number, part in enumerate(parts):
        found = agreement_in(part)
        if found is not None:
            return found.inside(partial(with_part, number), around_marked)
    return None
