"""References: registries, resources and their drafts, anchors, dynamic scopes, vocabularies."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import referencing
from referencing.jsonschema import DRAFT202012

from canvasgen.constraints import json_schema
from canvasgen.errors import CanvasgenError, ConstraintTooLarge, InvalidConstraint, UnsupportedConstraint

META = "https://json-schema.org/draft/2020-12/schema"


def matches(schema: Any, text: str, **options: Any) -> bool:
    return json_schema(schema, **options).matches(text)


def test_a_registry_is_a_mapping_or_a_referencing_registry() -> None:
    schema = {"$ref": "https://example.org/age.json#/$defs/age"}
    age = {"$defs": {"age": {"type": "integer", "minimum": 0}}}
    resource = referencing.Resource.from_contents(age, default_specification=DRAFT202012)
    for registry in (
        {"https://example.org/age.json": age},
        referencing.Registry().with_resource("https://example.org/age.json", resource),
    ):
        assert matches(schema, "3", registry=registry)
        assert not matches(schema, "-3", registry=registry)
    with pytest.raises(UnsupportedConstraint, match="registry") as caught:
        json_schema(schema)
    assert caught.value.path == "$.$ref"
    assert caught.value.value == schema["$ref"]


@pytest.mark.parametrize(
    "registry", [3, [], {"https://a.b/c": 3}, {3: {}}, {"https://a.b/c": {"minimum": float("nan")}}]
)
def test_bad_registries(registry: Any) -> None:
    with pytest.raises(InvalidConstraint):
        json_schema({"$ref": "https://a.b/c"}, registry=registry)
    with pytest.raises(InvalidConstraint):
        json_schema(int, registry={})


def test_schemas_of_a_registry_refer_to_one_another() -> None:
    registry = {
        "https://a.b/dir/tree": {"type": "array", "items": {"$ref": "leaf#x"}},
        "https://a.b/dir/leaf": {
            "anyOf": [{"$anchor": "x", "type": ["null", "array"], "items": {"$ref": "tree"}}]
        },
    }
    assert matches({"$ref": "https://a.b/dir/tree"}, "[null, [[null]]]", registry=registry)
    assert not matches({"$ref": "https://a.b/dir/tree"}, "[null, [[1]]]", registry=registry)
    with pytest.raises(UnsupportedConstraint) as caught:
        json_schema(
            {"$ref": "https://a.b/dir/tree"},
            registry={"https://a.b/dir/tree": registry["https://a.b/dir/tree"]},
        )
    assert caught.value.path == "https://a.b/dir/tree#.items.$ref"


def test_the_draft_is_that_of_the_resource() -> None:
    old = {"$schema": "http://json-schema.org/draft-04/schema#", "minimum": 3, "exclusiveMinimum": True}
    schema = {"type": "number", "allOf": [{"$ref": "https://a.b/old"}], "dependentRequired": {}}
    assert not matches(schema, "3", registry={"https://a.b/old": old})
    assert matches(schema, "3.5", registry={"https://a.b/old": old})
    seven = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$ref": "https://a.b/new",
        "maximum": 2,
    }
    new = {"$schema": META, "prefixItems": [{"type": "string"}], "items": False}
    assert matches(seven, "5", registry={"https://a.b/new": new})
    assert not matches(seven, '["a", 1]', registry={"https://a.b/new": new})


def test_embedded_resources_and_their_urls() -> None:
    schema = {
        "$id": "https://a.b/root/",
        "$defs": {
            "inner": {"$id": "inner.json", "$defs": {"x": {"type": "null"}}, "$ref": "#/$defs/x"},
            "urn": {"$id": "urn:uuid:deadbeef", "$anchor": "here", "const": 1},
        },
        "properties": {
            "a": {"$ref": "inner.json"},
            "b": {"$ref": "https://a.b/root/inner.json#/$defs/x"},
            "c": {"$ref": "#/$defs/inner/$defs/x"},
            "d": {"$ref": "urn:uuid:deadbeef#here"},
        },
    }
    assert matches(schema, '{"a": null, "b": null, "c": null, "d": 1}')
    for name in "abcd":
        assert not matches(schema, f'{{"{name}": 2}}')


def test_identifiers_in_data_are_none() -> None:
    schema = {
        "properties": {"const": {"const": {"$id": "https://a.b/x", "type": "null"}}},
        "enum": [{"$anchor": "y"}],
        "unknown": {"$id": "https://a.b/z"},
    }
    for reference in ("https://a.b/x", "#y", "https://a.b/z"):
        with pytest.raises(CanvasgenError):
            json_schema(schema | {"$ref": reference})


def test_pointers() -> None:
    schema = {
        "$defs": {"a/b": {"~x": [{"type": "null"}, {"100%": {"const": 1}}]}},
        "prefixItems": [{"$ref": "#/$defs/a~1b/~0x/0"}, {"$ref": "#/%24defs/a~1b/~0x/1/100%25"}],
    }
    assert matches(schema, "[null, 1]")
    assert not matches(schema, "[null, 2]")
    for reference in (
        "#/$defs/c",
        "#/$defs/a~1b/~0x/2",
        "#/$defs/a~1b/~0x/x",
        "#nowhere",
        "#/prefixItems/0/$ref/x",
    ):
        with pytest.raises(InvalidConstraint) as caught:
            json_schema({**schema, "not": {"$ref": reference}})
        assert caught.value.path == "$.not.$ref"


def test_meta_schemas_are_known() -> None:
    for draft in (META, "http://json-schema.org/draft-07/schema#", "http://json-schema.org/draft-04/schema"):
        schema = {"$ref": draft}
        assert matches(schema, '{"properties": {"a": {"maxLength": 3}}, "type": "integer"}')
        assert not matches(schema, '{"properties": {"a": {"maxLength": -3}}, "type": "integer"}')


def test_a_dynamic_reference_means_the_outermost_anchor() -> None:
    tree = {
        "$schema": META,
        "$id": "https://a.b/tree",
        "$dynamicAnchor": "node",
        "type": "object",
        "properties": {"data": True, "children": {"type": "array", "items": {"$dynamicRef": "#node"}}},
    }
    strict = {
        "$schema": META,
        "$id": "https://a.b/strict-tree",
        "$dynamicAnchor": "node",
        "$ref": "tree",
        "unevaluatedProperties": False,
    }
    registry = {"https://a.b/tree": tree}
    assert matches(tree, '{"children": [{"daat": 1}]}')
    assert not matches(strict, '{"children": [{"daat": 1}]}', registry=registry)
    assert matches(strict, '{"children": [{"data": 1, "children": [{}]}]}', registry=registry)
    assert not matches(strict, '{"children": [{"children": [{"x": 1}]}]}', registry=registry)


def test_one_list_two_kinds_of_items() -> None:
    """A generic schema that is used twice has a node for each meaning."""
    generic = {
        "$id": "https://a.b/list",
        "type": "array",
        "items": {"$dynamicRef": "#item"},
        "$defs": {"any": {"$dynamicAnchor": "item", "not": {}}},
    }

    def of(kind: str) -> dict[str, Any]:
        return {"$id": kind, "$ref": "list", "$defs": {"it": {"$dynamicAnchor": "item", "type": kind}}}

    schema = {
        "$id": "https://a.b/root",
        "properties": {"n": of("number"), "s": of("string"), "none": {"$ref": "list"}},
    }
    registry = {"https://a.b/list": generic}
    assert matches(schema, '{"n": [1], "s": ["a"], "none": []}', registry=registry)
    for text in ('{"n": ["a"]}', '{"s": [1]}', '{"none": [1]}'):
        assert not matches(schema, text, registry=registry)


def test_recursive_references_of_2019() -> None:
    tree = {
        "$schema": "https://json-schema.org/draft/2019-09/schema",
        "$id": "https://a.b/tree",
        "$recursiveAnchor": True,
        "type": "object",
        "properties": {"child": {"$recursiveRef": "#"}},
    }
    strict = {
        "$schema": "https://json-schema.org/draft/2019-09/schema",
        "$id": "https://a.b/strict",
        "$recursiveAnchor": True,
        "$ref": "tree",
        "unevaluatedProperties": False,
    }
    assert matches(tree, '{"child": {"x": 1}}')
    assert not matches(tree, '{"child": 1}')
    registry = {"https://a.b/tree": tree}
    assert not matches(strict, '{"child": {"x": 1}}', registry=registry)
    assert matches(strict, '{"child": {"child": {}}}', registry=registry)
    with pytest.raises(InvalidConstraint, match="recursiveRef"):
        json_schema({**tree, "properties": {"a": {"$recursiveRef": "#/properties/child"}}})


def test_vocabularies() -> None:
    vocabularies = "https://json-schema.org/draft/2020-12/vocab/"
    dialect = {
        "$schema": META,
        "$id": "https://a.b/dialect",
        "$vocabulary": {
            vocabularies + "core": True,
            vocabularies + "applicator": True,
            "https://a.b/own": False,
        },
    }
    schema = {"$schema": "https://a.b/dialect", "properties": {"a": {"minimum": 3}, "b": False}}
    registry = {"https://a.b/dialect": dialect}
    constraint = json_schema(schema, registry=registry)
    assert constraint.matches('{"a": 1}')
    assert not constraint.matches('{"b": 1}')
    assert any("vocabulary" in note.message for note in constraint.explain())
    dialect["$vocabulary"]["https://a.b/own"] = True
    with pytest.raises(UnsupportedConstraint, match="vocabulary"):
        json_schema(schema, registry=registry)
    with pytest.raises(UnsupportedConstraint, match="draft"):
        json_schema(schema)


def test_long_chains_and_rings() -> None:
    names = [f"n{at}" for at in range(60)]
    chain = {name: {"$ref": f"#/$defs/{after}"} for name, after in itertools.pairwise(names)}
    assert matches({"$ref": "#/$defs/n0", "$defs": chain | {names[-1]: {"const": 1}}}, "1")
    with pytest.raises(InvalidConstraint, match="without any content"):
        json_schema({"$ref": "#/$defs/n0", "$defs": chain | {names[-1]: {"$ref": "#/$defs/n0"}}})
    longer = {f"n{at}": {"$ref": f"#/$defs/n{at + 1}"} for at in range(5000)}
    with pytest.raises(ConstraintTooLarge, match="references"):
        json_schema({"$ref": "#/$defs/n0", "$defs": longer | {"n5000": {"const": 1}}})


def test_an_index_of_a_pointer_is_written_in_one_way() -> None:
    for step in ("01", "²", "-1", "9" * 5000):
        with pytest.raises(InvalidConstraint, match="nothing at the reference"):
            json_schema({"prefixItems": [{"$ref": f"#/prefixItems/{step}"}, {"type": "null"}]})


D4, D7 = "http://json-schema.org/draft-04/schema#", "http://json-schema.org/draft-07/schema#"


@pytest.mark.parametrize(
    ("inner", "valid", "invalid"),
    [
        ({"$schema": META, "type": "string", "pattern": r"^\p{Letter}+$"}, '"ab"', '"1"'),
        (
            {"$schema": D7, "patternProperties": {r"^\d$": {"type": "null"}}},
            '{"1": null, "\u0663": 1}',
            '{"1": 1}',
        ),
        ({"$schema": D7, "multipleOf": 0.01}, "1.15", "0.015"),
        ({"$schema": D7, "format": "date"}, '"2020-01-01"', '"2020-13-01"'),
        ({"$schema": D4, "type": "integer", "minimum": 3, "exclusiveMinimum": True}, "4", "3"),
    ],
)
def test_the_validator_reads_every_resource_as_its_own_draft_does(
    inner: Any, valid: str, invalid: str
) -> None:
    for schema, registry in (
        ({"$ref": "https://a.b/inner"}, {"https://a.b/inner": inner}),
        ({"$schema": META, "$defs": {"x": {"$id": "https://a.b/inner", **inner}}, "$ref": "#/$defs/x"}, None),
    ):
        assert matches(schema, valid, registry=registry)
        assert not matches(schema, invalid, registry=registry)


def test_a_reference_from_an_older_resource_to_a_newer_one() -> None:
    schema = {
        "$id": "https://a.b/root",
        "$schema": META,
        "$defs": {"sum": {"$ref": "#/$defs/number", "maximum": 3}, "number": {"type": "number"}},
        "properties": {
            "old": {
                "$id": "https://a.b/old",
                "$schema": D7,
                "properties": {"x": {"$ref": "https://a.b/root#/$defs/sum", "minimum": 2}},
            }
        },
    }
    assert matches(schema, '{"old": {"x": 1}}')
    assert not matches(schema, '{"old": {"x": 9}}')


def test_vocabularies_are_those_of_the_resource() -> None:
    applicator = {"https://json-schema.org/draft/2020-12/vocab/applicator": True}
    registry = {
        "https://a.b/meta": {"$schema": META, "$id": "https://a.b/meta", "$vocabulary": applicator},
        "https://a.b/inner": {"$schema": "https://a.b/meta", "minimum": 5, "properties": {"b": False}},
    }
    schema = {"$schema": META, "properties": {"a": {"$ref": "https://a.b/inner"}}, "maxProperties": 1}
    assert matches(schema, '{"a": 1}', registry=registry)
    assert not matches(schema, '{"a": {"b": 1}}', registry=registry)
    assert not matches(schema, '{"a": 1, "c": 1}', registry=registry)
