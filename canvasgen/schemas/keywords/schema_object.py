"""A schema object while its keywords are translated, and the translation around it as they see it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Protocol

from canvasgen.checks import whole_number
from canvasgen.errors import ConstraintTooLarge, InvalidConstraint
from canvasgen.limits import Limits
from canvasgen.schemas.document.document import Document
from canvasgen.schemas.document.plain import Json, json_path
from canvasgen.schemas.document.resources import Base
from canvasgen.schemas.normal.numbers import as_fraction
from canvasgen.schemas.normal.shapes import Arena, Node, Values

__all__ = ["Context", "SchemaObject"]

LARGEST_COUNT = 10**9
"""Largest lower bound of lengths and counts; upper bounds beyond it are taken as this."""


class Context(Protocol):
    """The translation of a document (`translator.Translator`).

    Attributes:
        document: the schema document.
        python: True for schemas that come from a Python type, whose formats are pydantic's.
        limits: what the compilation may need.
        arena: the nodes of the document.
        contradictions: (path, message) of shapes that turned out empty.
    """

    document: Document
    python: bool
    limits: Limits
    arena: Arena
    contradictions: list[tuple[str, str]]

    def note(self, kind: str, message: str, path: str) -> None:
        """Record a note for `explain()`."""
        ...

    def node(self, schema: Json, path: str, base: Base) -> Node:
        """Return the node of a schema."""
        ...

    def plain_values(self, schema: SchemaObject) -> Values:
        """Return the value set of a schema without `unevaluatedItems` and `unevaluatedProperties`."""
        ...

    def marked(self, schema: SchemaObject, values: Values) -> Values:
        """Return the value set of a schema with the mark of its `x-grounded`."""
        ...


@dataclass(frozen=True, slots=True)
class SchemaObject:
    """A schema that is an object.

    Attributes:
        context: the translation that it belongs to.
        keywords: the object.
        path: where it is.
        base: what its references are relative to.
    """

    context: Context
    keywords: dict[str, Json]
    path: str
    base: Base

    @property
    def draft(self) -> int:
        """The draft that it is written in."""
        return self.base.draft

    def at(self, *steps: str | int) -> str:
        """Return the path of something inside."""
        path = self.path
        for step in steps:
            path = json_path(path, step)
        return path

    def without(self, names: frozenset[str]) -> SchemaObject:
        """Return the schema without some keywords."""
        return replace(self, keywords={name: at for name, at in self.keywords.items() if name not in names})

    def note(self, kind: str, message: str) -> None:
        """Record a note for `explain()`."""
        self.context.note(kind, message, self.path)

    def contradiction(self, message: str) -> None:
        """Record why this schema has no value of some type."""
        self.context.contradictions.append((self.path, message))

    def node(self, name: str) -> Node:
        """Return the node of a keyword whose value is a schema."""
        return self.context.node(self.keywords[name], self.at(name), self.base)

    def list_of(self, name: str) -> list[Json]:
        """Return the schemas of a keyword whose value is a list of them.

        Raises:
            InvalidConstraint: it is none, or an empty one of a keyword that needs one.
        """
        schemas = self.keywords[name]
        if not isinstance(schemas, list) or (not schemas and name not in ("prefixItems", "items")):
            raise InvalidConstraint(
                "a non-empty list of schemas is needed",
                path=self.at(name),
                rule=name,
                value=schemas,
                remedy="write a list with a schema or more",
            )
        return schemas

    def nodes(self, name: str) -> list[Node]:
        """Return the nodes of a keyword whose value is a list of schemas."""
        schemas = self.list_of(name)
        return [self.context.node(child, self.at(name, at), self.base) for at, child in enumerate(schemas)]

    def map_of(self, name: str) -> dict[str, Json]:
        """Return the schemas of a keyword whose value is an object of them; none if the keyword is absent."""
        value = self.keywords.get(name, {})
        if not isinstance(value, dict):
            raise InvalidConstraint(
                "an object of schemas is needed",
                path=self.at(name),
                rule=name,
                value=value,
                remedy="write an object whose values are schemas",
            )
        return value

    def number(self, name: str) -> Fraction | None:
        """Return a keyword that is a number; None if it is absent."""
        if name not in self.keywords:
            return None
        value = self.keywords[name]
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InvalidConstraint(
                "a number is needed",
                path=self.at(name),
                rule=name,
                value=value,
                remedy="write a whole number from 0 on where something is counted, else a number",
            )
        return as_fraction(value)

    def count(self, name: str) -> int | None:
        """Return a keyword that is a whole number, zero or more; None if it is absent."""
        if name not in self.keywords:
            return None
        value = self.keywords[name]
        whole = int(value) if isinstance(value, float) and value.is_integer() else value
        return whole_number(whole, rule=name, path=self.at(name))

    def bounds(self, least: str, most: str) -> tuple[int, int | None] | None:
        """Return a lower and an upper count; None, with a contradiction recorded, if no count is between them."""
        low = self.count(least) or 0
        high = self.count(most)
        if low > LARGEST_COUNT:
            raise ConstraintTooLarge(
                f"a lower bound above {LARGEST_COUNT}",
                path=self.at(least),
                rule=least,
                remedy=f"give at most {LARGEST_COUNT}, or check the length with a validator",
            )
        if high is not None:
            high = min(high, LARGEST_COUNT)
        if high is not None and low > high:
            self.contradiction(f"{self.at(least)} ({low}) is above {self.at(most)} ({high})")
            return None
        return low, high
