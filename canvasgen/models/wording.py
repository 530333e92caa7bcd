"""The prompt's part on the answer, from a `Shown`: instructions for a chat model, a plain form for the embedded one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import groupby
from typing import Any

from canvasgen.constraints.shown import Hole, Json, Kind, Options, Pattern, Piece, Shown
from canvasgen.models.embedded.tiny.prompt_form import short_options, short_pattern, short_schema

__all__ = ["instructions", "plain_form", "shown_as"]

_FORM = "Answer only with this text, its parts in braces filled in:"
_REWRITE = "Answer only with this text, its parts in braces written anew:"
_WHOLE = "Answer only with a text of this kind:"


def shown_as(schema: Mapping[str, Any] | bool) -> Shown:
    """Return what is shown of one JSON text that follows a schema."""
    return Shown((Hole(holds=(Json(schema),)),))


def instructions(shown: Shown) -> str | None:
    """Return the instructions for a chat model; None if nothing is known of the answer."""
    if not shown.tells:
        return None
    hole = shown.only_hole
    if hole is not None and hole.old is None and hole.mark is None and not shown.instruction:
        if hole.holds:
            header, content = _described(hole)
            return f"{_header(f'Answer only with {header}', shown)}\n{content}"
        if not hole.name:
            return _header(_WHOLE, shown).removesuffix(":") + "."
    header = shown.instruction or (_REWRITE if _rewrites(shown) else _FORM)
    return f"{_header(header, shown)}\n{_form(shown)}"


def _form(shown: Shown) -> str:
    """Return the text with its holes, and below it what each hole holds."""
    labels = _labels(shown)
    following = iter(labels)
    lines = [shown.form(lambda hole: next(following))]
    by_label = {label: one for label, one in zip(labels, shown.holes, strict=True) if _has_kind(one)}
    for label, one in by_label.items():
        what, content = _described(one)
        lines.append(f"{label}: {what}\n{content}")
    return "\n".join(lines)


def plain_form(shown: Shown) -> str | None:
    """Return the form that the embedded model was trained on; None if nothing is known of the answer.

    A JSON text is written as a line with its fields and types, a bare choice as its options, a bare pattern between
    slashes, any other hole as its name in braces. Rules, instructions and what a hole of plain text holds are left out.
    """
    known = _of_interest(shown)
    hole = known.only_hole
    if hole is not None and hole.mark is None:
        schema = _schema(hole)
        if schema is not None:
            return short_schema(schema)
        return next((form for kind in hole.holds if (form := _plain_kind(kind)) is not None), None)
    return _plain_text(known) if known.pieces else None


def _plain_kind(kind: Kind) -> str | None:
    """Return how a bare answer of a kind is described; None if the model knows no form for it."""
    if isinstance(kind, Shown):
        return plain_form(kind)
    if isinstance(kind, Options):
        return short_options(kind.texts)
    return short_pattern(kind.pattern) if isinstance(kind, Pattern) else None


def _of_interest(shown: Shown) -> Shown:
    """Return the text without the unknown holes that are next to others; of several unknown ones, one is kept.

    A hole with a text that ends it is known: `{}</think>` says that something comes before the answer.
    """
    pieces: list[Piece] = []
    for is_text, group in groupby(shown.pieces, lambda piece: isinstance(piece, str)):
        run = list(group)
        known = [piece for piece in run if isinstance(piece, Hole) and (piece.ends or not piece.is_unknown)]
        pieces += run if is_text else known or run[:1]
    return Shown(tuple(pieces))


def _plain_text(shown: Shown) -> str:
    """Return the text in the plain form; neighbouring holes without a name are written as one."""
    written: list[str] = []
    blank = False
    for piece in shown.pieces:
        text = piece if isinstance(piece, str) else _plain_hole(piece) + piece.ends
        is_blank = isinstance(piece, Hole) and text == "{}"
        if not (blank and is_blank):
            written.append(text)
        blank = is_blank
    return "".join(written)


def _plain_hole(hole: Hole) -> str:
    if hole.mark is not None:
        return hole.mark
    schema = _schema(hole)
    if schema is not None and (short := short_schema(schema)).startswith("{"):
        return short
    return f"{{{hole.name}}}"


def _schema(hole: Hole) -> Any:
    """Return the first schema of what a hole holds; None if there is none."""
    return next((kind.schema for kind in hole.holds if isinstance(kind, Json)), None)


def _rewrites(shown: Shown) -> bool:
    return any(hole.old and hole.mark is None for hole in shown.holes)


def _has_kind(hole: Hole) -> bool:
    """Return whether a hole needs a description below the form."""
    return bool(hole.holds) and hole.mark is None


def _labels(shown: Shown) -> list[str]:
    """Return how each hole is written in a form: its mark; else its old text, its name or a number, in braces.

    Different holes of one name, as nested templates may have, are numbered.
    """
    rewrites = _rewrites(shown)
    nameless = sum(_has_kind(hole) and not hole.name for hole in shown.holes)
    labels: list[str] = []
    named: dict[str, list[str]] = {}
    number = 0
    for hole in shown.holes:
        inside = hole.name
        if _has_kind(hole) and not hole.name:
            number += 1
            inside = "part" if nameless == 1 else f"part {number}"
        elif hole.name:
            holes = named.setdefault(hole.name, [])
            if repr(hole) not in holes:
                holes.append(repr(hole))
            which = holes.index(repr(hole)) + 1
            inside = hole.name if which == 1 else f"{hole.name} {which}"
        if rewrites and hole.old:
            inside = hole.old
        labels.append(f"{{{inside}}}" if hole.mark is None else hole.mark)
    return labels


def _header(header: str, shown: Shown) -> str:
    """Return an instruction with the rules in it."""
    if not shown.rules:
        return header
    rules = " ".join(rule.sentence.removesuffix(":").removesuffix(".") + "." for rule in shown.rules)
    return f"{header.removesuffix(':')}. {rules.removesuffix('.')}:"


def _described(hole: Hole) -> tuple[str, str]:
    """Return what a hole holds: the end of a sentence with a colon, and the lines that follow it."""
    described = [_kind(kind) for kind in hole.holds]
    if len(described) == 1:
        header, content = described[0]
    else:
        header = "one of the following:"
        content = "\n".join(f"- {one} {text}".rstrip() for one, text in described)
    if hole.times is not None:
        header = f"{header.removesuffix(':')}, {_times(*hole.times)}:"
    return header, content


def _kind(kind: Kind) -> tuple[str, str]:
    if isinstance(kind, Json):
        schema = json.dumps(kind.schema, ensure_ascii=False, separators=(",", ":"))
        return "JSON that follows this JSON Schema:", schema
    if isinstance(kind, Options):
        if len(kind.texts) == 1:
            return "this text:", kind.texts[0]
        return "one of these texts:", "\n".join(kind.texts)
    if isinstance(kind, Pattern):
        return "text that this regular expression matches:", kind.pattern
    hole = kind.only_hole
    if hole is not None and hole.is_unknown:
        return _header("a text:", kind), ""
    done = "written anew" if _rewrites(kind) else "filled in"
    return _header(kind.instruction or f"this text, its parts in braces {done}:", kind), _form(kind)


def _times(low: int, high: int | None, separator: str) -> str:
    between = f" with {separator!r} between them" if separator else ""
    if high is None:
        return f"{low} or more times{between}"
    return (f"{low} times" if low == high else f"{low} to {high} times") + between
