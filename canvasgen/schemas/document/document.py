"""A schema document: checked plain data, its draft, and the places that its references lead to."""

from __future__ import annotations

from canvasgen.errors import InvalidConstraint
from canvasgen.schemas.document.dialects import dialect
from canvasgen.schemas.document.keywords import subschemas
from canvasgen.schemas.document.plain import Json, check_plain, json_path
from canvasgen.schemas.document.registry import Registry, registry_of
from canvasgen.schemas.document.resolver import References
from canvasgen.schemas.document.resources import Base
from canvasgen.schemas.document.wrappers import refuse_wrapper

__all__ = ["Document"]


class Document:
    """A schema that is known to be finite plain data.

    Args:
        root: the schema, a dict or a bool.
        registry: schemas outside it, by URI (`registry.registry_of`).

    Attributes:
        draft: 4, 6, 7, 2019 or 2020.
        legacy: why an undeclared draft older than 2020-12 was assumed; None if it was not.
        references: where its references lead.

    Raises:
        InvalidConstraint: keys that are no strings, values that are not JSON, non-finite numbers, circular
            objects; or it is no schema, but has one inside (a tool of a model's API).
        UnsupportedConstraint: its `$schema` is not known.
        ConstraintTooLarge: too deep or too many values.
    """

    def __init__(self, root: Json, registry: object = None) -> None:
        if not isinstance(root, dict | bool):
            raise InvalidConstraint(
                "a JSON schema is an object or a boolean",
                rule="schema",
                value=root,
                remedy='write a schema such as {"type": "object"}',
            )
        self.root = root
        self.legacy: str | None = None
        check_plain(root)
        refuse_wrapper(root)
        known = registry_of(registry, 2020)
        self.draft = self._find_draft(known)
        if registry is not None:
            known = registry_of(registry, self.draft)
        self.references = References(root, self.draft, known)

    def _find_draft(self, registry: Registry) -> int:
        declared = self.root.get("$schema") if isinstance(self.root, dict) else None
        if declared is not None:
            if not isinstance(declared, str):
                raise InvalidConstraint(
                    "`$schema` is a string",
                    path="$.$schema",
                    rule="$schema",
                    value=declared,
                    remedy='name the dialect: "https://json-schema.org/draft/2020-12/schema"',
                )
            return dialect(declared, "$", registry.get_or_retrieve).draft
        draft = 2020
        waiting: list[tuple[Json, str]] = [(self.root, "$")]
        while waiting:
            schema, path = waiting.pop()
            if not isinstance(schema, dict):
                continue
            if isinstance(schema.get("items"), list):
                draft = min(draft, 7)
                self.legacy = self.legacy or f"`items` is a list at {path}: read as draft 7"
            if any(isinstance(schema.get(name), bool) for name in ("exclusiveMinimum", "exclusiveMaximum")):
                draft = 4
                self.legacy = f"a boolean exclusive bound at {path}: read as draft 4"
            for child, steps in subschemas(schema):
                below = path
                for step in steps:
                    below = json_path(below, step)
                waiting.append((child, below))
        return draft

    def root_base(self) -> Base:
        """Return the base of the whole document."""
        return self.references.root()

    def base_of(self, schema: Json, path: str, base: Base) -> Base:
        """Return the base of the references inside a schema."""
        return self.references.base_of(schema, path, base)
