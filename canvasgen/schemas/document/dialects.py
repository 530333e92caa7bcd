"""Drafts of JSON Schema, and the vocabularies that a meta-schema may leave out."""

from __future__ import annotations

from typing import Any

from canvasgen.errors import InvalidConstraint, UnsupportedConstraint

__all__ = ["DRAFTS", "draft_of", "ignored_keywords"]

DRAFTS = {
    2020: "https://json-schema.org/draft/2020-12/schema",
    2019: "https://json-schema.org/draft/2019-09/schema",
    7: "http://json-schema.org/draft-07/schema",
    6: "http://json-schema.org/draft-06/schema",
    4: "http://json-schema.org/draft-04/schema",
}
"""The meta-schema of each draft."""
_BY_URL = {url: draft for draft, url in DRAFTS.items()} | {"http://json-schema.org/schema": 2020}

_APPLICATOR = frozenset(
    (
        "additionalItems",
        "additionalProperties",
        "allOf",
        "anyOf",
        "contains",
        "dependentSchemas",
        "else",
        "if",
        "items",
        "not",
        "oneOf",
        "patternProperties",
        "prefixItems",
        "properties",
        "propertyNames",
        "then",
    )
)
_UNEVALUATED = frozenset(("unevaluatedItems", "unevaluatedProperties"))
_VALIDATION = frozenset(
    (
        "const",
        "dependentRequired",
        "enum",
        "exclusiveMaximum",
        "exclusiveMinimum",
        "maxContains",
        "maxItems",
        "maxLength",
        "maxProperties",
        "maximum",
        "minContains",
        "minItems",
        "minLength",
        "minProperties",
        "minimum",
        "multipleOf",
        "pattern",
        "required",
        "type",
        "uniqueItems",
    )
)
_FORMAT = frozenset(("format",))
_2019, _2020 = "https://json-schema.org/draft/2019-09/vocab/", "https://json-schema.org/draft/2020-12/vocab/"
_KEYWORDS = {
    _2020 + "core": frozenset[str](),
    _2020 + "applicator": _APPLICATOR,
    _2020 + "unevaluated": _UNEVALUATED,
    _2020 + "validation": _VALIDATION,
    _2020 + "format-annotation": _FORMAT,
    _2020 + "format-assertion": _FORMAT,
    _2020 + "content": frozenset[str](),
    _2020 + "meta-data": frozenset[str](),
    _2019 + "core": frozenset[str](),
    _2019 + "applicator": _APPLICATOR | _UNEVALUATED,
    _2019 + "validation": _VALIDATION,
    _2019 + "format": _FORMAT,
    _2019 + "content": frozenset[str](),
    _2019 + "meta-data": frozenset[str](),
}


def draft_of(url: str) -> int | None:
    """The draft of a meta-schema; None if it is no one's."""
    return _BY_URL.get(url.strip().rstrip("#"))


def ignored_keywords(vocabulary: Any, path: str) -> frozenset[str]:
    """The keywords without effect under a `$vocabulary`.

    Raises:
        InvalidConstraint: it is no object of booleans.
        UnsupportedConstraint: it demands a vocabulary that is not known.
    """
    if not isinstance(vocabulary, dict) or not all(
        isinstance(needed, bool) for needed in vocabulary.values()
    ):
        raise InvalidConstraint(
            "`$vocabulary` is an object of booleans", path=path, rule="$vocabulary", value=vocabulary
        )
    for name, needed in vocabulary.items():
        if needed and name not in _KEYWORDS:
            raise UnsupportedConstraint(
                "the meta-schema demands a vocabulary that is not known",
                path=path,
                rule="$vocabulary",
                value=name,
            )
    known = frozenset[str]().union(*(_KEYWORDS.get(name, frozenset()) for name in vocabulary))
    return frozenset[str]().union(*_KEYWORDS.values()) - known
