"""Leaves whose meaning is more than their own text: terminals that look around, and constraints with a judge.

Such a leaf stands between two *words* of bytes that UTF-8 never uses, so the automaton of the grammar tells
where it begins and ends. A terminal that looks around is settled at once: from the marked language every text is
taken in which the terminal stands where it does not match, then its words are erased. To find those, one
terminal at a time is in *focus*, between two bytes of their own: a byte for any of many would take a state for each
set of them. A constraint with a
validator's part keeps its words in the marked automaton, with which `judged` finds every way to read a text.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product

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
"""Most terminals that look around, and most constraints with a judge."""


_open, _close = literal(bytes((FOCUS_OPEN,))), literal(bytes((FOCUS_CLOSE,)))
_before, _behind = optional(_open), optional(_close)
_around = union(ANY_CHARACTER, byte_set([(byte, byte) for byte in LOOK_AROUND_LETTERS + VALIDATOR_LETTERS]))
"""Anything but the bytes of focus."""


def _words(alphabet: bytes) -> list[bytes]:
    return [bytes(word) for word in product(alphabet, repeat=_WORD)]


_LOOKING_WORDS, _JUDGED_WORDS = _words(LOOK_AROUND_LETTERS), _words(VALIDATOR_LETTERS)


@dataclass(slots=True)
class Marks:
    """The marked leaves of one grammar.

    Attributes:
        wrong: of each terminal that looks around, the texts with words in which the one in focus does not match.
        judges: the constraints that judge the texts between their words.
    """

    wrong: list[Expr] = field(default_factory=list[Expr])
    judges: list[Constraint] = field(default_factory=list[Constraint])

    def look(self, body: Expr, cut: Expr) -> Expr:
        """A terminal that looks around, as a leaf.

        Args:
            body: contains every text that it matches anywhere.
            cut: the texts `u|x|v`, the bar the byte `CUT_BAR`, with x what it matches between u and v.
        """
        at = len(self.wrong)
        _check(at, "terminals that look around at what stands beside them")
        self.wrong.append(_wrong(cut, *_pair(_LOOKING_WORDS, at)))
        return concat(_before, _marked(_LOOKING_WORDS, at, body), _behind)

    def judge(self, constraint: Constraint) -> Expr:
        """A constraint with a validator's part, as a leaf."""
        _check(len(self.judges), "schemas in one grammar")
        self.judges.append(constraint)
        return _marked(_JUDGED_WORDS, len(self.judges) - 1, constraint.expr)

    def settle(self, marked: Expr) -> Expr:
        """The texts in which every terminal that looks around matches where it stands; its words erased."""
        if not self.wrong:
            return marked
        focus: dict[int, Expr] = {FOCUS_OPEN: EPSILON, FOCUS_CLOSE: EPSILON}
        wrong = (substitute(intersect(marked, each), focus) for each in self.wrong)
        settled = difference(intersect(marked, repeat(_around)), union(*wrong))
        return substitute(settled, dict.fromkeys(LOOK_AROUND_LETTERS, EPSILON))

    def erase(self, marked: Expr) -> Expr:
        """A settled language without words."""
        return substitute(marked, dict.fromkeys(VALIDATOR_LETTERS, EPSILON)) if self.judges else marked

    def judged(self, marked: DFA, text: str) -> bool:
        """Whether there is a way to read the text in which every constraint accepts its part."""
        pairs = [_pair(_JUDGED_WORDS, at) for at in range(len(self.judges))]
        verdicts: dict[tuple[int, int, int], bool] = {}

        def accepts(judge: int, start: int, stop: int) -> bool:
            key = judge, start, stop
            if key not in verdicts:
                verdicts[key] = self.judges[judge].matches(text[start:stop])
            return verdicts[key]

        def moves(states: set[tuple[int, int, int]], at: int) -> set[tuple[int, int, int]]:
            """States with the judge and the start of the leaf that is open (−1: none), all words read here."""
            found, waiting = set(states), list(states)
            while waiting:
                state, judge, start = waiting.pop()
                if judge >= 0:
                    after = marked.run(pairs[judge][1], state)
                    nexts = [(after, -1, -1)] if after != DEAD and accepts(judge, start, at) else []
                else:
                    opened = ((marked.run(pair[0], state), k) for k, pair in enumerate(pairs))
                    nexts = [(after, k, at) for after, k in opened if after != DEAD]
                waiting += [each for each in nexts if each not in found]
                found.update(nexts)
            return found

        states = moves({(0, -1, -1)}, 0)
        for at, letter in enumerate(text):
            bytes_ = letter.encode("utf-8", "surrogatepass")
            stepped = {(marked.run(bytes_, state), judge, start) for state, judge, start in states}
            states = moves({each for each in stepped if each[0] != DEAD}, at + 1)
        return any(judge < 0 and bool(marked.accepting[state]) for state, judge, _ in states)


def _pair(words: list[bytes], at: int) -> tuple[bytes, bytes]:
    return words[2 * at], words[2 * at + 1]


def _marked(words: list[bytes], at: int, body: Expr) -> Expr:
    first, last = _pair(words, at)
    return concat(literal(first), body, literal(last))


def _check(count: int, what: str) -> None:
    if count >= MOST_MARKED:
        raise ConstraintTooLarge(f"more than {MOST_MARKED} {what}", rule="marked leaves", value=count)


def _wrong(cut: Expr, opening: bytes, closing: bytes) -> Expr:
    """The texts with words in which the part in focus, between these two, does not match where it stands."""
    apart = concat(ANY_TEXT, _open, ANY_TEXT, _close, ANY_TEXT)
    holds = intersect(substitute(cut, {CUT_BAR: union(_open, _close)}), apart)
    wrong = from_dfa(with_loops(to_dfa(difference(apart, holds)), LOOK_AROUND_LETTERS + VALIDATOR_LETTERS))
    around = repeat(_around)
    alone = intersect(wrong, concat(around, _open, ANY_TEXT, _close, around))
    return substitute(
        alone, {FOCUS_OPEN: bytes((FOCUS_OPEN,)) + opening, FOCUS_CLOSE: closing + bytes((FOCUS_CLOSE,))}
    )
