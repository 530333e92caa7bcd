"""How a `Shown` is put into words: instructions for a model that chats, a plain form for the embedded one."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from canvasgen.constraints.shown import Hole, Json, Kind, Options, Pattern, Shown
from canvasgen.models.embedded.tiny.prompt_form import short_schema

__all__ = ["instructions", "plain_form", "shown_as"]

_FORM = "Answer only with this text, its parts in braces filled in:"
_REWRITE = "Answer only with this text, its parts in braces written anew:"
_WHOLE = "Answer only with a text of this kind:"


def shown_as(schema: Mapping[str, Any] | bool) -> Shown:
    """One JSON text that follows a schema."""
    return Shown((Hole(holds=(Json(schema),)),))


def instructions(shown: Shown) -> str | None:
    """What a model that chats is told; None if there is nothing to tell."""
    if not shown.tells:
        return None
    hole = shown.only_hole
    if hole is not None and hole.old is None and hole.mark is None and not shown.instruction:
        if not hole.holds:
            return _header(_WHOLE, shown).removesuffix(":") + "."
        header, content = _described(hole)
        return f"{_header(f'Answer only with {header}', shown)}\n{content}"
    header = shown.instruction or (_REWRITE if _rewrites(shown) else _FORM)
    return f"{_header(header, shown)}\n{_form(shown)}"


def _form(shown: Shown) -> str:
    """The text with its holes, and below it what each hole holds."""
    labels = _labels(shown)
    following = iter(labels)
    lines = [shown.form(lambda hole: next(following))]
    by_label = {label: one for label, one in zip(labels, shown.holes, strict=True) if _has_kind(one)}
    for label, one in by_label.items():
        what, content = _described(one)
        lines.append(f"{label}: {what}\n{content}")
    return "\n".join(lines)


def plain_form(shown: Shown) -> str | None:
    """The form that the embedded model knows, a part of the language of `instructions`; None if there is none.

    A JSON text is a line with its fields and types, another hole its name in braces. Rules, instructions and what a hole
    of plain text holds are left out.
    """
    known = _of_interest(shown)
    hole = known.only_hole
    if hole is not None and hole.mark is None:
        schema = _schema(hole)
        if schema is not None:
            return short_schema(schema)
        inside = next((kind for kind in hole.holds if isinstance(kind, Shown)), None)
        return None if inside is None else plain_form(inside)
    return re.sub(r"(\{\}){2,}", "{}", known.form(_plain_hole)) if known.pieces else None


def _of_interest(shown: Shown) -> Shown:
    """Without the holes that nothing is known of and that stand beside others."""
    pieces = [
        piece
        for at, piece in enumerate(shown.pieces)
        if isinstance(piece, str)
        or not piece.is_unknown
        or not any(
            isinstance(other, Hole) for other in (*shown.pieces[:at][-1:], *shown.pieces[at + 1 :][:1])
        )
    ]
    return Shown(tuple(pieces))


def _plain_hole(hole: Hole) -> str:
    if hole.mark is not None:
        return hole.mark
    schema = _schema(hole)
    if schema is not None and (short := short_schema(schema)).startswith("{"):
        return short
    return f"{{{hole.name}}}"


def _schema(hole: Hole) -> Any:
    """The first schema of what it holds."""
    return next((kind.schema for kind in hole.holds if isinstance(kind, Json)), None)


def _rewrites(shown: Shown) -> bool:
    return any(hole.old and hole.mark is None for hole in shown.holes)


def _has_kind(hole: Hole) -> bool:
    """Whether there is more to say of a hole than stands in the form."""
    return bool(hole.holds) and hole.mark is None


def _labels(shown: Shown) -> list[str]:
    """How each hole is written in a form: its mark; else its old text, its name or a number, in braces."""
    rewrites = _rewrites(shown)
    nameless = sum(_has_kind(hole) and not hole.name for hole in shown.holes)
    labels: list[str] = []
    number = 0
    for hole in shown.holes:
        inside = hole.name
        if _has_kind(hole) and not hole.name:
            number += 1
            inside = "part" if nameless == 1 else f"part {number}"
        if rewrites and hole.old:
            inside = hole.old
        labels.append(f"{{{inside}}}" if hole.mark is None else hole.mark)
    return labels


def _header(header: str, shown: Shown) -> str:
    """An instruction with the rules in it."""
    if not shown.rules:
        return header
    rules = " ".join(rule.sentence.removesuffix(":").removesuffix(".") + "." for rule in shown.rules)
    return f"{header.removesuffix(':')}. {rules.removesuffix('.')}:"


def _described(hole: Hole) -> tuple[str, str]:
    """What a hole holds: the end of a sentence with a colon, and what follows it."""
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
