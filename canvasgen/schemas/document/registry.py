"""Schemas outside of the document: JSON Schema's own meta-schemas, and what the user gives. Nothing is fetched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias, cast
from urllib.parse import urldefrag

import referencing
from jsonschema_specifications import REGISTRY as SPECIFICATIONS  # pyright: ignore[reportMissingTypeStubs]
from referencing.jsonschema import specification_with

from canvasgen.errors import InvalidConstraint
from canvasgen.schemas.document.dialects import DRAFTS, draft_of
from canvasgen.schemas.document.keywords import subschemas
from canvasgen.schemas.document.plain import Json, check_plain

__all__ = ["Registry", "registry_of"]


Registry: TypeAlias = "referencing.Registry[Any]"
"""Schemas by URI."""
_BOOLEANS = ("additionalItems", "additionalProperties")
"""Keywords that are booleans in draft 4 too."""


def registry_of(given: object, draft: int) -> Registry:
    """Return a registry with JSON Schema's meta-schemas and what the user gives.

    Args:
        given: None, a mapping from URI to schema, or a `referencing.Registry`.
        draft: the draft of schemas that name none.

    Raises:
        InvalidConstraint: it is neither, or a URI is no string.
    """
    if given is None:
        return SPECIFICATIONS
    if isinstance(given, referencing.Registry):
        return SPECIFICATIONS.combine(cast("Registry", given))
    if not isinstance(given, Mapping):
        raise InvalidConstraint(
            "a registry is a mapping from URI to schema, or a referencing.Registry",
            rule="registry",
            value=type(given).__name__,
            remedy='write registry={"https://…": {…}}',
        )
    pairs: list[tuple[str, referencing.Resource[Any]]] = []
    for uri, schema in cast("Mapping[object, Json]", given).items():
        if not isinstance(uri, str) or not isinstance(schema, dict | bool):
            raise InvalidConstraint(
                "a registry maps URIs to schemas (objects or booleans)",
                rule="registry",
                value=uri,
                remedy="map each URI to a schema",
            )
        check_plain(schema, uri)
        # `referencing` cannot read booleans as schemas of draft 4, which has none.
        own = 6 if draft == 4 and _has_boolean(schema) else draft
        declared = schema.get("$schema") if isinstance(schema, dict) else None
        if isinstance(declared, str):
            own = draft_of(declared) or own
        resource = specification_with(DRAFTS[own]).create_resource(schema)
        pairs.append((urldefrag(uri)[0], resource))
    return SPECIFICATIONS.with_resources(pairs)


def _has_boolean(schema: Json) -> bool:
    waiting: list[Json] = [schema]
    while waiting:
        value = waiting.pop()
        if isinstance(value, bool):
            return True
        if isinstance(value, dict):
            waiting += [child for child, steps in subschemas(value) if steps[0] not in _BOOLEANS]
    return False
