"""The keywords of objects: properties, their names, and their number."""

from __future__ import annotations

from canvasgen import automata
from canvasgen.errors import ConstraintTooLarge, InvalidConstraint
from canvasgen.schemas.document.plain import Json, json_path
from canvasgen.schemas.document.resources import Base
from canvasgen.schemas.keywords.patterns import pattern_part
from canvasgen.schemas.keywords.schema_object import Context, SchemaObject
from canvasgen.schemas.normal.combine import intersect
from canvasgen.schemas.normal.objects import lookup, meet_objects
from canvasgen.schemas.normal.shapes import (
    ANY,
    ANY_NODE,
    NEVER_NODE,
    Keys,
    Node,
    Object,
    Part,
    Property,
    Strings,
    Values,
)
from canvasgen.schemas.normal.strings import both, complement, has_utf8, in_part, strings_contain
from canvasgen.schemas.texts.string_text import content

__all__ = ["objects", "open_keys", "requiring", "with_and_without"]

MOST_PATTERNS = 64
"""Most `patternProperties` of one schema."""
MOST_CELLS = 200
"""Most disjoint languages that the `patternProperties` of one schema are split into."""

_OPEN = (Keys(None, ANY_NODE),)
_NO_OBJECT = ANY._replace(objects=())


def objects(schema: SchemaObject) -> tuple[Object, ...]:
    """Return the objects that the keywords allow."""
    bounds = schema.bounds("minProperties", "maxProperties")
    required = requiring(schema.keywords.get("required", []), schema.at("required")).properties
    declared = schema.map_of("properties")
    nodes = {
        name: schema.context.node(child, schema.at("properties", name), schema.base)
        for name, child in declared.items()
    }
    patterns = schema.map_of("patternProperties")
    additional = ANY_NODE
    if "additionalProperties" in schema.keywords:
        additional = schema.node("additionalProperties")
    undeclared = open_keys(schema.context, patterns, additional, schema.path, schema.base)
    template = Object({}, undeclared)
    properties: dict[str, Property] = {}
    for name, node in nodes.items():
        if patterns:
            matched = lookup(Object({}, tuple(keys for keys in undeclared if keys.part is not None)), name)
            if _matches_any(schema, patterns, name):
                node = schema.context.arena.meet(node, matched)
        properties[name] = Property(node, name in required)
    for name in required:
        if name not in properties:
            properties[name] = Property(lookup(template, name), True)
    for name in [name for name in properties if not has_utf8(name)]:
        schema.note("departure", "keys with a lone surrogate cannot be written in UTF-8")
        properties[name] = Property(NEVER_NODE, properties[name].required)
    if bounds is None:
        return ()
    order = tuple(name for name in properties if name in declared)
    orders = (order,) if len(order) > 1 else ()
    found: Object | None = Object(properties, undeclared, *bounds, orders=orders)
    if "propertyNames" in schema.keywords and schema.draft >= 6:
        found = _name_keys(schema, found)
    for name, entry in properties.items():
        if entry.required and entry.node is NEVER_NODE:
            schema.contradiction(f"the property {name!r} is required but cannot be there")
            return ()
    return () if found is None else (found,)


def requiring(names: Json, path: str) -> Object:
    """Return the objects that have these properties.

    Raises:
        InvalidConstraint: the names are no list of strings.
    """
    if isinstance(names, bool):
        raise InvalidConstraint(
            "`required` is a list of property names; draft 3 had it as a boolean inside of the property",
            path=path,
            rule="required",
            value=names,
            remedy='list the property in the object around it: {"properties": {...}, "required": [...]}',
        )
    if not isinstance(names, list):
        raise _no_names(names, path)
    properties: dict[str, Property] = {}
    for name in names:
        if not isinstance(name, str):
            raise _no_names(names, path)
        properties[name] = Property(ANY_NODE, True)
    return Object(properties, _OPEN)


def _no_names(value: Json, path: str) -> InvalidConstraint:
    return InvalidConstraint(
        "a list of property names is needed",
        path=path,
        rule="required",
        value=value,
        remedy="write a list of strings",
    )


def with_and_without(key: str, path: str) -> tuple[Values, Values]:
    """Return everything except objects with a property, and the objects with it."""
    absent = Object({key: Property(NEVER_NODE, False)}, _OPEN)
    return _NO_OBJECT._replace(objects=(absent,)), Values(objects=(requiring([key], path),))


# --- patterns of names --------------------------------------------------------------------------------------


def _matches_any(schema: SchemaObject, patterns: dict[str, Json], name: str) -> bool:
    limits = schema.context.limits
    return has_utf8(name) and any(
        in_part(pattern_part(pattern, schema.at("patternProperties", pattern), limits), name)
        for pattern in patterns
    )


def open_keys(
    context: Context, patterns: dict[str, Json], additional: Node, path: str, base: Base
) -> tuple[Keys, ...]:
    """Return disjoint languages of keys: one for each set of patterns that some key matches, and one for the rest.

    Args:
        context: the translation.
        patterns: the schemas of `patternProperties`.
        additional: the node of keys that no pattern matches.
        path, base: of the schema that has the patterns.

    Raises:
        ConstraintTooLarge: there are too many patterns, or they overlap in too many ways.
    """
    if not patterns:
        return () if additional is NEVER_NODE else (Keys(None, additional),)
    where = json_path(path, "patternProperties")
    if len(patterns) > MOST_PATTERNS:
        raise ConstraintTooLarge(
            f"more than {MOST_PATTERNS} patterns of property names",
            path=where,
            rule="patternProperties",
            remedy="use fewer patterns, or join some with |",
        )
    cells: list[tuple[Part | None, Node | None]] = [(None, None)]
    for pattern, child in patterns.items():
        part = pattern_part(pattern, json_path(where, pattern), context.limits)
        node = context.node(child, json_path(where, pattern), base)
        outside = complement((part,))
        split: list[tuple[Part | None, Node | None]] = []
        for cell, inside in cells:
            met = node if inside is None else context.arena.meet(inside, node)
            for piece, value in ((part, met), (outside, inside)):
                if cell is None:
                    joined = piece
                else:
                    joined = both(cell, piece)
                    if joined.expr is automata.EMPTY and not joined.under_approximates:
                        continue
                split.append((joined, value))
        cells = split
        if len(cells) > MOST_CELLS:
            raise ConstraintTooLarge(
                f"the patterns of property names overlap in more than {MOST_CELLS} ways",
                path=where,
                rule="patternProperties",
                remedy="use patterns that exclude each other, or fewer of them",
            )
    keys = [Keys(cell, additional if node is None else node) for cell, node in cells]
    return tuple(entry for entry in keys if entry.node is not NEVER_NODE)


# --- propertyNames ------------------------------------------------------------------------------------------


def _name_keys(schema: SchemaObject, shape: Object) -> Object | None:
    """Return the objects of a shape whose keys all satisfy `propertyNames`."""
    arena = schema.context.arena
    names = intersect(schema.node("propertyNames").values, Values(strings=ANY.strings), arena).strings
    if names == ANY.strings:
        return shape
    parts = [_key_part(strings) for strings in names]
    if all(strings.values is not None for strings in names):
        # Few names are declared properties: none of them can then stand twice.
        listed = [value for strings in names for value in strings.values or ()]
        allowed = Object(dict.fromkeys(listed, Property(ANY_NODE, False)), ())
    else:
        allowed = Object({}, (Keys(_any_of(parts), ANY_NODE),))
    return meet_objects(shape, allowed, arena)


def _key_part(strings: Strings) -> Part:
    holds = None
    if any(part.holds is not None for part in strings.parts):

        def inside(name: str) -> bool:
            return strings_contain(strings, name)

        holds = inside

    under = any(part.under_approximates for part in strings.parts)
    over = any(part.over_approximates for part in strings.parts)
    return Part(
        "a property name", content(strings), under_approximates=under, over_approximates=over, holds=holds
    )


def _any_of(parts: list[Part]) -> Part:
    holds = None
    if any(part.holds is not None for part in parts):

        def inside(name: str) -> bool:
            return any(in_part(part, name) for part in parts)

        holds = inside

    expr = automata.union(*(part.expr for part in parts))
    under = any(part.under_approximates for part in parts)
    over = any(part.over_approximates for part in parts)
    return Part("`propertyNames`", expr, under_approximates=under, over_approximates=over, holds=holds)
