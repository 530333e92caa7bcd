"""Constraints made by hand from byte automata: what the loop needs of a `CompiledConstraint`, and no more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from canvasgen.automata import DFA, Expr, to_dfa
from canvasgen.errors import ValidationFailed
from canvasgen.inference import condition
from canvasgen.tokens import TokenAutomaton, lift
from canvasgen.vocabulary import Vocabulary


@dataclass(frozen=True)
class Texts:
    automaton: DFA

    def validate(self, text):
        if not self.automaton.accepts(text.encode()):
            raise ValidationFailed("not in the language")

    def parse(self, text):
        return ("parsed", text)


@dataclass(frozen=True, eq=False)
class Compiled:
    constraint: Texts
    vocabulary: Vocabulary
    token_automaton: TokenAutomaton
    joint = None

    @property
    def shortest_tokens(self) -> int:
        return self.token_automaton.shortest_tokens

    def fewest_tokens(self, state: int | None, written: int) -> int:
        return int(self.token_automaton.distance[self.token_automaton.start if state is None else state])

    def condition(self, logits: Any, *, state=None, remaining=0, offset=0):
        return condition(
            self.token_automaton,
            logits,
            state=state,
            remaining=remaining,
            end_ids=self.vocabulary.end_ids,
            pad_id=self.vocabulary.pad_id,
        )


def compiled(expr: Expr, vocabulary: Vocabulary) -> Compiled:
    dfa = to_dfa(expr)
    return Compiled(Texts(dfa), vocabulary, lift(dfa, vocabulary))
