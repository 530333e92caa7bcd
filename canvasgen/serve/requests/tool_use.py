"""`tools` and `tool_choice` -> which calls the answer may or must be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from canvasgen.serve.protocol.answer_shapes import FunctionSpec, NamedFunction
from canvasgen.serve.protocol.api_error import ApiError
from canvasgen.serve.protocol.chat_body import ChatBody
from canvasgen.serve.protocol.wire import JsonObject, read_as, refuse_misspelled
from canvasgen.serve.requests.recipe import Recipe

__all__ = ["ToolUse", "legacy", "tool_use", "used"]


@dataclass(frozen=True)
class ToolUse:
    """How an answer is read as calls.

    Attributes:
        forced: the tool whose arguments are the whole text; None: the text names its tools.
        many: whether the text is a list of calls.
        is_legacy: whether the client asked by `functions`, and gets `function_call`.
        custom: names of custom tools, whose input is text.
        places: of the functions among the tools, the JSON paths of their parameters.
    """

    forced: str | None = None
    many: bool = False
    is_legacy: bool = False
    custom: frozenset[str] = frozenset()
    places: tuple[str, ...] = ()


def legacy(body: ChatBody) -> ChatBody:
    """Return a body with `functions` and `function_call` as `tools` and `tool_choice`."""
    if body.functions and body.tools:
        raise ApiError(400, "functions and tools exclude each other", "invalid_tools", "$.functions")
    if not body.functions:
        if body.function_call not in (None, "none", "auto"):
            raise ApiError(400, "there are no functions to choose from", "invalid_tools", "$.function_call")
        return body
    tools: list[JsonValue] = [
        {"type": "function", "function": one.model_dump(exclude_none=True)} for one in body.functions
    ]
    call = body.function_call
    named = None if call is None else call if isinstance(call, str) else {"function": {"name": call.name}}
    sent = body.model_dump(by_alias=True, exclude_none=True)
    return read_as(ChatBody, {**sent, "tools": tools, "tool_choice": named, "parallel_tool_calls": False})


def tool_use(body: ChatBody, *, is_legacy: bool = False) -> tuple[Recipe, ToolUse] | None:
    """Return what the answer must be and how it is read; None if no tool may be called.

    Args:
        body: with `tools`.
        is_legacy: whether they were sent as `functions`.
    """
    at, below = ("$.functions", ".parameters") if is_legacy else ("$.tools", ".function.parameters")
    specs = [tool.function for tool in body.tools or []]
    choice = body.tool_choice or ("auto" if specs else "none")
    named = choice.function.name if isinstance(choice, NamedFunction) else None
    if not specs and choice not in ("none", "auto"):
        raise ApiError(400, "there are no tools to choose from", "invalid_tools", "$.tool_choice")
    if not specs or choice == "none":
        return None
    for number, spec in enumerate(specs):
        if spec.parameters is None:
            refuse_misspelled(spec, "parameters", f"{at}[{number}]{below.removesuffix('.parameters')}")
    if choice == "required" and len(specs) == 1 and not body.parallel_tool_calls:
        named = specs[0].name  # one call of the only tool: its arguments are the whole text
    return used(
        specs,
        "named" if named is not None else str(choice),
        named,
        parallel=body.parallel_tool_calls is not False,
        at=at,
        below=below,
    )


def used(
    specs: Sequence[FunctionSpec], choice: str, named: str | None, *, parallel: bool, at: str, below: str
) -> tuple[Recipe, ToolUse]:
    """Return the recipe of calls of some tools, and how its text is read.

    Args:
        specs: the tools.
        choice: `auto`, `required` or `named`.
        named: the tool that has to be called.
        parallel: whether several calls may be made at once.
        at, below: JSON path of the tools, and from a tool to its schema.
    """
    names = [one.name for one in specs]
    if len({*names}) < len(names):
        raise ApiError(400, "two tools have one name", "invalid_tools", at)
    if named is not None:
        if named not in names:
            raise ApiError(400, f"there is no tool {named!r}", "invalid_tools", "$.tool_choice")
        number = names.index(named)
        parameters = specs[number].parameters
        schema: JsonValue = {"type": "object"} if parameters is None else parameters
        return Recipe("schema", schema, f"{at}[{number}]{below}"), ToolUse(forced=named)
    tools: list[JsonValue] = [_told(one) for one in specs]
    body: JsonObject = {"tools": tools, "many": parallel, "auto": choice == "auto"}
    places = tuple(f"{at}[{number}]{below}" for number in range(len(specs)))
    return Recipe("calls", body, at), ToolUse(many=parallel, places=places)


def _told(spec: FunctionSpec) -> JsonObject:
    told: JsonObject = {"name": spec.name, "parameters": spec.parameters}
    return told if spec.description is None else {**told, "description": spec.description}
