"""What one judgement by `jsonschema` remembers: the errors of each (schema, value), and what a schema has evaluated.

`jsonschema` reads a schema anew wherever it is referred to, so that a chain of n schemas, each of which refers twice to the
next, costs 2^n. Here each pair of a schema and a value is judged once. What `unevaluatedProperties` and
`unevaluatedItems` need to know is found the same way, with the patterns of `canvasgen`'s own regular expressions instead of
`re`, which may take exponential time. All of it together may take a limited number of steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, TypeAlias, cast

from jsonschema.exceptions import ValidationError
from referencing.jsonschema import lookup_recursive_ref

from canvasgen.errors import TimeLimit
from canvasgen.limits import step
from canvasgen.schemas.document.plain import Json

__all__ = ["MOST_REASONS", "MOST_STEPS", "Judgements"]

JsonschemaValidator: TypeAlias = Any
"""A validator of `jsonschema`, whose classes are made at run time."""
Schema: TypeAlias = Any
"""A boolean, or a dictionary that the meta-schema has accepted."""

MOST_REASONS = 5
"""Errors that are kept of each pair of a schema and a value."""
MOST_STEPS = 2_000_000
"""Pairs of a schema and a value that one judgement may look at, remembered ones included."""


class Judgements:
    """The memory and the steps of one judgement.

    Args:
        matches: whether a string contains a match of a pattern.
        steps: that it may take.
    """

    def __init__(self, matches: Callable[[str, str], bool], steps: int = MOST_STEPS) -> None:
        self._matches = matches
        self._allowed = self._left = steps
        # The value and the schema are kept too, so that no other object gets their identity.
        self._known: dict[tuple[object, ...], tuple[object, object, Any]] = {}

    def errors(
        self,
        kind: str,
        validator: JsonschemaValidator,
        value: Json,
        schema: Schema,
        found: Callable[[], Iterable[ValidationError]],
    ) -> Iterator[ValidationError]:
        """Yield the first errors of a value under a schema, as copies.

        Args:
            kind: of the question, to tell it from others about the same pair.
            validator: whose dynamic scope is part of the question.
            value: what is judged.
            schema: by what.
            found: finds the errors; called once for each question.

        Raises:
            TimeLimit: the steps are used up.
        """
        known = self._once(kind, validator, value, schema, lambda: list(islice(found(), MOST_REASONS)))
        for error in cast("list[ValidationError]", known):
            yield ValidationError.create_from(error)  # pyright: ignore[reportUnknownMemberType]

    def keys(self, validator: JsonschemaValidator, value: dict[str, Json], schema: Schema) -> frozenset[str]:
        """The keys of an object that a schema evaluates, itself and through what it applies in place."""
        if isinstance(schema, bool):
            return frozenset()
        found = self._once("keys", validator, value, schema, lambda: self._keys(validator, value, schema))
        return cast("frozenset[str]", found)

    def places(self, validator: JsonschemaValidator, value: list[Json], schema: Schema) -> frozenset[int]:
        """The places of an array's items that a schema evaluates, itself and through what it applies in place."""
        if isinstance(schema, bool):
            return frozenset()
        found = self._once("places", validator, value, schema, lambda: self._places(validator, value, schema))
        return cast("frozenset[int]", found)

    def _once(
        self,
        kind: str,
        validator: JsonschemaValidator,
        value: Json,
        schema: Schema,
        make: Callable[[], object],
    ) -> object:
        self._left -= 1
        step()
        if self._left < 0:
            raise TimeLimit(
                f"judging the text takes more than {self._allowed} steps",
                rule="steps of the validator",
                value=self._allowed,
                remedy="use fewer references and alternatives, or shorter texts",
            )
        resolver = validator._resolver
        key = (kind, id(schema), id(value), resolver._base_uri, tuple(resolver._previous))
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = (value, schema, make())
        return known[2]

    def _keys(self, validator: JsonschemaValidator, value: dict[str, Json], schema: Schema) -> frozenset[str]:
        found: set[str] = set(schema.get("properties", ())) & value.keys()
        for keyword in ("additionalProperties", "unevaluatedProperties"):
            if keyword in schema:
                found.update(key for key, item in value.items() if _holds(validator, item, schema[keyword]))
        for pattern in schema.get("patternProperties", ()):
            found.update(key for key in value if self._matches(pattern, key))
        for key, dependent in schema.get("dependentSchemas", {}).items():
            if key in value:
                found |= self.keys(validator, value, dependent)
        for within, applied in _in_place(validator, value, schema):
            found |= self.keys(within, value, applied)
        return frozenset(found)

    def _places(self, validator: JsonschemaValidator, value: list[Json], schema: Schema) -> frozenset[int]:
        items = schema.get("items")
        if "items" in schema and (not isinstance(items, list) or "additionalItems" in schema):
            return frozenset(range(len(value)))
        found = set(range(len(cast("list[object]", items)) if isinstance(items, list) else 0))
        found.update(range(len(schema.get("prefixItems", ()))))
        for keyword in ("contains", "unevaluatedItems"):
            if keyword in schema:
                found.update(n for n, item in enumerate(value) if _holds(validator, item, schema[keyword]))
        for within, applied in _in_place(validator, value, schema):
            found |= self.places(within, value, applied)
        return frozenset(found)


def _holds(validator: JsonschemaValidator, value: Json, schema: Schema) -> bool:
    return next(iter(validator.descend(value, schema)), None) is None


def _in_place(
    validator: JsonschemaValidator, value: Json, schema: Schema
) -> Iterator[tuple[JsonschemaValidator, Schema]]:
    """Yield the schemas that a schema applies to the same value and that it satisfies, each with its validator."""
    for keyword in ("$ref", "$dynamicRef", "$recursiveRef"):
        if keyword in schema:
            resolver = validator._resolver
            recursive = keyword == "$recursiveRef"
            found = lookup_recursive_ref(resolver) if recursive else resolver.lookup(schema[keyword])
            yield validator.evolve(schema=found.contents, _resolver=found.resolver), found.contents
    for keyword in ("allOf", "oneOf", "anyOf"):
        for part in schema.get(keyword, ()):
            if _holds(validator, value, part):
                yield validator, part
    if "if" in schema:
        holds = _holds(validator, value, schema["if"])
        if holds:
            yield validator, schema["if"]
        branch = "then" if holds else "else"
        if branch in schema:
            yield validator, schema[branch]
