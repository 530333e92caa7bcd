"""`Texts`: a set of texts with an exact automaton, a validator's part, and a way to read a text back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from canvasgen.automata import DEAD, DEFAULT_LIMITS, DFA, Expr, Limits, to_dfa
from canvasgen.constraints.cells import Cells
from canvasgen.constraints.shown import UNKNOWN, Shown
from canvasgen.errors import ValidationFailed
from canvasgen.notes import Note

__all__ = ["NOWHERE", "Place", "Placed", "Texts", "as_bytes"]


class Place:
    """What a constraint says of token positions; see `constraints.positions`."""


@dataclass(frozen=True)
class Placed:
    """All that a constraint says of token positions; `matches`, which sees the text alone, leaves it out.

    Attributes:
        places: each thing that is said.
        ends_inside: whether they say where the constraint's own texts end, so that more may follow behind them.
    """

    places: tuple[Place, ...] = ()
    ends_inside: bool = False

    def __and__(self, other: Placed) -> Placed:
        """What both say, of the same texts."""
        return Placed(self.places + other.places)


NOWHERE = Placed()
"""Nothing."""


def as_bytes(text: str | bytes) -> bytes | None:
    """The UTF-8 bytes of a text; None if it has none (a lone surrogate)."""
    if isinstance(text, bytes):
        return text
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        return None


class Texts(ABC):
    """A set of texts.

    A text belongs to it if the byte automaton accepts it *and* the validator's part (`validate`) does; for
    most constraints the automaton is everything. Where the texts are more than a finite automaton of sane size
    holds (nested JSON), `_recognises` decides them, the automaton generates a subset, and `explain` says what
    is left out. Subclasses give `_expression` and, where there is more to it, `_judge`, `parse` and `explain`.

    Laws (tests/constraints): what `matches` accepts, `validate` accepts and `parse` reads; each combinator keeps what
    its parts show, read, place and relate.
    """

    limits: Limits = DEFAULT_LIMITS

    @abstractmethod
    def _expression(self) -> Expr:
        """The regular expression over bytes; called once."""

    @cached_property
    def expr(self) -> Expr:
        """The regular expression over bytes whose language contains every text of the constraint."""
        return self._expression()

    @cached_property
    def automaton(self) -> DFA:
        """The minimal byte automaton of `expr`.

        Raises:
            ConstraintTooLarge: it would exceed `limits`.
        """
        return to_dfa(self.expr, self.limits)

    @property
    def placed(self) -> Placed:
        """What it says of token positions."""
        return NOWHERE

    @property
    def shown(self) -> Shown:
        """What a model is told of it, and the text that its canvas starts from."""
        return UNKNOWN

    @property
    def cells(self) -> Cells | None:
        """The cells of the table inside of it, if they have relations that are kept while generating.

        Raises:
            UnsupportedConstraint: there are several tables, or one stands where its cells could occur twice or not at all.
        """
        return None

    @property
    def has_value(self) -> bool:
        """True if `parse` makes more of a text than the text itself."""
        return False

    @property
    def has_validator(self) -> bool:
        """True if `validate` may refuse a text that the automaton accepts."""
        return False

    def _recognises(self, data: bytes) -> bool:
        """Whether the bytes are a text of the constraint, the validator's part apart."""
        return self.automaton.accepts(data)

    def _judge(self, text: str) -> None:  # noqa: B027 (most constraints have no validator's part)
        """The validator's part, on a text that the automaton accepts; raises ValidationFailed."""

    def validate(self, text: str | bytes) -> None:
        """Raise ValidationFailed, with the reason, unless the text belongs to the constraint."""
        data = as_bytes(text)
        if data is None or not self._recognises(data):
            raise ValidationFailed(
                "the text is not in the constraint's language", rule="automaton", value=text
            )
        if self.has_validator:
            self._judge(data.decode("utf-8"))

    def ends(self, text: str, start: int) -> list[int]:
        """Where texts of the constraint that begin at a place of a longer text end, in increasing order."""
        dfa, state = self.automaton, 0
        found: list[int] = [start] if dfa.accepting[0] else []
        for at in range(start, len(text)):
            state = dfa.run(text[at].encode("utf-8", "surrogatepass"), state)
            if state == DEAD:
                break
            if dfa.accepting[state]:
                found.append(at + 1)
        if self.has_validator:
            found = [stop for stop in found if self.matches(text[start:stop])]
        return found

    def matches(self, text: str | bytes) -> bool:
        """True if the whole text belongs to the constraint: automaton and validator's part."""
        try:
            self.validate(text)
        except ValidationFailed:
            return False
        return True

    def parse(self, text: str) -> Any:
        """The value that a matching text stands for; the text itself unless the constraint says otherwise."""
        return text

    def options(self, text: str) -> Mapping[str, Mapping[Any, Expr]]:
        """The choice-like fields of a matching text: by field and option, the language of the texts that have it."""
        return {}

    def explain(self) -> tuple[Note, ...]:
        """How each part is enforced, and what is never generated though it would be valid."""
        return ()
