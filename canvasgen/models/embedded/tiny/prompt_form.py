"""The prompt of the embedded model: the user's text, then a short form of the JSON Schema.

    Alice Smith, 34 years old, lives in Paris.
    {name:str, age:int, city:str}

What stands in the last line says what the answer is: a short schema; the form of a letter, its holes in braces; options
`open|closed`; or a regular expression between slashes, `/\\d+/`. There may be no such line.

The text stands first: the encoder is causal, so the field names that follow can gather what was said of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from canvasgen.checks import is_mapping, is_sequence

_SHORT = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "null": "null",
    "object": "{}",
    "array": "[]",
}
_FORMATS = {
    "date": "date",
    "email": "email",
    "date-time": "datetime",
    "time": "time",
    "uri": "url",
    "uuid": "uuid",
}
_MAX_DEPTH = 6
_MAX_FIELDS = 40
_MAX_CHOICES = 24
_MAX_PATTERN = 60


def format_prompt(
    prompt: str, schema: Mapping[str, Any] | bool | None, instruction: str | None = None
) -> str:
    """The text that the model reads before the canvas; the same function made the training data.

    Args:
        prompt: the text to read from.
        schema: a JSON Schema as a dict (as pydantic emits it), or None for a prompt without one.
        instruction: a line put first.

    Never fails on a schema: what has no short form becomes ``any``.
    """
    lines = [instruction.strip()] if instruction and instruction.strip() else []
    lines.append(prompt.strip())
    if schema is not None:
        lines.append(short_schema(schema))
    return "\n".join(lines) + "\n"


def short_schema(schema: Any) -> str:
    """One line that names fields and types, ``{name:str, age:int, tags:[str], status:open|closed}``."""
    return _short(schema, schema, 0, ())


def short_options(texts: Sequence[str]) -> str:
    """One line that lists the texts of a choice, ``open|closed``, as an enum's."""
    return "|".join(texts[:_MAX_CHOICES])


def short_pattern(pattern: str) -> str | None:
    """One line that shows a regular expression, ``/\\d+/``; None for a long one, which this model cannot read."""
    return f"/{pattern}/" if len(pattern) <= _MAX_PATTERN and "\n" not in pattern else None


def _short(node: Any, root: Any, depth: int, seen: tuple[str, ...]) -> str:
    if not is_mapping(node) or depth > _MAX_DEPTH:
        return "any"
    reference = node.get("$ref")
    if isinstance(reference, str):
        target = None if reference in seen else _resolve(reference, root)
        return "any" if target is None else _short(target, root, depth, (*seen, reference))
    if is_mapping(node.get("properties")):
        return _object(node, root, depth, seen)
    if "const" in node:
        return _literal(node["const"])
    choices = node.get("enum")
    if is_sequence(choices) and choices:
        return "|".join(_literal(choice) for choice in choices[:_MAX_CHOICES])
    for keyword in ("anyOf", "oneOf"):
        parts = node.get(keyword)
        if is_sequence(parts) and parts:
            return _union([_short(part, root, depth + 1, seen) for part in parts[:_MAX_CHOICES]])
    parts = node.get("allOf")
    if is_sequence(parts) and parts:
        return _short(parts[0], root, depth + 1, seen)
    return _typed(node, root, depth, seen)


def _typed(node: Mapping[str, Any], root: Any, depth: int, seen: tuple[str, ...]) -> str:
    kind = node.get("type")
    if is_sequence(kind):
        return (
            _union([_typed({**node, "type": one}, root, depth + 1, seen) for one in kind]) if kind else "any"
        )
    if kind == "array" or (kind is None and "items" in node):
        prefix = node.get("prefixItems")
        if is_sequence(prefix) and prefix:
            return (
                "[" + ", ".join(_short(part, root, depth + 1, seen) for part in prefix[:_MAX_CHOICES]) + "]"
            )
        return "[" + _short(node.get("items"), root, depth + 1, seen) + "]"
    if kind == "object":
        values = node.get("additionalProperties")
        return "{str:" + _short(values, root, depth + 1, seen) + "}" if is_mapping(values) else "{}"
    if kind == "string" and isinstance(node.get("format"), str):
        return _FORMATS.get(node["format"], "str")
    return _SHORT.get(kind, "any") if isinstance(kind, str) else "any"


def _object(node: Mapping[str, Any], root: Any, depth: int, seen: tuple[str, ...]) -> str:
    fields = list(node["properties"].items())[:_MAX_FIELDS]
    return "{" + ", ".join(f"{key}:{_short(value, root, depth + 1, seen)}" for key, value in fields) + "}"


def _union(parts: list[str]) -> str:
    """Alternatives, each once; ``null`` becomes a question mark."""
    names = [part for part in dict.fromkeys(parts) if part != "null"]
    if not names:
        return "null"
    return "|".join(names) + ("?" if "null" in parts else "")


def _literal(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value) if isinstance(value, (int, float)) else "any"


def _resolve(reference: str, root: Any) -> Any | None:
    """What a local JSON pointer names, or None."""
    if not reference.startswith("#"):
        return None
    node: Any = root
    for step in reference[1:].strip("/").split("/") if reference != "#" else ():
        name = step.replace("~1", "/").replace("~0", "~")
        if not is_mapping(node) or name not in node:
            return None
        node = node[name]
    return node
