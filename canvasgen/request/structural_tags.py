"""Structural tags as constraints: xgrammar's notation for texts with tagged parts, in which vLLM writes tool calls.

    {"format": {"type": "triggered_tags", "triggers": ["<tool_call>"],
                "tags": [{"begin": "<tool_call>…", "content": {"type": "json_schema", "json_schema": {…}}, "end": "…"}]}}

Free text is `cg.text()`. What is about single tokens (`token`, `any_tokens`, …), and notations of arguments that are
no JSON, are refused. Source: `xgrammar.structural_tag`, version 0.2.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import canvasgen.constraints as made
from canvasgen.checks import is_mapping, is_sequence
from canvasgen.constraints import Constraint
from canvasgen.errors import InvalidConstraint, UnsupportedConstraint

__all__ = ["read_structural_tag"]


def read_structural_tag(written: object, path: str = "$") -> Constraint:
    """Return the constraint of a structural tag, JSON or its text.

    Raises:
        InvalidConstraint: it is malformed; `path` says where.
        UnsupportedConstraint: a format that is refused.
    """
    if isinstance(written, str):
        try:
            written = json.loads(written)
        except ValueError as error:
            raise InvalidConstraint(f"no JSON: {error}", path=path, rule="JSON", value=written) from error
    return _format(_field(written, "format", path), f"{path}.format")


def _field(value: object, name: str, path: str) -> Any:
    if is_mapping(value) and name in value:
        return value[name]
    raise InvalidConstraint(f"{name} is missing", path=path, rule=name, value=value)


def _texts(value: object, path: str) -> list[str]:
    listed = [value] if isinstance(value, str) else value
    if is_sequence(listed) and all(isinstance(one, str) for one in listed):
        return list(listed)
    raise InvalidConstraint("texts are needed", path=path, rule="structural_tag", value=value)


def _format(value: object, path: str) -> Constraint:
    kind = _field(value, "type", path)
    assert is_mapping(value), "it has a type"
    read = _KINDS.get(kind) if isinstance(kind, str) else None
    if read is None:
        raise UnsupportedConstraint(
            "this format is not supported",
            path=f"{path}.type",
            rule="structural_tag",
            value=kind,
            remedy="choose from: " + ", ".join(_KINDS),
        )
    return read(value, path)


def _formats(value: object, path: str, read: Callable[[object, str], Constraint]) -> list[Constraint]:
    if not is_sequence(value) or not value:
        raise InvalidConstraint("a list of formats is needed", path=path, rule="structural_tag", value=value)
    return [read(one, f"{path}[{at}]") for at, one in enumerate(value)]


def _const(value: Mapping[str, Any], path: str) -> Constraint:
    return made.literal(_field(value, "value", path))


def _json_schema(value: Mapping[str, Any], path: str) -> Constraint:
    if value.get("style", "json") != "json":
        raise UnsupportedConstraint(
            "arguments are written as JSON alone", path=f"{path}.style", rule="style", value=value["style"]
        )
    return made.json_schema(_field(value, "json_schema", path))


def _any_text(value: Mapping[str, Any], path: str) -> Constraint:
    return made.text(
        max_length=value.get("max_chars"), without=_texts(value.get("excludes") or [], f"{path}.excludes")
    )


def _grammar(value: Mapping[str, Any], path: str) -> Constraint:
    return made.grammar(_field(value, "grammar", path))


def _regex(value: Mapping[str, Any], path: str) -> Constraint:
    return made.regex(_field(value, "pattern", path))


def _sequence(value: Mapping[str, Any], path: str) -> Constraint:
    return _joined(_formats(_field(value, "elements", path), f"{path}.elements", _format))


def _either(value: Mapping[str, Any], path: str) -> Constraint:
    return _any_of(_formats(_field(value, "elements", path), f"{path}.elements", _format))


def _content(value: Mapping[str, Any], path: str) -> Constraint:
    return _format(_field(value, "content", path), f"{path}.content")


def _tag(value: object, path: str) -> Constraint:
    begin, end = _texts(_field(value, "begin", path), f"{path}.begin"), _field(value, "end", path)
    content = _field(value, "content", path)
    free = is_mapping(content) and content.get("type") == "any_text"
    ends = _texts(end, f"{path}.end")
    inside = _format(content, f"{path}.content")
    if free and is_mapping(content):  # it ends with the first end
        own = _texts(content.get("excludes") or [], f"{path}.content.excludes")
        inside = made.text(without=[*own, *filter(None, ends)])
    return _joined([*map(made.literal, begin), inside, _any_of([made.literal(one) for one in ends])])


def _triggered(value: Mapping[str, Any], path: str) -> Constraint:
    tags = _any_of(_formats(_field(value, "tags", path), f"{path}.tags", _tag))
    kept = _texts(_field(value, "triggers", path), f"{path}.triggers")
    free = made.text(without=[*kept, *_texts(value.get("excludes") or [], f"{path}.excludes")])
    if value.get("stop_after_first"):
        once = tags if value.get("at_least_one") else free + tags
        return once if value.get("at_least_one") else once | free
    if value.get("at_least_one"):
        return tags + free + made.repeat(tags + free)
    return free + made.repeat(tags + free)


def _separated(value: Mapping[str, Any], path: str) -> Constraint:
    tags = _any_of(_formats(_field(value, "tags", path), f"{path}.tags", _tag))
    least = 1 if value.get("at_least_one") else 0
    most = 1 if value.get("stop_after_first") else None
    separator = _texts(_field(value, "separator", path), f"{path}.separator")[0]
    return made.repeat(tags, least, most, separator=separator)


def _joined(parts: Sequence[Constraint]) -> Constraint:
    whole = parts[0]
    for part in parts[1:]:
        whole = whole + part
    return whole


def _any_of(parts: Sequence[Constraint]) -> Constraint:
    whole = parts[0]
    for part in parts[1:]:
        whole = whole | part
    return whole


_KINDS: dict[str, Callable[[Mapping[str, Any], str], Constraint]] = {
    "const_string": _const,
    "json_schema": _json_schema,
    "any_text": _any_text,
    "grammar": _grammar,
    "regex": _regex,
    "sequence": _sequence,
    "or": _either,
    "tag": _tag,
    "triggered_tags": _triggered,
    "tags_with_separator": _separated,
    "optional": lambda value, path: made.optional(_content(value, path)),
    "plus": lambda value, path: made.repeat(_content(value, path), 1),
    "star": lambda value, path: made.repeat(_content(value, path)),
    "repeat": lambda value, path: made.repeat(
        _content(value, path), _field(value, "min", path), _field(value, "max", path)
    ),
}
