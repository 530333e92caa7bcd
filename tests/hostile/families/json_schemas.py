"""JSON Schemas: every keyword with wrong, large and contradictory values; shapes that grow, double, overlap or refer."""

from __future__ import annotations

import math
from typing import Any

from calls import Call, nested, schema

__all__ = ["schema_keywords", "schema_shapes"]

_HUGE = 10**400


def schema_keywords() -> dict[str, Call]:
    """One keyword each."""
    values: dict[str, list[Any]] = {
        "type": ["any", [], 5, ["string", "string"]],
        "enum": [[], "a", [math.nan], [1, 1.0, True, "1"], [[[]] * 300] * 300],
        "const": [math.inf, {"a": {"b": [None] * 3000}}, "\ud800", "x" * 200_000],
        "minimum": ["5", math.nan, _HUGE, 1e308],
        "maximum": [-_HUGE, None],
        "exclusiveMinimum": [True, 10**300],
        "multipleOf": [0, -1, 1e-300, _HUGE, 0.1 + 0.2, 99_999_989],
        "minLength": [-1, 2.5, 70_000, _HUGE],
        "maxLength": [-1, 40_000],
        "pattern": ["(", 5, "a" * 100_000, "^" * 1000],
        "format": ["nothing", 5, "regex", "idn-email", "uri-template"],
        "minItems": [3000, _HUGE, "1"],
        "maxItems": [-5, 30_000],
        "uniqueItems": ["yes", True],
        "contains": [False, {"const": 1}, 5],
        "minContains": [10**9],
        "prefixItems": [[], [{}] * 3000, {"type": "string"}],
        "items": [[{}] * 500, 5, {"items": {"items": {"items": {"type": "string"}}}}],
        "minProperties": [10**9, -1],
        "maxProperties": [0, 900],
        "required": [["a", "a"], [5], [f"k{n}" for n in range(3000)], ["\ud800"]],
        "properties": [5, {"a": 5}, {"": {}}, {"\ud800": {}}, {"\0": {"type": "null"}}],
        "patternProperties": [{"(": {}}, {f"^{chr(97 + n)}": {"type": "integer"} for n in range(26)}, {"": False}],
        "additionalProperties": [5, {"$ref": "#"}],
        "propertyNames": [False, {"enum": [f"n{n}" for n in range(3000)]}, {"minLength": 2000}],
        "dependentRequired": [{f"k{n}": [f"k{n + 1}"] for n in range(300)}, {"a": "b"}],
        "dependentSchemas": [{f"k{n}": {"required": [f"k{n + 1}"]} for n in range(20)}],
        "dependencies": [{"a": {"minProperties": 5}, "b": ["c"]}],
        "allOf": [[], [{"minLength": n} for n in range(500)], [{"pattern": f"{chr(97 + n)}"} for n in range(20)]],
        "anyOf": [[], [{"const": f"c{n}"} for n in range(2000)], [{"minLength": n, "maxLength": n} for n in range(300)]],
        "oneOf": [[{}, {}], [{"multipleOf": n} for n in range(2, 40)], [{"required": [f"k{n}"]} for n in range(9)]],
        "not": [{}, {"enum": list(range(3000))}, {"pattern": "a.{30}b"}, {"properties": {"a": {"not": {}}}}],
        "if": [{"required": ["a"]}, 5],
        "$ref": [5, "#/nothing", "#" + "/a" * 5000, "%zz", "#/$defs/%25", "http://[", "file:///etc/passwd"],
        "$id": [5, "http://[", "#a", "urn:x:" + "y" * 50_000],
        "$schema": [5, "http://example.com/own", "http://json-schema.org/draft-03/schema#"],
        "$anchor": [5, "not one"],
        "$defs": [5, {"a": 5}],
        "$dynamicRef": ["#nothing", 5],
        "$recursiveRef": ["#"],
        "contentSchema": [{"$ref": "#"}],
        "contentMediaType": ["application/json", 5],
        "contentEncoding": ["base64", "quoted"],
        "unevaluatedProperties": [5, {"type": "string"}],
        "unevaluatedItems": [{"$ref": "#"}],
        "discriminator": [{"propertyName": "kind"}],
        "x-grounded": [True, "date", 5],
        "definitions": [{"a": {"$ref": "#/definitions/a"}}],
    }  # fmt: skip
    return {
        f"schema: {keyword} {at}": schema({keyword: value}, "1", '"a"', '{"a": 1}', "[1, 2]")
        for keyword, listed in values.items()
        for at, value in enumerate(listed)
    }


def _ring(size: int, **more: Any) -> dict[str, Any]:
    names = {
        f"r{n}": {"type": "object", "properties": {"n": {"$ref": f"#/$defs/r{(n + 1) % size}"}} | more}
        for n in range(size)
    }
    return {"$ref": "#/$defs/r0", "$defs": names}


def schema_shapes() -> dict[str, Call]:
    """Several keywords together."""
    text, number = {"type": "string"}, {"type": "integer"}
    wide = {f"p{n}": {"enum": [f"v{n}{m}" for m in range(30)]} for n in range(30)}
    overlapping = [
        {"type": "object", "properties": {f"k{n}": number, f"k{n + 1}": text}, "required": [f"k{n}"]}
        for n in range(24)
    ]
    tree = {
        "type": "object",
        "properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}, "value": wide["p1"]},
    }
    dynamic = {
        "$id": "https://a.example/tree", "$dynamicAnchor": "node", "type": "object",
        "properties": {k: {"$dynamicRef": "#node"} for k in "abcdefgh"},
    }  # fmt: skip
    branches = nested(
        60, lambda x: {"if": {"required": ["a"]}, "then": x, "else": {"minProperties": 1}}, {"type": "object"}
    )
    found = {
        "ring of 300": schema(_ring(300), "{}"),
        "ring with wide objects": schema(_ring(40, **wide), "{}"),
        "tree of wide values": schema(tree, '{"left": {}}'),
        "dynamic tree": schema(dynamic, "{}"),
        "dynamic anchors twice": schema({"$defs": {"a": {"$anchor": "x"}, "b": {"$anchor": "x"}}, "$ref": "#x"}, "1"),
        "identifiers twice": schema({"$defs": {k: {"$id": "https://a.example/x"} for k in "ab"}}, "1"),
        "objects that overlap, oneOf": schema({"oneOf": overlapping}, '{"k1": 1}'),
        "objects that overlap, anyOf": schema({"anyOf": overlapping, "unevaluatedProperties": False}, '{"k1": 1}'),
        "objects that overlap, allOf": schema({"allOf": overlapping}, '{"k1": 1}'),
        "objects that overlap, not": schema({"not": {"anyOf": overlapping}}, '{"k1": 1}'),
        "optionals 300": schema({"type": "object", "properties": {f"p{n}": text for n in range(300)}}, "{}"),
        "optionals 14 in any order": schema(
            {"type": "object", "properties": {f"p{n}": text for n in range(14)}}, "{}", property_order="any"
        ),
        "optionals 200 as the model writes": schema(
            {"type": "object", "properties": {f"p{n}": number for n in range(200)}}, "{}", property_order="model"
        ),
        "counted properties": schema(
            {"type": "object", "properties": {f"p{n}": number for n in range(30)}, "minProperties": 12, "maxProperties": 15},
            "{}",
        ),
        "wide enums": schema({"type": "object", "properties": wide, "required": list(wide)}, "{}"),
        "arrays of arrays": schema(nested(30, lambda x: {"type": "array", "items": x, "minItems": 2}, number), "[]"),
        "arrays of wide objects": schema(
            {"type": "array", "minItems": 30, "maxItems": 40, "items": {"type": "object", "properties": wide}}, "[]"
        ),
        "unique values": schema({"type": "array", "uniqueItems": True, "items": {"enum": list(range(200))}}, "[1, 1]"),
        "tuples of enums": schema({"prefixItems": [{"enum": list(range(300))} for _ in range(60)], "minItems": 60}, "[1]"),
        "contains twelve": schema({"allOf": [{"contains": {"const": n}} for n in range(12)]}, "[1]"),
        "if in if": schema(branches, "{}"),
        "if in then, 18": schema(
            nested(18, lambda x: {"if": {"minProperties": 2}, "then": x, "else": x, "unevaluatedProperties": False}, {}),
            "{}",
        ),
        "not in properties": schema(nested(20, lambda x: {"not": {"properties": {"a": x}}}, text), '{"a": 1}'),
        "not of a recursion": schema({"not": {"$ref": "#/$defs/t"}, "$defs": {"t": tree | {"required": ["left"]}}}, "{}"),
        "not of any of many": schema({"not": {"anyOf": [{"const": n} for n in range(1500)]}}, "5"),
        "differences of patterns": schema(
            {"allOf": [{"not": {"pattern": f"{c}{c}{c}"}} for c in "abcdefghij"], **text}, '"aaa"'
        ),
        "patterns of keys": schema(
            {"type": "object", "patternProperties": {f"^.{{{n}}}x": {"minimum": n} for n in range(1, 26)}}, '{"ax": 1}'
        ),
        "names and patterns": schema(
            {"type": "object", "propertyNames": {"pattern": "^(a|b)*a(a|b){12}$"}, "minProperties": 5}, "{}"
        ),
        "numbers of many steps": schema({"allOf": [{"multipleOf": n} for n in (7, 11, 13, 17, 19, 23)], **number}, "1"),
        "numbers not of many steps": schema(
            {"allOf": [{"not": {"multipleOf": n}} for n in (2, 3, 5, 7, 11)], **number}, "1"
        ),
        "numbers between large ones": schema({"minimum": 10**40, "maximum": 10**40 + 7, **number}, "1"),
        "numbers between close ones": schema({"minimum": 0.1, "maximum": 0.1000000000000001}, "0.1"),
        "length of a pattern": schema({"pattern": "^(ab|c)*$", "minLength": 900, "maxLength": 901, **text}, '""'),
        "lengths and formats": schema({"format": "email", "minLength": 40, "maxLength": 60, **text}, '""'),
        "formats of everything": schema({"allOf": [{"format": f} for f in ("date", "time", "email", "uuid")], **text}, '""'),
        "draft four": schema(
            {"$schema": "http://json-schema.org/draft-04/schema#", "minimum": 1, "exclusiveMinimum": True}, "1"
        ),
        "drafts in each other": schema(
            {"$defs": {"a": {"$id": "b.json", "$schema": "http://json-schema.org/draft-07/schema#", "items": [{}]}},
             "$ref": "b.json"}, "[1]"),
        "schema of schemas": schema({"$ref": "https://json-schema.org/draft/2020-12/schema"}, "{}"),
        "a tool": schema({"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}),
        "a response format": schema({"type": "json_schema", "json_schema": {"schema": {}}}),
        "text with a key twice": schema('{"a": 1, "a": 2}'),
        "text with a mark": schema('\ufeff{"type": "integer"}', "1"),
        "text with more": schema('{"type": "integer"} {}'),
        "text of nothing": schema(""),
        "text of a number": schema("1" * 5000),
        "text with a surrogate": schema('{"const": "\\ud800"}'),
        "text with a point": schema('{"minimum": .5}'),
        "text of null": schema("null"),
        "texts of exponents": schema('{"minimum": 1e999999999, "maximum": -1e-999999999}', "1"),
        "fence": schema(number, "```json\n1\n```", fence="require"),
        "fence unknown": schema(number, fence="maybe"),
        "whitespace unknown": schema(number, whitespace=5),
        "order unknown": schema(number, property_order=["schema"]),
        "depth large": schema(tree, max_depth=10**30),
        "depth 16": schema(tree, "{}", max_depth=16),
        "depth a text": schema(tree, max_depth="3"),
        "registry of nothing": schema({"$ref": "urn:x"}, registry=5),
        "registry of a ring": schema(
            {"$ref": "urn:a"}, "1", registry={"urn:a": {"$ref": "urn:b"}, "urn:b": {"$ref": "urn:a"}}
        ),
        "registry of wrong keys": schema({}, registry={5: {}}),
        "judged deep": schema(tree, nested(400, lambda x: '{"left": ' + x + "}", "{}")),
        "judged wide": schema(
            {"type": "object", "additionalProperties": number}, "{" + ",".join(f'"k{n}":1' for n in range(20_000)) + "}"
        ),
        "judged alike": schema(
            {"anyOf": [{"items": {"$ref": "#"}}] * 8},
            nested(60, lambda x: f"[{x},{x}]" if len(x) < 3000 else f"[{x}]", "[]"),
        ),
        "judged escapes": schema(text, '"' + "\\u0061" * 50_000 + '"'),
        "judged spaces": schema(number, " " * 500_000 + "1"),
        "judged digits": schema({"type": "number", "multipleOf": 0.01}, "0." + "1" * 100_000),
        "judged exponent": schema({"type": "number", "multipleOf": 7}, "1e99999999"),
        "judged bytes": lambda: schema_of_bytes(),
    }  # fmt: skip
    return {f"schema: {name}": call for name, call in found.items()}


def schema_of_bytes() -> Any:
    import canvasgen as cg

    made = cg.json_schema({"type": "string"})
    return [made.matches(b'"\xff"'), made.matches(bytes(range(256))), made.matches('"\ud800"')]
