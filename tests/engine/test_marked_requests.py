"""Marked fields in requests: the prompt is their source; constraints and readings are made once for a text."""

from __future__ import annotations

from typing import Annotated

import pytest
from pydantic import BaseModel

import canvasgen as cg
from canvasgen.errors import InvalidConstraint
from canvasgen.request import Request

TEXT = "Order of Tomasz Zielinski: 3 desk lamps for Lublin."


class Order(BaseModel):
    customer: Annotated[str, cg.Grounded()]
    quantity: int


def test_the_prompt_is_the_source() -> None:
    done = cg.load().complete(TEXT, schema=Order, seed=0)
    assert done.value.customer in TEXT
    assert set(done.sources) == {"customer"}
    plain = Order.model_json_schema()
    done = cg.load().complete(TEXT, schema=plain, seed=0)
    assert done.value["customer"] in TEXT


def test_other_sources() -> None:
    marked = cg.Sources("Bob", fields="marked")
    done = cg.load().complete(TEXT, schema=Order, grounded=marked, seed=0)
    assert done.value.customer == "Bob"
    assert set(done.sources) == {"customer"}
    every = cg.load().complete(TEXT, schema=Order, grounded=True, seed=0)
    assert set(every.sources) == {"customer", "quantity"}
    assert cg.generate("", regex="B.*", grounded=cg.Sources("Bob says"), seed=0) in ("Bob", "Bob says")


@pytest.mark.slow
def test_what_is_remembered() -> None:
    calls: list[str] = []

    def lamps(text: str) -> list[tuple[tuple[int, int], str]]:
        calls.append(text)
        return [((0, 5), "lamp")]

    sources = cg.Sources(TEXT, readers={"lamps": lamps})
    schema = {"type": "array", "minItems": 2, "maxItems": 2}
    schema["items"] = {"type": "string", "x-grounded": {"reader": "lamps"}}
    for options in ({"schema": Order}, {"schema": schema}, {"regex": "[A-Z].*"}, {"template": "{a} {b}"}):
        made = [Request(TEXT, **options, grounded=cg.Sources(TEXT, readers={"lamps": lamps})) for _ in "ab"]
        first, second = (request.resolve() for request in made)
        assert first is second
        other = cg.Sources(TEXT + " ", readers={"lamps": lamps})
        assert Request(TEXT, **options, grounded=other).resolve() is not first
    assert Request(TEXT, schema=Order).resolve() is Request(TEXT, schema=Order).resolve()
    assert Request(TEXT, schema=Order).resolve() is not Request(TEXT + "!", schema=Order).resolve()
    for _ in range(2):
        done = cg.load().complete(TEXT, schema=schema, grounded=sources, seed=0)
        assert done.value == ["lamp", "lamp"]
        assert done.sources["[1]"].text == "Order"
    assert calls == [TEXT, TEXT + " "]


def test_sources_have_their_settings() -> None:
    with pytest.raises(InvalidConstraint):
        cg.span_of(cg.Sources("a"), unit="character")
    assert cg.span_of(cg.Sources("ab", unit="character")).matches("b")
