"""`relations=` of `generate`, `complete`, `batch` and streams, on the embedded model; what is refused before it runs."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

import canvasgen as cg
from canvasgen.denoise import Done
from canvasgen.errors import (
    InvalidConstraint,
    Unsatisfiable,
    UnsupportedConstraint,
    ValidationFailed,
)
from canvasgen.relations import all_different, equal, implies, is_in, ordered, total

Share = Annotated[Decimal, Field(ge=0, le=1, decimal_places=2)]


class Shares(BaseModel):
    billing: Share
    bug: Share
    praise: Share


class Line(BaseModel):
    item: str
    price: int


class Invoice(BaseModel):
    customer: str
    lines: list[Line]
    total: int
    discount: int | None = None


SUM_TO_ONE = [total([".*"], "==", 1)]
LINES = [total(["lines[*].price"], "==", "total")]
TEXT = "Ann Lee bought a kettle for 25 dollars and a cup for 4 dollars."


@pytest.mark.slow
def test_probabilities_sum_to_one_exactly() -> None:
    done = cg.load().complete(TEXT, schema=Shares, relations=SUM_TO_ONE, seed=0, on_step_limit="return")
    shares = done.value
    assert shares.billing + shares.bug + shares.praise == 1
    assert done.proven is not None


@pytest.mark.slow
def test_an_invoice_adds_up_in_a_batch_and_in_a_stream() -> None:
    engine = cg.load()
    request = {"prompt": TEXT, "schema": Invoice, "relations": LINES, "seed": 0, "on_step_limit": "return"}
    free = {**request, "relations": None}
    related, plain = engine.batch([request, free])
    assert sum(line.price for line in related.value.lines) == related.value.total
    assert related.proven is not None
    assert plain.proven is None
    *_, last = engine.stream(cg.Request(**request))
    assert isinstance(last, Done)
    invoice = last.completion.value
    assert sum(line.price for line in invoice.lines) == invoice.total


def test_it_goes_with_grounded_values() -> None:
    text = "pen 3, book 12, total 15"
    schema = {"type": "object", "properties": {"pen": {"type": "integer"}, "total": {"type": "integer"}}}
    schema |= {"required": ["pen", "total"], "additionalProperties": False}
    value = cg.generate(
        text, schema=schema, grounded=True, relations=[ordered(["pen", "total"], "<")], seed=0
    )
    assert value["pen"] < value["total"]
    assert {value["pen"], value["total"]} <= {3, 12, 15}


def test_what_cannot_be_satisfied_is_told_with_its_path() -> None:
    with pytest.raises(Unsatisfiable, match="the schema allows no values") as caught:
        cg.generate(TEXT, schema=Shares, relations=[total([".*"], "==", 4)], seed=0)
    assert caught.value.path == ".*"
    assert caught.value.rule == "relations"
    assert caught.value.value == "from 0 to 3"
    pair = {"type": "array", "items": {"enum": [1, 2]}, "minItems": 2, "maxItems": 2}
    with pytest.raises(Unsatisfiable, match="no text of the schema") as caught:
        cg.generate(
            TEXT, schema=pair, relations=[total(["[*]"], "==", 3), equal(["[*]"])], seed=0, max_tokens=12
        )
    assert caught.value.path == "[*]"


@pytest.mark.parametrize(
    ("relations", "words"),
    [
        ([total(["lines[*].prise"], "==", "total")], "did you mean 'price'"),
        ([total(["lines[*].price"], "==", "totl")], "did you mean 'total'"),
        ([total(["line[*].price"], "==", "total")], "did you mean 'lines'"),
        ([total(["lines.price"], "==", "total")], "there is a list"),
        ([total(["customer[*]"], "==", 1)], "no such field"),
        ([total(["total[*]"], "==", 1)], "no such field"),
        ([total(["customer", "total"], "==", 1)], "holds none"),
        ([all_different(["lines"])], "an object or a list"),
        ([all_different(["lines[*]"])], "an object or a list"),
        ([all_different([("lines", 0)])], "are paths"),
        ([all_different(["lines[*"])], "cannot be read"),
        ([all_different([".lines"])], "cannot be read"),
        ([all_different(["lines[i].tags[i]"])], "a letter stands twice"),
        ([all_different(["lines[*].tags[i]"])], "behind"),
        ("total", "relations are a list"),
        (["total"], "not a relation"),
        (total(["total"], "==", 1), "relations are a list"),
    ],
    ids=range(17),
)
def test_wrong_relations_are_refused_before_the_model_runs(relations: Any, words: str) -> None:
    with pytest.raises(InvalidConstraint, match=words) as caught:
        cg.json_schema(Invoice, relations=relations)
    assert caught.value.rule == "relations"


def test_relations_of_single_fields_say_so() -> None:
    with pytest.raises(UnsupportedConstraint, match=r"write \[i\]"):
        cg.json_schema(
            Invoice, relations=[implies(is_in("lines[*].price", [1]), is_in("lines[*].item", ["a"]))]
        )
    with pytest.raises(UnsupportedConstraint, match="different letters"):
        cg.json_schema(Invoice, relations=[ordered(["lines[i].price", "lines[j].price"], "<")])


@pytest.mark.parametrize(
    "options", [{"regex": "a"}, {"choice": ["a"]}, {}, {"table": cg.queens(4)}], ids=range(4)
)
def test_they_go_with_a_schema_alone(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidConstraint, match="relations do not go with"):
        cg.generate(TEXT, relations=LINES, **options)


def test_the_judge_names_the_fields() -> None:
    made = cg.json_schema(Invoice, relations=LINES)
    text = '{"customer":"Ann","lines":[{"item":"a","price":2},{"item":"b","price":3}],"total":6}'
    with pytest.raises(ValidationFailed) as caught:
        made.validate(text)
    assert caught.value.path == "lines[0].price, lines[1].price, total"
    assert caught.value.value == [2, 3, 6]
    assert made.matches(text.replace("6", "5.0"))
    assert not made.matches(text)
    assert not cg.json_schema({"type": "array"}, relations=[total(["[*]"], "==", 1)]).matches(
        "[0.5, 0.49999999999999999999]"
    )


def test_nulls_and_fields_that_are_absent() -> None:
    made = cg.json_schema(Invoice, relations=[total(["total", "discount"], "==", 5)])
    text = '{"customer":"Ann","lines":[],"total":6%s}'
    assert made.matches(text % "")
    assert made.matches(text % ',"discount":null')
    assert made.matches(text % ',"discount":-1')
    assert not made.matches(text % ',"discount":1')


def test_inside_of_a_larger_constraint_they_are_judged() -> None:
    pair = {"type": "array", "items": {"enum": [1, 2]}, "minItems": 2, "maxItems": 2}
    made = cg.json_schema(pair, relations=[all_different(["[*]"])])
    assert ("x" + made).matches("x[1, 2]")
    assert not ("x" + made).matches("x[1, 1]")
    assert set(cg.generate("1 and 2", constraint="x" + made, seed=0)) == {1, 2}


def test_they_are_told_and_explained() -> None:
    made = cg.json_schema(Invoice, relations=LINES)
    said = "the sum of lines[*].price == total"
    assert any(said in rule.sentence for rule in made.shown.rules)
    assert any(note.kind == "relations" and note.message == said for note in made.explain())
    assert "RelatedJson" in repr(made)


@pytest.mark.parametrize(
    ("low", "high", "least", "most"),
    [(0, 1, 0, 3), (-1, 2, 1, 2), (1, 3, 2, 4), (-3, -1, 0, 2)],
    ids=range(4),
)
def test_only_sums_that_cannot_be_reached_are_refused(low: int, high: int, least: int, most: int) -> None:
    schema = {
        "type": "array",
        "items": {"type": "integer", "minimum": low, "maximum": high},
        "minItems": least,
        "maxItems": most,
    }
    reached = {n * x for n in range(least, most + 1) for x in (low, high)} | ({0} if least == 0 else set())
    for wanted in range(-8, 14):
        for op, holds in (("==", min(reached) <= wanted <= max(reached)), ("<", min(reached) < wanted)):
            relations = [total(["[*]"], op, wanted)]
            if holds:
                cg.json_schema(schema, relations=relations)
            else:
                with pytest.raises(Unsatisfiable):
                    cg.json_schema(schema, relations=relations)
