"""The second judge: what `jsonschema` and pydantic say of a text that the automaton accepts.

It is independent of the automata except where a keyword needs a regular expression of ECMA-262, which
Python's `re` does not read: `pattern` and `patternProperties` are decided by `canvasgen`'s own regular
expressions there. `multipleOf` is decided in exact decimals, and formats additionally by the lengths that
their standards set.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from functools import cached_property
from typing import Any
from urllib.parse import urljoin

import attrs
import jsonschema
from jsonschema import validators
from jsonschema.exceptions import ValidationError
from referencing.exceptions import Unresolvable

from canvasgen.automata import to_dfa
from canvasgen.errors import ValidationFailed
from canvasgen.schemas.document.document import Document
from canvasgen.schemas.keywords import formats
from canvasgen.schemas.keywords.assertions import has_utf8, pattern_part
from canvasgen.schemas.normal.combine import identity
from canvasgen.schemas.normal.numbers import as_fraction

__all__ = ["Judge", "read_strictly"]

_CLASSES: dict[int, Any] = {
    4: jsonschema.Draft4Validator,
    6: jsonschema.Draft6Validator,
    7: jsonschema.Draft7Validator,
    2019: jsonschema.Draft201909Validator,
    2020: jsonschema.Draft202012Validator,
}
_MOST_REASONS = 5


def read_strictly(text: str) -> Any:
    """The data of a JSON text.

    Raises:
        ValidationFailed: it is no JSON, has a key twice in one object, or a number that is not finite.
    """

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(items)
        if len(found) != len(items):
            raise ValidationFailed(
                "an object has a key twice", text=text, rule="duplicate key", reasons=("duplicate key",)
            )
        return found

    def number(written: str) -> float:
        value = float(written)
        if math.isinf(value):
            raise ValidationFailed(
                "a number is too large to be read",
                text=text,
                rule="json",
                reasons=(f"{written} is infinite",),
            )
        return value

    def constant(name: str) -> Any:
        raise ValidationFailed(f"{name} is not JSON", text=text, rule="json", reasons=(name,))

    try:
        return json.loads(text, object_pairs_hook=pairs, parse_constant=constant, parse_float=number)
    except (ValueError, RecursionError) as error:
        raise ValidationFailed(
            "the text is no JSON", text=text, rule="json", reasons=(str(error),)
        ) from error


def _found(pattern: str, value: str) -> bool:
    return has_utf8(value) and to_dfa(pattern_part(pattern, "pattern").expr).accepts(value.encode("utf-8"))


def _pattern(_: Any, pattern: str, value: Any, __: Any) -> Iterator[ValidationError]:
    if isinstance(value, str) and not _found(pattern, value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


def _multiple_of(_: Any, step: float, value: Any, __: Any) -> Iterator[ValidationError]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return
    if (as_fraction(value) / as_fraction(step)).denominator != 1:
        yield ValidationError(f"{value!r} is not a multiple of {step!r}")


def _pattern_properties(validator: Any, patterns: Any, value: Any, _: Any) -> Iterator[ValidationError]:
    if isinstance(value, dict):
        for pattern, schema in patterns.items():
            for name, item in value.items():
                if _found(pattern, name):
                    yield from validator.descend(item, schema, path=name, schema_path=pattern)


def _additional_properties(
    validator: Any, additional: Any, value: Any, schema: Any
) -> Iterator[ValidationError]:
    if not isinstance(value, dict):
        return
    declared, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for name, item in value.items():
        if name not in declared and not any(_found(pattern, name) for pattern in patterns):
            if additional is False:
                yield ValidationError(f"the property {name!r} is not allowed")
            elif additional is not True:
                yield from validator.descend(item, additional, path=name)


def _unevaluated_2019(validator: Any, rest: Any, value: Any, schema: Any) -> Iterator[ValidationError]:
    # jsonschema reads the schema of an adjacent `additionalProperties`, which evaluates everything, as names.
    if "additionalProperties" not in schema:
        checked = validators.Draft201909Validator.VALIDATORS["unevaluatedProperties"]
        yield from checked(validator, rest, value, schema) or ()


def _no_effect(*_: Any) -> None:
    """A keyword of no vocabulary of the meta-schema."""


def _unique_items(_: Any, unique: bool, value: Any, __: Any) -> Iterator[ValidationError]:
    if unique and isinstance(value, list):
        keys = [identity(item) for item in value]
        if len(set(keys)) != len(keys):
            yield ValidationError("two items are equal")


_HERE = "https://canvasgen.invalid/"
"""What a relative `$id` of a root is relative to."""


class Judge:
    """Decides texts by `jsonschema` over a document.

    Args:
        document: the schema document.
        python: True if the formats are pydantic's.
    """

    def __init__(self, document: Document, *, python: bool) -> None:
        self.document = document
        self.python = python

        self._classes: dict[tuple[int, frozenset[str]], Any] = {}

    @cached_property
    def _validator(self) -> Any:
        resource = self.document.root_base().resource
        made = self._class(resource.draft, resource.without)
        return made(self._root, registry=self.document.references.registry)

    @cached_property
    def _root(self) -> Any:
        root = self.document.root
        if not isinstance(root, dict) or not isinstance(root.get("$id"), str):
            return root
        return {**root, "$id": urljoin(_HERE, root["$id"])}

    def _class(self, draft: int, without: frozenset[str]) -> Any:
        """jsonschema's class for a draft, with the keywords of this module, but for those without effect."""
        made = self._classes.get((draft, without))
        if made is None:
            keywords = self._keywords(draft) | dict.fromkeys(without, _no_effect)
            made = self._classes[draft, without] = validators.extend(_CLASSES[draft], keywords)
            # jsonschema would go on with a class of its own where a schema has a `$schema`, and with that of the
            # schema before where one of another draft is referred to.
            made.evolve = self._evolve
        return made

    @cached_property
    def _evolve(self) -> Any:
        references, root = self.document.references, self._root

        def evolve(validator: Any, **changes: Any) -> Any:
            made = type(validator)
            schema = changes.get("schema", validator.schema)
            resource = references.resource_of(self.document.root if schema is root else schema)
            if resource is not None:
                made = self._class(resource.draft, resource.without)
            kept = {field.alias: getattr(validator, field.name) for field in attrs.fields(made) if field.init}
            return made(**kept | changes)

        return evolve

    def _keywords(self, draft: int) -> dict[str, Any]:
        def check_format(_: Any, name: str, value: Any, __: Any) -> Iterator[ValidationError]:
            if isinstance(value, str) and not formats.holds(name, value, python=self.python):
                yield ValidationError(f"{value!r} is no {name!r}")

        keywords: dict[str, Any] = {
            "additionalProperties": _additional_properties,
            "format": check_format,
            "multipleOf": _multiple_of,
            "pattern": _pattern,
            "patternProperties": _pattern_properties,
            "uniqueItems": _unique_items,
        }
        if draft == 2019:
            keywords["unevaluatedProperties"] = _unevaluated_2019
        return keywords

    def __call__(self, text: str) -> Any:
        """The data of a text that is valid.

        Raises:
            ValidationFailed: the text is not valid; `reasons` say where and why.
        """
        data = read_strictly(text)
        try:
            errors = [
                error
                for _, error in zip(range(_MOST_REASONS), self._validator.iter_errors(data), strict=False)
            ]
        except Unresolvable as error:
            raise ValidationFailed(
                f"jsonschema finds nothing at a reference: {error}", text=text, rule="jsonschema"
            ) from error
        except RecursionError as error:
            raise ValidationFailed(
                "the text is nested too deeply to be judged", text=text, rule="nesting depth"
            ) from error
        if errors:
            reasons = tuple(f"{error.json_path}: {error.message}" for error in errors)
            raise ValidationFailed(
                "the text does not satisfy the schema", text=text, reasons=reasons, rule="jsonschema"
            )
        return data
