"""The laws of the normal form, by membership, on random schemas; `jsonschema` is the oracle."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from membership import contains

from canvasgen.errors import ConstraintTooLarge
from canvasgen.schemas.document.document import Document
from canvasgen.schemas.keywords.translator import Translator
from canvasgen.schemas.normal.approximation import over_approximates
from canvasgen.schemas.normal.combine import intersect, subtract, union
from canvasgen.schemas.normal.disjoint import is_disjoint
from canvasgen.schemas.normal.shapes import Node, Values

NAMES = st.sampled_from(["a", "b", "c"])
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-4, 8)
    | st.sampled_from([0.5, 1.0, -1.5, 2.5])
    | st.text("ab", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
SCALAR_SCHEMAS = st.one_of(
    st.booleans(),
    st.fixed_dictionaries(
        {"type": st.sampled_from(["null", "boolean", "integer", "number", "string", "array", "object"])}
    ),
    st.fixed_dictionaries(
        {
            "type": st.lists(
                st.sampled_from(["null", "integer", "string"]), min_size=1, max_size=2, unique=True
            )
        }
    ),
    st.fixed_dictionaries({"enum": st.lists(VALUES, min_size=1, max_size=3)}),
    st.fixed_dictionaries({"const": VALUES}),
    st.fixed_dictionaries(
        {},
        optional={
            "minimum": st.integers(-3, 5),
            "exclusiveMaximum": st.integers(-3, 8),
            "multipleOf": st.sampled_from([1, 2, 3, 0.5]),
            "minLength": st.integers(0, 2),
            "maxLength": st.integers(0, 3),
            "pattern": st.sampled_from(["^a", "b$", "a", "^(ab)*$"]),
        },
    ),
)


def combined(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.fixed_dictionaries(
            {},
            optional={
                "properties": st.dictionaries(NAMES, inner, max_size=3),
                "required": st.lists(NAMES, max_size=2, unique=True),
                "additionalProperties": inner,
                "patternProperties": st.dictionaries(st.sampled_from(["^a", "b"]), inner, max_size=2),
                "maxProperties": st.integers(0, 3),
                "minProperties": st.integers(0, 2),
            },
        ),
        st.fixed_dictionaries(
            {}, optional={"propertyNames": inner, "dependentRequired": st.just({"a": ["b"]})}
        ),
        st.fixed_dictionaries(
            {},
            optional={
                "items": inner,
                "prefixItems": st.lists(inner, min_size=1, max_size=2),
                "minItems": st.integers(0, 2),
                "maxItems": st.integers(0, 3),
                "uniqueItems": st.booleans(),
            },
        ),
        st.fixed_dictionaries(
            {"contains": inner},
            optional={"items": inner, "minContains": st.integers(0, 2), "maxContains": st.integers(0, 2)},
        ),
        st.fixed_dictionaries({"allOf": st.lists(inner, min_size=1, max_size=2)}),
        st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"oneOf": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"not": inner}),
        st.fixed_dictionaries({"if": inner, "then": inner}, optional={"else": inner}),
        st.fixed_dictionaries({"dependentSchemas": st.dictionaries(NAMES, inner, max_size=2)}),
    )


SCHEMAS = st.recursive(SCALAR_SCHEMAS, combined, max_leaves=6)


def translate(*schemas: Any) -> tuple[Translator, list[Any]]:
    translator = Translator(Document({"$defs": dict(zip("xyz", schemas, strict=False))}), python=False)
    base = translator.document.root_base()
    return translator, [translator.node(schema, "$", base).values for schema in schemas]


def is_exact(values: Values) -> bool:
    return not over_approximates(Node.of(values, "$", None))


def agree(found: Values, members: list[bool], values: list[Any]) -> None:
    """A set holds at least its members, and no more unless it says that it is an over-approximation."""
    verdicts = [contains(found, value) for value in values]
    if is_exact(found):
        assert verdicts == members
    else:
        assert all(verdict for verdict, member in zip(verdicts, members, strict=True) if member)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(SCHEMAS, st.lists(VALUES, min_size=1, max_size=12))
def test_the_meaning_is_the_specifications(schema: Any, values: list[Any]) -> None:
    oracle = jsonschema.Draft202012Validator(schema)
    try:
        _, (found,) = translate(schema)
        agree(found, [oracle.is_valid(value) for value in values], values)
    except ConstraintTooLarge:
        return


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(SCHEMAS, SCHEMAS, st.lists(VALUES, min_size=1, max_size=12))
def test_laws(first: Any, second: Any, values: list[Any]) -> None:
    try:
        translator, (a, b) = translate(first, second)
    except ConstraintTooLarge:
        return
    arena = translator.arena
    in_a = [jsonschema.Draft202012Validator(first).is_valid(value) for value in values]
    in_b = [jsonschema.Draft202012Validator(second).is_valid(value) for value in values]
    pairs = list(zip(in_a, in_b, strict=True))
    agree(union(a, b), [x or y for x, y in pairs], values)
    agree(intersect(a, b, arena), [x and y for x, y in pairs], values)
    agree(subtract(a, b, arena), [x and not y for x, y in pairs], values)
    if is_disjoint(a, b, arena):
        assert not any(x and y for x, y in pairs)


@pytest.mark.slow
def test_most_schemas_are_exact() -> None:
    """The laws above would hold for sets that are all over-approximations."""
    seen: list[bool] = []

    @settings(max_examples=300, deadline=None, database=None, derandomize=True)
    @given(SCHEMAS)
    def look(schema: Any) -> None:
        try:
            seen.append(is_exact(translate(schema)[1][0]))
        except ConstraintTooLarge:
            seen.append(False)

    look()
    assert sum(seen) > 0.9 * len(seen)
