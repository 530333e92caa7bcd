"""Which keyword of a schema contradicts the ones before it: for the error that says why a schema has no value."""

from __future__ import annotations

from canvasgen.schemas.keywords.schema_object import SchemaObject
from canvasgen.schemas.normal.shapes import Values

__all__ = ["Blame"]


class Blame:
    """Follows the values of a schema from keyword to keyword.

    Args:
        schema: the schema, whose contradiction is remembered.
    """

    def __init__(self, schema: SchemaObject) -> None:
        self.schema = schema
        self._met: list[str] = []

    def check(self, where: str, before: Values, after: Values) -> None:
        """Record a contradiction if a keyword leaves no value of those that the keywords before it allow."""
        if after.is_empty and not before.is_empty:
            others = f" contradicts {', '.join(self._met[-4:])}" if self._met else " takes no value"
            self.schema.contradiction(where + others)
        self._met.append(where)
