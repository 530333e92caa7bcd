"""Synthetic tables: two to four records of one kind, stated in a text, to be filled into a Markdown or CSV table."""

from __future__ import annotations

import random

from canvasgen.training.tiny.data import phrasing
from canvasgen.training.tiny.data.domains import DOMAINS
from canvasgen.training.tiny.data.forms import Form
from canvasgen.training.tiny.data.lexicon import Lexicon
from canvasgen.training.tiny.data.phrasing import Fact
from canvasgen.training.tiny.data.record_fields import Domain, Field

__all__ = ["GAP", "filled_table"]

GAP = "?"
"""Stands in the prompt's table where a cell is to be filled in."""


def filled_table(rng: random.Random, lexicon: Lexicon) -> Form:
    """A table of records, all its cells open or those of the first column given."""
    domain, records = _records(rng, lexicon)
    markdown = rng.random() < 0.7
    names = [fact.key for fact in records[0]]
    given = rng.random() < 0.25
    if given and rng.random() < 0.5:
        names[0] = ""  # the first column names the rows
    if markdown:
        head = "| " + " | ".join(names) + " |\n|" + "---|" * len(names) + "\n"
        first, between, last = "| ", " | ", " |"
    else:
        head, first, between, last = ",".join(names) + "\n", "", ",", ""
    pieces: list[str | tuple[str, str]] = []
    fixed = head
    for number, record in enumerate(records):
        fixed += ("\n" if number else "") + first
        for column, fact in enumerate(record):
            fixed += between if column else ""
            value = phrasing.spoken(fact.value, rng)
            if given and column == 0:
                fixed += value
                continue
            pieces += [fixed, (f"{number}/{column}", value)]
            fixed = ""
        fixed += last
    if fixed:
        pieces.append(fixed)
    source = _stating(rng, domain, records, lexicon.hard)
    kind = "markdown" if markdown else "csv"
    return Form(source, tuple(pieces), f"table, {kind}", gap=GAP)


def _records(rng: random.Random, lexicon: Lexicon) -> tuple[Domain, list[list[Fact]]]:
    """Records of the same fields, the subject first; values have no comma and no bar."""
    domain = rng.choice(DOMAINS)
    plain = [f for f in domain.fields if f.kind != "bool" and not f.kind.startswith("[") and f.clauses]
    fields = [domain.subject, *rng.sample(plain, min(rng.choice([1, 1, 2, 2, 3]), len(plain)))]
    keys: list[str] = []
    for field in fields:
        keys.append(rng.choice([key for key in field.keys if key not in keys] or [f"field_{len(keys)}"]))
    records: list[list[Fact]] = []
    subjects: set[str] = set()
    for _ in range(rng.choice([2, 2, 3, 3, 4])):
        facts = [
            Fact(field, key, _value(field, rng, lexicon)) for field, key in zip(fields, keys, strict=True)
        ]
        if str(facts[0].value) not in subjects:
            subjects.add(str(facts[0].value))
            records.append(facts)
    return domain, records


def _value(field: Field, rng: random.Random, lexicon: Lexicon) -> object:
    while True:
        value = rng.choice(field.choices) if field.kind == "enum" else lexicon.draw(field.kind)
        if not set(str(value)) & set(',|"\n'):
            return value


def _stating(rng: random.Random, domain: Domain, records: list[list[Fact]], hard: bool) -> str:
    """Every record by itself, in the order of the table or another."""
    said: list[str] = []
    prose = rng.random() < 0.45
    for record in records:
        if prose:
            said.append(phrasing.prose(domain, record[0], record[1:], rng, hard).strip())
        else:
            said.append(
                phrasing.commas(record, rng) if rng.random() < 0.5 else phrasing.pairs(record, rng).strip()
            )
    if rng.random() < 0.5:
        return "\n".join(said)
    return " ".join(one if one.endswith((".", "!")) else one + "." for one in said)
