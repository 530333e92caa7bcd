"""The assertions of one schema about its own value: `type`, and the keywords of numbers, strings, arrays and
objects.

Without `type` each group of keywords constrains the values of its own type only, as the specification says.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from canvasgen import automata
from canvasgen.automata import parse_regex, to_dfa
from canvasgen.checks import whole_number
from canvasgen.errors import CanvasgenError, ConstraintTooLarge, InvalidConstraint
from canvasgen.schemas.document.plain import json_path
from canvasgen.schemas.keywords import contents, formats
from canvasgen.schemas.normal.combine import intersect, is_loose, lookup, meet_arrays, meet_objects
from canvasgen.schemas.normal.numbers import as_fraction, meet_numbers
from canvasgen.schemas.normal.shapes import (
    ANY,
    ANY_NODE,
    NEVER_NODE,
    Array,
    Contains,
    Keys,
    Node,
    Numbers,
    Object,
    Part,
    Property,
    Strings,
    Values,
)
from canvasgen.schemas.normal.strings import both, has_utf8, in_part, strings_contain
from canvasgen.schemas.texts.embedded_text import JSON_TEXT, text_part
from canvasgen.schemas.texts.number_text import number_text

if TYPE_CHECKING:
    from canvasgen.schemas.document.references import Base
    from canvasgen.schemas.keywords.translator import Translator

__all__ = ["DECIMAL_TEXT", "KEYWORDS", "open_keys", "own_values", "pattern_part", "requiring"]

DECIMAL_TEXT = "canvasgen:decimal"
"""Private keyword of schemas made from types: the string spells a number that satisfies this schema."""
LARGEST_COUNT = 10**9
"""Largest lower bound of lengths and counts; upper bounds beyond it are taken as this."""
MOST_PATTERNS = 64
"""Most `patternProperties` of one schema."""
MOST_CELLS = 200
"""Most disjoint languages that the `patternProperties` of one schema are split into."""

_NUMBERS = frozenset(["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"])
_CONTENTS = frozenset(("contentEncoding", "contentMediaType"))
_STRINGS = frozenset(("minLength", "maxLength", "pattern", "format", DECIMAL_TEXT, JSON_TEXT)) | _CONTENTS
_ARRAYS = frozenset(
    (
        "additionalItems",
        "contains",
        "items",
        "maxContains",
        "maxItems",
        "minContains",
        "minItems",
        "prefixItems",
        "uniqueItems",
    )
)
_OBJECTS = frozenset(
    (
        "additionalProperties",
        "maxProperties",
        "minProperties",
        "patternProperties",
        "properties",
        "propertyNames",
        "required",
    )
)
KEYWORDS = _NUMBERS | _STRINGS | _ARRAYS | _OBJECTS | {"type"}
_TYPES = ("null", "boolean", "integer", "number", "string", "array", "object")
_EVERY_TYPE = frozenset(_TYPES)
_WHOLE = Numbers(step=Fraction(1), point=False)
_OPEN = (Keys(None, ANY_NODE),)


def own_values(translator: Translator, schema: dict[str, Any], path: str, base: Base) -> Values:
    """The value set of a schema's own assertions."""
    types = _types(schema, path) if "type" in schema else _EVERY_TYPE
    present = schema.keys()
    numbers, strings, arrays, objects = ANY.numbers, ANY.strings, ANY.arrays, ANY.objects
    if "number" not in types:
        numbers = (_WHOLE,) if "integer" in types else ()
    if present & _NUMBERS:
        bounds = _numbers(schema, path, base.draft)
        numbers = tuple(
            shape for shape in (meet_numbers(shape, bounds) for shape in numbers) if shape is not None
        )
        if not numbers and types & {"number", "integer"}:
            given = [json_path(path, name) for name in schema if name in _NUMBERS or name == "type"]
            translator.contradictions.append((path, f"no number satisfies {' and '.join(given)}"))
    if "string" not in types:
        strings = ()
    elif present & _STRINGS:
        strings = _strings(translator, schema, path, base)
    if "array" not in types:
        arrays = ()
    elif present & _ARRAYS:
        arrays = _arrays(translator, schema, path, base)
    if "object" not in types:
        objects = ()
    elif present & _OBJECTS:
        objects = _objects(translator, schema, path, base)
    boolean = "boolean" in types
    return Values("null" in types, boolean, boolean, numbers, strings, arrays, objects)


def _types(schema: dict[str, Any], path: str) -> frozenset[str]:
    given = schema["type"]
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, list) or not names:
        raise InvalidConstraint(
            "`type` is a name or a list of names", path=json_path(path, "type"), rule="type", value=given
        )
    for name in names:
        if not isinstance(name, str) or name not in _EVERY_TYPE:
            raise InvalidConstraint(
                f"a type is one of {', '.join(_TYPES)}", path=json_path(path, "type"), rule="type", value=name
            )
    return frozenset(names)


def _count(schema: dict[str, Any], name: str, path: str) -> int | None:
    """A keyword that is a whole number from zero on; None if it is not there."""
    if name not in schema:
        return None
    value = schema[name]
    whole = int(value) if isinstance(value, float) and value.is_integer() else value
    return whole_number(whole, rule=name, path=json_path(path, name))


def _bounds(
    translator: Translator, schema: dict[str, Any], names: tuple[str, str], path: str
) -> tuple[int, int | None] | None:
    """A lower and an upper count; None, with the contradiction noted, if they leave nothing."""
    low = _count(schema, names[0], path) or 0
    high = _count(schema, names[1], path)
    if low > LARGEST_COUNT:
        raise ConstraintTooLarge(
            f"a lower bound above {LARGEST_COUNT}", path=json_path(path, names[0]), rule=names[0]
        )
    if high is not None:
        high = min(high, LARGEST_COUNT)
    if high is not None and low > high:
        both = [json_path(path, name) for name in names]
        translator.contradictions.append((path, f"{both[0]} ({low}) is above {both[1]} ({high})"))
        return None
    return low, high


# --- numbers ------------------------------------------------------------------------------------------------


def _number(schema: dict[str, Any], name: str, path: str) -> Fraction | None:
    if name not in schema:
        return None
    value = schema[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidConstraint("a number is needed", path=json_path(path, name), rule=name, value=value)
    return as_fraction(value)


def _numbers(schema: dict[str, Any], path: str, draft: int) -> Numbers:
    low, high = _number(schema, "minimum", path), _number(schema, "maximum", path)
    low_open = high_open = False
    if draft == 4:
        for name, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
            if name in schema and (not isinstance(schema[name], bool) or bound not in schema):
                raise InvalidConstraint(
                    f"in draft 4 it is a boolean beside `{bound}`",
                    path=json_path(path, name),
                    rule=name,
                    value=schema[name],
                )
        low_open, high_open = schema.get("exclusiveMinimum", False), schema.get("exclusiveMaximum", False)
    else:
        more, less = _number(schema, "exclusiveMinimum", path), _number(schema, "exclusiveMaximum", path)
        if more is not None and (low is None or more >= low):
            low, low_open = more, True
        if less is not None and (high is None or less <= high):
            high, high_open = less, True
    step = _number(schema, "multipleOf", path)
    if step is not None and step <= 0:
        raise InvalidConstraint(
            "a step is above zero",
            path=json_path(path, "multipleOf"),
            rule="multipleOf",
            value=schema["multipleOf"],
        )
    return Numbers(low, low_open, high, high_open, step)


# --- strings ------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1024)
def _pattern(pattern: str) -> Part:
    return Part(f"`pattern` {pattern!r}", parse_regex(pattern, dialect="ecma", search=True))


def pattern_part(pattern: Any, path: str) -> Part:
    """The language of the strings in which an ECMA-262 pattern is found anywhere.

    Raises:
        InvalidConstraint, UnsupportedConstraint: as the regular-expression parser says, with the JSON path.
    """
    if not isinstance(pattern, str):
        raise InvalidConstraint("a pattern is a string", path=path, rule="pattern", value=pattern)
    try:
        return _pattern(pattern)
    except CanvasgenError as error:
        where = path if error.path is None else f"{path} ({error.path})"
        raise type(error)(
            error.message, path=where, rule=error.rule or "pattern", value=pattern, remedy=error.remedy
        ) from error


def _strings(translator: Translator, schema: dict[str, Any], path: str, base: Base) -> tuple[Strings, ...]:
    bounds = _bounds(translator, schema, ("minLength", "maxLength"), path)
    parts: list[Part] = []
    if "pattern" in schema:
        parts.append(pattern_part(schema["pattern"], json_path(path, "pattern")))
    if "format" in schema:
        name = schema["format"]
        if not isinstance(name, str):
            raise InvalidConstraint(
                "`format` is a string", path=json_path(path, "format"), rule="format", value=name
            )
        part = formats.part(name, python=translator.python)
        if part is not None:
            parts.append(part)
        elif name in formats.FREE:
            translator.note("validator", f"the format {name!r} has no automaton", path)
        else:
            translator.note("annotation", f"the format {name!r} is not known and has no effect", path)
    if base.draft == 7 and schema.keys() & _CONTENTS:
        named = [schema.get(name) for name in ("contentEncoding", "contentMediaType")]
        part = contents.part(*(name if isinstance(name, str) else None for name in named))
        if part is not None:
            parts.append(part)
    if JSON_TEXT in schema:
        parts.append(text_part(translator.node(schema[JSON_TEXT], json_path(path, JSON_TEXT), base)))
        translator.note("departure", "the JSON inside a string is compact and of bounded depth", path)
    if DECIMAL_TEXT in schema:
        shapes = [
            shape for node in _decimals(translator, schema, path, base) for shape in node.values.numbers
        ]
        parts.append(
            Part("decimal text", automata.union(*(number_text(shape) for shape in shapes)), exact=False)
        )
    if bounds is None:
        return ()
    return (Strings(bounds[0], bounds[1], tuple(parts)),)


def _decimals(translator: Translator, schema: dict[str, Any], path: str, base: Base) -> list[Node]:
    where = json_path(path, DECIMAL_TEXT)
    return [translator.node(schema[DECIMAL_TEXT], where, base)]


# --- arrays -------------------------------------------------------------------------------------------------


def _arrays(translator: Translator, schema: dict[str, Any], path: str, base: Base) -> tuple[Array, ...]:
    bounds = _bounds(translator, schema, ("minItems", "maxItems"), path)
    prefix: list[Node] = []
    rest = ANY_NODE
    modern = base.draft >= 2020
    if modern and "prefixItems" in schema:
        prefix = translator.children(schema["prefixItems"], "prefixItems", path, base)
    if "items" in schema:
        items = schema["items"]
        if isinstance(items, list) and not modern:
            prefix = translator.children(items, "items", path, base)
            if "additionalItems" in schema:
                rest = translator.node(schema["additionalItems"], json_path(path, "additionalItems"), base)
        else:
            rest = translator.node(items, json_path(path, "items"), base)
    unique = schema.get("uniqueItems", False)
    if not isinstance(unique, bool):
        raise InvalidConstraint(
            "a boolean is needed", path=json_path(path, "uniqueItems"), rule="uniqueItems", value=unique
        )
    if unique and (bounds is None or bounds[1] is None or bounds[1] > 1):
        translator.note(
            "validator", "`uniqueItems`: equal items are refused at commit, unless few are listed", path
        )
    if bounds is None:
        return ()
    low, high = bounds
    if rest is NEVER_NODE:
        high = len(prefix) if high is None else min(high, len(prefix))
        if low > high:
            translator.contradictions.append(
                (path, f"`minItems` {low} is above the {high} items that may be there")
            )
            return ()
    shape = Array(tuple(prefix), rest, low, high, unique)
    if "contains" in schema and base.draft >= 6:
        found = meet_arrays(shape, _containing(translator, schema, path, base), translator.arena)
        if found is None:
            translator.contradictions.append((path, "`contains` and the item counts contradict one another"))
            return ()
        shape = found
    return (shape,)


def _containing(translator: Translator, schema: dict[str, Any], path: str, base: Base) -> Array:
    """The arrays of `contains`, `minContains` and `maxContains`."""
    node = translator.node(schema["contains"], json_path(path, "contains"), base)
    low, high = 1, None
    if base.draft >= 2019:
        given = _count(schema, "minContains", path)
        low = 1 if given is None else given
        high = _count(schema, "maxContains", path)
    if high is not None and is_loose(node):
        # More items might be counted than the schema means.
        return Array((), ANY_NODE, contains=(Contains(node, low, None),), loose=True)
    return Array((), ANY_NODE, contains=(Contains(node, low, high),))


# --- objects ------------------------------------------------------------------------------------------------


def requiring(names: Any, path: str) -> Object:
    """The objects that have these properties."""
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InvalidConstraint("a list of property names is needed", path=path, rule="required", value=names)
    return Object(dict.fromkeys(names, Property(ANY_NODE, True)), _OPEN)


def _mapping(schema: dict[str, Any], name: str, path: str) -> dict[str, Any]:
    value = schema.get(name, {})
    if not isinstance(value, dict):
        raise InvalidConstraint(
            "an object of schemas is needed", path=json_path(path, name), rule=name, value=value
        )
    return value


def _objects(translator: Translator, schema: dict[str, Any], path: str, base: Base) -> tuple[Object, ...]:
    bounds = _bounds(translator, schema, ("minProperties", "maxProperties"), path)
    required = requiring(schema.get("required", []), json_path(path, "required")).properties
    declared = _mapping(schema, "properties", path)
    where = json_path(path, "properties")
    nodes = {name: translator.node(child, json_path(where, name), base) for name, child in declared.items()}
    patterns = _mapping(schema, "patternProperties", path)
    additional = ANY_NODE
    if "additionalProperties" in schema:
        additional = translator.node(
            schema["additionalProperties"], json_path(path, "additionalProperties"), base
        )
    undeclared = open_keys(translator, patterns, additional, path, base)
    template = Object({}, undeclared)
    properties: dict[str, Property] = {}
    for name, node in nodes.items():
        if patterns:
            matched = lookup(Object({}, tuple(keys for keys in undeclared if keys.part is not None)), name)
            if _matches_any(patterns, name, path):
                node = translator.arena.meet(node, matched)
        properties[name] = Property(node, name in required)
    for name in required:
        if name not in properties:
            properties[name] = Property(lookup(template, name), True)
    for name in [name for name in properties if not has_utf8(name)]:
        translator.note("departure", "keys with a lone surrogate cannot be written in UTF-8", path)
        properties[name] = Property(NEVER_NODE, properties[name].required)
    if bounds is None:
        return ()
    order = tuple(name for name in properties if name in declared)
    orders = (order,) if len(order) > 1 else ()
    found: Object | None = Object(properties, undeclared, *bounds, orders=orders)
    if "propertyNames" in schema and base.draft >= 6:
        found = _name_keys(translator, found, schema["propertyNames"], json_path(path, "propertyNames"), base)
    for name, entry in properties.items():
        if entry.required and entry.node is NEVER_NODE:
            translator.contradictions.append((path, f"the property {name!r} is required but cannot be there"))
            return ()
    return () if found is None else (found,)


def _matches_any(patterns: dict[str, Any], name: str, path: str) -> bool:
    where = json_path(path, "patternProperties")
    return has_utf8(name) and any(
        to_dfa(pattern_part(pattern, json_path(where, pattern)).expr).accepts(name.encode("utf-8"))
        for pattern in patterns
    )


def open_keys(
    translator: Translator, patterns: dict[str, Any], additional: Node, path: str, base: Base
) -> tuple[Keys, ...]:
    """Disjoint key languages: one for each set of patterns that some key matches, and one for the rest."""
    if not patterns:
        return () if additional is NEVER_NODE else (Keys(None, additional),)
    where = json_path(path, "patternProperties")
    if len(patterns) > MOST_PATTERNS:
        raise ConstraintTooLarge(
            f"more than {MOST_PATTERNS} patterns of property names", path=where, rule="patternProperties"
        )
    cells: list[tuple[Part | None, Node | None]] = [(None, None)]
    for pattern, child in patterns.items():
        part = pattern_part(pattern, json_path(where, pattern))
        node = translator.node(child, json_path(where, pattern), base)
        outside = Part(f"not {part.name}", automata.complement(part.expr))
        split: list[tuple[Part | None, Node | None]] = []
        for cell, inside in cells:
            met = node if inside is None else translator.arena.meet(inside, node)
            for piece, value in ((part, met), (outside, inside)):
                if cell is None:
                    joined = piece
                else:
                    joined = both(cell, piece)
                    if joined.expr is automata.EMPTY:
                        continue
                split.append((joined, value))
        cells = split
        if len(cells) > MOST_CELLS:
            raise ConstraintTooLarge(
                f"the patterns of property names overlap in more than {MOST_CELLS} ways",
                path=where,
                rule="patternProperties",
            )
    keys = [Keys(cell, additional if node is None else node) for cell, node in cells]
    return tuple(entry for entry in keys if entry.node is not NEVER_NODE)


def _name_keys(
    translator: Translator, shape: Object | None, schema: Any, path: str, base: Base
) -> Object | None:
    """The objects of a shape whose keys all satisfy `propertyNames`."""
    names = intersect(
        translator.node(schema, path, base).values, Values(strings=ANY.strings), translator.arena
    )
    if shape is None or names.strings == ANY.strings:
        return shape
    parts = [_key_part(strings) for strings in names.strings]
    if all(strings.values is not None for strings in names.strings):
        # Few names are declared properties: none of them can then stand twice.
        listed = [value for strings in names.strings for value in strings.values or ()]
        allowed = Object(dict.fromkeys(listed, Property(ANY_NODE, False)), ())
    else:
        allowed = Object({}, (Keys(_any_of(parts), ANY_NODE),))
    return meet_objects(shape, allowed, translator.arena)


def _key_part(strings: Strings) -> Part:
    from canvasgen.schemas.texts.string_text import content

    exact = all(part.exact for part in strings.parts)
    if any(part.holds is not None for part in strings.parts):
        return Part(
            "a property name",
            content(strings),
            exact=exact,
            holds=lambda name: strings_contain(strings, name),
        )
    return Part("a property name", content(strings), exact=exact)


def _any_of(parts: list[Part]) -> Part:
    expr = automata.union(*(part.expr for part in parts))
    exact = all(part.exact for part in parts)
    if any(part.holds is not None for part in parts):
        return Part(
            "`propertyNames`",
            expr,
            exact=exact,
            holds=lambda name: any(in_part(part, name) for part in parts),
        )
    return Part("`propertyNames`", expr, exact=exact)
