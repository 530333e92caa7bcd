"""Lark's errors as ours, with the place in the grammar's text."""

from __future__ import annotations

import re
from typing import Any

from lark import Token
from lark.exceptions import LarkError, VisitError

from canvasgen.constraints.grammar.extensions import Extended, place_at
from canvasgen.constraints.grammar.parameters import is_tree
from canvasgen.errors import InvalidConstraint

__all__ = ["place_of", "place_of_import", "refusal"]

_PLACE = re.compile(r"at line (\d+),? column (\d+)")
_NAMED = re.compile(
    r"""(?<!\w)'([^']+?)(?:\.lark)?'|<(\w+) :|\((\d+\.\.\d+)|\((\"\")\)|\(in (?:rule|template) (\w+)\)|`(\w+)`"""
    r"""|defined: (\w+)|rule (\w+)(?= as it|$)"""
)
"""The names in Lark's messages that have no line and column."""


def refusal(error: LarkError | OSError, extended: Extended) -> InvalidConstraint:
    """Return Lark's error as ours, with the place."""
    message = str(error).strip().splitlines()
    said = message[0] if message else type(error).__name__
    place = _PLACE.search(str(error))
    path = None
    if isinstance(error, VisitError):
        said = f"{error.orig_exc or said}"
        visit: Any = error
        found = visit.obj
        tokens: Any = found.scan_values(_is_token) if is_tree(found) else ()
        first: Token | None = next(iter(tokens), None)
        if first is not None:
            path = extended.place(first.line or 1, first.column or 1)
            return InvalidConstraint(
                f"the grammar is malformed at {first}: {said}",
                path=path,
                rule="grammar",
                value=str(first),
                remedy="correct the syntax there, or quote the characters",
            )
    if place:
        path = extended.place(int(place.group(1)), int(place.group(2)))
        said = _PLACE.sub(f"at {path}", said)
    else:
        for named in _NAMED.finditer(str(error)):
            name = re.sub(r"_(star|plus|opt|repeat\w*)_\w+$", "", next(filter(None, named.groups())))
            path = path or place_of(name.rpartition("__")[2] or name, extended.original)
    return InvalidConstraint(
        f"the grammar is malformed: {said}",
        path=path,
        rule="grammar",
        remedy="correct the syntax there; the notation is Lark's, or GBNF with `root ::=`",
    )


def _is_token(value: object) -> bool:
    return isinstance(value, Token)


def place_of_import(dotted: str, text: str) -> str | None:
    """Return line and column of an `%import` of a dotted name; None if there is none."""
    found = re.search(rf"^%import\s+({re.escape(dotted)})(?![\w])", text, re.MULTILINE)
    return None if found is None else place_at(text, found.start(1))


def place_of(name: str, text: str) -> str | None:
    """Return line and column of the last occurrence of a name; None if there is none."""
    found = list(re.finditer(rf"(?<![\w]){re.escape(name)}(?![\w])", text))
    if not found:
        return None
    return place_at(text, found[-1].start())
