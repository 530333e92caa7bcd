"""`Texts`: a set of texts with an automaton, a validator, and a way to read a text back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any

from canvasgen.automata import DEAD, DEFAULT_LIMITS, DFA, Expr, Limits, to_dfa
from canvasgen.constraints.cells import Cells
from canvasgen.constraints.growth import grown_part
from canvasgen.constraints.shown import UNKNOWN, Shown
from canvasgen.errors import ConstraintTooLarge, InvalidConstraint, ValidationFailed
from canvasgen.limits import held_so_far, limited
from canvasgen.notes import Note
from canvasgen.showing import call_of
from canvasgen.viewer import ConstraintInNotebook

__all__ = [
    "NOWHERE",
    "OTHER",
    "Place",
    "Placed",
    "Texts",
    "as_bytes",
    "automaton_of",
    "field_path",
]


class _Other(Enum):
    OTHER = "other"


OTHER = _Other.OTHER
"""Stands for all options of a field that are not listed (`Texts.options`)."""


class Place:
    """One restriction on token positions; see `constraints.positions`."""


@dataclass(frozen=True)
class Placed:
    """The restrictions of a constraint on token positions; `matches`, which has only the text, ignores them.

    Attributes:
        places: the restrictions.
        ends_inside: whether they hold before the end of the constraint's texts, so that other texts may follow.
    """

    places: tuple[Place, ...] = ()
    ends_inside: bool = False

    def __and__(self, other: Placed) -> Placed:
        """Return the restrictions of both, for the same texts."""
        return Placed(self.places + other.places)


NOWHERE = Placed()
"""No restriction."""


def as_bytes(text: str | bytes) -> bytes | None:
    """Return the UTF-8 bytes of a text; None if it has none (a lone surrogate), or bytes are none.

    Raises:
        InvalidConstraint: it is neither text nor bytes.
    """
    given: Any = text
    if not isinstance(given, str | bytes):
        raise InvalidConstraint(
            "a text is a str, or bytes in UTF-8", rule="text", value=given, remedy="give a str"
        )
    try:
        return text.decode("utf-8").encode("utf-8") if isinstance(text, bytes) else text.encode("utf-8")
    except UnicodeError:
        return None


def field_path(outer: str, inner: str) -> str:
    """Return the name of a field inside of another: `pet` and `name` make `pet.name`, `tags` and `[0]` make `tags[0]`."""
    return f"{outer}{'.' if outer and inner and not inner.startswith('[') else ''}{inner}"


class Texts(ConstraintInNotebook, ABC):
    """A set of texts.

    A text belongs to it if the byte automaton *and* the validator (`_check`) accept it; most constraints have no
    validator. If an automaton of moderate size cannot contain all texts (JSON in any spelling), `_recognises` and
    `_check` decide alone, the automaton generates a subset, and `explain` reports what is left out. Subclasses define
    `_expression`, and `_check`, `parse` and `explain` if they need them.

    Laws (tests/constraints): what `matches` accepts, `validate` accepts and `parse` reads; each combinator keeps what
    its parts show, read, place and relate.
    """

    limits: Limits = DEFAULT_LIMITS
    held: int = 0
    """Bytes that were made for it since it was built."""

    def __repr__(self) -> str:
        return call_of(self)

    @abstractmethod
    def _expression(self) -> Expr:
        """Return the regular expression over bytes; called once."""

    @cached_property
    def expr(self) -> Expr:
        """The regular expression over bytes of the texts that are generated."""
        with limited(self.limits):
            before = held_so_far()
            found = self._expression()
            self.held += held_so_far() - before
            return found

    @cached_property
    def automaton(self) -> DFA:
        """The minimal byte automaton of `expr`.

        Raises:
            ConstraintTooLarge: it would exceed `limits`; the path names the part that does.
        """
        with limited(self.limits):
            try:
                expr, before = self.expr, held_so_far()
                found = to_dfa(expr, self.limits)
                self.held += held_so_far() - before
                return found
            except ConstraintTooLarge as error:
                error.path = error.path or grown_part(self)
                raise

    @property
    def placed(self) -> Placed:
        """The restrictions on token positions."""
        return NOWHERE

    @property
    def shown(self) -> Shown:
        """What the prompt says about it, and the text that the canvas starts from."""
        return UNKNOWN

    @property
    def cells(self) -> Cells | None:
        """The cells of the table inside of it, if they have relations that hold while generating.

        Raises:
            UnsupportedConstraint: there are several tables, or the cells of one could occur twice or not at all.
        """
        return None

    @property
    def has_value(self) -> bool:
        """True if the value of a text is not always the text itself."""
        return False

    @property
    def has_validator(self) -> bool:
        """True if `validate` may reject a text that the automaton accepts."""
        return False

    def _recognises(self, data: bytes) -> bool:
        """Return whether the bytes are a text of the constraint, without the validator."""
        return self.automaton.accepts(data)

    def _check(self, text: str) -> None:
        """Raise ValidationFailed if the validator rejects a text that `_recognises` accepts."""

    def validate(self, text: str | bytes) -> None:
        """Raise ValidationFailed, with the reason, unless the text belongs to the constraint."""
        data = as_bytes(text)
        if data is None:
            raise ValidationFailed("the text has no UTF-8", rule="UTF-8", value=text)
        if not self._recognises(data):
            raise ValidationFailed(
                "the text is not in the constraint's language", rule="automaton", value=text
            )
        if self.has_validator:
            self._check(data.decode("utf-8"))

    def ends(self, text: str, start: int) -> list[int]:
        """Return where texts of the constraint that begin at a place of a longer text can end, in increasing order."""
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
        """Return whether the text belongs to the constraint.

        A JSON Schema, also as a part of a larger constraint, accepts every JSON text of a valid value, however it is
        spelled; for everything else it is what the automaton and the validator accept.
        """
        try:
            self.validate(text)
        except ValidationFailed:
            return False
        return True

    def parse(self, text: str) -> Any:
        """Return the value of a matching text; by default the text itself."""
        return text

    def options(self, text: str) -> Mapping[str, Mapping[Any, Expr]]:
        """Return the choice-like fields of a matching text: by field and option, the language of its texts.

        A field whose other options are too many to list has them as one, `OTHER`.
        """
        return {}

    def explain(self) -> tuple[Note, ...]:
        """Return how each part is enforced, and which valid texts are never generated."""
        return ()


def automaton_of(texts: Texts) -> DFA:
    """Return the automaton of a constraint, compiled now."""
    return texts.automaton
