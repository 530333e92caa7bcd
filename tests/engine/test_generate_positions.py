"""`fixed` and `near` through the whole loop, on the embedded model and on toys of several canvases."""

from __future__ import annotations

import pytest

import canvasgen as cg
from canvasgen.errors import BudgetTooSmall, InvalidConstraint, Unsatisfiable, UnsupportedConstraint

STEPS = 4


@pytest.fixture(scope="module")
def engine() -> cg.Engine:
    return cg.load()


def test_fixed_text() -> None:
    constraint = cg.regex(r"[A-Z][a-z ]{3,40}\.") & cg.fixed({0: "Title"})
    for seed in range(3):
        text = cg.generate("A title", constraint=constraint, seed=seed, max_denoising_steps=STEPS)
        assert text.startswith("Title")
        assert constraint.matches(text)


def test_fixed_tokens(engine: cg.Engine) -> None:
    ids = engine.vocabulary.spell(b"Paris")
    assert ids is not None
    places = {3 + at: token for at, token in enumerate(ids)}
    done = engine.complete(
        "A city", constraint=cg.text() & cg.fixed(places), seed=0, max_denoising_steps=STEPS
    )
    assert [done.token_ids[at] for at in places] == list(ids)


def test_near(engine: cg.Engine) -> None:
    constraint = cg.text() & cg.near("regards", 20)
    compiled = constraint.compile(engine.vocabulary)
    for seed in range(3):
        done = engine.complete("A mail", constraint=constraint, seed=seed, max_denoising_steps=STEPS)
        assert compiled.accepts(done.token_ids)
        at = next(
            n
            for n in range(len(done.token_ids))
            if b"regards" in engine.vocabulary.text_bytes(done.token_ids[: n + 1])
        )
        assert 12 <= at <= 28


def test_the_value_is_the_other_constraints(engine: cg.Engine) -> None:
    constraint = cg.fixed({0: '{"n'}) & cg.json_schema(
        {"properties": {"n": {"type": "integer"}}, "type": "object"}
    )
    value = engine.generate("n is 7", constraint=constraint, seed=0, max_denoising_steps=STEPS)
    assert isinstance(value["n"], int)


def test_positions_go_on_counting_on_the_next_canvas(engine: cg.Engine) -> None:
    length = engine.denoiser.canvas_length
    constraint = (
        cg.text(lines=False) & cg.near("regards", length + 5, within=2) & cg.fixed({length + 10: "Bob"})
    )
    compiled = constraint.compile(engine.vocabulary)
    done = engine.complete("A mail", constraint=constraint, seed=1, max_denoising_steps=STEPS)
    assert done.blocks == 2
    assert compiled.accepts(done.token_ids)
    for n, seen in ((length + 3, False), (length + 8, True)):
        assert (b"regards" in engine.vocabulary.text_bytes(done.token_ids[:n])) == seen


def test_what_cannot_be_is_said_before_the_model_runs(engine: cg.Engine) -> None:
    with pytest.raises(BudgetTooSmall, match="raise max_tokens to 31"):
        engine.complete("x", constraint=cg.text() & cg.fixed({30: "a"}), max_tokens=30)
    with pytest.raises(BudgetTooSmall):
        engine.complete("x", constraint=cg.text() & cg.near("dear", 40, within=3), max_tokens=36)
    with pytest.raises(Unsatisfiable):
        engine.complete("x", constraint=cg.regex("[0-9]+") & cg.fixed({0: "a"}))
    with pytest.raises(InvalidConstraint, match="no text"):
        engine.complete("x", constraint=cg.text() & cg.fixed({0: engine.vocabulary.end_ids[0]}))


@pytest.mark.slow
def test_thoughts_of_bounded_tokens() -> None:
    answer = cg.json_schema({"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]})
    constraint = cg.text(20, until="</think>", max_tokens=40) + answer
    done = cg.load().complete(
        "ok yes", constraint=constraint, seed=1, max_denoising_steps=2, probabilities=True
    )
    assert set(done.value) == {"ok"}
    thoughts, mark, _ = done.text.partition("</think>")
    assert len(thoughts) >= 20
    assert mark
    compiled = constraint.compile(cg.load().vocabulary)
    assert compiled.accepts(done.token_ids)
    ends = next(
        n
        for n in range(len(done.token_ids))
        if b"</think>" in cg.load().vocabulary.text_bytes(done.token_ids[: n + 1])
    )
    assert ends < 40
    assert sum(done.probabilities["ok"].values()) == pytest.approx(1.0, abs=1e-5)


def test_bounded_thoughts_come_first() -> None:
    bounded = cg.text(until=".", max_tokens=9)
    with pytest.raises(UnsupportedConstraint):
        cg.literal("So: ") + bounded
    with pytest.raises(UnsupportedConstraint):
        cg.template("{a} {b}", a=bounded, b=cg.text())
    with pytest.raises(InvalidConstraint, match="until"):
        cg.text(max_tokens=9)


@pytest.mark.slow
@pytest.mark.parametrize("place", [{0: "T"}, {1: "he"}, {40: "a"}])
def test_a_long_text_that_is_written_already_keeps_its_positions(
    engine: cg.Engine, place: dict[int, str]
) -> None:
    """The tokenizer cuts what stands before the canvas; where that breaks a position it is cut anew."""
    length = engine.denoiser.canvas_length
    long = "The harbour was quiet, and a small boat came in with the tide. " * (1 + length // 24)
    constraint = cg.infill(long, ".", cg.regex("[a-z]{1,8}")) & cg.fixed(place)
    compiled = constraint.compile(engine.vocabulary)
    own = engine.tokens(long)
    done = engine.complete("", constraint=constraint, seed=0, max_denoising_steps=1)
    assert len(own) > length
    assert compiled.accepts(done.token_ids)
    assert done.text.startswith(long)
