"""vLLM's and XGrammar's `structural_tag`: texts with parts between marks.

Both forms are read: `{"structures": [{"begin", "schema", "end"}], "triggers": […]}`, and `{"format": …}` with the formats
const_string, json_schema, regex, grammar, any_text, sequence, or, tag, triggered_tags, tags_with_separator, optional, plus,
star and repeat.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

from canvasgen import constraints
from canvasgen.checks import is_mapping, is_sequence
from canvasgen.constraints import Constraint
from canvasgen.errors import InvalidConstraint, UnsupportedConstraint
from canvasgen.limits import Limits
from canvasgen.request.combining import any_of

__all__ = ["tagged"]

_DEEPEST = 32


def tagged(body: object, limits: Limits) -> Constraint:
    """Return the constraint of a structural tag, or of its JSON text.

    Raises:
        InvalidConstraint, UnsupportedConstraint: with the JSON path in it.
    """
    if isinstance(body, str):
        try:
            body = json.loads(body)
        except ValueError as error:
            raise InvalidConstraint(
                "a structural tag is JSON",
                rule="structural_tag",
                value=body,
                remedy="write it as a JSON object",
            ) from error
    if not is_mapping(body):
        raise InvalidConstraint(
            "a structural tag is an object",
            rule="structural_tag",
            value=body,
            remedy='write {"format": {"type": "json_schema", "json_schema": {…}}}',
        )
    reader = _Reader(limits)
    if "format" in body:
        return reader.read(body["format"], "$.format", 0)
    if "structures" in body:
        tags = [
            {
                "begin": one.get("begin"),
                "content": {"type": "json_schema", "json_schema": one.get("schema")},
                "end": one.get("end"),
            }
            for one in reader.objects(body, "structures", "$")
        ]
        return reader.triggered({"triggers": body.get("triggers"), "structures": tags}, "$", 0, "structures")
    raise InvalidConstraint(
        "a structural tag has a format",
        rule="structural_tag",
        value=body,
        remedy='write {"format": {"type": "json_schema", "json_schema": {…}}}',
    )


class _Reader:
    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._kinds: Mapping[str, Callable[[Mapping[str, Any], str, int], Constraint]] = {
            "const_string": lambda one, at, _: constraints.literal(self.text(one, "value", at)),
            "json_schema": lambda one, at, _: self.json_schema(one, at),
            "regex": lambda one, at, _: constraints.regex(self.text(one, "pattern", at), limits=limits),
            "grammar": lambda one, at, _: constraints.grammar(self.text(one, "grammar", at), limits=limits),
            "any_text": lambda one, at, _: constraints.text(without=self.texts(one, "excludes", at)),
            "sequence": lambda one, at, depth: _joined(self.several(one, "elements", at, depth)),
            "or": lambda one, at, depth: any_of(self.several(one, "elements", at, depth)),
            "tag": self.tag,
            "triggered_tags": self.triggered,
            "tags_with_separator": self.separated,
            "optional": lambda one, at, depth: constraints.optional(self.content(one, at, depth)),
            "plus": lambda one, at, depth: constraints.repeat(self.content(one, at, depth), 1),
            "star": lambda one, at, depth: constraints.repeat(self.content(one, at, depth)),
            "repeat": lambda one, at, depth: constraints.repeat(
                self.content(one, at, depth), one.get("min", 0), one.get("max")
            ),
        }

    def read(self, one: object, at: str, depth: int) -> Constraint:
        """Return the constraint of a format."""
        if not is_mapping(one) or depth > _DEEPEST:
            raise InvalidConstraint(
                "a format is an object",
                path=at,
                rule="structural_tag",
                value=one,
                remedy="write an object with a type",
            )
        make = self._kinds.get(str(one.get("type")))
        if make is None:
            raise UnsupportedConstraint(
                "no such format",
                path=f"{at}.type",
                rule="structural_tag",
                value=one.get("type"),
                remedy="one of " + ", ".join(self._kinds),
            )
        return make(one, at, depth)

    def text(self, one: Mapping[str, Any], name: str, at: str) -> str:
        """Return a text of a format."""
        value = one.get(name)
        if not isinstance(value, str):
            raise InvalidConstraint(
                f"{name} is a text",
                path=f"{at}.{name}",
                rule="structural_tag",
                value=value,
                remedy="write a string there",
            )
        return value

    def texts(self, one: Mapping[str, Any], name: str, at: str) -> list[str]:
        """Return several texts of a format."""
        found: object = one.get(name, [])
        if not is_sequence(found) or not all(isinstance(text, str) for text in found):
            raise InvalidConstraint(
                f"{name} are texts",
                path=f"{at}.{name}",
                rule="structural_tag",
                value=found,
                remedy="write a list of strings there",
            )
        return [*found]

    def objects(self, one: Mapping[str, Any], name: str, at: str) -> list[Mapping[str, Any]]:
        """Return the objects of a list, at least one."""
        found: object = one.get(name)
        if not is_sequence(found) or not found or not all(map(is_mapping, found)):
            raise InvalidConstraint(
                f"{name} is a list of objects",
                path=f"{at}.{name}",
                rule="structural_tag",
                value=found,
                remedy="write a list of objects there",
            )
        return [*found]

    def several(self, one: Mapping[str, Any], name: str, at: str, depth: int) -> list[Constraint]:
        """Return the constraints of a list of formats."""
        listed = self.objects(one, name, at)
        return [self.read(part, f"{at}.{name}[{number}]", depth + 1) for number, part in enumerate(listed)]

    def json_schema(self, one: Mapping[str, Any], at: str) -> Constraint:
        """Return the constraint of a schema, whose values are written as JSON."""
        if one.get("style", "json") != "json":
            raise UnsupportedConstraint(
                "values are written as JSON alone",
                path=f"{at}.style",
                rule="style",
                value=one["style"],
                remedy='leave the style out, or write "json"',
            )
        return constraints.json_schema(one.get("json_schema"), limits=self._limits)

    def content(self, one: Mapping[str, Any], at: str, depth: int) -> Constraint:
        """Return the constraint of a format's content."""
        return self.read(one.get("content"), f"{at}.content", depth + 1)

    def tag(self, one: Mapping[str, Any], at: str, depth: int) -> Constraint:
        """Return begin, content, end; a content of any text ends where the end begins."""
        begin, ends = self.text(one, "begin", at), one.get("end", "")
        ends = [ends] if isinstance(ends, str) else self.texts(one, "end", at)
        content = one.get("content", {"type": "any_text"})
        closing = any_of([constraints.literal(end) for end in ends or [""]])
        if is_mapping(content) and content.get("type") == "any_text":
            without = [*self.texts(content, "excludes", at), *(end for end in ends if end)]
            return constraints.literal(begin) + constraints.text(without=without) + closing
        return constraints.literal(begin) + self.read(content, f"{at}.content", depth + 1) + closing

    def triggered(self, one: Mapping[str, Any], at: str, depth: int, name: str = "tags") -> Constraint:
        """Return free text without the triggers, and tags (under that name) that begin with them."""
        triggers = self.texts(one, "triggers", at)
        listed = self.objects(one, name, at)
        if not triggers:
            raise InvalidConstraint(
                "there is no trigger",
                path=f"{at}.triggers",
                rule="structural_tag",
                remedy='give at least one text in triggers, such as "<function="',
            )
        for number, part in enumerate(listed):
            begin = part.get("begin")
            if not isinstance(begin, str) or not begin.startswith(tuple(triggers)):
                raise InvalidConstraint(
                    "a tag begins with a trigger",
                    path=f"{at}.{name}[{number}].begin",
                    rule="structural_tag",
                    value=begin,
                    remedy="let the tag's begin start with one of the triggers",
                )
        tags = [self.tag(part, f"{at}.{name}[{number}]", depth + 1) for number, part in enumerate(listed)]
        free = constraints.text(without=[*triggers, *self.texts(one, "excludes", at)])
        tag, least = free + any_of(tags), 1 if one.get("at_least_one") else 0
        if one.get("stop_after_first"):
            return tag if least else free | tag
        return constraints.repeat(tag, least) + free

    def separated(self, one: Mapping[str, Any], at: str, depth: int) -> Constraint:
        """Return tags with a separator between them."""
        tags = [
            self.tag(part, f"{at}.tags[{number}]", depth + 1)
            for number, part in enumerate(self.objects(one, "tags", at))
        ]
        least = 1 if one.get("at_least_one") else 0
        most = 1 if one.get("stop_after_first") else None
        return constraints.repeat(any_of(tags), least, most, separator=self.text(one, "separator", at))


def _joined(parts: Sequence[Constraint]) -> Constraint:
    return reduce(lambda before, part: before + part, parts)
