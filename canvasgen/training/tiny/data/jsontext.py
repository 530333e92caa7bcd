"""Plain data to JSON text in three whitespace styles, with the spans that values take in it."""

from __future__ import annotations

import json
from typing import Any

from canvasgen.training.tiny.data.value_formats import Amount

Span = tuple[int, int, int]
"""Start, end (characters) and the number of the value, counted in text order."""


def write(value: Any, style: str = "spaced") -> tuple[str, list[Span]]:
    """The JSON text of ``value`` and the spans of its scalar values (strings without their quotes)."""
    parts: list[str] = []
    spans: list[Span] = []
    _write(value, style, 0, parts, spans)
    return "".join(parts), spans


def _write(value: Any, style: str, depth: int, parts: list[str], spans: list[Span]) -> None:
    if isinstance(value, (dict, list)) and value:
        is_dict = isinstance(value, dict)
        newline = "\n" + "  " * (depth + 1) if style == "indented" else ""
        between = "," + (newline or ("" if style == "compact" else " "))
        parts.append(("{" if is_dict else "[") + newline)
        for index, item in enumerate(value.items() if isinstance(value, dict) else value):
            if index:
                parts.append(between)
            if is_dict:
                key, item = item
                parts.append(json.dumps(key, ensure_ascii=False) + (":" if style == "compact" else ": "))
            _write(item, style, depth + 1, parts, spans)
        parts.append(("\n" + "  " * depth if newline else "") + ("}" if is_dict else "]"))
        return
    text = value.text if isinstance(value, Amount) else json.dumps(value, ensure_ascii=False)
    start = sum(map(len, parts))
    if isinstance(value, str):
        spans.append((start + 1, start + len(text) - 1, len(spans)))
    elif not isinstance(value, (dict, list)):
        spans.append((start, start + len(text), len(spans)))
    parts.append(text)
