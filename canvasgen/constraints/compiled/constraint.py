"""A constraint over a vocabulary: what conditions a canvas, and what scores the cells of its table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Self

from typing_extensions import override

from canvasgen.automata import DEAD, CalledLanguage, Expr, to_dfa
from canvasgen.constraints.agreement import Agreement, agreement_in
from canvasgen.constraints.compiled.called_texts import CalledTexts, called_texts
from canvasgen.constraints.compiled.drafting import Drafting, drafting_of
from canvasgen.constraints.compiled.lifted import Lifted
from canvasgen.constraints.growth import grown_part, least_bytes
from canvasgen.constraints.texts import Texts
from canvasgen.errors import ConstraintTooLarge, InvalidConstraint, Unsatisfiable
from canvasgen.field_relations import FieldMemory, field_relations_in
from canvasgen.limits import limited
from canvasgen.showing import call
from canvasgen.tokens.longest_text import most_tokens
from canvasgen.vocabulary import Vocabulary

if TYPE_CHECKING:
    from canvasgen.constraints.compiled.belief import Belief
    from canvasgen.constraints.compiled.cell_scores import CompiledCells
    from canvasgen.constraints.compiled.related_belief import FieldSearch
    from canvasgen.constraints.compiled.table_search import TableSearch
    from canvasgen.inference import Posterior
    from canvasgen.tokens import Budget, Prefix

__all__ = ["CompiledConstraint", "Leading"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class CompiledConstraint(Lifted):
    """A constraint lifted to the tokens of a vocabulary.

    Attributes:
        constraint: the constraint.
        calls: how it is compiled with calls; None: with copies.
    """

    constraint: Texts
    calls: CalledTexts | None = None

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
    def build(cls, constraint: Texts, vocabulary: Vocabulary, *, leads: bool = True) -> Self:
        """Lift a constraint; see `Constraint.compile`.

        Args:
            constraint: the constraint.
            vocabulary: the vocabulary.
            leads: whether drafts may lead it.
        """
        given: Any = vocabulary
        if not isinstance(given, Vocabulary):
            raise InvalidConstraint(
                "a constraint is compiled for a vocabulary",
                rule="vocabulary",
                value=given,
                remedy="give engine.vocabulary, or cg.Vocabulary.from_tokenizer(...)",
            )
        with limited(constraint.limits):
            _ = constraint.cells  # refuses tables that cannot be kept
            try:
                calls = called_texts(constraint)
                lifted = (
                    None if calls is None else Lifted.calling(calls.language, vocabulary, constraint.limits)
                )
                if lifted is None:
                    calls = None
                    lifted = Lifted.of(constraint.automaton, constraint.placed, vocabulary, constraint.limits)
            except ConstraintTooLarge as error:
                error.path = error.path or grown_part(constraint)
                raise
            made = cls(
                vocabulary=vocabulary,
                token_automaton=lifted.token_automaton,
                restriction=lifted.restriction,
                constraint=constraint,
                calls=calls,
            )
            if leads:
                _ = made.leading  # compiled here: the loop waits for nothing before its first step
            return made

    @property
    def num_bytes(self) -> int:
        """Bytes of the token automaton's arrays, and of what was made for the constraint."""
        return self.token_automaton.num_bytes + self.constraint.held

    @override
    def least_tokens(self, prefix: Prefix) -> int:
        least = 0 if self.calls is not None else least_bytes(self.constraint)
        written = len(self.vocabulary.text_bytes(list(prefix.ids)))
        return max(
            self.fewest_tokens(prefix), -(-(least - written) // max(self.vocabulary.trie.max_depth, 1))
        )

    @property
    def language(self) -> Expr:
        """The texts that are generated; with calls, their frames."""
        return self.constraint.expr if self.calls is None else self.calls.frame

    def options(self, text: str) -> Mapping[str, Mapping[Any, Expr]]:
        """Return the choice-like fields of a text: by field and option, a part of `language`."""
        return self.constraint.options(text) if self.calls is None else self.calls.options(text)

    def has_one_way_on(self, content: bytes) -> bool:
        """Return whether there is one text only that begins so."""
        if self.calls is not None:
            place = self.calls.language.run(content)
            return place is not None and self.calls.language.has_one_way_on(place)
        automaton = self.constraint.automaton
        state = automaton.run(content)
        return state != DEAD and automaton.has_one_way_on(state)

    def fixed_bytes(self, content: bytes) -> int:
        """Return how many bytes stand fast behind a beginning; 0 with calls, where it is not looked for."""
        if self.calls is not None:
            return 0
        automaton = self.constraint.automaton
        state = automaton.run(content)
        return 0 if state == DEAD else automaton.fixed_bytes(state)

    def narrowed(self, language: Expr, *, remember: bool = True) -> Lifted:
        """The texts of a part of `language`, with the same token positions.

        Args:
            language: the part.
            remember: whether the token automaton goes into the caches in memory and on disk.

        Raises:
            Unsatisfiable: there is no such text.
        """
        constraint = self.constraint
        automaton = to_dfa(language, constraint.limits)
        if self.calls is not None and not automaton.is_empty:
            called = CalledLanguage(automaton, self.calls.language.body)
            lifted = Lifted.calling(called, self.vocabulary, constraint.limits)
            assert lifted is not None, "the whole could be lifted"
            return lifted
        return Lifted.of(automaton, constraint.placed, self.vocabulary, constraint.limits, remember=remember)

    @cached_property
    def leading(self) -> Leading | None:
        """How it is led by first drafts; None if it is not."""
        drafting = drafting_of(self.constraint)
        if drafting is None:
            return None
        return Leading(CompiledConstraint.build(drafting.loose, self.vocabulary), drafting)

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
    def most_tokens(self) -> int | None:
        """Tokens within which its longest text can be written (`tokens.longest_text`); None if there is no longest one, and
        with calls, where it is not looked for."""
        return None if self.calls is not None else most_tokens(self.constraint.automaton, self.vocabulary)

    @cached_property
    def _agreement(self) -> Agreement | None:
        return agreement_in(self.constraint)

    @cached_property
    def _fields(self) -> FieldMemory | None:
        """The relations between its fields, as a memory of tokens."""
        relations = field_relations_in(self.constraint)
        return FieldMemory(relations, self.vocabulary) if relations else None

    @property
    def is_searched(self) -> bool:
        """Whether the best canvas of a step is searched for, beside the chain's."""
        return self.cells is not None or self._fields is not None

    def begin_search(self) -> TableSearch | FieldSearch | None:
        """Return what the searches of one answer share; None where nothing is searched for."""
        from canvasgen.constraints.compiled.related_belief import FieldSearch
        from canvasgen.constraints.compiled.table_search import TableSearch

        if self._fields is not None:
            return FieldSearch()
        return None if self.cells is None else TableSearch(self.cells.table)

    def believe(
        self,
        posterior: Posterior,
        prefix: Prefix,
        budget: Budget,
        search: TableSearch | FieldSearch | None = None,
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
        from canvasgen.constraints.compiled.related_belief import FieldSearch, RelatedBelief
        from canvasgen.constraints.compiled.span_belief import SpanBelief, related_in
        from canvasgen.constraints.compiled.table_belief import TableBelief
        from canvasgen.constraints.compiled.table_search import TableSearch

        if self._fields is not None:
            assert not isinstance(search, TableSearch)
            relations = field_relations_in(self.constraint)
            return RelatedBelief(posterior, self._fields, relations, prefix, budget, search)
        assert not isinstance(search, FieldSearch)
        if self.cells is not None:
            return TableBelief(posterior, self.cells, prefix, budget, search)
        narrow = partial(self.narrowed, remember=False)
        related = related_in(self.constraint)
        if related is not None:
            whole = self.constraint.expr, self.constraint.automaton
            return SpanBelief(posterior, related, whole, narrow, self.vocabulary, prefix, budget)
        if self._agreement is None:
            return ChainBelief(posterior)
        return AgreeingBelief(posterior, self._agreement, narrow, self.vocabulary, prefix, budget)


@dataclass(frozen=True)
class Leading:
    """First drafts of a canvas, and the constraint that they lead to.

        loose token automaton ──▶ best canvas ──▶ its text ──▶ the constraint led by it ──▶ token automaton

    The canvases of drafts are conditioned on the loose automaton; none of them is committed. From there on the constraint
    is an ordinary one.

    Attributes:
        loose: the texts that are drafted.
        drafting: how a draft leads.
    """

    loose: CompiledConstraint
    drafting: Drafting

    def led(self, text: str, prefix: Prefix, budget: Budget) -> tuple[CompiledConstraint, Prefix] | None:
        """Return the constraint that a draft leads to, and what is written as the beginning of its texts.

        Args:
            text: what is written, and the draft of what follows.
            prefix, budget: what is written, and the tokens that are left.

        Returns:
            None if no automaton is small enough, or none of its texts goes on from what is written within the budget.
        """
        try:
            made = CompiledConstraint.build(self.drafting.led([text]), self.loose.vocabulary, leads=False)
        except (ConstraintTooLarge, Unsatisfiable):
            return None
        begun = made.prefix(prefix.ids)
        if begun is None or not 0 <= made.fewest_tokens(begun) <= budget.here + budget.after:
            return None
        return made, begun
