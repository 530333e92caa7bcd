"""Resources: schemas with a URL of their own, and places in the dynamic scope that references are relative to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urldefrag, urlsplit

from canvasgen.errors import InvalidConstraint
from canvasgen.schemas.document.dialects import Dialect
from canvasgen.schemas.document.plain import Json

__all__ = ["Base", "ByIdentity", "Resource", "identifier"]


class Resource(NamedTuple):
    """A schema with a URL of its own.

    Attributes:
        url: without a fragment.
        schema, path: its root and where that is.
        dialect: of its meta-schema.
        dynamic: the schemas with a dynamic anchor in it, by name, with their paths.
    """

    url: str
    schema: Json
    path: str
    dialect: Dialect
    dynamic: dict[str, tuple[Json, str]]


class ByIdentity:
    """Resources by schemas, of which equal ones are told apart: by their identity, which a pickle keeps."""

    def __init__(self) -> None:
        self._entries: dict[
            int, tuple[Json, Resource]
        ] = {}  # with the schema, so that no other gets its identity

    def get(self, schema: Json) -> Resource | None:
        """Return the resource of a schema; None if there is none."""
        found = self._entries.get(id(schema))
        return None if found is None else found[1]

    def put(self, schema: Json, resource: Resource) -> None:
        """Remember the resource of a schema."""
        self._entries[id(schema)] = schema, resource

    def __contains__(self, schema: Json) -> bool:
        return id(schema) in self._entries

    def __getstate__(self) -> list[tuple[Json, Resource]]:
        return list(self._entries.values())

    def __setstate__(self, entries: list[tuple[Json, Resource]]) -> None:
        self._entries = {id(schema): (schema, resource) for schema, resource in entries}


class Target(NamedTuple):
    """What a dynamic anchor stands for in a scope."""

    schema: Json
    path: str
    resource: Resource


class Base:
    """A place in the dynamic scope that references are relative to.

    Attributes:
        resource: the resource around it.
        scope: what each dynamic anchor stands for.
        key: the same for places between which no reference can tell.
    """

    __slots__ = ("key", "resource", "scope")

    def __init__(self, resource: Resource, scope: Mapping[str, Target]) -> None:
        self.resource = resource
        self.scope = dict(scope)
        for name, (schema, path) in resource.dynamic.items():
            self.scope.setdefault(name, Target(schema, path, resource))
        self.key = tuple(sorted((name, id(target.schema)) for name, target in self.scope.items()))

    @property
    def draft(self) -> int:
        """The draft of the resource."""
        return self.resource.dialect.draft

    @property
    def without(self) -> frozenset[str]:
        """The keywords that have no effect in the resource."""
        return self.resource.dialect.without


def identifier(schema: Json, draft: int) -> str | None:
    """Return a schema's own URL, without its fragment; None if it has none."""
    if not isinstance(schema, dict) or (draft <= 7 and "$ref" in schema):
        return None
    own = schema.get("id" if draft == 4 else "$id")
    if own is not None and not isinstance(own, str):
        raise InvalidConstraint(
            "an identifier is a string", rule="$id", value=own, remedy="write a string with a URI"
        )
    if own is None:
        return None
    try:
        urlsplit(own)
        return urldefrag(own)[0] or None
    except ValueError as error:
        raise InvalidConstraint(
            f"the identifier is no URI: {error}",
            rule="$id",
            value=own,
            remedy='write a URI such as "https://example.com/schema"',
        ) from error
