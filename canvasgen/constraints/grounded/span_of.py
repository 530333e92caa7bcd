"""`span_of`: a verbatim part of a source as a constraint."""

from __future__ import annotations

from collections.abc import Sequence

from typing_extensions import override

from canvasgen.automata import EMPTY, Expr
from canvasgen.checks import is_bool, whole_number
from canvasgen.constraints.base import Constraint
from canvasgen.errors import InvalidConstraint, Unsatisfiable
from canvasgen.grounding import Sources
from canvasgen.notes import Note

__all__ = ["SpanOf", "span_of"]

UNITS = ("word", "character")


class SpanOf(Constraint):
    """The spans of a source. Build one with `span_of`."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources

    @override
    def _expression(self) -> Expr:
        language = self.sources.language
        if language is EMPTY:
            raise Unsatisfiable("the source has no word", rule="span_of", remedy="pass a source with text")
        return language

    @override
    def explain(self) -> tuple[Note, ...]:
        unit = "at any character" if self.sources.characters else "at words"
        return (Note("automaton", f"the text is a span of the source, which begins and ends {unit}"),)


def span_of(
    source: str | Sequence[str],
    *,
    unit: str = "word",
    across_lines: bool = False,
    max_length: int | None = None,
) -> SpanOf:
    """Return the texts that are verbatim parts of a source; combine it with `&` for a part of some form.

    A span begins and ends with a word (a number, a date, an e-mail address and a URL are words, too); a sign directly before
    it (`$`, `#`, `@`, `-`) or after it (`%`, `€`) may belong to it, other punctuation around it does not.

    Args:
        source: one or several texts.
        unit: `word`, or `character`: a span may begin and end at any character that is not white space.
        across_lines: whether a span may contain line breaks.
        max_length: most characters of a span.

    Raises:
        InvalidConstraint: an argument is something else.
        ConstraintTooLarge: the sources are too long.
        Unsatisfiable: (when compiled) the source has no word.
    """
    if unit not in UNITS:
        raise InvalidConstraint("unit is `word` or `character`", rule="unit", value=unit)
    if not is_bool(across_lines):
        raise InvalidConstraint("across_lines is True or False", rule="across_lines", value=across_lines)
    most = None if max_length is None else whole_number(max_length, rule="max_length", low=1)
    return SpanOf(Sources(source, characters=unit == "character", across_lines=across_lines, most=most))
