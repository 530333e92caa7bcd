"""`/v1/responses` -> a plan."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pydantic import JsonValue

from canvasgen.serve.protocol.api_error import ApiError
from canvasgen.serve.protocol.chat_body import ChatBody
from canvasgen.serve.protocol.responses_body import FlatTool, InputItem, NamedTool, ResponsesBody
from canvasgen.serve.protocol.wire import JsonObject, ignored_in, read_as
from canvasgen.serve.requests.formats import said_in, sourced
from canvasgen.serve.requests.plan import Plan, plan_of_chat
from canvasgen.serve.requests.recipe import Recipe
from canvasgen.serve.requests.tool_use import ToolUse
from canvasgen.serve.settings import ServeSettings

__all__ = ["plan_of_responses"]


def plan_of_responses(body: ResponsesBody, settings: ServeSettings) -> Plan:
    """Return the plan; what `/v1/chat/completions` has, too, is read by its rules.

    Raises:
        ApiError: the body asks for something impossible.
    """
    custom = [tool for tool in body.tools or [] if tool.type == "custom"]
    functions = [number for number, tool in enumerate(body.tools or []) if tool.type == "function"]
    try:
        plan = plan_of_chat(_as_chat(body, custom), settings)
    except ApiError as error:
        raise replace(error, param=error.param and _place_here(error.param, functions)) from error
    plan = replace(
        plan,
        ignored=tuple(ignored_in(body, ("metadata",))),
        recipe=replace(plan.recipe, at=_place_here(plan.recipe.at, functions)),
        tools=plan.tools and replace(plan.tools, places=_places(functions)),
        places={**plan.places, "max_tokens": "$.max_output_tokens"},
    )
    named = body.tool_choice if isinstance(body.tool_choice, NamedTool) else None
    if not custom or body.tool_choice == "none":
        return plan
    if plan.recipe.kind not in ("calls", "free") and named is None:
        raise ApiError(400, "custom tools go with tools or free text", "unsupported_parameter", "$.tools")
    return _with_custom(plan, custom, named, body.tools or [], str(body.tool_choice or "auto"), body)


def _place_here(place: str, functions: Sequence[int]) -> str:
    """Return a JSON path in a body of `/v1/chat/completions` as one in the body of `/v1/responses` that it was made of.

    Args:
        place: there.
        functions: the numbers of the function tools here; there are no others there.
    """
    for there, here in _NAMES.items():
        if place.startswith(there):
            return here + place[len(there) :]
    if place.startswith("$.messages"):
        return "$.input"
    found = _FUNCTION.match(place)
    return place if found is None else f"$.tools[{functions[int(found[1])]}]{place[found.end() :]}"


_NAMES = {
    "$.response_format.json_schema": "$.text.format",
    "$.response_format": "$.text.format",
    "$.max_tokens": "$.max_output_tokens",
}
_FUNCTION = re.compile(r"\$\.tools\[(\d+)\]\.function")


def _places(functions: Sequence[int]) -> tuple[str, ...]:
    return tuple(f"$.tools[{number}].parameters" for number in functions)


def _as_chat(body: ResponsesBody, custom: list[FlatTool]) -> ChatBody:
    """Return the same as a body of `/v1/chat/completions`, without the custom tools."""
    functions = [
        {"type": "function", "function": tool.model_dump(exclude={"type", "format"}, exclude_none=True)}
        for tool in body.tools or []
        if tool.type == "function"
    ]
    choice: JsonValue = None
    if isinstance(body.tool_choice, NamedTool):
        choice = (
            {"function": {"name": body.tool_choice.name}} if body.tool_choice.type == "function" else "none"
        )
    elif functions and not custom:
        choice = body.tool_choice
    elif functions:
        choice = "none"  # functions and custom tools together are read below
    sent: dict[str, Any] = {
        "messages": [*_messages(body)],
        "temperature": body.temperature,
        "seed": body.seed,
        "max_tokens": body.max_output_tokens,
        "stream": body.stream,
        "parallel_tool_calls": body.parallel_tool_calls,
    }
    if functions:
        sent |= {"tools": [*functions], "tool_choice": choice}
    format_ = None if body.text is None else body.text.format
    if format_ is not None and not (functions and choice != "none"):
        sent["response_format"] = (
            {"type": "json_schema", "json_schema": {"name": format_.name, "schema": format_.schema_}}
            if format_.type == "json_schema"
            else {"type": format_.type}
        )
    if not sent["messages"]:
        raise ApiError(400, "the input holds no text", "empty_prompt", "$.input")
    made = read_as(ChatBody, {name: value for name, value in sent.items() if value is not None})
    return made.model_copy(update={"canvasgen": body.canvasgen, "reasoning": body.reasoning})


def _messages(body: ResponsesBody) -> list[JsonObject]:
    """Return the conversation as messages."""
    found: list[JsonObject] = []
    if body.instructions:
        found.append({"role": "system", "content": body.instructions})
    if isinstance(body.input, str):
        return [*found, {"role": "user", "content": body.input}]
    return [*found, *(message for item in body.input if (message := _message(item)) is not None)]


def _message(item: InputItem) -> JsonObject | None:
    if item.type in (None, "message"):
        if item.role is None:
            raise ApiError(400, "an item of the input has a role or a type", "invalid_request", "$.input")
        content: JsonValue = item.content if not isinstance(item.content, list) else [
            part.model_dump(include={"type", "text"}) for part in item.content
        ]  # fmt: skip
        return {"role": item.role, "content": content}
    if item.type in ("function_call", "custom_tool_call"):
        said = item.arguments if item.arguments is not None else item.input
        call = {"name": item.name or "", "arguments": said or ""}
        return {"role": "assistant", "content": None, "tool_calls": [{"function": {**call}}]}
    if item.type in ("function_call_output", "custom_tool_call_output"):
        output = item.output if isinstance(item.output, str) else json.dumps(item.output)
        return {"role": "tool", "content": output}
    return None  # reasoning and references to earlier items say nothing to this model


def _with_custom(
    plan: Plan,
    custom: list[FlatTool],
    named: NamedTool | None,
    tools: list[FlatTool],
    choice: str,
    body: ResponsesBody,
) -> Plan:
    """Return a plan in which the custom tools may or must be called."""
    if named is not None and named.type == "custom":
        number = next((at for at, tool in enumerate(tools) if tool.name == named.name), None)
        if number is None:
            raise ApiError(400, f"there is no tool {named.name!r}", "invalid_tools", "$.tool_choice")
        kind, text = _input_of(tools[number])
        recipe = Recipe(kind, text, f"$.tools[{number}].format.definition")
        return replace(
            plan,
            recipe=_merged(plan, recipe),
            tools=ToolUse(forced=named.name, custom=frozenset({named.name})),
        )
    if named is not None:
        return plan
    told: list[JsonValue] = []
    for tool in tools:
        if tool.type == "function":
            told.append({"name": tool.name, "parameters": tool.parameters})
        else:
            kind, text = _input_of(tool)
            told.append({"name": tool.name, "input": [kind, text]})
    recipe = Recipe("calls", {"tools": told, "many": False, "auto": choice != "required"}, "$.tools")
    names = frozenset(tool.name for tool in custom)
    places = _places([number for number, tool in enumerate(tools) if tool.type == "function"])
    return replace(plan, recipe=_merged(plan, recipe), tools=ToolUse(custom=names, places=places))


def _merged(plan: Plan, recipe: Recipe) -> Recipe:
    old = plan.recipe
    kept = replace(recipe, also=old.also, thoughts=old.thoughts)
    if recipe.kind != "calls":
        return kept
    return sourced(replace(kept, grounded=old.grounded, grounding=old.grounding), said_in(plan.prompt))


def _input_of(tool: FlatTool) -> tuple[str, str]:
    """Return what makes the constraint of a custom tool's input."""
    if tool.format is None or tool.format.type == "text":
        return "regex", r"[\s\S]*"
    return ("grammar" if tool.format.syntax == "lark" else "regex"), tool.format.definition
