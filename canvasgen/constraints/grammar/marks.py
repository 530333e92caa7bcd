"""Leaves that depend on more than their own bytes: terminals that look around, and constraints with a validator.

Such a leaf is between two *words* of bytes that UTF-8 never uses, so the automaton of the grammar knows where it begins
and ends. Terminals that look around are resolved in the automaton: the texts with a terminal at a place where it does not
match are removed from the marked language, then its words are erased. To find those texts, one terminal at a time is in
*focus*, between two separate bytes: a byte for any of many would need a state for each set of them. A constraint with
a validator keeps its words in the marked automaton, with which `validated` tries every way to read a text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count, product

from canvasgen.automata import (
    ANY_CHARACTER,
    ANY_TEXT,
    DEAD,
    DFA,
    EPSILON,
    Expr,
    byte_set,
    concat,
    difference,
    from_dfa,
    intersect,
    literal,
    optional,
    repeat,
    substitute,
    to_dfa,
    union,
    with_loops,
)
from canvasgen.automata.private_bytes import (
    CUT_BAR,
    FOCUS_CLOSE,
    FOCUS_OPEN,
    LOOK_AROUND_LETTERS,
    VALIDATOR_LETTERS,
)
from canvasgen.constraints.base import Constraint
from canvasgen.errors import ConstraintTooLarge

__all__ = ["MOST_MARKED", "Marks"]

_WORD = 3
"""Bytes of a word."""
MOST_MARKED = len(LOOK_AROUND_LETTERS) ** _WORD // 2
"""Most terminals that look around, and most constraints with a validator."""


_open, _close = literal(bytes((FOCUS_OPEN,))), literal(bytes((FOCUS_CLOSE,)))
_before, _behind = optional(_open), optional(_close)
_around = union(ANY_CHARACTER, byte_set([(byte, byte) for byte in LOOK_AROUND_LETTERS + VALIDATOR_LETTERS]))
"""Anything but the bytes of focus."""


def _words(alphabet: bytes) -> list[bytes]:
    return [bytes(word) for word in product(alphabet, repeat=_WORD)]


_LOOKING_WORDS, _VALIDATED_WORDS = _words(LOOK_AROUND_LETTERS), _words(VALIDATOR_LETTERS)


@dataclass(slots=True)
class Marks:
    """The marked leaves of one grammar.

    Attributes:
        wrong: of each terminal that looks around, by its number, the texts with words in which the one in focus does
            not match.
        validators: the constraints that validate the texts between their words.
    """

    wrong: dict[int, Expr] = field(default_factory=dict[int, Expr])
    validators: list[Constraint] = field(default_factory=list[Constraint])

    def look(self, body: Expr, cut: Expr) -> Expr:
        """Return a terminal that looks around as a leaf.

        Args:
            body: contains every text that it matches anywhere.
            cut: the texts `u|x|v`, the bar the byte `CUT_BAR`, with x what it matches between u and v.
        """
        at = next(number for number in count() if number not in self.wrong)
        _check(at, "terminals that look around at what stands beside them")
        self.wrong[at] = _wrong(cut, *_pair(_LOOKING_WORDS, at))
        return concat(_before, _marked(_LOOKING_WORDS, at, body), _behind)

    def validate(self, constraint: Constraint) -> Expr:
        """Return a constraint with a validator as a leaf."""
        _check(len(self.validators), "schemas in one grammar")
        self.validators.append(constraint)
        return _marked(_VALIDATED_WORDS, len(self.validators) - 1, constraint.expr)

    def resolve(self, marked: Expr) -> Expr:
        """Return the texts in which every terminal that looks around matches at its place, without its words."""
        if not self.wrong:
            return marked
        focus: dict[int, Expr] = {FOCUS_OPEN: EPSILON, FOCUS_CLOSE: EPSILON}
        wrong = (substitute(intersect(marked, each), focus) for each in self.wrong.values())
        resolved = difference(intersect(marked, repeat(_around)), union(*wrong))
        return substitute(resolved, dict.fromkeys(LOOK_AROUND_LETTERS, EPSILON))

    def erase(self, marked: Expr) -> Expr:
        """Return a resolved language without words."""
        return substitute(marked, dict.fromkeys(VALIDATOR_LETTERS, EPSILON)) if self.validators else marked

    def validated(self, marked: DFA, text: str) -> bool:
        """Return whether there is a way to read the text in which every constraint accepts its part."""
        pairs = [_pair(_VALIDATED_WORDS, at) for at in range(len(self.validators))]
        verdicts: dict[tuple[int, int, int], bool] = {}

        def accepts(leaf: int, start: int, stop: int) -> bool:
            key = leaf, start, stop
            if key not in verdicts:
                verdicts[key] = self.validators[leaf].matches(text[start:stop])
            return verdicts[key]

        def moves(states: set[tuple[int, int, int]], at: int) -> set[tuple[int, int, int]]:
            """Return states with the number and the start of the open leaf (−1: none), after all words at this place."""
            found, waiting = set(states), list(states)
            while waiting:
                state, leaf, start = waiting.pop()
                if leaf >= 0:
                    after = marked.run(pairs[leaf][1], state)
                    nexts = [(after, -1, -1)] if after != DEAD and accepts(leaf, start, at) else []
                else:
                    opened = ((marked.run(pair[0], state), k) for k, pair in enumerate(pairs))
                    nexts = [(after, k, at) for after, k in opened if after != DEAD]
                waiting += [each for each in nexts if each not in found]
                found.update(nexts)
            return found

        states = moves({(0, -1, -1)}, 0)
        for at, letter in enumerate(text):
            bytes_ = letter.encode("utf-8", "surrogatepass")
            stepped = {(marked.run(bytes_, state), leaf, start) for state, leaf, start in states}
            states = moves({each for each in stepped if each[0] != DEAD}, at + 1)
        return any(leaf < 0 and bool(marked.accepting[state]) for state, leaf, _ in states)


def _pair(words: list[bytes], at: int) -> tuple[bytes, bytes]:
    return words[2 * at], words[2 * at + 1]


def _marked(words: list[bytes], at: int, body: Expr) -> Expr:
    first, last = _pair(words, at)
    return concat(literal(first), body, literal(last))


def _check(count: int, what: str) -> None:
    if count >= MOST_MARKED:
        raise ConstraintTooLarge(
            f"more than {MOST_MARKED} {what}",
            path=f"number {count + 1}",
            rule="marked leaves",
            value=count,
            remedy="write fewer of them, or let rules share them",
        )


def _wrong(cut: Expr, opening: bytes, closing: bytes) -> Expr:
    """Return the texts with words in which the part in focus, between these two, does not match at its place."""
    apart = concat(ANY_TEXT, _open, ANY_TEXT, _close, ANY_TEXT)
    holds = intersect(substitute(cut, {CUT_BAR: union(_open, _close)}), apart)
    wrong = from_dfa(with_loops(to_dfa(difference(apart, holds)), LOOK_AROUND_LETTERS + VALIDATOR_LETTERS))
    around = repeat(_around)
    alone = intersect(wrong, concat(around, _open, ANY_TEXT, _close, around))
    return substitute(
        alone, {FOCUS_OPEN: bytes((FOCUS_OPEN,)) + opening, FOCUS_CLOSE: closing + bytes((FOCUS_CLOSE,))}
    )
