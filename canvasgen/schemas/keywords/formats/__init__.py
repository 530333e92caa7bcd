"""`format`: the specification's formats, and those that pydantic's types are written in.

A format is a `Part`: the language that is generated, an under-approximation, and the exact membership (`holds`).
Formats that came with a later draft are asserted in the older ones too.

Sources: RFC 3339 (dates, times, durations), RFC 5321 and 6531 (e-mail), RFC 1123 and 5890 (host names), RFC 4291
(IPv6), RFC 3986 and 3987 (URIs and IRIs), RFC 6570 (URI templates), RFC 6901 (JSON pointers), RFC 4122 (UUIDs),
ECMA-262 (regular expressions).
"""

from __future__ import annotations

import re

from canvasgen.automata import parse_regex
from canvasgen.limits import kept
from canvasgen.schemas.keywords.formats import python as pythons
from canvasgen.schemas.keywords.formats import standard
from canvasgen.schemas.normal.shapes import Part
from canvasgen.schemas.normal.strings import in_part

__all__ = ["FREE", "holds", "part"]

FREE = pythons.FREE
"""Formats of Python types without a language: any string may be generated, and what reads it may still refuse it."""


@kept(256)
def part(name: str, *, python: bool) -> Part | None:
    """Return a format's language and membership; None if it has no language here."""
    label = f"`format` {name!r}"
    if python:
        pattern = pythons.LANGUAGES.get(name)
        if pattern is None:
            return None
        return Part(
            label,
            parse_regex(pattern, re.ASCII | re.DOTALL),
            under_approximates=True,
            holds=pythons.HOLDS.get(name),
            format=name,
        )
    if name not in standard.NAMES:
        return None
    expr = standard.language(name)
    if standard.is_exact(name):
        return Part(label, expr, format=name)
    return Part(
        label,
        expr,
        under_approximates=True,
        holds=lambda value: standard.accepts(name, value),
        format=name,
    )


def holds(name: str, value: str, *, python: bool) -> bool:
    """Return True if a string has a format, or the format is unknown."""
    language = part(name, python=python)
    if language is None:
        return True
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return in_part(language, value)
