"""From a constraint's positions to what restricts a canvas: ids at positions, gates on class sets.

fixed   text -> ids (the vocabulary's fewest tokens) at consecutive positions
near    the product automaton with the one that searches the phrase, not minimised: so every token state
        knows whether the phrase has occurred, and the class sets of the edges that complete it, made sets of their
        own, are closed outside the window. As no path completes it twice, that is about the first occurrence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from canvasgen.automata import DEFAULT_LIMITS, DFA, Limits, product_automaton, searcher
from canvasgen.constraints.compiled.places import FixedAt, NearPosition
from canvasgen.constraints.texts import Place
from canvasgen.errors import InvalidConstraint, Unsatisfiable
from canvasgen.inference import Gate, Restriction
from canvasgen.limits import kept
from canvasgen.tokens import TokenAutomaton, cached_lift, factor_states, mark_edges

if TYPE_CHECKING:
    from canvasgen.vocabulary import Vocabulary

__all__ = ["lift_placed"]


@kept(16)
def lift_placed(
    automaton: DFA, places: tuple[Place, ...], vocabulary: Vocabulary, limits: Limits = DEFAULT_LIMITS
) -> tuple[TokenAutomaton, Restriction]:
    """The token automaton of a constraint on positions, and the restriction over its sets; the last 16 are kept.

    Raises:
        InvalidConstraint: a fixed id is outside the vocabulary or no text, or no tokens spell a fixed text.
        Unsatisfiable: two tokens are fixed at one position, or no text at all has what is asked where it is asked.
        ConstraintTooLarge: a limit would be exceeded.
    """
    tokens = _fixed_tokens([place for place in places if isinstance(place, FixedAt)], vocabulary)
    windows: dict[str, tuple[int, int]] = {}
    for place in places:
        if isinstance(place, NearPosition):
            first, last = windows.get(place.content, (place.first, place.last))
            windows[place.content] = max(first, place.first), min(last, place.last)
    for phrase, (first, last) in windows.items():
        if first > last:
            raise Unsatisfiable(
                "a phrase's first occurrence is to be at places that have no position in common",
                rule="near",
                value=phrase,
                remedy="take one of them back, or widen `within`",
            )

    searchers = [searcher(phrase.encode()) for phrase in windows]
    for one in searchers:
        automaton = product_automaton(automaton, one, limits)
    lifted = cached_lift(automaton, vocabulary)
    gates: list[Gate] = []
    if searchers:
        occurred = np.array(
            [factor_states(lifted, vocabulary, one) == one.num_states - 1 for one in searchers]
        )
        completes = occurred[:, lifted.edge_target] & ~occurred[:, lifted.edge_source]
        kinds, kind_of_edge = np.unique(completes, axis=1, return_inverse=True)
        lifted, kind_of_set = mark_edges(lifted, kind_of_edge.reshape(-1).astype(np.int64))
        for completing, (first, last) in zip(kinds[:, kind_of_set], windows.values(), strict=True):
            gates.append(Gate(np.append(completing, [False, False]), first, last))
    restriction = Restriction(lifted, tokens, gates)
    if restriction.distance(0)[lifted.start] < 0:
        raise _nothing_fits(restriction, windows)
    return lifted, restriction


def _fixed_tokens(asked: list[FixedAt], vocabulary: Vocabulary) -> dict[int, int]:
    found: dict[int, int] = {}
    for place in asked:
        for position, token in enumerate(_ids(place, vocabulary), place.position):
            if found.setdefault(position, token) != token:
                raise Unsatisfiable(
                    "two tokens are fixed at one position",
                    path=f"position {position}",
                    rule="fixed",
                    value=(found[position], token),
                    remedy="take one of them back; a fixed text covers as many positions as it has tokens",
                )
    return found


def _ids(place: FixedAt, vocabulary: Vocabulary) -> tuple[int, ...]:
    content, where = place.content, f"position {place.position}"
    if isinstance(content, str):
        ids = vocabulary.spell(content.encode())
        if ids is None:
            raise InvalidConstraint(
                "the vocabulary has no tokens that spell a fixed text",
                path=where,
                rule="fixed",
                value=content,
                remedy="fix another text, or use a vocabulary with a token for every byte",
            )
        return ids
    if not 0 <= content < vocabulary.size:
        raise InvalidConstraint(
            f"a fixed token is none of the vocabulary's {vocabulary.size}",
            path=where,
            rule="fixed",
            value=content,
            remedy=f"use ids from 0 to {vocabulary.size - 1}, or give the text itself",
        )
    if vocabulary.tokens[content] is None:
        raise InvalidConstraint(
            "a fixed token is an end token or another special one, and no text",
            path=where,
            rule="fixed",
            value=content,
            remedy="fix tokens of text; lengths are for other constraints, such as cg.text(max_length=...)",
        )
    return (content,)


def _nothing_fits(restriction: Restriction, windows: dict[str, tuple[int, int]]) -> Unsatisfiable:
    position = restriction.blocked()
    asked = [f"token {token} at position {at}" for at, token in restriction.fixed.items()]
    asked += [f"{phrase!r} at {first} to {last}" for phrase, (first, last) in windows.items()]
    return Unsatisfiable(
        "no text of the constraint has what is asked at its positions",
        path=f"position {position}" if position >= 0 else None,
        rule="fixed" if position in restriction.fixed or not windows else "near",
        value=", ".join(asked),
        remedy="move or take back what stands there, or loosen the rest of the constraint",
    )
