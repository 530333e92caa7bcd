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

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import referencing
from jsonschema_specifications import REGISTRY as SPECIFICATIONS
from referencing.exceptions import Unresolvable, Unretrievable
from referencing.jsonschema import specification_with

from canvasgen.errors import InvalidConstraint, UnsupportedConstraint
from canvasgen.schemas.document.dialects import DRAFTS, draft_of, ignored_keywords
from canvasgen.schemas.document.plain import check_plain, json_path

__all__ = ["Base", "References", "registry_of", "subschemas"]

_ONE = (
    "additionalItems",
    "additionalProperties",
    "contains",
    "contentSchema",
    "else",
    "if",
    "items",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
)
_BOOLEANS = ("additionalItems", "additionalProperties")
"""Keywords that are booleans in draft 4 too."""
_LISTS = ("allOf", "anyOf", "items", "oneOf", "prefixItems")
_MAPS = ("$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties")


class Resource(NamedTuple):
    """A schema with a URL of its own.

    Attributes:
        url: without a fragment.
        schema, path: its root and where that is.
        draft: 4, 6, 7, 2019 or 2020.
        without: keywords that have no effect in it, by the vocabularies of its meta-schema.
        dynamic: the schemas with a dynamic anchor in it, by name, with their paths.
    """

    url: str
    schema: Any
    path: str
    draft: int
    without: frozenset[str]
    dynamic: dict[str, tuple[Any, str]]


class Target(NamedTuple):
    """What a dynamic anchor stands for in a scope."""

    schema: Any
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
        return self.resource.draft


def subschemas(schema: Mapping[str, Any]) -> Iterator[tuple[Any, tuple[str | int, ...]]]:
    """The schemas right inside a schema, with the steps that lead there: none in `const`, `enum` or unknown words."""
    for name in _ONE:
        if isinstance(schema.get(name), dict | bool):
            yield schema[name], (name,)
    for name in _LISTS:
        if isinstance(schema.get(name), list):
            yield from ((child, (name, at)) for at, child in enumerate(schema[name]))
    for name in _MAPS:
        if isinstance(schema.get(name), dict):
            yield from ((child, (name, key)) for key, child in schema[name].items())


def registry_of(given: Any, draft: int) -> referencing.Registry[Any]:
    """A registry with JSON Schema's meta-schemas and what the user gives.

    Args:
        given: None, a mapping from URI to schema, or a `referencing.Registry`.
        draft: the draft of schemas that name none.

    Raises:
        InvalidConstraint: it is neither, or a URI is no string.
    """
    if given is None:
        return SPECIFICATIONS
    if isinstance(given, referencing.Registry):
        return SPECIFICATIONS.combine(given)
    if not isinstance(given, Mapping):
        raise InvalidConstraint(
            "a registry is a mapping from URI to schema, or a referencing.Registry",
            rule="registry",
            value=type(given).__name__,
        )
    pairs: list[tuple[str, referencing.Resource[Any]]] = []
    for uri, schema in given.items():
        if not isinstance(uri, str) or not isinstance(schema, dict | bool):
            raise InvalidConstraint(
                "a registry maps URIs to schemas (objects or booleans)", rule="registry", value=uri
            )
        check_plain(schema, uri)
        # `referencing` cannot read booleans as schemas of draft 4, which has none.
        own = 6 if draft == 4 and _has_boolean(schema) else draft
        resource = referencing.Resource.from_contents(
            schema, default_specification=specification_with(DRAFTS[own])
        )
        pairs.append((urldefrag(uri)[0], resource))
    return SPECIFICATIONS.with_resources(pairs)


def _has_boolean(schema: Any) -> bool:
    waiting = [schema]
    while waiting:
        value = waiting.pop()
        if isinstance(value, bool):
            return True
        if isinstance(value, dict):
            waiting += [child for child, steps in subschemas(value) if steps[0] not in _BOOLEANS]
    return False


class References:
    """Resolves the references of one document.

    Args:
        root: the schema document.
        draft: its draft.
        registry: schemas outside it.
    """

    def __init__(self, root: Any, draft: int, registry: referencing.Registry[Any]) -> None:
        self.registry = registry
        self._draft = draft
        self._resources: dict[str, Resource] = {}
        self._roots: dict[int, Resource] = {}
        self._anchors: dict[tuple[str, str], tuple[Any, str]] = {}
        self._around: dict[int, Resource] = {}
        self._twice: dict[tuple[str, str], str] = {}
        self._main = self._document("", root, "$", draft)

    def root(self) -> Base:
        """The base of the whole document."""
        return Base(self._main, {})

    def base_of(self, schema: Any, path: str, base: Base) -> Base:
        """The base inside a schema: another one where it has an identifier of its own."""
        if not isinstance(schema, dict) or schema is base.resource.schema:
            return base
        if id(schema) not in self._around:
            self._walk(schema, path, base.resource)
        resource = self._roots.get(id(schema))
        return base if resource is None else Base(resource, base.scope)

    def resource_of(self, schema: Any) -> Resource | None:
        """The resource around a schema that the way from the root has come by; None for others."""
        return self._around.get(id(schema))

    def resolve(self, reference: str, base: Base, path: str, rule: str = "$ref") -> tuple[Any, str, Base]:
        """The schema that a reference (the keyword `rule`, at a path) means, its path, and its base.

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
                f"the reference is no URI: {error}", path=path, rule=rule, value=reference
            ) from error
        here = Base(self._resource(url, path, reference, rule), base.scope)
        if not fragment:
            return here.resource.schema, here.resource.path, here
        if fragment.startswith("/"):
            return self._point(fragment, reference, here, path, rule)
        anchored = self._anchors.get((here.resource.url, fragment))
        if anchored is None:
            raise InvalidConstraint("no schema has this anchor", path=path, rule=rule, value=reference)
        self._refuse_twins(here.resource.url, fragment, anchored[1], path, rule)
        return anchored[0], anchored[1], here

    def resolve_dynamic(self, name: str, reference: str, base: Base, path: str) -> tuple[Any, str, Base]:
        """As `resolve`, for `$dynamicRef` and `$recursiveRef`: the outermost schema of the scope with the anchor."""
        if name == "$recursiveRef" and reference != "#":
            raise InvalidConstraint("`$recursiveRef` is `#`", path=path, rule=name, value=reference)
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
        """Refuse a reference to a URL or an anchor that two schemas have; that they have it is no harm otherwise."""
        second = self._twice.get((url, anchor))
        if second is not None:
            raise InvalidConstraint(
                f"the reference is ambiguous: it could mean {first} or {second}",
                path=path,
                rule=rule,
                value=anchor or url,
                remedy="give the schemas different identifiers",
            )

    def _point(self, pointer: str, reference: str, base: Base, path: str, rule: str) -> tuple[Any, str, Base]:
        found, where = base.resource.schema, base.resource.path
        for escaped in pointer[1:].split("/"):
            step = escaped.replace("~1", "/").replace("~0", "~")
            if isinstance(found, dict) and step in found:
                found, where = found[step], json_path(where, step)
            elif isinstance(found, list) and _is_index(step) and int(step) < len(found):
                found, where = found[int(step)], json_path(where, int(step))
            else:
                raise InvalidConstraint(
                    "there is nothing at the reference's place", path=path, rule=rule, value=reference
                )
            resource = self._roots.get(id(found))
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

    def _document(self, url: str, schema: Any, path: str, draft: int) -> Resource:
        """Takes in a whole document; it is known by the URL it was asked for, and by its own."""
        draft, without = self._dialect(schema, path, draft)
        own = _identifier(schema, draft)
        resource = Resource(urljoin(url, own) if own else url, schema, path, draft, without, {})
        self._resources[url] = resource
        self._resources.setdefault(resource.url, resource)
        if isinstance(schema, dict):
            self._roots[id(schema)] = resource
            self._walk(schema, path, resource)
        return resource

    def _walk(self, schema: dict[str, Any], path: str, around: Resource) -> None:
        """Finds the resources and anchors in a schema."""
        waiting: list[tuple[Any, str, Resource]] = [(schema, path, around)]
        while waiting:
            value, where, resource = waiting.pop()
            if not isinstance(value, dict) or id(value) in self._around:
                continue
            own = _identifier(value, resource.draft)
            if own and value is not resource.schema:
                draft, without = resource.draft, resource.without
                if "$schema" in value:
                    draft, without = self._dialect(value, where, draft)
                resource = Resource(urljoin(resource.url, own), value, where, draft, without, {})
                known = self._resources.setdefault(resource.url, resource)
                if known.schema is not value and known.path.startswith("$"):
                    self._twice[resource.url, ""] = where
                self._roots[id(value)] = resource
            self._around[id(value)] = resource
            self._note_anchors(value, where, resource)
            for child, steps in subschemas(value):
                below = where
                for step in steps:
                    below = json_path(below, step)
                waiting.append((child, below, resource))

    def _note_anchors(self, schema: dict[str, Any], path: str, resource: Resource) -> None:
        names: list[Any] = []
        if resource.draft >= 2019:
            names.append(schema.get("$anchor"))
        else:
            own = schema.get("id" if resource.draft == 4 else "$id")
            names.append(urldefrag(own)[1] if isinstance(own, str) else None)
        if resource.draft >= 2020:
            names.append(schema.get("$dynamicAnchor"))
            if isinstance(schema.get("$dynamicAnchor"), str):
                resource.dynamic.setdefault(schema["$dynamicAnchor"], (schema, path))
        if resource.draft == 2019 and schema is resource.schema and schema.get("$recursiveAnchor") is True:
            resource.dynamic[""] = (schema, path)
        for name in names:
            if isinstance(name, str) and name:
                known = self._anchors.setdefault((resource.url, name), (schema, path))
                if known[0] is not schema:
                    self._twice[resource.url, name] = path

    def _dialect(self, schema: Any, path: str, draft: int) -> tuple[int, frozenset[str]]:
        """The draft of a resource, and the keywords that its meta-schema leaves without effect."""
        declared = schema.get("$schema") if isinstance(schema, dict) else None
        if declared is None:
            return draft, frozenset()
        if not isinstance(declared, str):
            raise InvalidConstraint(
                "`$schema` is a string", path=json_path(path, "$schema"), rule="$schema", value=declared
            )
        return dialect(declared, path, self.registry.get_or_retrieve)


def _is_index(step: str) -> bool:
    """Is it an index of an array in a JSON pointer (RFC 6901, section 4), of those that a schema can have?"""
    plain = step.isascii() and step.isdigit() and len(step) < 10
    return plain and (step == "0" or not step.startswith("0"))


def dialect(declared: str, path: str, retrieve: Callable[[str], Any]) -> tuple[int, frozenset[str]]:
    """The draft of a meta-schema, and the keywords that it leaves without effect.

    Raises:
        UnsupportedConstraint: it is not known, or demands a vocabulary that is not.
    """
    draft = draft_of(declared)
    if draft is not None:
        return draft, frozenset()
    seen: set[str] = set()
    without: frozenset[str] = frozenset()
    here = declared
    while draft is None:
        try:
            meta = retrieve(urldefrag(here)[0]).value.contents
        except (Unresolvable, Unretrievable, KeyError):
            meta = None
        if not isinstance(meta, dict) or here in seen or not isinstance(meta.get("$schema"), str):
            raise UnsupportedConstraint(
                "the draft is not known",
                path=json_path(path, "$schema"),
                rule="$schema",
                value=declared,
                remedy="use draft 4, 6, 7, 2019-09 or 2020-12, or pass the meta-schema in the registry",
            )
        seen.add(here)
        if "$vocabulary" in meta:
            without |= ignored_keywords(meta["$vocabulary"], json_path(path, "$schema"))
        here = meta["$schema"]
        draft = draft_of(here)
    return draft, without


def _identifier(schema: Any, draft: int) -> str | None:
    """A schema's own URL, without its fragment; None if it has none."""
    if not isinstance(schema, dict) or (draft <= 7 and "$ref" in schema):
        return None
    own = schema.get("id" if draft == 4 else "$id")
    if own is not None and not isinstance(own, str):
        raise InvalidConstraint("an identifier is a string", rule="$id", value=own)
    if own is None:
        return None
    try:
        urlsplit(own)
        return urldefrag(own)[0] or None
    except ValueError as error:
        raise InvalidConstraint(f"the identifier is no URI: {error}", rule="$id", value=own) from error
