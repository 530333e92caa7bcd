"""`contains` and `excludes`: texts that must, or must not, occur, however they are split into tokens."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from typing_extensions import override

from canvasgen import automata
from canvasgen.automata import ANY_TEXT, Expr
from canvasgen.checks import is_iterable, text_argument, whole_number
from canvasgen.constraints.base import Constraint
from canvasgen.constraints.shown import Hole, Rule, Shown
from canvasgen.errors import ConstraintTooLarge, InvalidConstraint
from canvasgen.notes import Note

MOST_EXCLUDED = 100_000
"""Words that one constraint excludes."""
MOST_WORDS = 24
"""Excluded words that are listed in the prompt."""

__all__ = ["Contains", "Excludes", "contains", "excludes"]


class Contains(Constraint):
    """Texts in which another text occurs often enough, without overlaps (as `str.count` counts)."""

    def __init__(self, content: str, at_least: int) -> None:
        self.content = content
        self.at_least = at_least

    @override
    def _expression(self) -> Expr:
        one = automata.concat(automata.literal(self.content), ANY_TEXT)
        return automata.concat(ANY_TEXT, automata.repeat(one, self.at_least, self.at_least))

    @property
    @override
    def shown(self) -> Shown:
        often = "" if self.at_least == 1 else f" at least {self.at_least} times"
        return Shown((Hole(),), rules=(Rule(f"It contains {self.content!r}{often}."),))

    @override
    def explain(self) -> tuple[Note, ...]:
        return (Note("automaton", f"{self.content!r} occurs at least {self.at_least} times"),)


class Excludes(Constraint):
    """Texts in which none of some texts occurs."""

    def __init__(self, words: tuple[str, ...]) -> None:
        self.words = words

    @override
    def _expression(self) -> Expr:
        words = automata.avoider(word.encode("utf-8") for word in self.words)
        return automata.intersect(ANY_TEXT, automata.from_dfa(words))

    @property
    @override
    def shown(self) -> Shown:
        words = ", ".join(map(repr, self.words[:MOST_WORDS]))
        more = f", and {len(self.words) - MOST_WORDS} others" if len(self.words) > MOST_WORDS else ""
        return Shown((Hole(),), rules=(Rule(f"It does not contain {words}{more}.", of_longer=False),))

    @override
    def explain(self) -> tuple[Note, ...]:
        return (Note("automaton", f"none of {list(self.words)} occurs"),)


def contains(content: str, *, at_least: int = 1) -> Constraint:
    """Return any text in which `content` occurs at least so many times, without overlaps.

    Combine it with a constraint on the rest of the text: `cg.json_schema(Mail) & cg.contains("regards")`.

    Raises:
        InvalidConstraint: it is empty or no string that has UTF-8, or `at_least` is no whole number above zero.
    """
    _check(content, "contains")
    return Contains(content, whole_number(at_least, rule="contains", name="`at_least`", low=1))


def excludes(words: str | Iterable[str]) -> Constraint:
    """Return any text in which none of the words or phrases occurs.

    Combine it with a constraint on the rest of the text: `cg.text() & cg.excludes(["cheap", "best price"])`.

    Raises:
        InvalidConstraint: there is none, or one is empty or no string that has UTF-8.
    """
    given: object = words
    if not is_iterable(given) or isinstance(given, bytes):
        raise InvalidConstraint(
            "`excludes` needs words", rule="excludes", value=given, remedy="give a list of them"
        )
    listed = [given] if isinstance(given, str) else list(islice(given, MOST_EXCLUDED + 1))
    if not listed:
        raise InvalidConstraint("`excludes` needs at least one word", rule="excludes", remedy="give some")
    if len(listed) > MOST_EXCLUDED:
        raise ConstraintTooLarge(
            f"more than {MOST_EXCLUDED} excluded words",
            rule="excludes",
            value=MOST_EXCLUDED,
            remedy="exclude a regular expression that covers them: ~cg.regex(…)",
        )
    for word in listed:
        _check(word, "excludes")
    return Excludes(tuple(dict.fromkeys(listed)))


def _check(word: object, rule: str) -> None:
    text_argument(word, "a non-empty string that has UTF-8 is needed", rule=rule, filled=True)
