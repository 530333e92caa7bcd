"""The validator at commit: what `jsonschema` says of a text that the automaton accepts.

It is independent of the automata except where a keyword needs a regular expression of ECMA-262, which
Python's `re` does not read: `pattern` and `patternProperties` are decided by `canvasgen`'s own regular
expressions there, which take linear time. Each schema judges each value once (`judgements`). `multipleOf` is decided in
exact decimals, and formats additionally by the lengths that their standards set.
"""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, TypeAlias, cast
from urllib.parse import urljoin

import attrs
import jsonschema
from jsonschema import validators
from jsonschema.exceptions import ValidationError
from referencing.exceptions import Unresolvable

from canvasgen.errors import ValidationFailed
from canvasgen.limits import DEFAULT_LIMITS, Limits
from canvasgen.schemas.document.dialects import Dialect
from canvasgen.schemas.document.document import Document
from canvasgen.schemas.document.plain import Json
from canvasgen.schemas.judgements import MOST_REASONS, JsonschemaValidator, Judgements
from canvasgen.schemas.keywords import formats
from canvasgen.schemas.keywords.patterns import pattern_part
from canvasgen.schemas.normal.equality import identity
from canvasgen.schemas.normal.numbers import as_fraction
from canvasgen.schemas.normal.strings import has_utf8, in_part

__all__ = ["Validator"]

Errors: TypeAlias = Iterator[ValidationError]

_CLASSES: dict[int, JsonschemaValidator] = {
    4: jsonschema.Draft4Validator,
    6: jsonschema.Draft6Validator,
    7: jsonschema.Draft7Validator,
    2019: jsonschema.Draft201909Validator,
    2020: jsonschema.Draft202012Validator,
}
_extend = cast("Callable[..., JsonschemaValidator]", validators.extend)  # pyright: ignore[reportUnknownMemberType]


def _read_strictly(text: str) -> Json:
    """Return the data of a JSON text.

    Raises:
        ValidationFailed: it is no JSON, has a key twice in one object, or a number that is not finite.
    """

    def pairs(items: list[tuple[str, Json]]) -> dict[str, Json]:
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

    def constant(name: str) -> Json:
        raise ValidationFailed(f"{name} is not JSON", text=text, rule="json", reasons=(name,))

    try:
        return json.loads(text, object_pairs_hook=pairs, parse_constant=constant, parse_float=number)
    except (ValueError, RecursionError) as error:
        raise ValidationFailed(
            "the text is no JSON", text=text, rule="json", reasons=(str(error),)
        ) from error


def _multiple_of(_: JsonschemaValidator, step: float, value: Json, __: Json) -> Errors:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return
    if (as_fraction(value) / as_fraction(step)).denominator != 1:
        yield ValidationError(f"{value!r} is not a multiple of {step!r}")


def _no_effect(*_: object) -> None:
    """Accept every value: the keyword belongs to no vocabulary of the meta-schema."""


def _unique_items(_: JsonschemaValidator, unique: bool, value: Json, __: Json) -> Errors:
    if unique and isinstance(value, list):
        keys = [identity(item) for item in value]
        if len(set(keys)) != len(keys):
            yield ValidationError("two items are equal")


class _Patterns:
    """The keywords with regular expressions of ECMA-262.

    Args:
        limits: of their compilation.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits

    def found(self, pattern: str, value: str) -> bool:
        """Return whether a string contains a match of a pattern."""
        return has_utf8(value) and in_part(pattern_part(pattern, "pattern", self.limits), value)

    def pattern(self, _: JsonschemaValidator, pattern: str, value: Json, __: Json) -> Errors:
        if isinstance(value, str) and not self.found(pattern, value):
            yield ValidationError(f"{value!r} does not match {pattern!r}")

    def properties(
        self, validator: JsonschemaValidator, patterns: dict[str, Json], value: Json, _: Json
    ) -> Errors:
        if isinstance(value, dict):
            for pattern, schema in patterns.items():
                for name, item in value.items():
                    if self.found(pattern, name):
                        yield from validator.descend(item, schema, path=name, schema_path=pattern)

    def additional_properties(
        self,
        validator: JsonschemaValidator,
        additional: Json,
        value: Json,
        schema: dict[str, dict[str, Json]],
    ) -> Errors:
        if not isinstance(value, dict):
            return
        declared, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
        for name, item in value.items():
            if name not in declared and not any(self.found(pattern, name) for pattern in patterns):
                if additional is False:
                    yield ValidationError(f"the property {name!r} is not allowed")
                elif additional is not True:
                    yield from validator.descend(item, additional, path=name)


_HERE = "https://canvasgen.invalid/"
"""What a relative `$id` of a root is relative to."""


class Validator:
    """Decides texts by `jsonschema` over a document.

    Args:
        document: the schema document.
        python: True if the formats are pydantic's.
        limits: of the compilation of patterns.
    """

    def __init__(self, document: Document, *, python: bool, limits: Limits = DEFAULT_LIMITS) -> None:
        self.document = document
        self.python = python
        self._patterns = _Patterns(limits)
        self._classes: dict[Dialect, JsonschemaValidator] = {}
        self._local = threading.local()

    @cached_property
    def _validator(self) -> JsonschemaValidator:
        resource = self.document.root_base().resource
        made = self._class(resource.dialect)
        return made(self._root, registry=self.document.references.registry)

    @cached_property
    def _root(self) -> Json:
        root = self.document.root
        own = root.get("$id") if isinstance(root, dict) else None
        if not isinstance(root, dict) or not isinstance(own, str):
            return root
        return {**root, "$id": urljoin(_HERE, own)}

    def _class(self, dialect: Dialect) -> JsonschemaValidator:
        """Return jsonschema's class for a dialect, with the keywords of this module, without those that have no effect."""
        made = self._classes.get(dialect)
        if made is None:
            keywords = self._keywords(dialect.draft) | dict.fromkeys(dialect.without, _no_effect)
            made = self._classes[dialect] = _extend(_CLASSES[dialect.draft], keywords)
            # jsonschema would go on with a class of its own where a schema has a `$schema`, and with that of the
            # schema before where one of another draft is referred to.
            made.evolve = self._evolve
            made.descend, made.iter_errors = self._remembering(made)
        return made

    @property
    def _judgements(self) -> Judgements:
        """Those of the judgement that this thread is at."""
        return cast("Judgements", self._local.judgements)

    def _remembering(self, made: JsonschemaValidator) -> tuple[Callable[..., Errors], Callable[..., Errors]]:
        """The two ways into a class of `jsonschema`, which judge each value by each schema once."""
        plain_descend, plain_errors = made.descend, made.iter_errors

        def descend(
            validator: JsonschemaValidator,
            instance: Json,
            schema: Json,
            path: str | int | None = None,
            schema_path: str | int | None = None,
            resolver: Any = None,
        ) -> Errors:
            def found() -> Errors:
                return plain_descend(validator, instance, schema, resolver=resolver)

            within = validator if resolver is None else validator.evolve(_resolver=resolver)
            for error in self._judgements.errors("descend", within, instance, schema, found):
                if path is not None:
                    error.path.appendleft(path)
                if schema_path is not None:
                    error.schema_path.appendleft(schema_path)
                yield error

        def iter_errors(validator: JsonschemaValidator, instance: Json) -> Errors:
            schema = validator.schema
            return self._judgements.errors(
                "errors", validator, instance, schema, lambda: plain_errors(validator, instance)
            )

        return descend, iter_errors

    @cached_property
    def _evolve(self) -> Callable[..., JsonschemaValidator]:
        references, root = self.document.references, self._root

        def evolve(validator: JsonschemaValidator, **changes: Any) -> JsonschemaValidator:
            made = cast("JsonschemaValidator", type(validator))
            schema = changes.get("schema", validator.schema)
            resource = references.resource_of(self.document.root if schema is root else schema)
            if resource is not None:
                made = self._class(resource.dialect)
            kept = {field.alias: getattr(validator, field.name) for field in attrs.fields(made) if field.init}
            return made(**kept | changes)

        return evolve

    def _keywords(self, draft: int) -> dict[str, Any]:
        def check_format(_: JsonschemaValidator, name: str, value: Json, __: Json) -> Errors:
            if isinstance(value, str) and not formats.holds(name, value, python=self.python):
                yield ValidationError(f"{value!r} is no {name!r}")

        def unevaluated_properties(
            validator: JsonschemaValidator, rest: Json, value: Json, schema: dict[str, Json]
        ) -> Errors:
            if isinstance(value, dict):
                # What the keyword itself accepts is evaluated too.
                known = self._judgements.keys(validator, value, schema)
                for name in value:
                    if name not in known:
                        yield ValidationError(f"the property {name!r} is not evaluated, and not allowed then")

        def unevaluated_items(
            validator: JsonschemaValidator, rest: Json, value: Json, schema: dict[str, Json]
        ) -> Errors:
            if isinstance(value, list):
                known = self._judgements.places(validator, value, schema)
                if not known.issuperset(range(len(value))):
                    yield ValidationError("an item is not evaluated, and not allowed then")

        keywords: dict[str, Any] = {
            "additionalProperties": self._patterns.additional_properties,
            "format": check_format,
            "multipleOf": _multiple_of,
            "pattern": self._patterns.pattern,
            "patternProperties": self._patterns.properties,
            "uniqueItems": _unique_items,
        }
        if draft >= 2019:
            keywords |= {
                "unevaluatedProperties": unevaluated_properties,
                "unevaluatedItems": unevaluated_items,
            }
        return keywords

    def __call__(self, text: str) -> Json:
        """Return the data of a text that is valid.

        Raises:
            ValidationFailed: the text is not valid; `reasons` say where and why.
        """
        data = _read_strictly(text)
        self._local.judgements = Judgements(self._patterns.found)
        try:
            errors = [
                error
                for _, error in zip(range(MOST_REASONS), self._validator.iter_errors(data), strict=False)
            ]
        except Unresolvable as error:
            raise ValidationFailed(
                f"jsonschema finds nothing at a reference: {error}", text=text, rule="jsonschema"
            ) from error
        except RecursionError as error:
            raise ValidationFailed(
                "the text is nested too deeply to be validated", text=text, rule="nesting depth"
            ) from error
        finally:
            del self._local.judgements
        if errors:
            reasons = tuple(f"{error.json_path}: {error.message}" for error in errors)
            raise ValidationFailed(
                "the text does not satisfy the schema", text=text, reasons=reasons, rule="jsonschema"
            )
        return data
