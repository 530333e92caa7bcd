"""Short messages in sentences that begin with anything: about people and things, with optional fields; lists in prose."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from canvasgen.models.embedded.tiny.prompt_form import short_pattern
from canvasgen.training.tiny.data.bare_copies import Bare
from canvasgen.training.tiny.data.value_formats import PATTERNS
from canvasgen.training.tiny.data.wide.any_facts import (
    KINDS,
    Stated,
    alike,
    fact,
    facts,
    in_words,
    padded,
)
from canvasgen.training.tiny.data.wide.any_objects import Made, object_of, optional
from canvasgen.training.tiny.data.wide.coined import Coiner, choice_of
from canvasgen.training.tiny.data.wide.phrases import PHRASES

__all__ = ["copied", "listed", "message", "record_rows", "records"]

_MESSAGES, _RECORDS = PHRASES["messages"], PHRASES["records"]
_GROUPS, _LISTS = PHRASES["record groups"], PHRASES["told lists"]
_SLOT = re.compile(r"\{(\w+)\}")
_MISSED = ("phone", "email", "city", "date", "age", "company", "job", "price", "code", "street", "clock")
"""Kinds of fields that people ask for, whether a message has them or not."""


def _slots(pattern: str, rng: random.Random, coiner: Coiner) -> list[Stated]:
    """A fact for each slot of a pattern, in the pattern's order."""
    found: list[Stated] = []
    for kind in _SLOT.findall(pattern):
        taken = [one.key for one in found]
        one = fact(rng, coiner, taken, kind)
        usual = KINDS[kind].split()[:3]
        if rng.random() < 0.5 and not set(usual) & set(taken):
            one = replace(one, key=rng.choice(usual))
        found.append(one)
    return found


def _filled(pattern: str, found: Sequence[Stated]) -> str:
    written = iter([one.written for one in found])
    return _SLOT.sub(lambda _: next(written), pattern)


def _told_behind(found: list[Stated], rng: random.Random, coiner: Coiner) -> tuple[str, list[Stated]]:
    """One or two more facts with their keys, as sentences of their own."""
    kinds = {one.kind for one in found}
    more = [
        one
        for one in [*facts(rng, coiner, rng.choice([0, 1, 1, 2])), *_told_choice(rng, coiner)]
        if one.kind not in kinds and one.key not in [other.key for other in found]
    ]
    mark = rng.choice([": ", ": ", " is ", " = "])
    pieces = [f"{in_words(one.key).capitalize()}{mark}{one.written}" for one in more]
    between = rng.choice([". ", "\n", ", ", "; "])
    return "".join(between + piece for piece in pieces), [*found, *more]


def _told_choice(rng: random.Random, coiner: Coiner) -> list[Stated]:
    """One of several labels, yes or no, both or neither."""
    found: list[Stated] = []
    while rng.random() < 0.5:
        one = fact(rng, coiner)
        if one.kind in ("flag", "enum") and one.key not in [other.key for other in found]:
            found.append(one)
    return found


def message(rng: random.Random, coiner: Coiner) -> Made:
    """A message, and an object of fields that it states or not; those that it does not state are null."""
    pattern = choice_of(rng, _MESSAGES, coiner.hard)
    found = _slots(pattern, rng, coiner)
    text = _filled(pattern, found)
    if rng.random() < 0.25 or len(found) == 1:
        behind, found = _told_behind(found, rng, coiner)
        text += behind
    text += rng.choice(["", ".", ".", "!"])
    asked = [one for one in found if rng.random() < 0.88] or found[:1]
    share = rng.choice([0.0, 0.5, 1.0, 1.0])
    fields = [optional(one) if number and rng.random() < share else one for number, one in enumerate(asked)]
    kinds = [one.kind for one in found]
    for _ in range(rng.choice([0, 1, 1, 2]) if share else 0):
        one = fact(rng, coiner, [other.key for other in [*found, *fields]], rng.choice(_MISSED))
        if not any(alike(one.kind, kind) for kind in kinds):
            kinds.append(one.kind)
            missing = replace(optional(one), value=None)
            fields.insert(rng.randint(min(1, len(fields)), len(fields)), missing)
    if rng.random() < 0.3:
        rng.shuffle(fields)
    schema, value = object_of(fields)
    return padded(text, rng, coiner, rng.choice([0, 0, 0, 0, 0, 1])), schema, value, "message"


def record_rows(
    rng: random.Random, coiner: Coiner, columns: int = 1, separate: str = ""
) -> tuple[str, list[list[Stated]]]:
    """A pattern, and rows of facts of it under the same keys; no value has a character of ``separate`` in it.

    Args:
        columns: the fewest slots of the pattern.
    """
    fitting = [pattern for pattern in _RECORDS if len(_SLOT.findall(pattern)) >= columns]
    pattern = choice_of(rng, tuple(fitting), coiner.hard)
    head = _slots(pattern, rng, coiner)
    if rng.random() < 0.25:
        head[0] = replace(head[0], key=coiner.word().split()[0])
    table: list[list[Stated]] = []
    for _ in range(rng.choice([1, 2, 2, 2, 3, 3, 4])):
        row: list[Stated] = []
        for one in head:
            value = coiner.draw(one.kind)
            while set(str(value)) & set(separate):
                value = coiner.draw(one.kind)
            row.append(replace(one, value=value, written=str(value)))
        if row[0].written not in [other[0].written for other in table]:
            table.append(row)
    return pattern, table


def records(pattern: str, table: Sequence[Sequence[Stated]], rng: random.Random) -> str:
    """The rows by their pattern, one after the other."""
    lines = [_filled(pattern, row) for row in table]
    if len(lines[0]) > 24 or rng.random() < 0.2:
        return rng.choice([". ", ". ", "\n", "; "]).join(lines) + "."
    if len(lines) > 1 and rng.random() < 0.35:
        return ", ".join(lines[:-1]) + rng.choice([" and ", " and ", ", and ", " & "]) + lines[-1]
    return rng.choice([", ", ", ", "; ", "\n", "\n- ", " / "]).join(lines)


def listed(rng: random.Random, coiner: Coiner) -> Made:
    """A list of small objects or of values, told in a sentence; perhaps with whom it is of."""
    who = Stated(rng.choice(KINDS["name"].split()), "name", name := coiner.name(), {"type": "string"}, name)
    group = rng.choice(["items", "lines", "rows", "list", "entries", "products", "values", "things"])
    if rng.random() < 0.55:
        pattern, table = record_rows(rng, coiner)
        inner = records(pattern, table, rng)
        schema: dict[str, Any] = object_of(table[0])[0]
        values: list[Any] = [object_of(row)[1] for row in table]
        told = choice_of(rng, _GROUPS, coiner.hard) if rng.random() < 0.75 else "{}"
    else:
        kind = rng.choice(
            ["small", "small", "number", "word", "color", "city", "name", "language", "product"]
        )
        values = list(dict.fromkeys(coiner.draw(kind) for _ in range(rng.choice([1, 2, 3, 3, 3, 4, 5]))))
        texts = [str(value) for value in values]
        inner = ", ".join(texts)
        if len(texts) > 1 and rng.random() < 0.65:
            inner = ", ".join(texts[:-1]) + rng.choice([" and ", ", and ", " or "]) + texts[-1]
        schema = {"type": "integer" if kind in ("small", "number") else "string"}
        told = choice_of(rng, _LISTS, coiner.hard)
        group = rng.choice([f"{kind}s", group, *KINDS[kind].split()[:2]])
    text = told.replace("{k}", in_words(group)).replace("{n}", who.written).replace("{}", inner)
    text += "" if text[-1] == "." else rng.choice(["", ".", "."])
    items = {"type": "array", "items": schema}
    if "{n}" not in told and rng.random() < 0.5:
        return text, items, values, "listed"
    shapes, value = object_of([who] if "{n}" in told else [])
    shapes["properties"][group], value[group] = items, values
    shapes["required"] = [*shapes["required"], group]
    return text, shapes, value, "listed, inside"


def copied(rng: random.Random, coiner: Coiner) -> Bare:
    """One value of a message under a regular expression."""
    while True:
        pattern = choice_of(rng, _MESSAGES, coiner.hard)
        found = _slots(pattern, rng, coiner)
        fitting = [
            (one, shape)
            for one in found
            for shape in PATTERNS.get(one.kind, ())
            if re.fullmatch(shape, one.written)
        ]
        if fitting:
            break
    one, shape = rng.choice(fitting)
    asked = choice_of(rng, PHRASES["questions of a value"], coiner.hard)
    text = _filled(pattern, found) + rng.choice(["", ".", ".", "!"])
    told = short_pattern(shape) if rng.random() < 0.75 else None
    if told and rng.random() < 0.2 and [other.kind for other in found].count(one.kind) == 1:
        asked = ""
    prompt = f"{text}{rng.choice([' ', chr(10)])}{asked.replace('{}', in_words(one.key))}".strip()
    return Bare(prompt, told, one.written, f"copy, {one.kind}", shape)
