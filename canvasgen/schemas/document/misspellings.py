"""What a word that JSON Schema does not have probably means: names of other languages, older drafts, misspellings."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from canvasgen.limits import kept
from canvasgen.schemas.document.keywords import KEYWORDS

__all__ = ["TYPES", "keyword_hint", "type_hint"]

TYPES = ("null", "boolean", "integer", "number", "string", "array", "object")
"""The types of JSON Schema."""

_OTHER_TYPES = {
    "int": "integer",
    "int32": "integer",
    "int64": "integer",
    "long": "integer",
    "float": "number",
    "double": "number",
    "decimal": "number",
    "numeric": "number",
    "str": "string",
    "text": "string",
    "char": "string",
    "enum": "string",
    "bool": "boolean",
    "dict": "object",
    "map": "object",
    "struct": "object",
    "record": "object",
    "list": "array",
    "tuple": "array",
    "set": "array",
    "none": "null",
    "nil": "null",
    "nonetype": "null",
    "undefined": "null",
}
_FORMATS = ("date", "date-time", "email", "time", "uri", "uuid")
_OTHER_KEYWORDS = {
    "additionalproperty": "additionalProperties",
    "any_of": "anyOf",
    "all_of": "allOf",
    "one_of": "oneOf",
    "disallow": "not",
    "divisibleby": "multipleOf",
    "extends": "allOf",
    "max": "maximum",
    "max_items": "maxItems",
    "max_length": "maxLength",
    "min": "minimum",
    "min_items": "minItems",
    "min_length": "minLength",
    "regex": "pattern",
}
_LIKENESS = 0.8


def type_hint(name: object) -> str:
    """Return a remedy for a `type` that JSON Schema does not have."""
    wanted = name.strip().lower() if isinstance(name, str) else ""
    found = _OTHER_TYPES.get(wanted) or _closest(wanted, TYPES)
    if found is not None:
        return f'did you mean "{found}"?'
    if wanted in _FORMATS:
        return f'write "type": "string", "format": "{wanted}"'
    if wanted == "any":
        return "leave `type` out where any value is meant"
    return f"a type is one of {', '.join(TYPES)}"


@kept(1024)
def keyword_hint(name: str) -> str | None:
    """Return what to write instead of a keyword that no draft has; None if nothing is near."""
    if name == "nullable":
        return 'OpenAPI 3.0 has it; write "type": [..., "null"]'
    found = _OTHER_KEYWORDS.get(name.lower()) or _closest(name, KEYWORDS)
    return None if found is None else f"did you mean `{found}`?"


def _closest(name: str, known: Iterable[str]) -> str | None:
    by_lower = {word.lower(): word for word in known}
    lower = name.lower()
    if lower in by_lower:
        return by_lower[lower]
    found = get_close_matches(lower, by_lower, n=1, cutoff=_LIKENESS) if len(lower) >= 4 else []
    return by_lower[found[0]] if found else None
