"""Sources with the places of values marked: as HTML, and for the terminal."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple, cast

from canvasgen.errors import InvalidConstraint
from canvasgen.extras import needed
from canvasgen.grounding.source_readings import Span

if TYPE_CHECKING:
    from rich.text import Text

__all__ = ["Place", "Places", "in_terminal", "pieces_of", "to_html"]

_COLOURS = ("#ffe08a", "#b7e4c7", "#a9d6f5", "#f8c4d4", "#d9c8f5", "#f7c9a0", "#c9e6a3", "#9fe0de")
_BOX = "white-space:pre-wrap;line-height:1.9;font-family:system-ui,sans-serif;color:#1a1a1a;background:#fff;padding:0.6em"
_MARK = "color:#1a1a1a;border-radius:3px;padding:0.1em 0.15em"
_LABEL = "font-size:0.7em;font-weight:600;margin-left:0.35em;opacity:0.75"


class Place(NamedTuple):
    """Where a value is stated: the span, and the whole text of its source."""

    span: Span
    source: str


class Places(dict[str, Span]):
    """By field, the first place in a source that states its value.

    Attributes:
        texts: by field, the whole text of that source.
    """

    def __init__(self, places: Mapping[str, Place]) -> None:
        super().__init__({field: place.span for field, place in places.items()})
        self.texts = {field: place.source for field, place in places.items()}


class Piece(NamedTuple):
    """A part of a source: the fields that it is stated in, and those whose span ends with it."""

    text: str
    fields: tuple[str, ...]
    ends: tuple[str, ...]


def pieces_of(text: str, spans: Mapping[str, Span]) -> list[Piece]:
    """Return a text cut at the borders of some spans, which may overlap; together the pieces are the text."""
    borders = sorted({0, len(text), *(at for span in spans.values() for at in (span.start, span.stop))})
    return [
        Piece(
            text[start:stop],
            tuple(field for field, span in spans.items() if span.start <= start and stop <= span.stop),
            tuple(field for field, span in spans.items() if span.stop == stop),
        )
        for start, stop in pairwise(borders)
    ]


def _sources(places: Mapping[str, Span]) -> Iterable[tuple[str, dict[str, Span]]]:
    """Yield the sources that state something, each with the fields that it states."""
    texts = places.texts if isinstance(places, Places) else {}
    if not texts:
        raise InvalidConstraint(
            "no value of this completion is taken from a source",
            rule="sources",
            remedy="pass grounded=True, or mark fields with cg.Grounded()",
        )
    for text in dict.fromkeys(texts.values()):
        yield text, {field: span for field, span in places.items() if texts[field] == text}


def _name(field: str) -> str:
    return field or "value"


def to_html(places: Mapping[str, Span]) -> str:
    """Return the sources as an HTML fragment with styles of its own; each span has its field's name behind it.

    Raises:
        InvalidConstraint: nothing is taken from a source.
    """
    colours = {field: _COLOURS[at % len(_COLOURS)] for at, field in enumerate(places)}
    boxes: list[str] = []
    for text, spans in _sources(places):
        inside = "".join(_html_piece(piece, colours) for piece in pieces_of(text, spans))
        boxes.append(f'<div class="canvasgen-source" style="{_BOX}">{inside}</div>')
    return "\n".join(boxes)


def _html_piece(piece: Piece, colours: Mapping[str, str]) -> str:
    text = html.escape(piece.text)
    if not piece.fields:
        return text
    names = html.escape(", ".join(map(_name, piece.fields)))
    labels = "".join(f'<span style="{_LABEL}">{html.escape(_name(field))}</span>' for field in piece.ends)
    style = f"background:{colours[piece.fields[-1]]};{_MARK}"
    return f'<mark title="{names}" style="{style}">{text}{labels}</mark>'


def in_terminal(places: Mapping[str, Span]) -> Text:
    """Return the sources as a text of rich, to be printed by `rich.print`; control characters are shown, not sent.

    Raises:
        InvalidConstraint: nothing is taken from a source.
        MissingPackage: rich is not installed.
    """
    kind = needed("rich.text", "highlighting in the terminal").Text
    shown = cast("Text", kind())
    colours = {field: _COLOURS[at % len(_COLOURS)] for at, field in enumerate(places)}
    for number, (text, spans) in enumerate(_sources(places)):
        if number:
            shown.append("\n\n")
        for piece in pieces_of(text, spans):
            colour = f"#1a1a1a on {colours[piece.fields[-1]]}" if piece.fields else ""
            shown.append(_visible(piece.text), style=colour)
            for field in piece.ends:
                shown.append(f" {_visible(_name(field))}", style=f"italic {colours[field]}")
    return shown


def _visible(text: str) -> str:
    """Return a text with its control characters as symbols, tabs and newlines apart: a source must not steer a terminal."""
    return "".join(
        character
        if character in "\n\t" or not (ord(character) < 32 or 127 <= ord(character) < 160)
        else chr(0x2400 + ord(character))
        if ord(character) < 32
        else "\ufffd"
        for character in text
    )
