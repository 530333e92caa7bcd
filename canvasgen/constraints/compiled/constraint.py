"""A constraint over a vocabulary: the token automaton, ready to condition a canvas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from canvasgen.constraints.base import Constraint
from canvasgen.errors import Unsatisfiable

if TYPE_CHECKING:
    from canvasgen.constraints.compiled.cells import Joint
    from canvasgen.inference import Posterior, Restriction
    from canvasgen.tokens import TokenAutomaton
    from canvasgen.vocabulary import Vocabulary

__all__ = ["CompiledConstraint"]


@dataclass(frozen=True, eq=False)
class CompiledConstraint:
    """A constraint lifted to the tokens of a vocabulary.

    Attributes:
        constraint: the constraint.
        vocabulary: the vocabulary.
        token_automaton: classes, sets and edges (every state is reachable and can reach the end).
        restriction: what the constraint says of token positions, over the automaton's sets; None if nothing.
    """

    constraint: Constraint
    vocabulary: Vocabulary
    token_automaton: TokenAutomaton
    restriction: Restriction | None = None

    @cached_property
    def joint(self) -> Joint | None:
        """The cells of its table, if it has one with relations that are kept while generating."""
        from canvasgen.constraints.compiled.cells import Joint

        table = self.constraint.table
        return None if table is None else Joint(self.constraint, table, self.token_automaton, self.vocabulary)

    @classmethod
    def build(
        cls, constraint: Constraint, vocabulary: Vocabulary, *, remember: bool = True
    ) -> CompiledConstraint:
        """Lift a constraint; see `Constraint.compile`.

        Args:
            constraint: the constraint.
            vocabulary: the vocabulary.
            remember: whether the token automaton goes into the caches in memory and on disk.
        """
        from canvasgen.tokens import cached_lift, lift

        _ = constraint.table  # refuses tables that cannot be kept
        automaton = constraint.automaton
        if automaton.is_empty:
            raise Unsatisfiable("no text satisfies the constraint", rule=type(constraint).__name__)
        if not constraint.positions:
            return cls(constraint, vocabulary, (cached_lift if remember else lift)(automaton, vocabulary))
        from canvasgen.constraints.compiled.placement import placed

        return cls(
            constraint, vocabulary, *placed(automaton, constraint.positions, vocabulary, constraint.limits)
        )

    @property
    def num_states(self) -> int:
        """States of the token automaton."""
        return self.token_automaton.num_states

    @property
    def num_edges(self) -> int:
        """Pairs (source, target) that some token connects."""
        return len(self.token_automaton.edge_source)

    @property
    def num_classes(self) -> int:
        """Classes of tokens that act alike on every state."""
        return self.token_automaton.num_classes

    @property
    def shortest_tokens(self) -> int:
        """Fewest tokens of any complete text (without an end token)."""
        return self.fewest_tokens(None, 0)

    def fewest_tokens(self, state: int | None, written: int) -> int:
        """Fewest tokens from a state (None: the start) to the end of the text, `written` tokens standing before it."""
        automaton = self.token_automaton
        at = automaton.start if state is None else state
        distance = automaton.distance if self.restriction is None else self.restriction.distance(written)
        return int(distance[at])

    def accepts(self, ids: Sequence[int]) -> bool:
        """True if the ids spell a complete text: its tokens, at most one end token, then anything.

        The only place where what a constraint says of token positions is checked on finished ids.
        """
        if self.restriction is None:
            return self.token_automaton.accepts(ids)
        return self.restriction.accepts(ids)

    def condition(
        self,
        logits: Any,
        *,
        fixed: Mapping[int, int] | None = None,
        state: int | None = None,
        remaining: int = 0,
        offset: int = 0,
        backend: Literal["auto", "numba", "torch"] = "auto",
    ) -> Posterior:
        """The distribution of a canvas given that it is valid.

        Args:
            logits: [L, V] float32, torch or numpy; or a posterior of the same logits under another constraint,
                which spares most of the reading if this one's texts are written with tokens of that one's.
            fixed: {position: token id} for positions that are given.
            state: the state carried over from the block before; None at the start of the text.
            remaining: tokens of budget after this canvas; 0 if the canvas must hold the whole rest of the
                text.
            offset: tokens of the text before this canvas; matters to `fixed` and `near` alone.
            backend: `auto`, `numba` or `torch`.

        Raises:
            ModelError: NaN or +inf among the logits.
            Unsatisfiable, BudgetTooSmall: no valid canvas.
        """
        from canvasgen.inference import condition

        return condition(
            self.token_automaton,
            logits,
            fixed=fixed,
            state=state,
            remaining=remaining,
            restriction=self.restriction,
            offset=offset,
            end_ids=self.vocabulary.end_ids,
            pad_id=self.vocabulary.pad_id,
            backend=backend,
        )
