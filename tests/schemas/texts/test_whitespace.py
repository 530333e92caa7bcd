"""The whitespace that is generated: the styles of serialisers and of models, each of them bounded."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from constraint_walks import spellings, walks

from canvasgen.automata import difference, to_dfa
from canvasgen.constraints import json_schema

SCHEMA = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "at": {"type": "object", "properties": {"x": {"type": "number"}}, "additionalProperties": False},
        "any": {},
    },
    "required": ["id", "tags"],
    "additionalProperties": False,
}
VALUES: list[Any] = [
    {"id": 1, "tags": ["a", "b"], "at": {"x": 2.5}, "any": [[1], {"k": None}]},
    {"id": 1, "tags": [], "at": {}, "any": {}},
]


def as_models_do(value: Any) -> list[str]:
    """Texts of a value that models write and serialisers do not."""
    pretty = json.dumps(value, indent=2)
    return [
        json.dumps(value, indent=1),
        json.dumps(value, indent=3),
        json.dumps(value, separators=(" , ", " : ")),
        json.dumps(value, separators=(",  ", ":  ")),
        "\n" + pretty + "\n",
        pretty.replace("\n", "\n\n"),
        pretty.replace("\n", "\n    "),
        re.sub(r"\[\s+\"a\",\s+\"b\"\s+\]", '[ "a", "b" ]', pretty),
        pretty.replace("[]", "[\n  ]").replace("{}", "{ }"),
        json.dumps(value).replace("[]", "[ ]").replace("{}", "{ }"),
    ]


@pytest.mark.parametrize("number", range(len(VALUES)))
def test_a_style_generates_what_it_says(number: int) -> None:
    value = VALUES[number]
    automata = {style: json_schema(SCHEMA, style).automaton for style in ("compact", "flexible", "model")}
    for text in spellings(value):
        assert automata["model"].accepts(text.encode()), text
        assert automata["flexible"].accepts(text.encode()), text
        assert automata["compact"].accepts(text.encode()) == (not re.search(r"\s", text)), text
    for text in as_models_do(value):
        assert automata["model"].accepts(text.encode()), text


def test_each_style_holds_the_one_before() -> None:
    compact, flexible, model = (json_schema(SCHEMA, style).expr for style in ("compact", "flexible", "model"))
    assert to_dfa(difference(compact, flexible)).is_empty
    assert to_dfa(difference(flexible, model)).is_empty
    assert not to_dfa(difference(model, flexible)).is_empty


def test_whitespace_is_bounded_and_accepted() -> None:
    constraint = json_schema({"type": "array", "items": {"type": "array", "items": {"const": 1}}}, "model")
    for text in walks(constraint.automaton, 200, patience=200):
        assert constraint.matches(text), text
        runs = [len(run) for run in re.findall(r" +", text)]
        assert max(runs, default=0) <= 12, text
        assert "\n\n\n" not in text


def test_the_styles_of_models_cost_few_states() -> None:
    flexible, model = (json_schema(SCHEMA, style).automaton.num_states for style in ("flexible", "model"))
    assert model < 3 * flexible
