"""What a constraint is: a set of texts, its automaton, a validator's part, and a way to read a text back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from canvasgen.automata import DEAD, DEFAULT_LIMITS, DFA, Expr, Limits, to_dfa
from canvasgen.errors import ValidationFailed

if TYPE_CHECKING:
    from canvasgen.constraints.compiled.constraint import CompiledConstraint
    from canvasgen.constraints.table import Table
    from canvasgen.vocabulary import Vocabulary

__all__ = ["Constraint", "Form", "Note", "Outline", "Position", "as_bytes"]


@dataclass(frozen=True, slots=True)
class Note:
    """One statement about how a constraint is enforced.

    Attributes:
        kind: `automaton` (enforced while generating), `relations` (enforced by what looks at several cells together),
            `validator` (enforced at commit), `annotation` (has no effect on what is valid) or `departure` (texts that
            would be valid but are never generated).
        message: the statement.
        path: where in the constraint; None for the whole.
    """

    kind: str
    message: str
    path: str | None = None

    def __str__(self) -> str:
        where = "" if self.path is None else f" at {self.path}"
        return f"{self.kind}{where}: {self.message}"


@dataclass(frozen=True, slots=True)
class Form:
    """Fixed text with holes, to show a model.

    Attributes:
        text: the fixed text; a hole is a name, or what stood there before, in braces.
        rewrites: whether the braces hold old text that is to be written anew.
        blank: the same with nothing in the braces, for models that know no old text; empty if it is the text itself.
        instruction: what to do with it; empty: to fill in the braces.
    """

    text: str
    rewrites: bool = False
    blank: str = ""
    instruction: str = ""


@dataclass(frozen=True, slots=True)
class Outline:
    """A text that the canvas starts from.

    Attributes:
        pieces: the text in pieces, each with whether it stays as it is.
        strength: above 0, at most 1: the share of the tokens of the other pieces that start as noise, and of the
            denoising schedule that is run.
        floats: whether a piece that is written anew may become wider or narrower than it is.
    """

    pieces: tuple[tuple[str, bool], ...]
    strength: float = 1.0
    floats: bool = True


class Position:
    """What a constraint says of token positions; see `constraints.positions`."""


def as_bytes(text: str | bytes) -> bytes | None:
    """The UTF-8 bytes of a text; None if it has none (a lone surrogate)."""
    if isinstance(text, bytes):
        return text
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        return None


class Constraint(ABC):
    """A set of texts.

    A text belongs to it if the byte automaton accepts it *and* the validator's part (`validate`) does; for
    most constraints the automaton is everything. Where the texts are more than a finite automaton of sane size
    holds (nested JSON), `_recognises` decides them, the automaton generates a subset, and `explain` says what
    is left out. Subclasses give `_expression` and, where there is more to it, `_judge`, `parse` and `explain`.

    What is said of token positions (`positions`) is about ids, which a text does not have: the automaton of the
    tokens enforces it, `matches` leaves it out.

    Laws (tests/constraints): what `matches` accepts, `validate` accepts and `parse` reads; `+ | & ~` mean
    concatenation, union, intersection and complement of the sets that `matches` decides.
    """

    limits: Limits = DEFAULT_LIMITS
    embedded_model: str | None = None
    """The embedded model that was trained for such texts; None: the general one."""

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
    def positions(self) -> tuple[Position, ...]:
        """What it says of token positions; `matches`, which sees the text alone, leaves that out."""
        return ()

    @property
    def ends_at_positions(self) -> bool:
        """True if its `positions` say where its own texts end, so that more may follow behind them."""
        return False

    @property
    def only_positions(self) -> bool:
        """True if there is nothing to it but `positions` and what follows from them."""
        return False

    @property
    def fingerprint(self) -> str:
        """A hex digest; equal for constraints with equal automata and positions."""
        digest = self.automaton.fingerprint()
        return sha256(f"{digest} {self.positions}".encode()).hexdigest() if self.positions else digest

    @property
    def schema(self) -> Any:
        """The JSON schema to show to a model; None for constraints that are not JSON."""
        return None

    @property
    def form(self) -> Form | None:
        """The fixed text with its holes, to show to a model; None for constraints that are no such text."""
        return None

    @property
    def outline(self) -> Outline | None:
        """The text that the canvas starts from; None: it starts from noise."""
        return None

    @property
    def table(self) -> Table | None:
        """The table inside of it whose cells have relations that are kept while generating.

        Raises:
            UnsupportedConstraint: there are several, or it stands where its cells could occur twice or not at all.
        """
        return None

    def marked(self) -> Expr:
        """A language that, but for the bytes 0xFF at the borders of the table's cells, has the constraint's texts."""
        return self.expr

    def narrowed(self, inside: Constraint) -> Constraint:
        """The same with another constraint in the place of its table; needs to be right as a language only."""
        return self

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

    def _ends(self, text: str, start: int) -> list[int]:
        """Where texts of the constraint that begin at a place of a longer text end, in increasing order."""
        dfa, state = self.automaton, 0
        found: list[int] = [start] if dfa.accepting[0] else []
        for at in range(start, len(text)):
            for byte in text[at].encode("utf-8", "surrogatepass"):
                state = dfa.step(state, byte)
                if state == DEAD:
                    break
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

    def options(self, text: str) -> Mapping[str, Mapping[Any, Constraint]]:
        """The choice-like fields of a matching text: by field, the constraint narrowed to each of its options.

        The narrowed ones need to be right as languages only (`expr`), not as validators.
        """
        return {}

    def explain(self) -> tuple[Note, ...]:
        """How each part is enforced, and what is never generated though it would be valid."""
        return ()

    def compile(self, vocabulary: Vocabulary) -> CompiledConstraint:
        """The token automaton over a vocabulary (cached in memory and on disk).

        Raises:
            Unsatisfiable: no text satisfies the constraint.
            InvalidConstraint: it fixes tokens that the vocabulary does not have as text.
            ConstraintTooLarge: a limit would be exceeded.
        """
        from canvasgen.constraints.compiled.constraint import CompiledConstraint

        return CompiledConstraint.build(self, vocabulary)

    def __add__(self, other: object) -> Constraint:
        from canvasgen.constraints.algebra import Sequence, as_constraint

        right = as_constraint(other)
        return NotImplemented if right is None else Sequence((self, right))

    def __radd__(self, other: object) -> Constraint:
        from canvasgen.constraints.algebra import Sequence, as_constraint

        left = as_constraint(other)
        return NotImplemented if left is None else Sequence((left, self))

    def __or__(self, other: object) -> Constraint:
        from canvasgen.constraints.algebra import Either, as_constraint

        right = as_constraint(other)
        return NotImplemented if right is None else Either((self, right))

    def __ror__(self, other: object) -> Constraint:
        from canvasgen.constraints.algebra import Either, as_constraint

        left = as_constraint(other)
        return NotImplemented if left is None else Either((left, self))

    def __and__(self, other: object) -> Constraint:
        from canvasgen.constraints.algebra import Both, as_constraint

        right = as_constraint(other)
        return NotImplemented if right is None else Both((self, right))

    def __rand__(self, other: object) -> Constraint:
        from canvasgen.constraints.algebra import Both, as_constraint

        left = as_constraint(other)
        return NotImplemented if left is None else Both((left, self))

    def __invert__(self) -> Constraint:
        from canvasgen.constraints.algebra import Not

        return Not(self)
