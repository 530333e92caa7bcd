"""A constraint over a vocabulary: what conditions a canvas, and what scores the cells of its table."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Self

from typing_extensions import override

from canvasgen.automata import Expr, to_dfa
from canvasgen.constraints.agreement import Agreement, agreement_in
from canvasgen.constraints.compiled.lifted import Lifted
from canvasgen.constraints.growth import grown_part
from canvasgen.constraints.related_texts import related_in
from canvasgen.constraints.texts import Texts
from canvasgen.errors import ConstraintTooLarge, InvalidConstraint
from canvasgen.showing import call
from canvasgen.vocabulary import Vocabulary

if TYPE_CHECKING:
    from canvasgen.constraints.compiled.belief import Belief
    from canvasgen.constraints.compiled.cell_scores import CompiledCells
    from canvasgen.constraints.compiled.table_search import TableSearch
    from canvasgen.inference import Posterior
    from canvasgen.tokens import Budget, Prefix

__all__ = ["CompiledConstraint"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class CompiledConstraint(Lifted):
    """A constraint lifted to the tokens of a vocabulary.

    Attributes:
        constraint: the constraint.
    """

    constraint: Texts

    @override
    def __repr__(self) -> str:
        return call(
            "CompiledConstraint",
            states=self.num_states,
            edges=self.num_edges,
            classes=self.num_classes,
            constraint=self.constraint,
        )

    @classmethod
    def build(cls, constraint: Texts, vocabulary: Vocabulary) -> Self:
        """Lift a constraint; see `Constraint.compile`."""
        given: Any = vocabulary
        if not isinstance(given, Vocabulary):
            raise InvalidConstraint(
                "a constraint is compiled for a vocabulary",
                rule="vocabulary",
                value=given,
                remedy="give engine.vocabulary, or cg.Vocabulary.from_tokenizer(...)",
            )
        _ = constraint.cells  # refuses tables that cannot be kept
        automaton = constraint.automaton
        try:
            lifted = Lifted.of(automaton, constraint.placed, vocabulary, constraint.limits)
        except ConstraintTooLarge as error:
            error.path = error.path or grown_part(constraint)
            raise
        return cls(
            vocabulary=vocabulary,
            token_automaton=lifted.token_automaton,
            restriction=lifted.restriction,
            constraint=constraint,
        )

    def narrowed(self, language: Expr, *, remember: bool = True) -> Lifted:
        """The texts of a language that is a part of the constraint's, with the same token positions.

        Args:
            language: the part.
            remember: whether the token automaton goes into the caches in memory and on disk.

        Raises:
            Unsatisfiable: there is no such text.
        """
        constraint = self.constraint
        automaton = to_dfa(language, constraint.limits)
        return Lifted.of(automaton, constraint.placed, self.vocabulary, constraint.limits, remember=remember)

    @cached_property
    def cells(self) -> CompiledCells | None:
        """The cells of its table, if it has one with relations that are kept while generating."""
        inside = self.constraint.cells
        if inside is None:
            return None
        from canvasgen.constraints.compiled.cell_scores import CompiledCells  # torch, only where it is needed

        return CompiledCells(
            inside,
            self.constraint,
            self,
            lambda language: self.narrowed(language, remember=False),
        )

    @cached_property
    def _agreement(self) -> Agreement | None:
        return agreement_in(self.constraint)

    def begin_search(self) -> TableSearch | None:
        """Return what the searches of one answer share; None without a table whose relations are kept."""
        from canvasgen.constraints.compiled.table_search import TableSearch

        return None if self.cells is None else TableSearch(self.cells.table)

    def believe(
        self, posterior: Posterior, prefix: Prefix, budget: Budget, search: TableSearch | None = None
    ) -> Belief:
        """What a step says about a canvas.

        Args:
            posterior: of the canvas's positions within the budget, from `request(prefix, budget)`.
            prefix, budget: where the canvas stands in its text.
            search: of this answer, from `begin_search`; None: a new one.

        Raises:
            Unsatisfiable, BudgetTooSmall, TimeLimit: no values were found for the cells of its table, or its holes.
        """
        from canvasgen.constraints.compiled.agreeing import AgreeingBelief
        from canvasgen.constraints.compiled.belief import ChainBelief  # torch, only where it is needed
        from canvasgen.constraints.compiled.related_belief import RelatedBelief
        from canvasgen.constraints.compiled.table_belief import TableBelief

        if self.cells is not None:
            return TableBelief(posterior, self.cells, prefix, budget, search)
        narrow = partial(self.narrowed, remember=False)
        related = related_in(self.constraint)
        if related is not None:
            whole = self.constraint.expr, self.constraint.automaton
            return RelatedBelief(posterior, related, whole, narrow, self.vocabulary, prefix, budget)
        if self._agreement is None:
            return ChainBelief(posterior)
        return AgreeingBelief(posterior, self._agreement, narrow, self.vocabulary, prefix, budget)
