"""Template texts: fixed text, and names in braces for the holes, as in `str.format`."""

from __future__ import annotations

from collections.abc import Iterator
from string import Formatter

from canvasgen.constraints.line_column import line_and_column
from canvasgen.errors import InvalidConstraint

__all__ = ["Hole", "pieces_of"]


class Hole:
    """A place in a template that holds a text of the constraint of its name."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


def pieces_of(text: str) -> Iterator[str | Hole]:
    """Yield the fixed texts and the holes of a template.

    Raises:
        InvalidConstraint: a brace is not closed, or what is in braces is not a name.
    """
    try:
        parsed = list(Formatter().parse(text))
    except ValueError as error:
        raise InvalidConstraint(
            f"the template is malformed: {error}",
            path=_stray_brace(text),
            rule="template",
            value=text,
            remedy="write {{ and }} for braces",
        ) from error
    for literal, name, spec, conversion in parsed:
        if literal:
            yield literal
        if name is None:
            continue
        if not name.isidentifier() or spec or conversion:
            raise InvalidConstraint(
                "a hole is a name in braces",
                path=line_and_column(text, text.find("{" + name)),
                rule="template",
                value=name,
                remedy="write {{ and }} for braces",
            )
        yield Hole(name)


def _stray_brace(text: str) -> str:
    """Return line and column of the first brace without a partner."""
    open_at: int | None = None
    at = 0
    while at < len(text):
        mark = text[at]
        if mark in "{}" and open_at is None and text[at : at + 2] == mark * 2:
            at += 2
            continue
        if mark == "{":
            if open_at is not None:
                return line_and_column(text, open_at)
            open_at = at
        elif mark == "}":
            if open_at is None:
                return line_and_column(text, at)
            open_at = None
        at += 1
    return line_and_column(text, open_at if open_at is not None else len(text))
