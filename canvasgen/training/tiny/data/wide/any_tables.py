"""Tables with any columns, stated by rows, by columns, by sentences or by labels; perhaps inside a letter."""

from __future__ import annotations

import random
from dataclasses import replace

from canvasgen.training.tiny.data.forms import Form
from canvasgen.training.tiny.data.wide.any_facts import Stated, facts, filler, in_words, padded, said
from canvasgen.training.tiny.data.wide.any_messages import record_rows, records
from canvasgen.training.tiny.data.wide.coined import Coiner, choice_of
from canvasgen.training.tiny.data.wide.phrases import PHRASES

__all__ = ["grid"]

_BAD = ',|"\n'


def grid(rng: random.Random, coiner: Coiner) -> Form:
    """A Markdown or CSV table of one to five rows; all cells open, or those of the first column given."""
    told = rng.random() < 0.4
    pattern, table = record_rows(rng, coiner, 2, _BAD) if told else ("", _table(rng, coiner))
    keys = [one.key for one in table[0]]
    shown = [one.key if rng.random() < 0.8 else in_words(one.key) for one in table[0]]
    order = list(range(len(keys)))
    if rng.random() < 0.2:
        rng.shuffle(order)
    markdown = rng.random() < 0.75
    first, between, last = ("| ", " | ", " |") if markdown else ("", ",", "")
    given = len(keys) > 1 and rng.random() < 0.12
    pieces: list[str | tuple[str, str]] = [first + between.join(shown[column] for column in order) + last]
    if markdown:
        pieces.append("\n|" + "---|" * len(keys))
    for number, row in enumerate(table):
        pieces.append("\n" + first)
        for place, column in enumerate(order):
            text = row[column].written
            cell = text if given and place == 0 else (f"{number}/{place}", text)
            pieces += [between if place else "", cell]
        pieces.append(last)
    source = _told(pattern, table, rng, coiner) if told else _source(table, rng, coiner)
    if rng.random() < 0.2:
        pieces = _inside_a_letter(pieces, rng, coiner)
    return Form(
        padded(source, rng, coiner, rng.choice([0, 0, 0, 1])), _joined(pieces), "table, wide", gap="?"
    )


def _table(rng: random.Random, coiner: Coiner) -> list[list[Stated]]:
    """Rows of the same columns; the values of the first are different, and no value has a mark of the table in it."""
    while True:
        head = facts(rng, coiner, rng.choice([1, 2, 2, 2, 3, 3, 4]), own=0.7)
        if all(one.kind not in ("flag", "list") for one in head):
            break
    table: list[list[Stated]] = []
    for _ in range(rng.choice([1, 2, 2, 2, 3, 3, 4, 5])):
        row = [_other(one, rng, coiner) for one in head]
        if row[0].written not in [one[0].written for one in table]:
            table.append(row)
    return table


def _other(one: Stated, rng: random.Random, coiner: Coiner) -> Stated:
    while True:
        text = rng.choice(one.shape["enum"]) if one.kind == "enum" else str(coiner.draw(one.kind))
        if not set(text) & set(_BAD):
            return replace(one, value=text, written=text)


def _source(table: list[list[Stated]], rng: random.Random, coiner: Coiner) -> str:
    way = rng.random()
    names = [in_words(one.key) for one in table[0]]
    if way < 0.35:
        inner = rng.choice([", ", " ", " ", ": ", " - ", " / ", " for ", " = "])
        lines = [inner.join(one.written for one in row) for row in table]
        between = rng.choice(["\n", "; ", ", ", ", "] if inner not in (", ",) else ["\n", "; ", ". "])
        return rng.choice(
            ["", "", f"{', '.join(names)}: ", "List: ", "Data:\n", f"{names[0].capitalize()}: "]
        ) + between.join(lines)
    if way < 0.50:
        mark = rng.choice([": ", " ", "=", " = "])
        inner = rng.choice([", ", "; ", " "])
        lines = [
            inner.join(name + mark + one.written for name, one in zip(names, row, strict=True))
            for row in table
        ]
        return rng.choice(["\n", "\n", ". ", " / "]).join(lines)
    if way < 0.58:
        lines = [
            f"{name}: {', '.join(row[column].written for row in table)}" for column, name in enumerate(names)
        ]
        return rng.choice(["\n", "; ", ". "]).join(lines)
    if way < 0.66 and len(names) > 1:
        return "; ".join(f"{row[0].written} ({', '.join(one.written for one in row[1:])})" for row in table)
    kinds = [one.kind for one in table[0]]
    verb = rng.choice(["has", "is listed with", "comes with", "has", "goes with"])
    lines = []
    for row in table:
        rest = [said(one, rng, coiner.hard, kinds.count(one.kind) == 1).rstrip(",") for one in row[1:]]
        if rest and rng.random() < 0.3:
            rest = [f"{verb} {name} {one.written}" for name, one in zip(names[1:], row[1:], strict=True)]
        between = rng.choice([", ", " and ", ", "])
        lines.append(
            f"{row[0].written}{rng.choice([' ', ', ', ': '])}{between.join(rest)}" if rest else row[0].written
        )
    return rng.choice([". ", ".\n", "\n", "; "]).join(lines) + "."


def _told(pattern: str, table: list[list[Stated]], rng: random.Random, coiner: Coiner) -> str:
    """The rows in sentences or side by side, perhaps behind some words."""
    text = records(pattern, table, rng)
    if rng.random() < 0.35:
        said_so = choice_of(rng, PHRASES["record groups"], coiner.hard)
        return said_so.replace("{n}", coiner.name()).replace("{}", text)
    return text


def _inside_a_letter(
    pieces: list[str | tuple[str, str]], rng: random.Random, coiner: Coiner
) -> list[str | tuple[str, str]]:
    head = rng.choice(
        [
            f"Dear {coiner.given()},\n",
            f"{filler(rng, coiner)}\n",
            f"Hello {coiner.given()}!\n",
            "As follows:\n",
            "All:\n",
        ]
    )
    tail = rng.choice(
        [f"\n{coiner.given()}", f"\n{filler(rng, coiner)}", "\nThanks!", "\nYours", "\nThat is all."]
    )
    return [head, *pieces, tail]


def _joined(pieces: list[str | tuple[str, str]]) -> tuple[str | tuple[str, str], ...]:
    out: list[str | tuple[str, str]] = []
    for piece in pieces:
        if isinstance(piece, str) and out and isinstance(out[-1], str):
            out[-1] += piece
        elif piece != "":
            out.append(piece)
    return tuple(out)
