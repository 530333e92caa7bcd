"""Fields and kinds of records for the synthetic data; ``domains`` fills them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Field:
    """One fact: spellings of its key, the kind of its value, and how prose states it (``{}``: the value)."""

    keys: tuple[str, ...]
    kind: str
    clauses: tuple[str, ...] = ()
    appositions: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    false_clauses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Domain:
    """A kind of record with its subject; ``pronouns`` continue the text, ``groups`` nest fields."""

    name: str
    subject: Field
    fields: tuple[Field, ...]
    pronouns: tuple[str, ...]
    groups: dict[str, tuple[str, ...]]


def field(
    keys: str, kind: str, clauses: str = "", appositions: str = "", choices: str = "", false: str = ""
) -> Field:
    """A field from texts: keys and choices are separated by spaces, phrasings by bars."""

    def split(text: str, by: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in text.split(by) if part.strip())

    return Field(
        split(keys, " "),
        kind,
        split(clauses, "|"),
        split(appositions, "|"),
        split(choices, " "),
        split(false, "|"),
    )
