"""`unevaluatedProperties` and `unevaluatedItems`, without annotations (draft 2020-12, core 11).

What a schema evaluates depends on which of its branches a value takes. So the schema becomes a list of
*readings*: for each way through its branches the values that take it and what they evaluate there. A value
satisfies `unevaluatedProperties` if in some reading the properties that are not evaluated satisfy it. (That is
exact: of all readings that a value takes, the one with every branch that it satisfies evaluates most.)
"""

from __future__ import annotations

from typing import NamedTuple

from canvasgen.grounding import KEYWORD as GROUNDED
from canvasgen.schemas.document.keywords import meant_by
from canvasgen.schemas.document.plain import Json
from canvasgen.schemas.document.resources import Base
from canvasgen.schemas.keywords.combinators import FOLLOWERS
from canvasgen.schemas.keywords.objects import open_keys, with_and_without
from canvasgen.schemas.keywords.references import target
from canvasgen.schemas.keywords.schema_object import Context, SchemaObject
from canvasgen.schemas.normal.combine import intersect, subtract, union
from canvasgen.schemas.normal.shapes import (
    ANY,
    ANY_NODE,
    NEVER,
    NEVER_NODE,
    Arena,
    Array,
    Circular,
    Node,
    Object,
    Property,
    Values,
)

__all__ = ["UNEVALUATED", "restricted"]

UNEVALUATED = meant_by("unevaluated")
MOST_READINGS = 64
"""Most readings of one schema; beyond them the keyword is left to the validator."""
LONGEST_CHAIN = 100
"""Most schemas that are entered one from the other without content in between."""
_BRANCHES = meant_by("references", "unevaluated", "combinators").difference(["not"]) | {"dependentSchemas"}
"""The keywords whose subschemas evaluate what their values hold, and the two that ask for it."""


class Evaluated(NamedTuple):
    """What a reading evaluates: property names, patterns of them, a number of first items, items like others."""

    names: frozenset[str] = frozenset()
    patterns: frozenset[str] = frozenset()
    every_property: bool = False
    items: int = 0
    every_item: bool = False
    like: frozenset[Node] = frozenset()

    def also(self, other: Evaluated) -> Evaluated:
        """Return what both together evaluate."""
        return Evaluated(
            self.names | other.names,
            self.patterns | other.patterns,
            self.every_property or other.every_property,
            max(self.items, other.items),
            self.every_item or other.every_item,
            self.like | other.like,
        )


class Reading(NamedTuple):
    """The values that take one way through a schema's branches, and what they evaluate on it."""

    values: Values
    evaluated: Evaluated


class _TooMany(Exception):
    """A schema has more readings than are counted."""


def restricted(schema: SchemaObject) -> Values:
    """Return the value set of a schema with `"unevaluatedItems"` or `"unevaluatedProperties"`."""
    try:
        found = NEVER
        for reading in _Readings(schema.context).of_object(schema, 0):
            found = union(found, reading.values)
        return found
    except _TooMany:
        schema.note(
            "validator",
            "`unevaluatedItems` and `unevaluatedProperties`: too many ways through the branches",
        )
        values = schema.context.plain_values(schema.without(UNEVALUATED))
        return values._replace(
            arrays=tuple(shape._replace(over_approximates=True) for shape in values.arrays),
            objects=tuple(shape._replace(over_approximates=True) for shape in values.objects),
        )


class _Readings:
    """Finds the readings of schemas."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.arena = context.arena
        self._known: dict[tuple[int, str], list[Reading]] = {}

    def of(self, schema: Json, path: str, base: Base, chain: int) -> list[Reading]:
        """Return the readings of a schema that is entered through a chain of others."""
        if schema is True:
            return [Reading(ANY, Evaluated())]
        if not isinstance(schema, dict):
            return [Reading(self.context.node(schema, path, base).values, Evaluated())]
        if chain > LONGEST_CHAIN:
            raise Circular(
                "the schema refers to itself without any content in between", path=path, rule="$ref"
            )
        key = (id(schema), path)
        if key not in self._known:  # a schema that several branches refer to is read once
            base = self.context.document.base_of(schema, path, base)
            self._known[key] = self.of_object(SchemaObject(self.context, schema, path, base), chain)
        return self._known[key]

    def of_object(self, schema: SchemaObject, chain: int) -> list[Reading]:
        """Return the readings of a schema object, with its own `unevaluated*` applied."""
        values = self.context.plain_values(schema.without(_BRANCHES | {GROUNDED}))
        readings = [Reading(values, _own(schema))]
        for options in self._branches(schema, chain + 1):
            readings = self._product(readings, options)
        if "unevaluatedItems" in schema.keywords:
            node = schema.node("unevaluatedItems")
            readings = [_restrict_items(reading, node, schema) for reading in readings]
        if "unevaluatedProperties" in schema.keywords:
            node = schema.node("unevaluatedProperties")
            readings = [_restrict_properties(reading, node, schema) for reading in readings]
        return [reading._replace(values=self.context.marked(schema, reading.values)) for reading in readings]

    def _branches(self, schema: SchemaObject, chain: int) -> list[list[Reading]]:
        """Return the readings of each keyword that applies schemas in place."""

        def readings(child: Json, *steps: str | int) -> list[Reading]:
            return self.of(child, schema.at(*steps), schema.base, chain)

        found: list[list[Reading]] = []
        for name in schema.keywords:
            if name in ("$ref", "$dynamicRef", "$recursiveRef"):
                found.append(self.of(*target(schema, name), chain))
            elif name == "allOf":
                found += [readings(entry, name, at) for at, entry in enumerate(schema.list_of(name))]
            elif name == "anyOf":
                entries = schema.list_of(name)
                found.append(self._any_of([readings(e, name, at) for at, e in enumerate(entries)]))
            elif name == "oneOf":
                nodes = schema.nodes(name)
                options = [readings(entry, name, at) for at, entry in enumerate(schema.list_of(name))]
                found.append(self._one_of(options, nodes))
            elif name == "if":
                found.append(self._if(schema, chain))
            elif name == "dependentSchemas":
                for key, entry in schema.map_of(name).items():
                    absent, present = with_and_without(key, schema.at(name))
                    taken = self._product([Reading(present, Evaluated())], readings(entry, name, key))
                    found.append([Reading(absent, Evaluated()), *taken])
        return found

    def _if(self, schema: SchemaObject, chain: int) -> list[Reading]:
        """Return the readings of `if`, `then` and `else`."""

        def readings(name: str) -> list[Reading]:
            if name not in schema.keywords:
                return [Reading(ANY, Evaluated())]
            return self.of(schema.keywords[name], schema.at(name), schema.base, chain)

        condition, then = readings("if"), readings("then")
        negative = [Reading(subtract(ANY, schema.node("if").values, self.arena), Evaluated())]
        if not schema.keywords.keys() & FOLLOWERS:
            return condition + negative
        if "else" in schema.keywords:
            negative = self._product(negative, readings("else"))
        return _pruned(self._product(condition, then) + negative)

    def _any_of(self, options: list[list[Reading]]) -> list[Reading]:
        """Return the readings of every set of branches, without those that evaluate no more than a smaller set."""
        found: list[Reading] = []
        for readings in options:
            both = [
                Reading(intersect(x.values, y.values, self.arena), joined)
                for x in found
                for y in readings
                if (joined := x.evaluated.also(y.evaluated)) not in (x.evaluated, y.evaluated)
            ]
            found = _pruned([*found, *readings, *both])
        return found

    def _one_of(self, options: list[list[Reading]], nodes: list[Node]) -> list[Reading]:
        found: list[Reading] = []
        for at, readings in enumerate(options):
            for values, evaluated in readings:
                kept = values
                for other, node in enumerate(nodes):
                    if other != at:
                        kept = subtract(kept, node.values, self.arena)
                found.append(Reading(kept, evaluated))
        return _pruned(found)

    def _product(self, a: list[Reading], b: list[Reading]) -> list[Reading]:
        if len(a) * len(b) > MOST_READINGS:
            raise _TooMany
        return _pruned(
            [
                Reading(intersect(x.values, y.values, self.arena), x.evaluated.also(y.evaluated))
                for x in a
                for y in b
            ]
        )


def _own(schema: SchemaObject) -> Evaluated:
    """Return what the keywords of a schema evaluate themselves."""
    keywords = schema.keywords
    items, every_item, like = 0, False, frozenset[Node]()
    if schema.draft >= 2020:
        items = _size(keywords.get("prefixItems"))
        every_item = "items" in keywords
        if "contains" in keywords:
            like = frozenset([schema.node("contains")])
    elif isinstance(keywords.get("items"), list):
        items = _size(keywords["items"])
        every_item = "additionalItems" in keywords
    else:
        every_item = "items" in keywords
    return Evaluated(
        frozenset(schema.map_of("properties")),
        frozenset(schema.map_of("patternProperties")),
        "additionalProperties" in keywords,
        items,
        every_item,
        like,
    )


def _size(value: Json) -> int:
    return len(value) if isinstance(value, list) else 0


def _pruned(readings: list[Reading]) -> list[Reading]:
    """Drop readings without values, and merge those that evaluate the same."""
    merged: dict[Evaluated, Values] = {}
    for values, evaluated in readings:
        if not values.is_empty:
            merged[evaluated] = union(merged.get(evaluated, NEVER), values)
    if len(merged) > MOST_READINGS:
        raise _TooMany
    return [Reading(values, evaluated) for evaluated, values in merged.items()]


def _restrict_properties(reading: Reading, node: Node, schema: SchemaObject) -> Reading:
    values, evaluated = reading
    if not evaluated.every_property and node is not ANY_NODE:
        properties = dict.fromkeys(sorted(evaluated.names), Property(ANY_NODE, False))
        patterns: dict[str, Json] = dict.fromkeys(sorted(evaluated.patterns), True)
        keys = open_keys(schema.context, patterns, node, schema.path, schema.base)
        allowed = ANY._replace(objects=(Object(properties, keys),))
        values = intersect(values, allowed, schema.context.arena)
    return Reading(values, evaluated._replace(every_property=True))


def _restrict_items(reading: Reading, node: Node, schema: SchemaObject) -> Reading:
    values, evaluated = reading
    if not evaluated.every_item and node is not ANY_NODE:
        arena, rest = schema.context.arena, node
        for other in sorted(evaluated.like, key=lambda entry: entry.path):
            rest = other if rest is NEVER_NODE else _either(arena, rest, other, schema.path)
        allowed = ANY._replace(arrays=(Array((ANY_NODE,) * evaluated.items, rest),))
        values = intersect(values, allowed, arena)
    return Reading(values, evaluated._replace(every_item=True))


def _either(arena: Arena, a: Node, b: Node, path: str) -> Node:
    return Node(path, arena, lambda: union(a.values, b.values))
