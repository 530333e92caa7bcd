"""Calls of tools as they stand in a text, also in the beginning of one."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from canvasgen.serve.requests.calls_schema import CUSTOM
from canvasgen.serve.requests.tool_use import ToolUse

__all__ = ["CallText", "calls_in", "end_of_value"]

_HEAD = re.compile(r'\s*,?\s*\{\s*"name"\s*:\s*("(?:[^"\\]|\\.)*")\s*,\s*"arguments"\s*:\s*')
_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*"?|[{}\[\]]', re.S)


@dataclass(frozen=True)
class CallText:
    """A call in a text.

    Attributes:
        name: the tool's.
        arguments: their JSON text as far as it is written.
        is_whole: whether it ends there.
    """

    name: str
    arguments: str
    is_whole: bool


def calls_in(text: str, use: ToolUse) -> list[CallText] | None:
    """Return the calls of a text or of the beginning of one; None if it is an answer without a call."""
    if use.forced is not None:
        return [CallText(use.forced, text, end_of_value(text, 0) is not None)]
    if use.custom and text.startswith(CUSTOM):
        name, mark, content = text[1:].partition("\n")
        return [CallText(name, content, is_whole=False)] if mark else []
    begun = text.lstrip()
    if not begun.startswith(("[", "{")):
        return None if begun else []
    at = len(text) - len(begun) + (1 if begun.startswith("[") else 0)
    found: list[CallText] = []
    while (head := _HEAD.match(text, at)) is not None:
        end = end_of_value(text, head.end())
        name: str = json.loads(head[1])
        if end is None:
            found.append(CallText(name, text[head.end() :], is_whole=False))
            break
        found.append(CallText(name, text[head.end() : end], is_whole=True))
        closed = text.find("}", end)
        if closed < 0:
            break
        at = closed + 1
    return found


def end_of_value(text: str, start: int) -> int | None:
    """Return where the JSON object or array that begins at a place ends; None if it does not end in the text."""
    depth = 0
    for found in _BRACKETS.finditer(text, start):
        mark = found[0]
        if mark in ("{", "["):
            depth += 1
        elif mark in ("}", "]"):
            depth -= 1
            if depth == 0:
                return found.end()
    return None
