"""The spans of a source as a language, and where a span is in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import NamedTuple

from canvasgen.automata import ANY_CHARACTER, EMPTY, Expr, from_dfa, intersect, repeat, to_dfa
from canvasgen.checks import is_sequence
from canvasgen.errors import ConstraintTooLarge, InvalidConstraint
from canvasgen.grounding.dates import dates_in
from canvasgen.grounding.numerals import numbers_in
from canvasgen.grounding.source_automaton import factors
from canvasgen.grounding.source_pieces import pieces

__all__ = ["Sources", "Span", "span_language"]

LONGEST_SOURCE = 1_000_000
"""Most characters of all sources together."""


class Span(NamedTuple):
    """A part of a source: `text` is `source[start:stop]` of source number `source`."""

    start: int
    stop: int
    text: str
    source: int = 0


class Sources:
    """One or several texts whose spans are asked for.

    Args:
        texts: the texts.
        characters: whether a span may begin and end at any character; else at words.
        across_lines: whether a span may contain line breaks.
        most: most characters of a span; None: any number.

    Raises:
        InvalidConstraint: there is no text, or something else than texts.
        ConstraintTooLarge: the texts are too long.
    """

    def __init__(
        self,
        texts: str | Sequence[str],
        *,
        characters: bool = False,
        across_lines: bool = False,
        most: int | None = None,
    ) -> None:
        given: object = (texts,) if isinstance(texts, str) else texts
        if (
            not is_sequence(given)
            or isinstance(given, bytes)
            or not all(isinstance(one, str) for one in given)
        ):
            raise InvalidConstraint(
                "a source is a text, or a list of texts", rule="source", value=texts, remedy="pass the text"
            )
        self.texts: tuple[str, ...] = tuple(str(text) for text in given)
        length = sum(map(len, self.texts))
        if length > LONGEST_SOURCE:
            raise ConstraintTooLarge(
                f"the sources have more than {LONGEST_SOURCE} characters",
                rule="source length",
                value=length,
                remedy="pass the part of the text that the answer is in",
            )
        for text in self.texts:
            try:
                text.encode("utf-8")
            except UnicodeEncodeError as error:
                raise InvalidConstraint(
                    "a source holds a lone surrogate, which has no UTF-8",
                    path=f"position {error.start}",
                    rule="source",
                    value=text,
                ) from error
        self.characters = characters
        self.across_lines = across_lines
        self.most = most

    @cached_property
    def language(self) -> Expr:
        """The spans; empty if the sources have no word."""
        return span_language(self.texts, self.characters, self.across_lines, self.most)

    @cached_property
    def numbers(self) -> frozenset[Fraction]:
        """The numbers that are written in the sources, as fractions."""
        return frozenset(number for text in self.texts for number, _, _ in numbers_in(text))

    @cached_property
    def dates(self) -> frozenset[date]:
        """The dates that are written in the sources, in any form.

        Raises:
            MissingPackage: the package that reads them is not installed.
        """
        return frozenset(day for text in self.texts for day, _, _ in dates_in(text))

    def find_date(self, day: date) -> Span | None:
        """Return the first place where a date is written, in any form."""
        for source, text in enumerate(self.texts):
            for value, start, stop in dates_in(text):
                if value == day:
                    return Span(start, stop, text[start:stop], source)
        return None

    def find_number(self, number: Fraction) -> Span | None:
        """Return the first place where a number is written."""
        for source, text in enumerate(self.texts):
            for value, start, stop in numbers_in(text):
                if value == number:
                    return Span(start, stop, text[start:stop], source)
        return None

    def find(self, text: str) -> Span | None:
        """Return the first place where a span is, at words if it is there at words; None if it is nowhere."""
        for source, content in enumerate(self.texts):
            start = content.find(text) if text else -1
            while start >= 0:
                stop = start + len(text)
                if not _cuts_word(content, start) and not _cuts_word(content, stop):
                    return Span(start, stop, text, source)
                start = content.find(text, start + 1)
        for source, content in enumerate(self.texts):
            start = content.find(text) if text else -1
            if start >= 0:
                return Span(start, start + len(text), text, source)
        return None


def _cuts_word(text: str, at: int) -> bool:
    return 0 < at < len(text) and text[at - 1].isalnum() and text[at].isalnum()


@lru_cache(maxsize=64)
def span_language(
    texts: tuple[str, ...], characters: bool = False, across_lines: bool = False, most: int | None = None
) -> Expr:
    """Return the language of the spans of some texts; arguments as for `Sources`.

    Linear in the length of the texts: at most two states a piece and one a byte of each transition between them.
    """
    found = factors([pieces(text, characters=characters, across_lines=across_lines) for text in texts])
    if most is None or found is EMPTY:
        return found
    dfa = to_dfa(intersect(found, repeat(ANY_CHARACTER, 1, most)))
    return EMPTY if dfa.is_empty else from_dfa(dfa)
