"""Constraints made by hand from byte automata: what the loop needs of a `CompiledConstraint`, and no more."""

from __future__ import annotations

from dataclasses import dataclass

from canvasgen.automata import DEAD, DFA, Expr, to_dfa
from canvasgen.constraints.compiled.belief import ChainBelief
from canvasgen.constraints.compiled.lifted import Lifted
from canvasgen.errors import ValidationFailed
from canvasgen.tokens import lift
from canvasgen.vocabulary import Vocabulary


@dataclass(frozen=True)
class Texts:
    automaton: DFA

    def validate(self, text):
        if not self.automaton.accepts(text.encode()):
            raise ValidationFailed("not in the language")

    def parse(self, text):
        return ("parsed", text)


@dataclass(frozen=True, eq=False, kw_only=True)
class Compiled(Lifted):
    constraint: Texts
    cells = None
    leading = None
    calls = None

    is_searched = False

    def has_one_way_on(self, content):
        state = self.constraint.automaton.run(content)
        return state != DEAD and self.constraint.automaton.has_one_way_on(state)

    def fixed_bytes(self, content):
        state = self.constraint.automaton.run(content)
        return 0 if state == DEAD else self.constraint.automaton.fixed_bytes(state)

    def begin_search(self):
        return None

    def believe(self, posterior, prefix, budget, search=None):
        return ChainBelief(posterior)


def compiled(expr: Expr, vocabulary: Vocabulary) -> Compiled:
    dfa = to_dfa(expr)
    return Compiled(constraint=Texts(dfa), vocabulary=vocabulary, token_automaton=lift(dfa, vocabulary))
