"""Texts over a vocabulary: a token automaton, and what restricts its positions, ready to condition a canvas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from canvasgen.automata import DEAD, DFA, CalledLanguage, Limits
from canvasgen.checks import invalid, is_iterable, whole_number
from canvasgen.constraints.texts import Placed
from canvasgen.errors import Unsatisfiable
from canvasgen.limits import bytes_left
from canvasgen.tokens import (
    Budget,
    CalledAutomaton,
    Prefix,
    TokenAutomaton,
    TokenLimits,
    cached_lift,
    lift,
    lift_frame,
    linked,
)

if TYPE_CHECKING:
    from canvasgen.inference import Posterior, Request, Restriction
    from canvasgen.vocabulary import Vocabulary

__all__ = ["Lifted"]


@dataclass(frozen=True, eq=False)
class Lifted:
    """Texts lifted to the tokens of a vocabulary.

    Attributes:
        vocabulary: the vocabulary.
        token_automaton: classes, sets and edges (every state is reachable and can reach the end).
        restriction: what is said of token positions, over the automaton's sets; None if nothing.
    """

    vocabulary: Vocabulary
    token_automaton: TokenAutomaton | CalledAutomaton
    restriction: Restriction | None = None

    @classmethod
    def of(
        cls, automaton: DFA, placed: Placed, vocabulary: Vocabulary, limits: Limits, *, remember: bool = True
    ) -> Self:
        """Lift the texts of a byte automaton.

        Args:
            automaton: the texts.
            placed: what is said of their token positions.
            vocabulary: the vocabulary.
            limits: what the automata may need.
            remember: whether the token automaton goes into the caches in memory and on disk.

        Raises:
            Unsatisfiable: there is no text, or none with what is asked at its positions.
            InvalidConstraint: tokens are fixed that the vocabulary does not have as text.
            ConstraintTooLarge: a limit would be exceeded.
        """
        if automaton.is_empty:
            raise Unsatisfiable(
                "no text satisfies the constraint",
                rule="automaton",
                remedy="look for parts that contradict each other, or for characters without UTF-8",
            )
        if not placed.places:
            most = TokenLimits.within(int(min(limits.max_bytes, bytes_left())))
            if remember:
                return cls(vocabulary, cached_lift(automaton, vocabulary, limits=most))
            return cls(vocabulary, lift(automaton, vocabulary, most))
        from canvasgen.constraints.compiled.placement import lift_placed  # torch, only where it is needed

        return cls(vocabulary, *lift_placed(automaton, placed.places, vocabulary, limits))

    @classmethod
    def calling(cls, language: CalledLanguage, vocabulary: Vocabulary, limits: Limits) -> Self | None:
        """Lift texts with calls; None if the vocabulary has no token for some byte, so that borders of tokens cannot be
        anywhere.

        Raises:
            Unsatisfiable, ConstraintTooLarge: as `of`.
        """
        if not language.used_bytes <= vocabulary.single_bytes:
            return None
        most = TokenLimits.within(int(min(limits.max_bytes, bytes_left())))
        body = cached_lift(language.body, vocabulary, limits=most)
        frame, number = lift_frame(language.own, language.calls, vocabulary, most)
        calls = [(int(number[before]), int(number[behind])) for before, behind in language.calls]
        kept = [call for call in calls if min(call) >= 0]
        return cls(vocabulary, linked(frame, body, kept) if kept else frame)

    @property
    def num_states(self) -> int:
        """States of the token automaton whose edges are kept: those of what is called count once."""
        automaton = self.token_automaton
        return automaton.num_states if isinstance(automaton, TokenAutomaton) else automaton.stored_states

    @property
    def num_edges(self) -> int:
        """Pairs (source, target) that some token connects."""
        return self.token_automaton.num_edges

    @property
    def num_classes(self) -> int:
        """Classes of tokens that act alike on every state."""
        return self.token_automaton.num_classes

    @property
    def shortest_tokens(self) -> int:
        """Fewest tokens of any complete text (without an end token)."""
        return self.fewest_tokens(Prefix())

    def fewest_tokens(self, prefix: Prefix, *, at_least_one: bool = False) -> int:
        """Fewest tokens from what is written to the end of the text, or to one behind at least one more; -1: none."""
        automaton, restriction = self.token_automaton, self.restriction
        at = automaton.start if prefix.state is None else prefix.state
        count = len(prefix)
        if not at_least_one:
            return int((automaton.distance if restriction is None else restriction.distance(count))[at])
        if restriction is None:
            found = automaton.distance[automaton.targets(at)]
        else:
            found = restriction.distance(count + 1)[restriction.targets(at, count)]
        return 1 + int(found[found >= 0].min()) if (found >= 0).any() else -1

    def least_tokens(self, prefix: Prefix) -> int:
        """Tokens that any text still has from what is written to its end, or more: a lower bound, for errors."""
        return self.fewest_tokens(prefix)

    def prefix(self, ids: Sequence[int]) -> Prefix | None:
        """Token ids as the beginning of a text; None if no text begins with them, at these positions."""
        if not ids:
            return Prefix()
        automaton = self.token_automaton
        if self.restriction is None:
            state = automaton.run(ids)
            return None if state in (DEAD, automaton.ended) else Prefix(tuple(ids), state)
        state = self.restriction.run(ids)
        if state < 0 or self.restriction.distance(len(ids))[state] < 0:
            return None
        return Prefix(tuple(ids), state)

    def advance(self, ids: Sequence[int], state: int | None = None, *, offset: int = 0) -> int:
        """Return the state after more tokens of a text; no logits are needed.

        Args:
            ids: tokens of text, at most one end token, then anything.
            state: before them, from here or from `Posterior.end_state`; None: the start of the text.
            offset: tokens of the text before them; matters to `fixed` and `near` alone.

        Returns:
            A state, for `condition(…, state=…)`; the one past the last after an end token.

        Raises:
            Unsatisfiable: no text goes on like this; names the first token that cannot stand.
            InvalidConstraint: a state or a token that does not exist.
        """
        automaton, restriction = self.token_automaton, self.restriction
        at = automaton.start if state is None else whole_number(state, rule="state", high=automaton.ended)
        offset = whole_number(offset, rule="offset")
        self._check_state(state, offset)
        given: object = ids
        if not is_iterable(given):
            raise invalid(
                "ids are a list of token ids",
                "ids",
                given,
                "give a list of whole numbers, as the tokenizer makes them",
            )
        size = self.vocabulary.size
        for position, one in enumerate(given):
            token = whole_number(one, rule="ids", high=size - 1)
            if at == automaton.ended:
                break
            if restriction is None:
                at = automaton.run([token], at)
            elif token not in self.vocabulary.end_ids:
                at = restriction.step(at, offset + position, token)
            else:
                at = automaton.ended if restriction.distance(offset + position)[at] == 0 else DEAD
            if at == DEAD:
                raise Unsatisfiable(
                    "no text goes on with this token",
                    path=f"token {position}",
                    rule="advance",
                    value=token,
                    remedy="give tokens that a canvas of this constraint held, from its state on",
                )
        return at

    def accepts(self, ids: Sequence[int]) -> bool:
        """True if the ids spell a complete text: its tokens, at most one end token, then anything.

        The only place where what a constraint says of token positions is checked on finished ids.

        Raises:
            InvalidConstraint: they are no ids of the vocabulary.
        """
        try:
            return (self.token_automaton if self.restriction is None else self.restriction).accepts(ids)
        except (IndexError, TypeError) as error:
            raise invalid(
                f"ids are whole numbers below {self.vocabulary.size}",
                "ids",
                ids,
                "encode the text with the tokenizer of this vocabulary",
            ) from error

    def condition(
        self,
        logits: Any,
        *,
        fixed: Mapping[int, int] | None = None,
        state: int | None = None,
        remaining: int = 0,
        offset: int = 0,
        backend: str = "auto",
    ) -> Posterior:
        """The distribution of a canvas given that it is valid.

        Args:
            logits: [L, V] float32, torch or numpy; or a posterior of the same logits under another constraint,
                which spares most of the reading if this one's texts are written with tokens of that one's.
            fixed: {position: token id} for positions that are given.
            state: the state carried over from the block before; None at the start of the text. `fixed` and `near` are
                not looked up in the tokens before this canvas, which are not given here: `prefix` checks them.
            remaining: tokens of budget after this canvas; 0 if the canvas must hold the whole rest of the
                text.
            offset: tokens of the text before this canvas; matters to `fixed` and `near` alone.
            backend: the name of a backend, or `auto`: chosen by the device of the logits.

        Raises:
            ModelError: NaN or +inf among the logits.
            InvalidConstraint: `state` is not one that `offset` tokens within `fixed` and `near` lead to.
            Unsatisfiable, BudgetTooSmall: no valid canvas.
        """
        from canvasgen.inference import condition  # torch, only where it is needed

        self._check_state(state, offset)
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

    def _check_state(self, state: int | None, offset: int) -> None:
        restriction, ended = self.restriction, self.token_automaton.ended
        if restriction is None or state is None:
            return
        state, offset = whole_number(state, rule="state", high=ended), whole_number(offset, rule="offset")
        if state != ended and not restriction.reached(offset)[state]:
            raise invalid(
                f"no {offset} tokens that keep to `fixed` and `near` lead to this state",
                "state",
                state,
                "give the number of tokens before the canvas as offset=, and check them with prefix(ids)",
            )

    def condition_block(self, posterior: Posterior, prefix: Prefix, budget: Budget) -> Posterior:
        """`condition` for a canvas of a longer text, from another constraint's posterior of the same logits."""
        return self.condition(posterior, state=prefix.state, remaining=budget.after, offset=len(prefix))

    def request(self, prefix: Prefix, budget: Budget) -> Request:
        """`condition` for a canvas of a longer text, as one row of `condition_batch`."""
        from canvasgen.inference import Request  # torch, only where it is needed

        return Request(
            self.token_automaton,
            end_ids=self.vocabulary.end_ids,
            pad_id=self.vocabulary.pad_id,
            state=prefix.state,
            remaining=budget.after,
            restriction=self.restriction,
            offset=len(prefix),
            length=budget.here,
        )
