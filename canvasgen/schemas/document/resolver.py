"""Where references lead: resources with their URLs and drafts, anchors, and dynamic scopes.

A *resource* is a document, or a schema in one that has an identifier of its own. `Base` is a place in the dynamic
scope: the resource that a reference is relative to, and, for each name of a dynamic anchor, the outermost schema on
the way from the root that has it (JSON Schema 2020-12, core 8.2.3; `$recursiveAnchor` of 2019-09 is one with an empty
name). Of the scope nothing else matters for a schema's meaning, so a schema has one node for each such assignment:
finitely many, however often it refers to itself.

No network, ever: what is neither in the document nor in the registry nor a meta-schema of JSON Schema itself is
refused. (A `referencing.Registry` that the user built to retrieve things does so; that is the user's wish.)
"""

from __future__ import annotations

from urllib.parse import unquote, urldefrag, urljoin

from referencing.exceptions import Unresolvable, Unretrievable

from canvasgen.errors import InvalidConstraint, UnsupportedConstraint
from canvasgen.schemas.document.dialects import Dialect, dialect
from canvasgen.schemas.document.keywords import subschemas
from canvasgen.schemas.document.plain import Json, check_plain, json_path
from canvasgen.schemas.document.registry import Registry
from canvasgen.schemas.document.resources import Base, ByIdentity, Resource, identifier

__all__ = ["References"]


class References:
    """Resolves the references of one document.

    Args:
        root: the schema document.
        draft: its draft.
        registry: schemas outside it.
    """

    def __init__(self, root: Json, draft: int, registry: Registry) -> None:
        self.registry = registry
        self._draft = draft
        self._resources: dict[str, Resource] = {}
        self._roots = ByIdentity()
        self._anchors: dict[tuple[str, str], tuple[Json, str]] = {}
        self._around = ByIdentity()
        self._twice: dict[tuple[str, str], str] = {}
        self._main = self._document("", root, "$", draft)

    def root(self) -> Base:
        """Return the base of the whole document."""
        return Base(self._main, {})

    def base_of(self, schema: Json, path: str, base: Base) -> Base:
        """Return the base inside a schema: another one if the schema has its own identifier."""
        if not isinstance(schema, dict) or schema is base.resource.schema:
            return base
        if schema not in self._around:
            self._walk(schema, path, base.resource)
        resource = self._roots.get(schema)
        return base if resource is None else Base(resource, base.scope)

    def resource_of(self, schema: Json) -> Resource | None:
        """Return the resource around a schema that a walk from the root has visited; None for others."""
        return self._around.get(schema)

    def resolve(self, reference: str, base: Base, path: str, rule: str = "$ref") -> tuple[Json, str, Base]:
        """Return the schema that a reference (the keyword `rule`, at a path) means, its path, and its base.

        Raises:
            UnsupportedConstraint: it leads out of the document and the registry.
            InvalidConstraint: there is nothing at its place.
        """
        try:
            url, fragment = urldefrag(
                base.resource.url + reference
                if reference.startswith("#")
                else urljoin(base.resource.url, reference)
            )
            fragment = unquote(fragment, errors="strict")
        except ValueError as error:
            raise InvalidConstraint(
                f"the reference is no URI: {error}",
                path=path,
                rule=rule,
                value=reference,
                remedy='write a reference such as "#/$defs/name"',
            ) from error
        here = Base(self._resource(url, path, reference, rule), base.scope)
        if not fragment:
            return here.resource.schema, here.resource.path, here
        if fragment.startswith("/"):
            return self._point(fragment, reference, here, path, rule)
        anchored = self._anchors.get((here.resource.url, fragment))
        if anchored is None:
            raise InvalidConstraint(
                "no schema has this anchor",
                path=path,
                rule=rule,
                value=reference,
                remedy='define "$anchor" with this name, or point to "#/$defs/…"',
            )
        self._refuse_twins(here.resource.url, fragment, anchored[1], path, rule)
        return anchored[0], anchored[1], here

    def resolve_dynamic(self, name: str, reference: str, base: Base, path: str) -> tuple[Json, str, Base]:
        """Resolve `$dynamicRef` and `$recursiveRef`: as `resolve`, but to the outermost schema of the scope
        with the anchor."""
        if name == "$recursiveRef" and reference != "#":
            raise InvalidConstraint(
                "`$recursiveRef` is `#`", path=path, rule=name, value=reference, remedy='write "#"'
            )
        schema, where, here = self.resolve(reference, base, path, name)
        if not isinstance(schema, dict):
            return schema, where, here
        anchor = "" if name == "$recursiveRef" else unquote(urldefrag(reference)[1])
        own = here.resource.dynamic.get(anchor)
        target = here.scope.get(anchor) if own is not None and own[0] is schema else None
        if target is None:
            return schema, where, here
        return target.schema, target.path, Base(target.resource, here.scope)

    def _refuse_twins(self, url: str, anchor: str, first: str, path: str, rule: str) -> None:
        """Raise an error for a reference to a URL or an anchor that two schemas have (without a reference it
        does no harm)."""
        second = self._twice.get((url, anchor))
        if second is not None:
            raise InvalidConstraint(
                f"the reference is ambiguous: it could mean {first} or {second}",
                path=path,
                rule=rule,
                value=anchor or url,
                remedy="give the schemas different identifiers",
            )

    def _point(
        self, pointer: str, reference: str, base: Base, path: str, rule: str
    ) -> tuple[Json, str, Base]:
        found, where = base.resource.schema, base.resource.path
        for escaped in pointer[1:].split("/"):
            step = escaped.replace("~1", "/").replace("~0", "~")
            if isinstance(found, dict) and step in found:
                found, where = found[step], json_path(where, step)
            elif isinstance(found, list) and _is_index(step) and int(step) < len(found):
                found, where = found[int(step)], json_path(where, int(step))
            else:
                raise InvalidConstraint(
                    "there is nothing at the reference's place",
                    path=path,
                    rule=rule,
                    value=reference,
                    remedy='point to a schema that is there, such as "#/$defs/name"',
                )
            resource = self._roots.get(found)
            if resource is not None:
                base = Base(resource, base.scope)
        return found, where, base

    def _resource(self, url: str, path: str, reference: str, rule: str) -> Resource:
        known = self._resources.get(url)
        if known is not None:
            self._refuse_twins(url, "", known.path, path, rule)
            return known
        try:
            contents = self.registry.get_or_retrieve(url).value.contents
        except (Unresolvable, Unretrievable, KeyError) as error:
            raise UnsupportedConstraint(
                "a reference leads out of the schema; nothing is ever fetched",
                path=path,
                rule=rule,
                value=reference,
                remedy=f"put the schema under `$defs`, or pass registry={{{url!r}: schema}}",
            ) from error
        check_plain(contents, url)
        return self._document(url, contents, f"{url}#", self._draft)

    def _document(self, url: str, schema: Json, path: str, draft: int) -> Resource:
        """Add a whole document, under the URL that was asked for and under its own."""
        found = self._dialect(schema, path, Dialect(draft))
        own = identifier(schema, found.draft)
        resource = Resource(urljoin(url, own) if own else url, schema, path, found, {})
        self._resources[url] = resource
        self._resources.setdefault(resource.url, resource)
        if isinstance(schema, dict):
            self._roots.put(schema, resource)
            self._walk(schema, path, resource)
        return resource

    def _walk(self, schema: dict[str, Json], path: str, around: Resource) -> None:
        """Find the resources and anchors in a schema."""
        waiting: list[tuple[Json, str, Resource]] = [(schema, path, around)]
        while waiting:
            value, where, resource = waiting.pop()
            if not isinstance(value, dict) or value in self._around:
                continue
            own = identifier(value, resource.dialect.draft)
            if own and value is not resource.schema:
                found = self._dialect(value, where, resource.dialect)
                resource = Resource(urljoin(resource.url, own), value, where, found, {})
                known = self._resources.setdefault(resource.url, resource)
                if known.schema is not value and known.path.startswith("$"):
                    self._twice[resource.url, ""] = where
                self._roots.put(value, resource)
            self._around.put(value, resource)
            self._note_anchors(value, where, resource)
            for child, steps in subschemas(value):
                below = where
                for step in steps:
                    below = json_path(below, step)
                waiting.append((child, below, resource))

    def _note_anchors(self, schema: dict[str, Json], path: str, resource: Resource) -> None:
        names: list[Json] = []
        draft = resource.dialect.draft
        if draft >= 2019:
            names.append(schema.get("$anchor"))
        else:
            own = schema.get("id" if draft == 4 else "$id")
            names.append(urldefrag(own)[1] if isinstance(own, str) else None)
        if draft >= 2020:
            dynamic = schema.get("$dynamicAnchor")
            names.append(dynamic)
            if isinstance(dynamic, str):
                resource.dynamic.setdefault(dynamic, (schema, path))
        if draft == 2019 and schema is resource.schema and schema.get("$recursiveAnchor") is True:
            resource.dynamic[""] = (schema, path)
        for name in names:
            if isinstance(name, str) and name:
                known = self._anchors.setdefault((resource.url, name), (schema, path))
                if known[0] is not schema:
                    self._twice[resource.url, name] = path

    def _dialect(self, schema: Json, path: str, around: Dialect) -> Dialect:
        """Return the dialect of a resource; that of the schema around it if it declares none."""
        declared = schema.get("$schema") if isinstance(schema, dict) else None
        if declared is None:
            return around
        if not isinstance(declared, str):
            raise InvalidConstraint(
                "`$schema` is a string",
                path=json_path(path, "$schema"),
                rule="$schema",
                value=declared,
                remedy='name the dialect: "https://json-schema.org/draft/2020-12/schema"',
            )
        return dialect(declared, path, self.registry.get_or_retrieve)


def _is_index(step: str) -> bool:
    """Return True if a step of a JSON pointer is the index of an array (RFC 6901, section 4) that a schema can have."""
    plain = step.isascii() and step.isdigit() and len(step) < 10
    return plain and (step == "0" or not step.startswith("0"))
