"""`span_of`: a verbatim part of a source as a constraint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from typing_extensions import override

from canvasgen.automata import EMPTY, Expr, difference, literal
from canvasgen.constraints.base import Constraint
from canvasgen.constraints.texts import OTHER
from canvasgen.errors import InvalidConstraint, Unsatisfiable
from canvasgen.grounding import Sources
from canvasgen.notes import Note

__all__ = ["SpanOf", "span_of"]


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
    def options(self, text: str) -> Mapping[str, Mapping[object, Expr]]:
        written = literal(text)
        return {"": {text: written, OTHER: difference(self.expr, written)}}

    @override
    def explain(self) -> tuple[Note, ...]:
        unit = "at any character" if self.sources.unit == "character" else "at words"
        return (Note("automaton", f"the text is a span of the source, which begins and ends {unit}"),)


def span_of(
    source: str | Sequence[str] | Sources,
    *,
    unit: str = "word",
    across_lines: bool = False,
    max_length: int | None = None,
) -> SpanOf:
    """Return the texts that are verbatim parts of a source; combine it with `&` for a part of some form.

    A span begins and ends with a word (a number, a date, an e-mail address and a URL are words, too); a sign directly before
    it (`$`, `#`, `@`, `-`) or after it (`%`, `€`) may belong to it, other punctuation around it does not.

    Args:
        source: one or several texts; or `cg.Sources`, without the other arguments.
        unit: `word`, or `character`: a span may begin and end at any character that is not white space.
        across_lines: whether a span may contain line breaks.
        max_length: most characters of a span.

    Raises:
        InvalidConstraint: an argument is something else.
        ConstraintTooLarge: the sources are too long.
        Unsatisfiable: (when compiled) the source has no word.
    """
    if isinstance(source, Sources):
        if unit != "word" or across_lines or max_length is not None:
            raise InvalidConstraint(
                "Sources have these settings themselves",
                rule="span_of",
                value=source,
                remedy="give the settings to cg.Sources, or the texts instead of it",
            )
        return SpanOf(source)
    return SpanOf(Sources(source, unit=unit, across_lines=across_lines, max_length=max_length))
