"""Railroad pictures of small expressions and grammars, drawn by the package railroad-diagrams.

A picture is read from the left to the right; what is round stands as it is written, what is square names a rule.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from functools import singledispatch
from types import ModuleType
from typing import Protocol

from canvasgen.automata import Expr
from canvasgen.automata import expr as ex
from canvasgen.extras import installed, needed
from canvasgen.viewer.byte_names import bytes_label, characters_label, text_label

__all__ = ["Drawing", "TooLargeToDraw", "drawn", "railroads_html", "tracks"]

MOST_PIECES = 48
"""Most texts, sets and names in the pictures of one constraint."""
MOST_RULES = 12

_STYLE = (
    "svg.railroad-diagram path,svg.railroad-diagram rect{fill:none;stroke:currentColor;stroke-width:1.5}"
    "svg.railroad-diagram text{fill:currentColor;font:13px ui-monospace,monospace;text-anchor:middle;white-space:pre}"
    "svg.railroad-diagram text.comment{font-size:11px;font-style:italic}"
)


class TooLargeToDraw(Exception):
    """The picture would be large, or has no form as a railroad."""


class _Written(Protocol):
    """A constraint, as far as it is drawn."""

    @property
    def expr(self) -> Expr: ...


class Drawing:
    """Makes pieces of a picture, as many as a small picture has."""

    def __init__(self, library: ModuleType) -> None:
        self.library = library
        self._pieces = 0

    def said(self, label: str) -> object:
        """Return a text or a set of characters."""
        self._count()
        return self.library.Terminal(label)

    def named(self, name: str) -> object:
        """Return the name of a rule."""
        self._count()
        return self.library.NonTerminal(name)

    def _count(self) -> None:
        self._pieces += 1
        if self._pieces > MOST_PIECES:
            raise TooLargeToDraw

    def row(self, parts: Sequence[object]) -> object:
        """Return parts one after another."""
        made = [drawn(part, self) for part in parts]
        return self.library.Sequence(*made) if made else self.library.Skip()

    def either(self, options: Sequence[object]) -> object:
        """Return one of several parts."""
        if not options:
            raise TooLargeToDraw
        return self.library.Choice(0, *(drawn(one, self) for one in options))

    def again(self, body: object, low: int, high: int | None) -> object:
        """Return a part that stands `low` to `high` times (None: any number)."""
        made = drawn(body, self)
        if high != 1:
            told = None if high is None and low <= 1 else self.library.Comment(_times(low, high))
            made = self.library.OneOrMore(made, told)
        return self.library.Optional(made) if low == 0 else made


def _times(low: int, high: int | None) -> str:
    if high is None:
        return f"{low} times or more"
    return f"{low} times" if low == high else f"{max(low, 1)} to {high} times"


@singledispatch
def drawn(part: object, drawing: Drawing) -> object:
    """Return one part of an expression or of a rule as a piece of a picture.

    Raises:
        TooLargeToDraw: there are too many pieces, or the part has no form as a railroad.
    """
    del part, drawing
    raise TooLargeToDraw


@drawn.register
def _text(part: str, drawing: Drawing) -> object:
    return drawing.said(text_label(part.encode("utf-8", "surrogatepass")))


@drawn.register(tuple)
def _parts(part: tuple[object, ...], drawing: Drawing) -> object:
    return drawing.row(part)


@drawn.register
def _literal(part: ex.Literal, drawing: Drawing) -> object:
    return drawing.said(text_label(part.content)) if part.content else drawing.library.Skip()


@drawn.register
def _bytes(part: ex.ByteSet, drawing: Drawing) -> object:
    return drawing.said(bytes_label(part.ranges))


@drawn.register
def _characters(part: ex.CodePoints, drawing: Drawing) -> object:
    return drawing.said(characters_label(part.ranges))


@drawn.register
def _concat(part: ex.Concat, drawing: Drawing) -> object:
    return drawing.row(part.parts)


@drawn.register
def _union(part: ex.Union, drawing: Drawing) -> object:
    return drawing.either(part.parts)


@drawn.register
def _repeat(part: ex.Repeat, drawing: Drawing) -> object:
    return drawing.again(part.body, part.low, part.high)


@singledispatch
def tracks(constraint: _Written) -> Mapping[str, object]:
    """Return what is drawn of a constraint, by name: its expression, or the rules of a grammar."""
    return {"": constraint.expr}


def railroads_html(constraint: _Written) -> str:
    """Return the pictures of a constraint as a fragment of HTML; empty if they would be large or have no such form.

    Without railroad-diagrams it says what to install.
    """
    if not installed("railroad"):
        return "<p><small>for railroad pictures: <code>pip install 'canvasgen[notebook]'</code></small></p>"
    library = needed("railroad", "a railroad picture")
    drawing = Drawing(library)
    named = tracks(constraint)
    if len(named) > MOST_RULES:
        return ""
    parts: list[str] = []
    try:
        for name, track in named.items():
            written: list[str] = []
            library.Diagram(drawn(track, drawing)).writeSvg(written.append)
            said = html.escape(f"railroad picture of {name or 'the constraint'}")
            picture = "".join(written).replace("<svg", f'<svg role="img" aria-label="{said}"', 1)
            head = f"<p><code>{html.escape(name)}</code></p>" if name else ""
            parts.append(f'{head}<div style="overflow-x:auto">{picture}</div>')
    except (TooLargeToDraw, RecursionError):
        return ""
    return f"<style>{_STYLE}</style>{''.join(parts)}"
