"""`infill` and `edit`: fixed text on both sides of a part that is generated.

The fixed text is kept byte for byte, and need not begin or end where a token does: the automaton is over bytes. It
floats: the recurrence over the canvas finds how wide a gap becomes.
"""

from __future__ import annotations

from collections.abc import Sequence as Listed
from typing import Any, TypeAlias

from typing_extensions import override

from canvasgen.checks import invalid, is_sequence, whole_number
from canvasgen.constraints.algebra import Sequence
from canvasgen.constraints.base import Constraint
from canvasgen.constraints.coerce import constraint_from
from canvasgen.constraints.line_column import line_and_column
from canvasgen.constraints.shown import Hole, Shown, joined
from canvasgen.constraints.text import literal, text
from canvasgen.errors import InvalidConstraint
from canvasgen.notes import Note

__all__ = ["Edit", "Infill", "Span", "edit", "infill"]

Span: TypeAlias = "tuple[int, int] | str"
"""Characters `start:stop` of a text, or a part of it that occurs once."""


class Infill(Sequence):
    """A text between two fixed ones; its value is that of the text between them. Build one with `infill`."""

    def __init__(self, prefix: str, suffix: str, part: Constraint) -> None:
        self.prefix = prefix
        self.suffix = suffix
        self.part = part
        super().__init__((literal(prefix), part, literal(suffix)))

    @property
    @override
    def shown(self) -> Shown:
        return joined((_fixed(self.prefix), self.part.shown.as_gap(), _fixed(self.suffix)))

    @property
    @override
    def has_value(self) -> bool:
        return True

    @override
    def parse(self, text: str) -> Any:
        self.validate(text)
        return self.part.parse(text[len(self.prefix) : len(text) - len(self.suffix)])

    @override
    def explain(self) -> tuple[Note, ...]:
        return (Note("automaton", "the text before and after the gap"), *self.part.explain())


class Edit(Sequence):
    """A text with spans that are rewritten; its value is the whole text. Build one with `edit`."""

    def __init__(self, pieces: tuple[tuple[str, Constraint | None], ...], strength: float) -> None:
        self.pieces = pieces
        self.strength = strength
        super().__init__(tuple(part or literal(old) for old, part in pieces))

    @property
    @override
    def shown(self) -> Shown:
        return joined(
            _fixed(old)
            if part is None
            else Shown((Hole(holds=part.shown.kinds, old=old, strength=self.strength),))
            for old, part in self.pieces
        )

    @property
    @override
    def has_value(self) -> bool:
        return False

    @override
    def explain(self) -> tuple[Note, ...]:
        return (Note("automaton", "the text outside the spans, byte for byte"), *super().explain())


def infill(prefix: str, suffix: str, constraint: Any = None) -> Infill:
    """Return the text between a prefix and a suffix: `infill("def area(r):\\n    return ", "\\n", cg.regex(...))`.

    The generated value is that of the text between them (a str, or the constraint's value); the whole text is
    `Completion.text`.

    Args:
        prefix: the text before the gap.
        suffix: the text after it; it is on the canvas while the gap is filled.
        constraint: on the text between them: a constraint, a string, a type or a JSON Schema; None: any text of at least
            one character. For a gap that may stay empty give `cg.text()`.

    Raises:
        InvalidConstraint: prefix or suffix is no string that has UTF-8.
    """
    return Infill(prefix, suffix, text(1) if constraint is None else constraint_from(constraint))


def edit(content: str, span: Span | Listed[Span], constraint: Any = None, *, strength: float = 1.0) -> Edit:
    """Return a text in which one span, or several, are rewritten and the rest stays as it is.

    The canvas starts from the text. The generated value is the whole new text.

    Args:
        content: the text.
        span: `(start, stop)` in characters, or the part of the text itself, which must occur exactly once; or a
            list of such spans.
        constraint: on the new text of each span; None: any text of at least one character, of one line if the old one is.
            For a span that may be deleted give `cg.text()`.
        strength: above 0, at most 1: the share of a span's tokens that start as noise (the others start as they are), and
            of the denoising schedule that is run. With a low one the result stays near the old text.

    Raises:
        InvalidConstraint: a span lies outside of the text, overlaps another, or is not found exactly once.
    """
    literal(content)
    if not _is_share(strength):
        raise invalid(
            "a strength is a number above 0, at most 1",
            "strength",
            strength,
            "leave it out for 1, or give 0.5",
        )
    one = isinstance(span, str) or (len(span) == 2 and all(isinstance(at, int) for at in span))
    listed: list[Any] = [span] if one else list(span)
    if not listed:
        raise invalid("there is no span to edit", "span", span, "give at least one span (start, stop)")
    pieces: list[tuple[str, Constraint | None]] = []
    reached = 0
    for start, stop in sorted(_span(content, each) for each in listed):
        if start < reached or (start == reached and pieces):
            raise invalid(
                "two spans overlap or touch",
                "span",
                (start, stop),
                "make one span of the two",
                path=line_and_column(content, start),
            )
        old = content[start:stop]
        part = text(1, lines="\n" in old) if constraint is None else constraint_from(constraint)
        pieces += [(content[reached:start], None), (old, part)]
        reached = stop
    pieces.append((content[reached:], None))
    return Edit(tuple(pieces), float(strength))


def _fixed(content: str) -> Shown:
    return Shown((content,) if content else ())


def _span(content: str, span: object) -> tuple[int, int]:
    if isinstance(span, str):
        return _found(content, span)
    if not (is_sequence(span) and len(span) == 2):
        raise invalid("a span is (start, stop), or a part of the text", "span", span, "count characters")
    start, stop = (
        whole_number(at, rule="span", name="the end of a span", low=None, remedy="count characters")
        for at in span
    )
    if not 0 <= start <= stop <= len(content):
        raise invalid(
            f"the span lies outside of the text, which has {len(content)} characters",
            "span",
            span,
            "give positions in characters of this text, start before stop",
        )
    return start, stop


def _is_share(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= 1


def _found(content: str, marker: str) -> tuple[int, int]:
    if not marker:
        raise invalid(
            "a marker is not empty",
            "marker",
            marker,
            "give the characters that mark the gap, or use the default",
        )
    places: list[int] = []
    at = content.find(marker)
    while at >= 0 and len(places) < 4:
        places.append(at)
        at = content.find(marker, at + 1)
    if not places:
        raise invalid(
            "the text does not hold the marker",
            "marker",
            marker,
            "write the marker where something is to be filled in",
        )
    if len(places) > 1:
        raise InvalidConstraint(
            "the text holds the marker more than once: "
            + "; ".join(line_and_column(content, at) for at in places),
            path=line_and_column(content, places[1]),
            rule="marker",
            value=marker,
            remedy="give the span as (start, stop)",
        )
    return places[0], places[0] + len(marker)
