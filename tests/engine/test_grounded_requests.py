"""`grounded=` of `generate` and `complete`: values are spans of the prompt, and the completion says where."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

import canvasgen as cg
from canvasgen.errors import InvalidConstraint, Unsatisfiable

TEXT = "Order of Tomasz Zielinski: 3 desk lamps for Lublin."


class Order(BaseModel):
    customer: str
    product: str
    quantity: int


def test_a_schema() -> None:
    done = cg.load().complete(TEXT, schema=Order, grounded=True, seed=0)
    assert done.value.quantity == 3
    assert {"customer", "product", "quantity"} == set(done.sources)
    for field, span in done.sources.items():
        assert TEXT[span.start : span.stop] == span.text == str(getattr(done.value, field))


@pytest.mark.slow
def test_other_kinds() -> None:
    assert cg.generate(TEXT, regex="[A-Z][a-z]+ [A-Z][a-z]+", grounded=True, seed=0) == "Tomasz Zielinski"
    holes = cg.generate(TEXT, template="{who} wants {what}.", grounded=True, seed=0)
    assert all(holes[name] in TEXT for name in ("who", "what"))
    messages = [{"role": "system", "content": "Read."}, {"role": "user", "content": TEXT}]
    done = cg.load().complete(messages, schema={"type": "integer"}, grounded=True, seed=0)
    assert done.value == 3
    parts = [{"role": "user", "content": [{"type": "text", "text": TEXT}]}]
    assert cg.load().complete(parts, schema={"type": "integer"}, grounded=True, seed=0).value == 3


def test_another_source() -> None:
    value = cg.generate("name: Ann", schema={"type": "string"}, grounded=["Bob"], seed=0)
    assert value == "Bob"


@pytest.mark.parametrize(
    "options", [{"choice": ["a", "b"]}, {}, {"constraint": cg.regex("a")}, {"table": cg.queens(4)}]
)
def test_what_it_does_not_go_with(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidConstraint) as caught:
        cg.generate(TEXT, grounded=True, **options)
    assert caught.value.rule == "grounded"
    assert "span_of" in str(caught.value.remedy)


@pytest.mark.parametrize("wrong", [3, None, b"x", [1]])
def test_what_is_no_source(wrong: Any) -> None:
    with pytest.raises(InvalidConstraint):
        cg.generate(TEXT, schema=Order, grounded=wrong)


def test_what_the_prompt_does_not_state() -> None:
    with pytest.raises(Unsatisfiable):
        cg.generate("Nobody ordered anything.", schema=Order, grounded=True)
