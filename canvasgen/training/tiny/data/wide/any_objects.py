"""JSON tasks with any keys: fields that the text does not state, short prompts, long texts, numbers, rows, thoughts."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from canvasgen.training.tiny.data.wide.any_facts import (
    Stated,
    alike,
    fact,
    facts,
    in_words,
    padded,
    said,
    state,
    styled,
    terse,
)
from canvasgen.training.tiny.data.wide.coined import Coiner
from canvasgen.training.tiny.data.wide.phrases import PHRASES

__all__ = ["MARKS", "Made", "absent", "long_text", "object_of", "optional", "rows", "short", "thought"]

Made = tuple[str, dict[str, Any], Any, str]
"""A text, the JSON Schema asked for, the value, the kind of task."""

_ASKED = PHRASES["asked"]
_LEADS = PHRASES["leads"]
_THINKING = PHRASES["thinking"]
MARKS = ("</think>",) * 6 + (
    "</thinking>",
    "</thought>",
    "</reasoning>",
    "\nAnswer: ",
    "\n---\n",
    "=> ",
    "\n\n",
    "</scratch>",
)


def object_of(found: Sequence[Stated]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(schema, value) of a closed object with these fields."""
    shapes = {one.key: one.shape for one in found}
    needed = [key for key, shape in shapes.items() if "default" not in shape]
    schema = {"type": "object", "properties": shapes, "required": needed, "additionalProperties": False}
    return schema, {one.key: one.value for one in found}


def _asked(found: Sequence[Stated], rng: random.Random) -> list[Stated]:
    """Some of the facts, in their order or another."""
    count = rng.randint(max(1, len(found) - 2), len(found))
    chosen = rng.sample(list(found), count)
    if rng.random() < 0.65:
        chosen.sort(key=list(found).index)
    return chosen


def _about(found: Sequence[Stated], rng: random.Random, hard: bool) -> str:
    """The first fact at the head of a sentence, the others behind it."""
    kinds = [one.kind for one in found]
    lead = rng.choice(_LEADS[:-2] if not hard else _LEADS[-2:])
    text = lead.replace("{k}", in_words(found[0].key)).replace("{}", found[0].written)
    rest = [said(one, rng, hard, kinds.count(one.kind) == 1).rstrip(",") for one in found[1:]]
    between = rng.choice([", ", ", ", " ", ": ", " (", "; ", " - "])
    if not rest:
        return text + rng.choice(["", ".", "!"])
    end = ")" if between == " (" else ""
    return (
        text + between + rng.choice([", ", ", ", " and ", "; "]).join(rest) + end + rng.choice(["", ".", "."])
    )


def absent(rng: random.Random, coiner: Coiner) -> Made:
    """Optional fields, most of which the text does not state: those are null, or left out where null is not allowed."""
    hard = coiner.hard
    found = facts(rng, coiner, rng.randint(1, 4), own=0.5)
    while found[0].kind in ("flag", "list", "enum"):
        found = facts(rng, coiner, rng.randint(1, 4), own=0.5)
    text = _about(found, rng, hard) if rng.random() < 0.6 else state(found, rng, hard)
    kept = _asked(found, rng)
    missing: list[Stated] = []
    keys, kinds = [one.key for one in found], {one.kind for one in found}
    wanted = rng.choice([0, 0, 1, 1, 1, 2])
    while len(missing) < wanted:
        one = fact(rng, coiner, [*keys, *(other.key for other in missing)])
        if not any(alike(one.kind, kind) for kind in kinds):
            missing.append(one)
    plain = rng.random() < 0.12
    fields: list[tuple[Stated, bool]] = []
    for one in kept:
        fields.append((optional(one) if rng.random() < 0.8 and not plain else one, True))
    for one in missing:
        bare = replace(one, shape={**one.shape, "default": ""} if plain else one.shape)
        fields.append((bare if plain else replace(optional(one), value=None), not plain))
    if rng.random() < 0.6:
        rng.shuffle(fields)
    schema, _ = object_of([one for one, _ in fields])
    value = {one.key: one.value for one, present in fields if present}
    if plain:
        for shape in schema["properties"].values():
            shape.pop("default", None)
    return (
        _introduced(padded(text, rng, coiner, rng.choice([0, 0, 0, 0, 1, 2])), rng),
        schema,
        value,
        "absent",
    )


def optional(one: Stated) -> Stated:
    """The fact as a field that may be null."""
    return replace(one, shape={"anyOf": [one.shape, {"type": "null"}], "default": None})


def _someoptional(found: Sequence[Stated], rng: random.Random) -> list[Stated]:
    """The facts, sometimes as fields that may be null, though the text states them."""
    share = rng.choice([0.0, 0.0, 0.5, 0.8])
    return [optional(one) if rng.random() < share else one for one in found]


def _introduced(text: str, rng: random.Random, share: float = 0.25) -> str:
    return rng.choice(_ASKED).replace("{}", text) if rng.random() < share else text


def short(rng: random.Random, coiner: Coiner) -> Made:
    """Values alone, one after the other, under any keys; of different kinds where their order is not that of the keys."""
    found = facts(rng, coiner, rng.choice([1, 2, 2, 3, 3, 3, 4, 5]), own=0.75)
    found = [one for one in found if one.kind not in ("flag", "list")] or [fact(rng, coiner, kind="name")]
    kinds = {one.kind for one in found}
    if rng.random() < 0.8:
        text = terse(found, rng)
    else:
        text = _about(found, rng, coiner.hard)
    asked = list(found)
    if len(kinds) == len(found) and kinds <= _SURE and rng.random() < 0.35:
        rng.shuffle(asked)
    schema, value = object_of(_someoptional(asked, rng))
    return _introduced(text, rng, 0.6), schema, value, "short"


_SURE = {
    "name",
    "price",
    "date",
    "email",
    "phone",
    "url",
    "iban",
    "time",
    "money",
    "datetime",
    "age",
    "percent",
}
"""Kinds of values that are told apart by their looks."""


def long_text(rng: random.Random, coiner: Coiner) -> Made:
    """A few fields, mostly numbers and codes, out of a text with many other facts and sentences."""
    hard = coiner.hard
    kinds = [
        "price",
        "price",
        "number",
        "weight",
        "code",
        "phone",
        "date",
        "iban",
        "small",
        "money",
        "percent",
        "year",
        "clock",
    ]
    found: list[Stated] = []
    for _ in range(rng.randint(2, 5)):
        kind = rng.choice(kinds) if rng.random() < 0.75 else None
        one = fact(rng, coiner, [other.key for other in found], kind)
        if all(other.written != one.written for other in found):
            found.append(one)
    found = styled(found, rng)
    parts = state(found, rng, hard)
    text = padded(parts, rng, coiner, rng.choice([0, 1, 2, 3, 3, 4, 5, 6]))
    chosen = rng.sample(found, rng.randint(1, min(3, len(found))))
    if rng.random() < 0.5:
        chosen.sort(key=found.index)
    if len(chosen) == 1 and rng.random() < 0.25:
        question = rng.choice(["What is the {}?", "{}?", "Give the {}.", "Return the {}.", "The {}:"])
        return (
            f"{text}\n{question.replace('{}', in_words(chosen[0].key))}",
            chosen[0].shape,
            chosen[0].value,
            "long, bare",
        )
    schema, value = object_of(_someoptional(chosen, rng))
    return _introduced(text, rng), schema, value, "long"


def rows(rng: random.Random, coiner: Coiner) -> Made:
    """A list of small objects of the same fields, perhaps beside other fields or one level down."""
    first = facts(rng, coiner, rng.choice([1, 2, 2, 3]), own=1.0)
    table = [first]
    for _ in range(rng.choice([0, 1, 1, 2, 2, 3])):
        row: list[Stated] = []
        for one in first:
            again = _same_kind(one, rng, coiner)
            row.append(again)
        table.append(row)
    one_way = rng.choice(["terse", "terse", "pairs", "brackets", "times"])
    lines = [_row(row, one_way, rng) for row in table]
    between = rng.choice(["\n", "\n- ", "; ", ", " if one_way in ("brackets", "times") else "; ", ". "])
    if len(first) == 1 and rng.random() < 0.6:
        between = ", "
    listed = ("- " if between == "\n- " else "") + between.join(lines)
    if between == ", " and len(lines) > 1 and rng.random() < 0.5:
        listed = ", ".join(lines[:-1]) + rng.choice([" and ", " and ", ", and ", " & ", " or "]) + lines[-1]
    items = object_of(first)[0]
    values: Any = [object_of(row)[1] for row in table]
    if len(first) == 1 and rng.random() < 0.7:
        items, values = first[0].shape, [row[0].value for row in table]
    schema: dict[str, Any] = {"type": "array", "items": items}
    group = rng.choice(
        [
            "items",
            "rows",
            "entries",
            "list",
            "records",
            "lines",
            "people",
            "orders",
            "results",
            coiner.coined(),
        ]
    )
    roll = rng.random()
    if roll < 0.3:
        head = rng.choice(
            [
                "",
                f"{in_words(group)}: ",
                f"The {in_words(group)}:\n",
                f"{in_words(group).capitalize()}\n",
                f"The {in_words(group)} were ",
                f"The {in_words(group)} are ",
                f"We have the {in_words(group)} ",
                f"{coiner.given()} gave us ",
            ]
        )
        listed += rng.choice(["", "."])
        return _introduced(head + listed, rng), schema, values, "rows"
    others = facts(rng, coiner, rng.choice([0, 1, 1, 2]))
    others = [one for one in others if one.key != group]
    before = _labelled_or_not(others, rng, coiner) if others else ""
    text = (
        f"{before}{rng.choice([chr(10), ' '])}{in_words(group)}: {listed}"
        if others
        else f"{in_words(group)}: {listed}"
    )
    whole, value = object_of(others)
    whole["properties"][group], value[group] = schema, values
    whole["required"] = [*whole["required"], group]
    return _introduced(text, rng), whole, value, "rows, inside"


def _labelled_or_not(others: Sequence[Stated], rng: random.Random, coiner: Coiner) -> str:
    text = state(others, rng, coiner.hard)
    return text if text[-1] in ".!\n" else text + rng.choice([".", "\n", ";"])


def _same_kind(one: Stated, rng: random.Random, coiner: Coiner) -> Stated:
    """Another fact with the key and the schema of a fact."""
    if one.kind == "enum":
        value = rng.choice(one.shape["enum"])
        return replace(one, value=value, written=value)
    value = coiner.draw(one.kind)
    return replace(one, value=value, written=str(value))


def _row(row: Sequence[Stated], way: str, rng: random.Random) -> str:
    if len(row) == 1:
        return row[0].written
    texts = [one.written for one in row]
    if way == "brackets":
        return f"{texts[0]} ({', '.join(texts[1:])})"
    if way == "pairs":
        return ", ".join(f"{in_words(one.key)} {one.written}" for one in row)
    if way == "times" and row[1].kind == "small":
        return " ".join([f"{texts[1]} x {texts[0]}", *texts[2:]])
    return ", ".join(texts)


def thought(rng: random.Random, coiner: Coiner) -> tuple[Made, str, bool]:
    """A JSON task, the thought before the answer with the mark that ends it, and whether the prompt shows the mark."""
    made = rng.choice([absent, short, short, long_text, rows])(rng, coiner)
    value = made[2]
    named = list(value.items()) if isinstance(value, dict) else [("answer", value)]
    kept = [(key, one) for key, one in named if not isinstance(one, (list, dict, bool)) and one is not None]
    roll = rng.random()
    chosen = [one for one in kept if rng.random() < 0.7] if roll < 0.75 else []
    pieces = [
        rng.choice(_THINKING).replace("{k}", in_words(key)).replace("{v}", str(one))
        for key, one in chosen[:4]
    ]
    if roll > 0.9:
        pieces = [
            rng.choice(
                ["Let me see", "I read the text", "Easy", "Short text", "The fields are clear", "Done", "ok"]
            )
        ]
    said_so = rng.choice([", ", ". ", "; ", "\n", " and "]).join(pieces)
    return made, said_so + rng.choice(["", "."]) + rng.choice(MARKS), rng.random() < 0.5
