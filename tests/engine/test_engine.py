"""Requests to completions, on the embedded model: every way to ask, every way to refuse."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

import jsonschema
import pytest
from pydantic import BaseModel, Field, field_validator

import canvasgen as cg
from canvasgen.denoise import Commit, Done, Draft, Job
from canvasgen.denoise.randomness import RowRandomness
from canvasgen.errors import (
    BudgetTooSmall,
    ConstraintTooLarge,
    InvalidConstraint,
    ModelError,
    Outcome,
    Unsatisfiable,
    UnsupportedConstraint,
    ValidationFailed,
)

PROMPT = "Alice Smith, 34 years old, lives in Paris."
STEPS = 4


class Person(BaseModel):
    name: str = Field(max_length=30)
    age: int = Field(ge=0, le=150)
    city: str = Field(max_length=30)


@dataclass
class Point:
    x: int
    y: int


@pytest.fixture(scope="module")
def engine() -> cg.Engine:
    return cg.load()


def test_the_readme_example(engine: cg.Engine) -> None:
    assert engine.generate(PROMPT, schema=Person, seed=0) == Person(name="Alice Smith", age=34, city="Paris")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        (Person, Person),
        (Point, Point),
        (list[int], list),
        (Literal["a", "b"], str),
        (int | None, (int, type(None))),
    ],
)
def test_types_give_their_values(engine: cg.Engine, schema: Any, kind: Any) -> None:
    assert isinstance(engine.generate("1 2 a", schema=schema, seed=1, max_denoising_steps=STEPS), kind)


def test_a_schema_dict_gives_plain_data(engine: cg.Engine) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer", "maximum": 9}}, "required": ["n"]}
    value = engine.generate("n is 3", schema=schema, seed=1, max_denoising_steps=STEPS)
    jsonschema.validate(value, schema)


def test_regex_choice_and_constraint(engine: cg.Engine) -> None:
    assert re.fullmatch(
        "[a-c]{2,5}", engine.generate("x", regex="[a-c]{2,5}", seed=1, max_denoising_steps=STEPS)
    )
    assert engine.generate("x", choice=["red", "green"], seed=1, max_denoising_steps=STEPS) in (
        "red",
        "green",
    )
    made = cg.literal("id-") + (cg.regex("[0-9]{2}") & ~cg.literal("00"))
    assert made.matches(engine.generate("x", constraint=made, seed=1, max_denoising_steps=STEPS))


def test_a_schema_is_compiled_once() -> None:
    schema = {"type": "object", "properties": {"1": {"const": 1}}, "required": ["1"]}
    first = cg.Request("x", schema=schema).resolve()
    assert cg.Request("y", schema=dict(schema)).resolve() is first
    assert cg.Request("y", schema=Person).resolve() is cg.Request("z", schema=Person).resolve()
    assert cg.Request("y", schema=schema | {"required": []}).resolve() is not first
    for at in range(100):
        cg.Request("y", schema={"const": at}).resolve()
    assert cg.Request("y", schema=schema).resolve() is not first
    with pytest.raises(InvalidConstraint):
        cg.Request("y", schema=schema | {"properties": {1: {"const": 1}}}).resolve()


def test_grammar_and_template(engine: cg.Engine) -> None:
    options: dict[str, Any] = {"seed": 1, "max_denoising_steps": STEPS}
    sentence = 'start: "the " NOUN (" and the " NOUN)~0..1 "."\nNOUN: "cat" | "dog"'
    assert cg.grammar(sentence).matches(engine.generate("x", grammar=sentence, **options))
    made = cg.template("{a}-{b}-{a}", a=cg.choice(["x", "y"]), b=int)
    value = engine.generate("x", template=made, **options)
    assert isinstance(value["b"], int)
    assert value.text == f"{value['a']}-{value['b']}-{value['a']}"
    assert engine.generate("x", template="({line})", max_tokens=20, **options).text.startswith("(")
    with pytest.raises(InvalidConstraint, match="constraint"):
        engine.generate("x", template=3)
    with pytest.raises(InvalidConstraint, match="grammar and template"):
        engine.generate("x", grammar=sentence, template=made)


def test_decide_splits_the_mass_of_the_choice(engine: cg.Engine) -> None:
    """The options' masses are those of the whole choice, and each is that of its own constraint."""
    options = {"yes": True, "no": False, "yes, no": None}
    found = engine.decide("Is it so? Yes.", options, samples=1, seed=5)
    assert list(found) == [True, False, None]
    assert sum(found.values()) == pytest.approx(1)
    whole_choice = engine._compiled(cg.choice(list(options)))
    denoiser = engine._sized(Job((), whole_choice, max_tokens=engine.denoiser.canvas_length))
    assert denoiser.canvas_length < engine.denoiser.canvas_length
    context = denoiser.prefill([engine._loaded.encode("Is it so? Yes.", None)])
    noise = RowRandomness([5], denoiser.canvas_length, denoiser.vocab_size)
    logits = denoiser.denoise(context, noise.canvas([0]), None)[0]
    whole = cg.choice(list(options)).compile(engine.vocabulary).condition(logits).log_partition
    for text, value in options.items():
        part = cg.literal(text).compile(engine.vocabulary).condition(logits).log_partition
        assert found[value] == pytest.approx(math.exp(float(part) - float(whole)), abs=1e-5)
    averaged = engine.decide("Is it so? Yes.", ["yes", "no"], samples=3, seed=5)
    assert averaged == engine.decide("Is it so? Yes.", ["yes", "no"], samples=3, seed=5)
    for wrong in ([], ["a", "a"]):
        with pytest.raises(InvalidConstraint):
            engine.decide("x", wrong)
    with pytest.raises(InvalidConstraint, match="samples"):
        engine.decide("x", ["a"], samples=0)
    with pytest.raises(BudgetTooSmall):
        engine.decide("x", ["a", "b" * 5000], samples=1, seed=1)


def test_free_text_goes_through_the_same_loop(engine: cg.Engine) -> None:
    completion = engine.complete("Anything.", seed=1, max_denoising_steps=2)
    assert completion.value == completion.text
    assert completion.outcome in Outcome


def test_a_completion_says_how_it_came_about(engine: cg.Engine) -> None:
    completion = engine.complete(PROMPT, schema=Person, seed=3, max_denoising_steps=STEPS)
    assert completion.value == Person.model_validate_json(completion.text)
    assert completion.log_prob <= 0
    assert completion.blocks == len(completion.steps) == 1
    assert len(completion.trace) == sum(completion.steps) <= STEPS
    assert completion.timings["total"] >= completion.timings["denoise"] > 0
    assert engine.vocabulary.text_bytes(completion.token_ids).decode() == completion.text
    assert all(Person.model_validate_json(step.draft) for step in completion.trace)


def test_seeds_make_runs_repeatable(engine: cg.Engine) -> None:
    runs = [
        engine.complete("…", regex="[a-z]{12}", seed=s, max_denoising_steps=STEPS, temperature=1.0)
        for s in (5, 5, 6)
    ]
    assert runs[0].token_ids == runs[1].token_ids
    assert runs[0].log_prob == runs[1].log_prob != runs[2].log_prob


@pytest.mark.slow
def test_a_batch_of_different_constraints_is_as_its_single_runs(engine: cg.Engine) -> None:
    requests = [
        cg.Request(PROMPT, schema=Person, seed=1, max_denoising_steps=STEPS),
        cg.Request("Good or bad?", choice=["good", "bad"], seed=2, max_denoising_steps=STEPS),
        cg.Request("A code for it", regex="[A-Z]{3}[0-9]{2}", seed=3, max_denoising_steps=STEPS),
    ]
    together = engine.batch(requests)
    alone = [engine.complete(request) for request in requests]
    assert [c.text for c in together] == [c.text for c in alone]


def test_seats_of_a_batch_are_refilled(engine: cg.Engine) -> None:
    """More requests than seats, of different lengths: in order, each as alone; errors in their places."""
    requests = [
        cg.Request(
            f"Give a code, number {at}.", regex="[A-Z]{2}[0-9]{1,3}", seed=at, max_denoising_steps=1 + at % 3
        )
        for at in range(5)
    ]
    requests.insert(1, cg.Request("x", regex="a{80}", max_tokens=2))
    requests.insert(4, cg.Request("x", choice=["a"], validators=[lambda value: False], max_denoising_steps=1))
    found = engine.batch(requests, size=2, errors="return")
    for at, (request, one) in enumerate(zip(requests, found, strict=True)):
        if at == 1:
            assert isinstance(one, BudgetTooSmall)
        elif at == 4:
            assert isinstance(one, ValidationFailed)
        else:
            assert isinstance(one, cg.Completion)
            assert one.text == engine.complete(request).text
    with pytest.raises(BudgetTooSmall):
        engine.batch(requests, size=2)


def test_threads_that_ask_for_one_constraint_compile_it_once(
    engine: cg.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled: list[cg.Constraint] = []
    own = cg.Constraint.compile

    def counted(constraint: cg.Constraint, vocabulary: cg.Vocabulary) -> Any:
        compiled.append(constraint)
        return own(constraint, vocabulary)

    monkeypatch.setattr(cg.Constraint, "compile", counted)
    constraint = cg.regex("[a-f]{3}-[0-9]{4}")
    request = cg.Request("x", constraint=constraint, seed=1, max_denoising_steps=1)
    with ThreadPoolExecutor(4) as pool:
        texts = list(pool.map(lambda _: engine.complete(request).text, range(4)))
    assert len(set(texts)) == 1
    assert compiled == [constraint]


def test_a_batch_takes_mappings(engine: cg.Engine) -> None:
    asked: list[Mapping[str, Any]] = [{"prompt": "x", "choice": ["a"], "seed": 1, "max_denoising_steps": 1}]
    assert [c.value for c in engine.batch(asked)] == ["a"]


def test_a_stream_ends_with_its_completion(engine: cg.Engine) -> None:
    events = list(engine.stream(PROMPT, schema=Person, seed=0))
    drafts = [e for e in events if isinstance(e, Draft)]
    assert drafts
    assert all(Person.model_validate_json(draft.text) for draft in drafts)
    assert isinstance(events[-2], Commit)
    assert isinstance(events[-1], Done)
    assert events[-1].completion.text == events[-2].text


def test_validators_see_the_value_and_get_another_canvas(engine: cg.Engine) -> None:
    seen: list[str] = []

    def not_the_first(value: str) -> bool:
        seen.append(value)
        return value != seen[0]

    value = engine.generate(
        "x", choice=["one", "two", "three"], validators=[not_the_first], seed=0, max_denoising_steps=2
    )
    assert value != seen[0]
    assert value in ("one", "two", "three")


def test_a_models_own_validators_are_asked(engine: cg.Engine) -> None:
    class Even(BaseModel):
        n: int = Field(ge=0, le=99)

        @field_validator("n")
        @classmethod
        def even(cls, n: int) -> int:
            if n % 2:
                raise ValueError("odd")
            return n

    for seed in range(3):
        assert engine.generate("n is 7", schema=Even, seed=seed, max_denoising_steps=2).n % 2 == 0


def test_a_validator_that_always_refuses(engine: cg.Engine) -> None:
    with pytest.raises(ValidationFailed) as caught:
        engine.generate(
            "x", choice=["a", "b"], validators=[lambda value: False], seed=0, max_denoising_steps=2
        )
    assert caught.value.text in ("a", "b")
    assert caught.value.reasons


def test_a_validator_that_breaks_is_named(engine: cg.Engine) -> None:
    def broken(value: str) -> bool:
        return value.no_such_attribute  # type: ignore[attr-defined]

    with pytest.raises(ValidationFailed, match="broken") as caught:
        engine.generate("x", choice=["a"], validators=[broken], seed=0, max_denoising_steps=2)
    assert isinstance(caught.value.__cause__, AttributeError)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"regex": "a", "choice": ["b"]}, InvalidConstraint),
        ({"regex": "("}, InvalidConstraint),
        ({"regex": r"(.)\1"}, UnsupportedConstraint),
        ({"choice": []}, InvalidConstraint),
        ({"schema": {"type": "nothing"}}, InvalidConstraint),
        ({"schema": {"type": "integer", "minimum": 2, "maximum": 1}}, Unsatisfiable),
        ({"schema": {"$ref": "https://example.org/other.json"}}, UnsupportedConstraint),
        ({"constraint": cg.regex("a") & cg.regex("b")}, Unsatisfiable),
        ({"constraint": "a"}, InvalidConstraint),
        ({"regex": "a{80}", "max_tokens": 2}, BudgetTooSmall),
        ({"regex": "a", "max_tokens": 0}, BudgetTooSmall),
        ({"regex": "a", "temperature": -1.0}, InvalidConstraint),
        ({"regex": "a", "max_denoising_steps": 0}, InvalidConstraint),
        ({"regex": "a", "temperature": float("inf")}, InvalidConstraint),
        ({"regex": "a", "temperature": float("nan")}, InvalidConstraint),
        ({"regex": "a", "seed": "a"}, InvalidConstraint),
        ({"regex": "a", "max_tokens": 2.5}, InvalidConstraint),
        ({"no_such_option": 1}, TypeError),
    ],
)
def test_wrong_requests_are_refused(
    engine: cg.Engine, options: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        engine.complete("x", **options)


@pytest.mark.parametrize("prompt", [5, "\ud800", [{"content": "no role"}], []])
def test_what_is_no_prompt(engine: cg.Engine, prompt: Any) -> None:
    with pytest.raises(ModelError):
        engine.complete(prompt, regex="a")


@pytest.mark.parametrize("model", ["/nonexistent/folder", 7, ("model", "tokenizer")])
def test_what_is_no_model(model: Any) -> None:
    with pytest.raises(ModelError):
        cg.load(model)


def test_the_schema_goes_into_the_prompt_unless_told_not_to(engine: cg.Engine) -> None:
    told, untold, other = (
        engine.complete(PROMPT, schema=Person, prompt_schema=p, seed=0, max_denoising_steps=1).log_prob
        for p in (True, False, {"type": "object", "properties": {"x": {"type": "integer"}}})
    )
    assert len({told, untold, other}) == 3


@pytest.mark.slow
@pytest.mark.parametrize("max_tokens", [3, 40, 128, 129, 200, 300])
def test_text_closes_within_any_budget(engine: cg.Engine, max_tokens: int) -> None:
    completion = engine.complete(
        "x", regex='"[a-z ]{1,400}"', seed=0, max_tokens=max_tokens, max_denoising_steps=2
    )
    assert re.fullmatch('"[a-z ]{1,400}"', completion.text)
    assert len(completion.token_ids) <= max_tokens


@pytest.mark.slow
def test_text_over_several_blocks(engine: cg.Engine) -> None:
    blocks = engine.denoiser.canvas_length
    completion = engine.complete(
        "x", regex=f"[a-z]{{{16 * blocks}}}", seed=0, max_tokens=20 * blocks, max_denoising_steps=1
    )
    assert completion.blocks > 1
    assert len(completion.text) == 16 * blocks


@pytest.mark.slow
def test_decide_in_several_steps(engine: cg.Engine) -> None:
    prompt = "Printer is on fire. Priority: high."
    found = engine.decide(prompt, ["low", "high", "medium"], samples=2, steps=4, seed=3)
    assert list(found) == ["low", "high", "medium"]
    assert sum(found.values()) == pytest.approx(1, abs=1e-5)
    assert found == engine.decide(prompt, ["low", "high", "medium"], samples=2, steps=4, seed=3)
    assert engine.decide(prompt, ["low"], steps=4) == {"low": 1.0}
    with pytest.raises(ConstraintTooLarge):
        engine.decide(prompt, list(range(100)), steps=2)
    with pytest.raises(InvalidConstraint, match="steps"):
        engine.decide(prompt, ["a", "b"], steps=0)


INFILLS = [
    ("Alice is ", " years old.", cg.regex("[0-9]{1,2}")),
    ("x" * 40 + " lives in Par", "s, says Bob.", cg.regex("[a-z]")),
    ("A long story. " * 25, " The end.", cg.regex("[A-Z][a-z]{2,8}\\.")),
    ("", "\nfollows " * 20, cg.text(1, 10)),
    ("", "", cg.choice(["a", "b"])),
]


@pytest.mark.slow
@pytest.mark.parametrize(("before", "after", "part"), INFILLS)
@pytest.mark.parametrize("seed", range(2))
def test_infill_keeps_both_sides(before: str, after: str, part: cg.Constraint, seed: int) -> None:
    done = cg.load().complete(
        PROMPT, constraint=cg.infill(before, after, part), seed=seed, max_denoising_steps=STEPS
    )
    assert done.text.startswith(before)
    assert done.text.endswith(after)
    assert part.matches(done.text[len(before) : len(done.text) - len(after)])
    assert done.value == done.text[len(before) : len(done.text) - len(after)]


@pytest.mark.slow
@pytest.mark.parametrize("strength", [1.0, 0.3])
def test_edit_keeps_the_rest(strength: float) -> None:
    content = "Dear Bob,\r\n\tAlice lives in Rome; Zoë too.\r\n" * 3
    constraint = cg.edit(content, [(19, 23), (60, 61)], cg.regex("\\w{1,6}"), strength=strength)
    value = cg.generate(PROMPT, constraint=constraint, seed=0, max_denoising_steps=STEPS)
    assert re.fullmatch(
        re.escape(content[:19])
        + r"\w{1,6}"
        + re.escape(content[23:60])
        + r"\w{1,6}"
        + re.escape(content[61:]),
        value,
    )


@pytest.mark.slow
def test_infills_in_a_batch_and_a_stream() -> None:
    engine = cg.load()
    requests = [cg.Request(PROMPT, constraint=cg.infill(a, b, part), seed=1) for a, b, part in INFILLS[:2]]
    alone = [engine.complete(request).text for request in requests]
    assert [done.text for done in engine.batch(requests)] == alone
    events = list(engine.stream(requests[0]))
    assert isinstance(events[-1], Done)
    assert events[-1].completion.text == alone[0]


def test_the_budget_of_an_infill() -> None:
    with pytest.raises(BudgetTooSmall):
        cg.generate(PROMPT, constraint=cg.infill("", "word " * 50), max_tokens=20)


@pytest.mark.parametrize("option", ["table", "constraint"])
def test_what_is_no_constraint_is_told(option: str) -> None:
    with pytest.raises(InvalidConstraint, match="not a constraint"):
        cg.generate("x", **{option: "abc"})
