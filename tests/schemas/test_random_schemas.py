"""Random schemas within the supported keywords: the automaton, the validator and `jsonschema` agree."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import jsonschema
import pytest
from constraint_walks import reason_of, walks
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from canvasgen.constraints import json_schema
from canvasgen.errors import ConstraintTooLarge, Unsatisfiable, UnsupportedConstraint
from canvasgen.schemas.keywords import formats
from canvasgen.schemas.keywords.formats import standard

KEYS = st.sampled_from(["a", "b", "longer name", "ü", 'q"'])
LEAVES = st.one_of(
    st.sampled_from(
        [{"type": "null"}, {"type": "boolean"}, {"type": "integer"}, {"type": "number"}, {"type": "string"}]
    ),
    st.fixed_dictionaries(
        {
            "enum": st.lists(
                st.sampled_from([1, "x", None, True, 2.5, "ü\n", [1], {"a": 1}]), min_size=1, max_size=4
            )
        }
    ),
    st.builds(
        lambda a, b: {"type": "integer", "minimum": min(a, b), "maximum": max(a, b)},
        st.integers(-500, 500),
        st.integers(-500, 500),
    ),
    st.builds(
        lambda a, b: {"type": "number", "exclusiveMinimum": a, "maximum": a + b},
        st.integers(-9, 9),
        st.sampled_from([0.5, 1, 20.25]),
    ),
    st.builds(lambda n: {"type": "integer", "multipleOf": n}, st.integers(1, 30)),
    st.builds(
        lambda a, b: {"type": "string", "minLength": a, "maxLength": a + b},
        st.integers(0, 3),
        st.integers(0, 6),
    ),
    st.builds(
        lambda p: {"type": "string", "pattern": p},
        st.sampled_from(["^[a-c]+$", "x", "^[0-9]{3}-[a-z]$", "(foo|bar)$"]),
    ),
    st.builds(
        lambda f: {"type": "string", "format": f},
        st.sampled_from(["date", "date-time", "ipv4", "uuid", "email", "time"]),
    ),
)


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    objects = st.builds(
        lambda properties, required, extra: {
            "type": "object",
            "properties": properties,
            "required": [name for name in properties if name in required],
            "additionalProperties": extra,
        },
        st.dictionaries(KEYS, inner, max_size=4),
        st.sets(KEYS),
        st.one_of(st.just(False), st.just({"type": "integer"})),
    )
    arrays = st.builds(lambda i, a, b: {"type": "array", "items": i, "minItems": a, "maxItems": a + b},
                       inner, st.integers(0, 2), st.integers(0, 2))  # fmt: skip
    tuples = st.builds(lambda prefix, rest: {"type": "array", "prefixItems": prefix, "items": rest},
                       st.lists(inner, min_size=1, max_size=3), st.one_of(st.just(False), inner))  # fmt: skip
    unions = st.builds(lambda options: {"anyOf": options}, st.lists(inner, min_size=1, max_size=3))
    return st.one_of(objects, arrays, tuples, unions)


SCHEMAS = st.recursive(LEAVES, nested, max_leaves=6)
SLOW = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
}


def instances(schema: Any) -> st.SearchStrategy[Any]:
    """Instances of the schemas above; some of them invalid where a bound is hard to hit."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "anyOf" in schema:
        return st.one_of(*(instances(option) for option in schema["anyOf"]))
    match schema["type"]:
        case "null":
            return st.none()
        case "boolean":
            return st.booleans()
        case "integer":
            step = schema.get("multipleOf", 1)
            return st.integers(schema.get("minimum", -(10**12)), schema.get("maximum", 10**12)).map(
                lambda n: n - n % step
            )
        case "number":
            return st.floats(
                schema.get("exclusiveMinimum"), schema.get("maximum"), allow_nan=False, allow_infinity=False
            )
        case "string":
            return (
                st.from_regex(schema["pattern"]).filter(lambda t: t[-1] != "\n")
                if "pattern" in schema
                else st.text(min_size=schema.get("minLength", 0), max_size=schema.get("maxLength"))
            )
        case "array" if "prefixItems" in schema:
            rest = (
                st.just([]) if schema["items"] is False else st.lists(instances(schema["items"]), max_size=2)
            )
            return st.builds(
                lambda prefix, more: [*prefix, *more], st.tuples(*map(instances, schema["prefixItems"])), rest
            )
        case "array":
            return st.lists(
                instances(schema["items"]), min_size=schema["minItems"], max_size=schema["maxItems"]
            )
    declared = {name: instances(child) for name, child in schema["properties"].items()}
    required = {name: declared[name] for name in schema["required"]}
    known = st.fixed_dictionaries(
        required, optional={name: declared[name] for name in declared if name not in required}
    )
    if schema["additionalProperties"] is False:
        return known
    extra = st.dictionaries(st.text(max_size=3), st.integers(-9, 9), max_size=2)
    return st.builds(
        lambda a, b: {**a, **{name: item for name, item in b.items() if name not in declared}}, known, extra
    )


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-600, 600) | st.floats(-30, 30) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=5,
)


def ordered(schema: Any, value: Any) -> Any:
    """The value with the keys of its objects in the order of the schema (of the option that takes it)."""
    if isinstance(schema, dict) and "anyOf" in schema:
        for option in schema["anyOf"]:
            if jsonschema.Draft202012Validator(option).is_valid(value):
                return ordered(option, value)
    if isinstance(value, dict) and isinstance(schema, dict) and "properties" in schema:
        names = [name for name in schema["properties"] if name in value]
        names += [name for name in value if name not in schema["properties"]]
        return {name: ordered(schema["properties"].get(name), value[name]) for name in names}
    if isinstance(value, list) and isinstance(schema, dict):
        prefix = schema.get("prefixItems", [])
        rest = schema.get("items")
        return [ordered(prefix[at] if at < len(prefix) else rest, item) for at, item in enumerate(value)]
    return value


def canonical(value: Any) -> bool:
    """False for what is listed as a departure: whole numbers as floats, huge ones, lone surrogates."""
    if isinstance(value, dict):
        return all(canonical(item) for item in value.values()) and all(canonical(name) for name in value)
    if isinstance(value, list):
        return all(canonical(item) for item in value)
    if isinstance(value, float):
        return abs(value) < 1e307 and not value.is_integer()
    if isinstance(value, int):
        return abs(value) < 10**19
    return not isinstance(value, str) or not any("\ud800" <= c <= "\udfff" for c in value)


@pytest.mark.slow
@settings(max_examples=60, **SLOW)
@given(SCHEMAS, st.data())
def test_texts_of_the_automaton_are_valid(schema: Any, data: st.DataObject) -> None:
    try:
        constraint = json_schema(schema)
    except Unsatisfiable:
        return
    validator = jsonschema.Draft202012Validator(
        schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )
    for text in walks(constraint.automaton, 12, seed=data.draw(st.integers(0, 99)), patience=40):
        validator.validate(json.loads(text))
        refusal = reason_of(constraint, text)
        assert refusal in (None, "duplicate key") or "'email'" in refusal, text


@settings(max_examples=60, **SLOW)
@given(SCHEMAS, st.data())
def test_valid_instances_match_and_invalid_ones_do_not(schema: Any, data: st.DataObject) -> None:
    try:
        constraint = json_schema(schema)
    except Unsatisfiable:
        return
    validator = jsonschema.Draft202012Validator(schema)
    has_format = '"format"' in json.dumps(schema)
    if not has_format:
        value = data.draw(instances(schema))
        assume(canonical(value) and validator.is_valid(value))
        for text in (
            json.dumps(ordered(schema, value), ensure_ascii=False),
            json.dumps(ordered(schema, value), ensure_ascii=False, indent=2),
        ):
            assert constraint.matches(text), text
    other = data.draw(JUNK)
    if not validator.is_valid(other):
        assert not constraint.matches(json.dumps(ordered(schema, other), ensure_ascii=False))


def is_of_format(name: str, value: Any) -> bool:
    return not isinstance(value, str) or formats.holds(name, value, python=False)


def has_a_key_twice(text: str) -> bool:
    twice: list[bool] = []
    json.loads(text, object_pairs_hook=lambda pairs: twice.append(len(dict(pairs)) < len(pairs)))
    return any(twice)


FORMATS = jsonschema.FormatChecker(())
for name_ in sorted(standard.NAMES):
    FORMATS.checks(name_)(partial(is_of_format, name_))


@settings(max_examples=40, **SLOW)
@given(st.lists(SCHEMAS, min_size=2, max_size=2), st.sampled_from(["allOf", "oneOf", "not"]), st.data())
def test_combinations(schemas: list[Any], keyword: str, data: st.DataObject) -> None:
    schema = {**schemas[0], "not": schemas[1]} if keyword == "not" else {keyword: schemas}
    try:
        constraint = json_schema(schema)
    except (Unsatisfiable, UnsupportedConstraint, ConstraintTooLarge):
        return
    validator = jsonschema.Draft202012Validator(schema, format_checker=FORMATS)
    approximate = any(note.kind == "validator" and note.path is not None for note in constraint.explain())
    for text in walks(constraint.automaton, 8, patience=30):
        valid = validator.is_valid(json.loads(text)) and not has_a_key_twice(text)
        assert valid or approximate
        assert constraint.matches(text) == valid


@pytest.mark.parametrize("style", ["flexible", "compact"])
def test_whitespace(style: str) -> None:
    constraint = json_schema(
        {
            "properties": {"a": {"type": "array", "items": {"type": "integer"}}},
            "additionalProperties": False,
            "type": "object",
        },
        style,
    )
    assert constraint.automaton.accepts(b'{"a":[1,2]}')
    for text in (
        '{"a": [1, 2]}',
        '{\n  "a": [\n    1,\n    2\n  ]\n}',
        '{ "a": [1, 2] }',
        '{\n\t"a": [1,2]\n}',
        '{\n    "a": []\n}',
    ):
        assert constraint.automaton.accepts(text.encode()) == (style == "flexible"), text
        assert constraint.matches(text)
    for text in (
        '{"a" : []}',
        '{"a":  []}',
        '{\n\n"a": []}',
        '{"a": [ ]}',
        "{ }",
        '{\n   "a": []}',
        '{"a":\n[]}',
    ):
        assert not constraint.automaton.accepts(text.encode()), text
        assert constraint.matches(text), text
    assert max(len(text) for text in walks(constraint.automaton, 30)) < 400
