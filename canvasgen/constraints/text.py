"""Constraints on plain text: regular expressions, choices, literals and free text."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from typing_extensions import override

from canvasgen import automata
from canvasgen.automata import Expr, Relaxed, largest_count, parse_regex, relaxed
from canvasgen.checks import invalid, one_of, text_argument, whole_number
from canvasgen.constraints.base import Constraint
from canvasgen.constraints.compiled.places import NearPosition
from canvasgen.constraints.growth import least_bytes
from canvasgen.constraints.shown import Hole, Pattern, Shown
from canvasgen.constraints.texts import Placed
from canvasgen.errors import ConstraintTooLarge, ValidationFailed
from canvasgen.limits import Limits, checked_limits
from canvasgen.notes import Note

__all__ = [
    "Language",
    "Literal",
    "Regex",
    "Text",
    "literal",
    "regex",
    "text",
]

_TAB, _NEWLINE = 0x09, 0x0A


class Regex(Constraint):
    """The texts that a regular expression matches as a whole.

    If its automaton would be too large, that leaves conditions out, and the validator has all of them.
    """

    def __init__(self, pattern: str, flags: int, dialect: str, limits: Limits) -> None:
        self.pattern = pattern
        self.flags = flags
        self.dialect = dialect
        self.limits = limits
        self._parsed = parse_regex(pattern, flags, dialect=dialect, limits=limits)

    @cached_property
    def _relaxed(self) -> Relaxed:
        try:
            return relaxed(self._parsed, self.limits)
        except ConstraintTooLarge as error:
            error.path = error.path or largest_count(self.pattern)
            raise

    @property
    def least_bytes(self) -> int:
        """Bytes that no text has fewer of, counts that the automaton leaves open included."""
        return automata.least_bytes(self._relaxed.whole)

    @override
    def _expression(self) -> Expr:
        return self._relaxed.expr

    @property
    @override
    def has_validator(self) -> bool:
        return bool(self._relaxed.left_out)

    @override
    def _check(self, text: str) -> None:
        if not self._relaxed.holds(text.encode("utf-8")):
            raise ValidationFailed("the text does not match the pattern", rule=self.pattern, value=text)

    @property
    @override
    def shown(self) -> Shown:
        return Shown((Hole(holds=(Pattern(self.pattern),)),))

    @override
    def explain(self) -> tuple[Note, ...]:
        what = f"the whole text matches the {self.dialect} regular expression {self.pattern!r}"
        if not self.has_validator:
            return (Note("automaton", what),)
        left_out = self._relaxed.left_out
        return (
            Note("automaton", f"{what}, without {left_out}, which would need too many states"),
            Note("validator", f"{left_out}: a text that breaks them is refused at commit"),
        )


@least_bytes.register
def _least_of_a_pattern(constraint: Regex) -> int:
    return constraint.least_bytes


class Literal(Constraint):
    """One text."""

    def __init__(self, content: str) -> None:
        self.content = content

    @override
    def _expression(self) -> Expr:
        return automata.literal(self.content)

    @property
    @override
    def shown(self) -> Shown:
        return Shown((self.content,) if self.content else ())


class Text(Constraint):
    """Free text between two lengths, counted in code points, with an optional mark that ends it."""

    def __init__(
        self,
        low: int,
        high: int | None,
        lines: bool,
        without: tuple[str, ...],
        until: str = "",
        most_tokens: int | None = None,
    ) -> None:
        self.low = low
        self.high = high
        self.lines = lines
        self.without = without
        self.until = until
        self.most_tokens = most_tokens

    @property
    @override
    def placed(self) -> Placed:
        places = () if self.most_tokens is None else (NearPosition(self.until, 0, self.most_tokens - 1),)
        return Placed(places, ends_inside=True)

    @property
    @override
    def shown(self) -> Shown:
        return Shown((Hole(ends=self.until),))

    @override
    def _expression(self) -> Expr:
        ranges = [(0x20, 0x7E), (0xA0, 0x10FFFF)]
        if self.lines:
            ranges = [(_TAB, _NEWLINE), *ranges]
        free = automata.repeat(automata.code_points(ranges), self.low, self.high)
        if self.without:
            free = automata.difference(free, self._unwanted())
        if not self.until:
            return free
        mark = automata.literal(self.until)
        return automata.difference(
            automata.concat(free, mark),
            automata.concat(automata.ANY_TEXT, mark, automata.ANY_CHARACTER, automata.ANY_TEXT),
        )

    def _unwanted(self) -> Expr:
        return automata.union(
            *(
                automata.concat(automata.ANY_TEXT, automata.literal(part), automata.ANY_TEXT)
                for part in self.without
            )
        )

    @override
    def explain(self) -> tuple[Note, ...]:
        ends = f", up to the first {self.until!r}" if self.until else ""
        ends += "" if self.most_tokens is None else f", in at most {self.most_tokens} tokens"
        return (Note("automaton", f"free text{ends}"),)


class Language(Constraint):
    """The texts of an expression over bytes."""

    def __init__(self, expr: Expr) -> None:
        self._given = expr

    @override
    def _expression(self) -> Expr:
        return self._given


def regex(
    pattern: str, flags: int = 0, *, dialect: str = "python", limits: Limits | None = None
) -> Constraint:
    """Return the texts that `pattern` matches as a whole, as `re.fullmatch` (or, with `dialect="ecma"`, ECMA-262)
    means it.

    Args:
        pattern: the regular expression.
        flags: flags of the `re` module.
        dialect: `python` or `ecma`.
        limits: what the compilation may need (`cg.Limits`); None: the default limits. If the automaton needs more, large
            counts and look-arounds are left to the validator, and `explain()` says so.

    Raises:
        InvalidConstraint: the pattern is malformed.
        UnsupportedConstraint: it is not regular (back-references and the like), with the position.
        ConstraintTooLarge: once it is compiled: it is too large even so.
    """
    if not _is_string(pattern):
        raise invalid(
            "a regular expression is given as a string",
            "regex",
            pattern,
            "give the pattern as a string, without re.compile",
        )
    one_of(dialect, ("python", "ecma"), rule="dialect")
    number = whole_number(
        flags, rule="flags", high=0xFFFF, remedy="combine flags of `re`, such as re.IGNORECASE"
    )
    return Regex(pattern, number, dialect, checked_limits(limits))


def literal(content: str) -> Constraint:
    """Return exactly this text.

    Raises:
        InvalidConstraint: it is not a string, or contains a lone surrogate, which has no UTF-8.
    """
    return Literal(text_argument(content, "a literal is a string that has UTF-8", rule="literal"))


def _is_string(value: object) -> bool:
    return isinstance(value, str)


def text(
    min_length: int = 0,
    max_length: int | None = None,
    *,
    lines: bool = True,
    without: Iterable[str] = (),
    until: str | None = None,
    max_tokens: int | None = None,
    limits: Limits | None = None,
) -> Constraint:
    """Return free text: printable characters, spaces and, with `lines`, tabs and newlines.

    `text(until="</think>") + json_schema(Answer)` thinks first and then answers: the value is the answer's, and the
    thoughts, which may go over several canvases, always leave the tokens that the answer needs.

    Args:
        min_length: fewest code points.
        max_length: most code points; None: only the token budget bounds them.
        lines: whether the text may contain tabs and newlines.
        without: texts that must not occur inside.
        until: the mark at the end of the text; it occurs nowhere else in it. The lengths do not count it.
        max_tokens: most tokens of the text with its mark, if it is the first part of the whole (needs `until`).
        limits: what the compilation may need (`cg.Limits`); None: the default limits.

    Raises:
        InvalidConstraint: the bounds are negative or contradict each other, or `until` or a `without` text is empty.
        UnsupportedConstraint: from `+` and templates: a text with `max_tokens` is not the first part.
    """
    min_length = whole_number(min_length, rule="min_length")
    if max_length is not None:
        max_length = whole_number(max_length, rule="max_length")
    if max_length is not None and max_length < min_length:
        raise invalid("max_length is below min_length", "text", (min_length, max_length), "swap the lengths")
    parts = (without,) if isinstance(without, str) else tuple(without)
    for part in parts:
        text_argument(part, "`without` holds non-empty strings", rule="without", filled=True)
    if until is not None:
        text_argument(until, "`until` is a non-empty string that has UTF-8", rule="until", filled=True)
    if max_tokens is not None:
        max_tokens = whole_number(max_tokens, rule="max_tokens", low=1)
    if max_tokens is not None and until is None:
        raise invalid(
            "max_tokens counts up to a mark, and there is none",
            "max_tokens",
            max_tokens,
            "give until=, or bound the characters with max_length=",
        )
    made = Text(min_length, max_length, lines, parts, until or "", max_tokens)
    made.limits = checked_limits(limits)
    return made
