"""`unevaluatedProperties` and `unevaluatedItems`, without annotations (draft 2020-12, core 11).

What a schema evaluates depends on which of its branches a value takes. So the schema becomes a list of
*readings*: for each way through its branches the values that take it and what they evaluate there. A value
satisfies `unevaluatedProperties` if in some reading the properties that are not evaluated satisfy it. (That is
exact: of all readings that a value takes, the one with every branch that it satisfies evaluates most.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from canvasgen.schemas.document.plain import json_path
from canvasgen.schemas.normal.combine import intersect, subtract, union
from canvasgen.schemas.normal.shapes import (
    ANY,
    ANY_NODE,
    NEVER,
    NEVER_NODE,
    Array,
    Circular,
    Node,
    Object,
    Property,
    Values,
)

if TYPE_CHECKING:
    from canvasgen.schemas.document.references import Base
    from canvasgen.schemas.keywords.translator import Translator

__all__ = ["KEYWORDS", "restricted"]

KEYWORDS = frozenset(("unevaluatedItems", "unevaluatedProperties"))
MOST_READINGS = 64
"""Most readings of one schema; beyond them the keyword is left to the validator."""
_BRANCHES = frozenset(
    (
        "$dynamicRef",
        "$recursiveRef",
        "$ref",
        "allOf",
        "anyOf",
        "dependentSchemas",
        "else",
        "if",
        "oneOf",
        "then",
        "unevaluatedItems",
        "unevaluatedProperties",
    )
)


class Evaluated(NamedTuple):
    """What a reading evaluates: property names, patterns of them, a number of first items, items like others."""

    names: frozenset[str] = frozenset()
    patterns: frozenset[str] = frozenset()
    every_property: bool = False
    items: int = 0
    every_item: bool = False
    like: frozenset[Node] = frozenset()

    def also(self, other: Evaluated) -> Evaluated:
        """What both together evaluate."""
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


def restricted(translator: Translator, schema: dict[str, Any], path: str, base: Base) -> Values:
    """The value set of a schema with `unevaluatedItems` or `unevaluatedProperties`."""
    try:
        found = NEVER
        for reading in _readings(translator, schema, path, base, 0):
            found = union(found, reading.values)
        return found
    except _TooMany:
        translator.note(
            "validator",
            "`unevaluatedItems` and `unevaluatedProperties`: too many ways through the branches",
            path,
        )
        plain = {name: value for name, value in schema.items() if name not in KEYWORDS}
        values = translator.plain_values(plain, path, base)
        return values._replace(
            arrays=tuple(shape._replace(loose=True) for shape in values.arrays),
            objects=tuple(shape._replace(loose=True) for shape in values.objects),
        )


def _readings(translator: Translator, schema: Any, path: str, base: Base, chain: int) -> list[Reading]:
    """The readings of a schema, its own `unevaluated*` applied."""
    if schema is True:
        return [Reading(ANY, Evaluated())]
    if not isinstance(schema, dict):
        return [Reading(translator.node(schema, path, base).values, Evaluated())]
    if chain > 100:
        raise Circular("the schema refers to itself without any content in between", path=path, rule="$ref")
    base = translator.document.base_of(schema, path, base)
    plain = {name: value for name, value in schema.items() if name not in _BRANCHES}
    readings = [Reading(translator.plain_values(plain, path, base), _own(translator, schema, path, base))]
    for options in _branches(translator, schema, path, base, chain + 1):
        readings = _product(translator, readings, options)
    if "unevaluatedItems" in schema:
        node = translator.node(schema["unevaluatedItems"], json_path(path, "unevaluatedItems"), base)
        readings = [_restrict_items(translator, reading, node, path) for reading in readings]
    if "unevaluatedProperties" in schema:
        where = json_path(path, "unevaluatedProperties")
        node = translator.node(schema["unevaluatedProperties"], where, base)
        readings = [_restrict_properties(translator, reading, node, path, base) for reading in readings]
    return readings


def _own(translator: Translator, schema: dict[str, Any], path: str, base: Base) -> Evaluated:
    items, every_item, like = 0, False, frozenset[Node]()
    if base.draft >= 2020:
        items = len(schema.get("prefixItems", ()))
        every_item = "items" in schema
        if "contains" in schema:
            like = frozenset([translator.node(schema["contains"], json_path(path, "contains"), base)])
    elif isinstance(schema.get("items"), list):
        items = len(schema["items"])
        every_item = "additionalItems" in schema
    else:
        every_item = "items" in schema
    return Evaluated(
        frozenset(schema.get("properties", ())),
        frozenset(schema.get("patternProperties", ())),
        "additionalProperties" in schema,
        items,
        every_item,
        like,
    )


def _branches(
    translator: Translator, schema: dict[str, Any], path: str, base: Base, chain: int
) -> list[list[Reading]]:
    """For each keyword that applies schemas in place, the readings it gives."""

    def readings(child: Any, *steps: str | int) -> list[Reading]:
        where = path
        for step in steps:
            where = json_path(where, step)
        return _readings(translator, child, where, base, chain)

    found: list[list[Reading]] = []
    for name in schema:
        child = schema[name]
        if name in ("$ref", "$dynamicRef", "$recursiveRef"):
            found.append(_readings(translator, *translator.target(schema, name, path, base), chain))
        elif name == "allOf":
            translator.children(child, name, path, base)
            found += [readings(entry, name, at) for at, entry in enumerate(child)]
        elif name == "anyOf":
            translator.children(child, name, path, base)
            found.append(_any_of(translator, [readings(e, name, at) for at, e in enumerate(child)]))
        elif name == "oneOf":
            nodes = translator.children(child, name, path, base)
            options = [readings(entry, name, at) for at, entry in enumerate(child)]
            found.append(_one_of(translator, options, nodes))
        elif name == "if" and ("then" in schema or "else" in schema):
            condition = readings(child, name)
            then = readings(schema["then"], "then") if "then" in schema else [Reading(ANY, Evaluated())]
            outside = translator.node(child, json_path(path, name), base).values
            negative = [Reading(subtract(ANY, outside, translator.arena), Evaluated())]
            if "else" in schema:
                negative = _product(translator, negative, readings(schema["else"], "else"))
            found.append(_pruned(_product(translator, condition, then) + negative))
        elif name == "if":
            outside = translator.node(child, json_path(path, name), base).values
            negative = Reading(subtract(ANY, outside, translator.arena), Evaluated())
            found.append([*readings(child, name), negative])
        elif name == "dependentSchemas":
            for key, entry in child.items():
                absent, present = translator.with_and_without(key, json_path(path, name))
                taken = _product(translator, [Reading(present, Evaluated())], readings(entry, name, key))
                found.append([Reading(absent, Evaluated()), *taken])
    return found


def _any_of(translator: Translator, options: list[list[Reading]]) -> list[Reading]:
    """The readings of every set of branches; those that evaluate no more than a smaller set are left out."""
    found: list[Reading] = []
    for readings in options:
        both = [
            Reading(intersect(x.values, y.values, translator.arena), joined)
            for x in found
            for y in readings
            if (joined := x.evaluated.also(y.evaluated)) not in (x.evaluated, y.evaluated)
        ]
        found = _pruned([*found, *readings, *both])
    return found


def _one_of(translator: Translator, options: list[list[Reading]], nodes: list[Node]) -> list[Reading]:
    found: list[Reading] = []
    for at, readings in enumerate(options):
        for values, evaluated in readings:
            kept = values
            for other, node in enumerate(nodes):
                if other != at:
                    kept = subtract(kept, node.values, translator.arena)
            found.append(Reading(kept, evaluated))
    return _pruned(found)


def _product(translator: Translator, a: list[Reading], b: list[Reading]) -> list[Reading]:
    if len(a) * len(b) > MOST_READINGS:
        raise _TooMany
    return _pruned(
        [
            Reading(intersect(x.values, y.values, translator.arena), x.evaluated.also(y.evaluated))
            for x in a
            for y in b
        ]
    )


def _pruned(readings: list[Reading]) -> list[Reading]:
    """Readings without values left out; those that evaluate the same made one."""
    merged: dict[Evaluated, Values] = {}
    for values, evaluated in readings:
        if not values.is_empty:
            merged[evaluated] = union(merged.get(evaluated, NEVER), values)
    if len(merged) > MOST_READINGS:
        raise _TooMany
    return [Reading(values, evaluated) for evaluated, values in merged.items()]


def _restrict_properties(
    translator: Translator, reading: Reading, node: Node, path: str, base: Base
) -> Reading:
    values, evaluated = reading
    if not evaluated.every_property and node is not ANY_NODE:
        properties = dict.fromkeys(sorted(evaluated.names), Property(ANY_NODE, False))
        keys = translator.open_keys(dict.fromkeys(sorted(evaluated.patterns), True), node, path, base)
        allowed = ANY._replace(objects=(Object(properties, keys),))
        values = intersect(values, allowed, translator.arena)
    return Reading(values, evaluated._replace(every_property=True))


def _restrict_items(translator: Translator, reading: Reading, node: Node, path: str) -> Reading:
    values, evaluated = reading
    if not evaluated.every_item and node is not ANY_NODE:
        rest = node
        for other in sorted(evaluated.like, key=lambda entry: entry.path):
            rest = other if rest is NEVER_NODE else _either(translator, rest, other, path)
        allowed = ANY._replace(arrays=(Array((ANY_NODE,) * evaluated.items, rest),))
        values = intersect(values, allowed, translator.arena)
    return Reading(values, evaluated._replace(every_item=True))


def _either(translator: Translator, a: Node, b: Node, path: str) -> Node:
    return Node(path, translator.arena, lambda: union(a.values, b.values))
