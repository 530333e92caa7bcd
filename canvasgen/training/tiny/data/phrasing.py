"""Facts to text: labelled pairs, comma lists and prose."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from canvasgen.training.tiny.data.record_fields import Domain, Field


@dataclass(frozen=True)
class Fact:
    """A field, the key that the schema gives it, and its value."""

    field: Field
    key: str
    value: Any


def spoken(value: Any, rng: random.Random) -> str:
    """A value as prose writes it; lists as ``a, b and c``."""
    if isinstance(value, list):
        words = [str(item) for item in value]
        if len(words) < 2:
            return "".join(words)
        return ", ".join(words[:-1]) + rng.choice([" and ", " and ", ", ", " & "]) + words[-1]
    if isinstance(value, bool):
        return rng.choice(["yes", "true"] if value else ["no", "false"])
    return str(value)


def choose(phrasings: Sequence[str], rng: random.Random, hard: bool) -> str:
    """One phrasing; the last of four or more is for ``hard`` texts, which use it whenever there is one."""
    if len(phrasings) >= 4:
        return phrasings[-1] if hard else rng.choice(phrasings[:-1])
    return rng.choice(phrasings)


def label(fact: Fact, rng: random.Random) -> str:
    """How a labelled pair names the field: its key or another of its names, spaced and capitalised or not."""
    name = fact.key if rng.random() < 0.7 else rng.choice(fact.field.keys)
    if rng.random() < 0.5:
        name = name.replace("_", " ")
    return name.capitalize() if rng.random() < 0.4 else name


def pairs(facts: Sequence[Fact], rng: random.Random) -> str:
    """``name: Alice; age: 34`` with the marks of this text."""
    mark = rng.choice([": ", ": ", ": ", " = ", "=", " is ", " "])
    between = rng.choice(["; ", ", ", ", ", "\n", "\n", " | ", ". "])
    text = between.join(label(fact, rng) + mark + spoken(fact.value, rng) for fact in facts)
    return text + rng.choice(["", "", "."])


def commas(facts: Sequence[Fact], rng: random.Random) -> str:
    """``Alice Smith, 34, Paris``, perhaps after a word of introduction."""
    lead = rng.choice(["", "", "Extract: ", "Data: ", "Record: ", "Entry: ", "Input: "])
    between = rng.choice([", ", ", ", ", ", "; ", " / ", " - ", " | "])
    return lead + between.join(spoken(fact.value, rng) for fact in facts) + rng.choice(["", "", "."])


def clause(fact: Fact, rng: random.Random, hard: bool) -> str:
    """The predicate that states a fact: ``lives in Paris``."""
    field = fact.field
    if field.kind == "bool":
        return choose(field.clauses if fact.value else field.false_clauses, rng, hard)
    return choose(field.clauses, rng, hard).format(spoken(fact.value, rng))


def apposition(fact: Fact, rng: random.Random, hard: bool) -> str | None:
    """The short form between commas, ``34 years old``, where the field has one."""
    field = fact.field
    if not field.appositions or (field.kind == "bool" and not fact.value):
        return None
    return choose(field.appositions, rng, hard).format(spoken(fact.value, rng))


_I = {
    "is": "am",
    "lives": "live",
    "works": "work",
    "has": "have",
    "comes": "come",
    "speaks": "speak",
    "likes": "like",
    "enjoys": "enjoy",
    "uses": "use",
    "knows": "know",
    "resides": "reside",
    "earns": "earn",
    "answers": "answer",
    "writes": "write",
    "spends": "spend",
}


def first_person(name: str, facts: Sequence[Fact], rng: random.Random, hard: bool) -> str:
    """``I am Alice Smith. I live in Paris and am 34 years old.``"""
    said: list[str] = []
    for fact in facts:
        verb, _, rest = clause(fact, rng, hard).partition(" ")
        said.append(f"{_I.get(verb, verb)} {rest}".strip())
    text = rng.choice(["My name is {}", "I am {}", "I'm {}", "Hi, I'm {}", "Hello, this is {}"]).format(name)
    while said:
        count = 1 if rng.random() < 0.5 else 2
        lead = rng.choice([". I ", ". I ", " and I "]) if count == 1 else ". I "
        text += lead + " and ".join(said[:count])
        said = said[count:]
    return text + "."


def prose(domain: Domain, subject: Fact, facts: Sequence[Fact], rng: random.Random, hard: bool) -> str:
    """Sentences about the subject: the first may hold appositions, the next go on with a pronoun."""
    name = spoken(subject.value, rng)
    if domain.name == "person" and rng.random() < 0.12:
        return first_person(name, facts, rng, hard)
    if domain.name in ("order", "ticket", "product") and rng.random() < 0.6:
        lead = {"order": "Order", "ticket": "Ticket", "product": "The"}[domain.name]
        name = f"{lead} {name}" if domain.name != "ticket" else f"{lead}: {name}."
    rest = list(facts)
    sentences: list[str] = []
    head = name
    if name.endswith("."):
        sentences.append(name)
        head = rng.choice(domain.pronouns)
    short: list[str] = []
    while rest and rng.random() < 0.45 and len(short) < 3:
        text = apposition(rest[0], rng, hard)
        if text is None:
            break
        short.append(text)
        rest.pop(0)
    if short:
        head += ", " + ", ".join(short) + ("," if rest and rng.random() < 0.85 else "")
    if not rest:
        sentences.append(head + ".")
    while rest:
        count = 1 if rng.random() < 0.55 else 2
        said = [clause(fact, rng, hard) for fact in rest[:count]]
        rest = rest[count:]
        sentences.append(head + " " + rng.choice([" and ", " and ", ", and ", ", "]).join(said) + ".")
        head = rng.choice(domain.pronouns) if rng.random() < 0.85 else name.rstrip(".")
    intro = rng.choice(["", "", "", "", "Extract: ", "Note: ", "Text: ", "Read this. "])
    return intro + " ".join(sentences)
