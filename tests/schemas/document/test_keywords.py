"""The table of keywords holds what the meta-schemas of every draft have, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from jsonschema_specifications import REGISTRY

import canvasgen.schemas.keywords
from canvasgen.schemas.document.dialects import DRAFTS
from canvasgen.schemas.document.keywords import KEYWORDS, VOCABULARIES, WITHOUT_MEANING, ignorable

BESIDE = {4: {"$ref"}, 7: {"writeOnly"}}
"""Keywords that the text of a draft has and its meta-schema has not: JSON Reference (draft 4); validation 10.3 (draft 7)."""
FOLDER = Path(canvasgen.schemas.keywords.__path__[0])
TO_SCHEMAS = ("#", "#meta", "#/definitions/schemaArray", "#/$defs/schemaArray")
"""References of the meta-schemas to themselves, and to lists of themselves."""


def contents(url: str) -> Any:
    return REGISTRY.get_or_retrieve(url).value.contents


def parts(draft: int) -> list[Any]:
    """The meta-schema of a draft and those that it is made of."""
    root = contents(DRAFTS[draft])
    return [root, *(contents(urljoin(DRAFTS[draft], part["$ref"])) for part in root.get("allOf", ()))]


@pytest.mark.parametrize("draft", DRAFTS)
def test_the_drafts_of_the_table_are_those_of_the_meta_schemas(draft: int) -> None:
    found = {name for part in parts(draft) for name in part["properties"]} | BESIDE.get(draft, set())
    assert {keyword.name for keyword in KEYWORDS.values() if draft in keyword.drafts} == found


def test_exceptions_are_needed() -> None:
    for draft, names in BESIDE.items():
        assert names.isdisjoint(name for part in parts(draft) for name in part["properties"])


@pytest.mark.parametrize("draft", [2019, 2020])
def test_the_vocabularies_of_the_table_are_those_of_the_meta_schemas(draft: int) -> None:
    for part in parts(draft)[1:]:
        (uri,) = part["$vocabulary"]
        listed = {
            name
            for name, keyword in KEYWORDS.items()
            if keyword.vocabulary in VOCABULARIES[uri]
            and draft in keyword.drafts
            and draft not in keyword.obsolete
        }
        assert listed == set(part["properties"])


@pytest.mark.parametrize("draft", DRAFTS)
def test_what_holds_a_schema_is_where_the_meta_schemas_say(draft: int) -> None:
    """A keyword holds schemas exactly if the meta-schema refers to itself, or to a list of itself, there."""
    for part in parts(draft):
        for name, value in part["properties"].items():
            refers = any(f"'{reference}'" in str(value) for reference in TO_SCHEMAS)
            assert refers == (KEYWORDS[name].holds != ""), name


def test_where_keywords_mean_something() -> None:
    for keyword in KEYWORDS.values():
        if keyword.meaning:
            assert f'"{keyword.name}"' in (FOLDER / f"{keyword.meaning}.py").read_text(encoding="utf-8")
        else:
            assert keyword.name in WITHOUT_MEANING
            assert keyword.role in ("annotation", "identifier", "location")


def test_keywords_are_sorted() -> None:
    assert list(KEYWORDS) == sorted(KEYWORDS)


def test_vocabularies_that_are_left_out() -> None:
    base = "https://json-schema.org/draft/2020-12/vocab/"
    assert ignorable(dict.fromkeys(VOCABULARIES, True)) == frozenset()
    assert ignorable({base + "core": True, base + "applicator": True, base + "validation": True}) == {
        "format",
        "unevaluatedItems",
        "unevaluatedProperties",
    }
