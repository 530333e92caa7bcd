"""The keywords of JSON Schema: one table for everything that lists keywords.

Sources: the meta-schemas of drafts 4, 6, 7, 2019-09 and 2020-12, to which `tests/schemas/document/test_keywords.py` holds
the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple, TypeAlias

from canvasgen.schemas.document.plain import Json

__all__ = [
    "DECIMAL_TEXT",
    "JSON_TEXT",
    "KEYWORDS",
    "PRIVATE_PREFIX",
    "VOCABULARIES",
    "WITHOUT_MEANING",
    "Keyword",
    "ignorable",
    "meant_by",
    "subschemas",
]

Role: TypeAlias = Literal["identifier", "reference", "location", "applicator", "assertion", "annotation"]
"""What a keyword is for (core, section 7). A location only holds schemas for references to lead to."""
Holds: TypeAlias = Literal["", "schema", "list", "map", "schema or list"]
"""What the value of a keyword is: no schema, one, a list of schemas, or an object whose values are schemas."""


class Keyword(NamedTuple):
    """A keyword.

    Attributes:
        name: as it is written.
        drafts: the drafts whose meta-schemas have it.
        role: what it is for.
        meaning: the file of `schemas/keywords` that says which values it allows; empty if it allows all of them.
        vocabulary: the vocabulary that it belongs to, from 2019-09 on; empty if that is none.
        holds: where its subschemas are.
        obsolete: drafts whose meta-schemas have it for older schemas only: there it has no effect.
    """

    name: str
    drafts: tuple[int, ...]
    role: Role
    meaning: str = ""
    vocabulary: str = ""
    holds: Holds = ""
    obsolete: tuple[int, ...] = ()


ALL = (4, 6, 7, 2019, 2020)
SIX, SEVEN, MODERN, LATEST = ALL[1:], ALL[2:], ALL[3:], ALL[4:]

_TABLE = (
    Keyword("$anchor", MODERN, "identifier", "", "core"),
    Keyword("$comment", SEVEN, "annotation", "", "core"),
    Keyword("$defs", MODERN, "location", "", "core", "map"),
    Keyword("$dynamicAnchor", LATEST, "identifier", "", "core"),
    Keyword("$dynamicRef", LATEST, "reference", "references", "core"),
    Keyword("$id", SIX, "identifier", "", "core"),
    Keyword("$recursiveAnchor", MODERN, "identifier", "", "core", obsolete=LATEST),
    Keyword("$recursiveRef", MODERN, "reference", "references", "core", obsolete=LATEST),
    Keyword("$ref", ALL, "reference", "references", "core"),
    Keyword("$schema", ALL, "identifier", "", "core"),
    Keyword("$vocabulary", MODERN, "identifier", "", "core"),
    Keyword("additionalItems", ALL[:-1], "applicator", "arrays", "applicator", "schema"),
    Keyword("additionalProperties", ALL, "applicator", "objects", "applicator", "schema"),
    Keyword("allOf", ALL, "applicator", "combinators", "applicator", "list"),
    Keyword("anyOf", ALL, "applicator", "combinators", "applicator", "list"),
    Keyword("const", SIX, "assertion", "constants", "validation"),
    Keyword("contains", SIX, "applicator", "arrays", "applicator", "schema"),
    Keyword("contentEncoding", SEVEN, "annotation", "strings", "content"),
    Keyword("contentMediaType", SEVEN, "annotation", "strings", "content"),
    Keyword("contentSchema", MODERN, "annotation", "", "content", "schema"),
    Keyword("default", ALL, "annotation", "", "meta-data"),
    Keyword("definitions", ALL, "location", "", "", "map"),
    Keyword("dependencies", ALL, "applicator", "dependencies", "", "map"),
    Keyword("dependentRequired", MODERN, "assertion", "dependencies", "validation"),
    Keyword("dependentSchemas", MODERN, "applicator", "dependencies", "applicator", "map"),
    Keyword("deprecated", MODERN, "annotation", "", "meta-data"),
    Keyword("description", ALL, "annotation", "", "meta-data"),
    Keyword("else", SEVEN, "applicator", "combinators", "applicator", "schema"),
    Keyword("enum", ALL, "assertion", "constants", "validation"),
    Keyword("examples", SIX, "annotation", "", "meta-data"),
    Keyword("exclusiveMaximum", ALL, "assertion", "numbers", "validation"),
    Keyword("exclusiveMinimum", ALL, "assertion", "numbers", "validation"),
    Keyword("format", ALL, "assertion", "strings", "format"),
    Keyword("id", ALL[:1], "identifier"),
    Keyword("if", SEVEN, "applicator", "combinators", "applicator", "schema"),
    Keyword("items", ALL, "applicator", "arrays", "applicator", "schema or list"),
    Keyword("maxContains", MODERN, "assertion", "arrays", "validation"),
    Keyword("maxItems", ALL, "assertion", "arrays", "validation"),
    Keyword("maxLength", ALL, "assertion", "strings", "validation"),
    Keyword("maxProperties", ALL, "assertion", "objects", "validation"),
    Keyword("maximum", ALL, "assertion", "numbers", "validation"),
    Keyword("minContains", MODERN, "assertion", "arrays", "validation"),
    Keyword("minItems", ALL, "assertion", "arrays", "validation"),
    Keyword("minLength", ALL, "assertion", "strings", "validation"),
    Keyword("minProperties", ALL, "assertion", "objects", "validation"),
    Keyword("minimum", ALL, "assertion", "numbers", "validation"),
    Keyword("multipleOf", ALL, "assertion", "numbers", "validation"),
    Keyword("not", ALL, "applicator", "combinators", "applicator", "schema"),
    Keyword("oneOf", ALL, "applicator", "combinators", "applicator", "list"),
    Keyword("pattern", ALL, "assertion", "strings", "validation"),
    Keyword("patternProperties", ALL, "applicator", "objects", "applicator", "map"),
    Keyword("prefixItems", LATEST, "applicator", "arrays", "applicator", "list"),
    Keyword("properties", ALL, "applicator", "objects", "applicator", "map"),
    Keyword("propertyNames", SIX, "applicator", "objects", "applicator", "schema"),
    Keyword("readOnly", SEVEN, "annotation", "", "meta-data"),
    Keyword("required", ALL, "assertion", "objects", "validation"),
    Keyword("then", SEVEN, "applicator", "combinators", "applicator", "schema"),
    Keyword("title", ALL, "annotation", "", "meta-data"),
    Keyword("type", ALL, "assertion", "by_type", "validation"),
    Keyword("unevaluatedItems", MODERN, "applicator", "unevaluated", "unevaluated", "schema"),
    Keyword("unevaluatedProperties", MODERN, "applicator", "unevaluated", "unevaluated", "schema"),
    Keyword("uniqueItems", ALL, "assertion", "arrays", "validation"),
    Keyword("writeOnly", SEVEN, "annotation", "", "meta-data"),
)

KEYWORDS = {keyword.name: keyword for keyword in _TABLE}
"""Every keyword of every draft, by name."""

_OPENAPI = frozenset(("discriminator", "example", "externalDocs", "xml"))
"""Annotations of OpenAPI's dialect, which no meta-schema has."""
WITHOUT_MEANING = _OPENAPI | {keyword.name for keyword in _TABLE if not keyword.meaning}
"""Keywords that are known and allow every value."""

PRIVATE_PREFIX = "canvasgen:"
DECIMAL_TEXT = PRIVATE_PREFIX + "decimal"
"""Private keyword of schemas made from types: the string spells a number that satisfies this schema."""
JSON_TEXT = PRIVATE_PREFIX + "json"
"""Private keyword of schemas made from types: the string is a JSON text of this schema."""

_2019, _2020 = "https://json-schema.org/draft/2019-09/vocab/", "https://json-schema.org/draft/2020-12/vocab/"
VOCABULARIES: dict[str, tuple[str, ...]] = {
    _2020 + "core": ("core",),
    _2020 + "applicator": ("applicator",),
    _2020 + "unevaluated": ("unevaluated",),
    _2020 + "validation": ("validation",),
    _2020 + "format-annotation": ("format",),
    _2020 + "format-assertion": ("format",),
    _2020 + "content": ("content",),
    _2020 + "meta-data": ("meta-data",),
    _2019 + "core": ("core",),
    _2019 + "applicator": ("applicator", "unevaluated"),
    _2019 + "validation": ("validation",),
    _2019 + "format": ("format",),
    _2019 + "content": ("content",),
    _2019 + "meta-data": ("meta-data",),
}
"""By the URI of a vocabulary, the names that the table has for it."""
_ALWAYS = ("", "core", "content", "meta-data")
"""Vocabularies whose keywords are not lost where a meta-schema leaves them out."""


def ignorable(vocabularies: Mapping[str, Json]) -> frozenset[str]:
    """Return the keywords that have no effect under a `$vocabulary`: those of the vocabularies that it does not name."""
    named = {name for uri in vocabularies for name in VOCABULARIES.get(uri, ())}
    return frozenset(word.name for word in _TABLE if word.vocabulary not in named.union(_ALWAYS))


def meant_by(*files: str) -> frozenset[str]:
    """Return the keywords whose meaning is in these files of `schemas/keywords`."""
    return frozenset(keyword.name for keyword in _TABLE if keyword.meaning in files)


_SCHEMA = tuple(word.name for word in _TABLE if word.holds in ("schema", "schema or list"))
_LIST = tuple(word.name for word in _TABLE if word.holds in ("list", "schema or list"))
_MAP = tuple(word.name for word in _TABLE if word.holds == "map")


def subschemas(schema: Mapping[str, Json]) -> Iterator[tuple[Json, tuple[str | int, ...]]]:
    """Yield the schemas directly inside a schema, with the steps that lead there: none in `const`, `enum` or
    unknown keywords."""
    for name in _SCHEMA:
        child = schema.get(name)
        if isinstance(child, dict | bool):
            yield child, (name,)
    for name in _LIST:
        children = schema.get(name)
        if isinstance(children, list):
            yield from ((child, (name, at)) for at, child in enumerate(children))
    for name in _MAP:
        children = schema.get(name)
        if isinstance(children, dict):
            yield from ((child, (name, key)) for key, child in children.items())
