"""Calls of tools as texts: JSON that names a tool and has arguments of its schema, or free text beside it.

one      {"name": "weather", "arguments": {"city": "Rome"}}
many     [{"name": …}, …]
custom   @sql\\nSELECT 1, a custom tool, whose input is a text of its own constraint
auto     one of them, or a text that begins with neither a bracket nor an @
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from pydantic import JsonValue

from canvasgen import constraints
from canvasgen.constraints import Constraint
from canvasgen.grounding import KEYWORD, Sources
from canvasgen.limits import Limits
from canvasgen.request import Prompt, Request
from canvasgen.request.combining import any_of
from canvasgen.serve.protocol.wire import JsonObject

__all__ = ["CUSTOM", "NO_CALL", "calls_constraint", "calls_schema"]

CUSTOM = "@"
"""The mark before the name of a custom tool."""
NO_CALL = r"[^\s{\[@][\s\S]*"
"""Text that is no call."""

_ANY: JsonObject = {"type": "object"}


def calls_schema(tools: Sequence[JsonObject], *, many: bool, is_grounded: bool = False) -> JsonObject:
    """Return the schema of one call, or of a list of them.

    Args:
        tools: `{"name", "parameters", "description"}` each.
        many: whether several calls are made at once.
        is_grounded: whether all values are taken from a source, but for the tools' names.
    """
    calls: list[JsonValue] = [_call(tool, {KEYWORD: False} if is_grounded else {}) for tool in tools]
    one: JsonValue = calls[0] if len(calls) == 1 else {"anyOf": calls}
    if not many:
        return cast(JsonObject, one)
    return {"type": "array", "items": one, "minItems": 1, "maxItems": 8}


def _call(tool: JsonObject, marked: JsonObject) -> JsonObject:
    parameters = tool.get("parameters")
    if isinstance(parameters, dict) and "$id" not in parameters and _refers(parameters):
        # A resource of its own: `#/$defs/…` goes on meaning the tool's own definitions.
        parameters = {"$id": f"canvasgen:tool/{tool['name']}", **parameters}
    call: JsonObject = {
        "type": "object",
        "properties": {
            "name": {"const": tool["name"], **marked},
            "arguments": _ANY if parameters is None else parameters,
        },
        "required": ["name", "arguments"],
        "additionalProperties": False,
    }
    return call if tool.get("description") is None else {"description": tool["description"], **call}


def _refers(value: JsonValue) -> bool:
    """Return whether a schema refers to parts of itself."""
    if isinstance(value, dict):
        return any(key in ("$ref", "$dynamicRef") or _refers(part) for key, part in value.items())
    return isinstance(value, list) and any(map(_refers, value))


def calls_constraint(
    body: JsonValue,
    limits: Limits,
    writing: Mapping[str, str],
    prompt: Prompt,
    grounded: bool | list[str] | Sources,
) -> Constraint:
    """Return the constraint of `{"tools": […], "many": bool, "auto": bool}`.

    Args:
        body: that.
        limits: of the compilation.
        writing: how JSON is written.
        prompt, grounded: what the arguments are taken from, as `canvasgen.Request` has them.
    """
    told = cast(dict[str, Any], body)
    options: dict[str, Any] = dict(writing)
    functions = [tool for tool in told["tools"] if "input" not in tool]
    parts: list[Constraint] = [constraints.regex(NO_CALL)] if told["auto"] else []
    if functions:
        schema = calls_schema(functions, many=told["many"], is_grounded=grounded is not False)
        calls = Request(prompt, schema=schema, grounded=grounded, limits=limits, **options).resolve()
        assert calls is not None
        parts.append(calls)
    for tool in told["tools"]:
        if "input" in tool:
            kind, text = tool["input"]
            make = constraints.grammar if kind == "grammar" else constraints.regex
            parts.append(constraints.literal(f"{CUSTOM}{tool['name']}\n") + make(text, limits=limits))
    return any_of(parts)
