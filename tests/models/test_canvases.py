"""The canvas suits the answer, where the model takes several lengths."""

from __future__ import annotations

from dataclasses import dataclass

import gemma_toys
import pytest
import torch

import canvasgen as cg
from canvasgen.constraints import choice, edit, fixed, infill, literal, regex, text
from canvasgen.denoise import Policy, Resizable, Start, run
from canvasgen.engine import Engine
from canvasgen.errors import ModelError
from canvasgen.models.canvases import canvas_for
from canvasgen.models.diffusion_gemma import DiffusionGemma
from canvasgen.models.loading import load

LENGTHS = (4, 8, 12, 16)


def toy(lengths: object = LENGTHS, own: int = 16) -> DiffusionGemma:
    model = gemma_toys.model(3)
    model.config.canvas_length = own
    model.config.canvas_lengths = lengths
    return DiffusionGemma(model, gemma_toys.vocabulary())


MODEL = toy()


def chosen(
    constraint,
    max_tokens: int | None = None,
    usual: int | None = None,
    starts: tuple[Start, ...] = (Start(),),
) -> int:
    compiled = None if constraint is None else constraint.compile(MODEL.vocabulary)
    return canvas_for(MODEL, compiled, starts, max_tokens=max_tokens, usual=usual).canvas_length


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        (choice(["A", "BCD"]), 4),
        (literal("ABCD"), 8),
        (regex("[A-Z]{1,7}"), 8),
        (regex("[A-Z]{1,8}"), 12),
        (regex("[A-Z]{16}"), 16),
        (regex("[A-Z]{1,99}"), 16),
        (regex("[A-Z]*"), 16),
        (text(), 16),
        (None, 16),
        (fixed({2: "A"}) & regex("[A-Z]{3}"), 16),
    ],
)
def test_the_shortest_that_holds_the_longest_text(constraint, expected):
    assert chosen(constraint) == expected


@pytest.mark.parametrize(("tokens", "expected"), [(3, 4), (4, 4), (5, 8), (40, 16)])
def test_a_budget_bounds_it(tokens, expected):
    assert chosen(regex("[A-Z]*"), tokens) == chosen(None, tokens) == expected
    assert chosen(choice(["A"]), tokens) == 4


def test_an_old_text_fills_three_quarters():
    for laid, expected in ((3, 4), (4, 8), (6, 8), (7, 12), (9, 12), (10, 16), (40, 16)):
        starts = Start(canvas=(4,) * laid), Start(canvas=(4,))
        assert chosen(infill("A", "B", text()), starts=starts) == expected
    written = (Start(canvas=(4,), written=(5,)),)
    assert chosen(infill("A", "B", text()), starts=written) == 16


def test_the_policy_says_what_is_usual():
    assert chosen(regex("[A-Z]*"), usual=8) == 8
    assert chosen(choice(["A"]), usual=8) == 4
    with pytest.raises(ModelError, match="choose one of 4, 8, 12, 16") as told:
        chosen(None, usual=7)
    assert (told.value.rule, told.value.value) == ("canvas_length", 7)


@pytest.mark.parametrize("given", ["32", [0], [4.5], {"a": 1}])
def test_lengths_that_are_none(given):
    with pytest.raises(ModelError, match="canvas_lengths"):
        toy(given)


def test_a_model_of_one_length_stays_as_it_is():
    single = toy(None)
    assert single.canvas_lengths == (16,)
    compiled = choice(["A"]).compile(single.vocabulary)
    assert canvas_for(single, compiled, (Start(),), max_tokens=None, usual=None) is single

    @dataclass
    class Other:
        canvas_length: int = 16

    assert not isinstance(Other(), Resizable)
    assert canvas_for(Other(), compiled, (Start(),), max_tokens=None, usual=None).canvas_length == 16  # type: ignore[arg-type]
    with pytest.raises(ModelError):
        canvas_for(Other(), compiled, (Start(),), max_tokens=None, usual=8)  # type: ignore[arg-type]


def test_the_shorter_canvas_is_that_of_a_model_made_for_it():
    short, native = MODEL.with_canvas(8), toy(None, own=8)
    canvas = torch.randint(3, gemma_toys.SIZE, (2, 8), generator=torch.Generator().manual_seed(1))
    prompts = gemma_toys.prompts(5, 4, 9)
    logits = [model.denoise(model.prefill(prompts), canvas, None) for model in (short, native)]
    assert torch.equal(*logits)
    read = [model.commit(model.prefill(prompts), canvas) for model in (short, native)]
    after = [model.denoise(one, canvas, None) for model, one in zip((short, native), read, strict=True)]
    assert torch.equal(*after)
    assert MODEL.canvas_length == 16
    with pytest.raises(ModelError, match="4, 8, 12, 16"):
        MODEL.with_canvas(5)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return cg.load()


def test_the_embedded_model_takes_several(engine):
    """Weights that were trained on several lengths say so in their config.json."""
    denoiser = engine.denoiser
    assert isinstance(denoiser, Resizable)
    assert min(denoiser.canvas_lengths) <= 32
    assert denoiser.canvas_length in denoiser.canvas_lengths


def test_the_embedded_model_is_told_where_the_fixed_text_of_templates_is(engine):
    """Weights bring it in their config.json (`train.save`); new ones that lack it get it there."""
    assert engine.denoiser.defaults.self_conditioning == "templates"


@pytest.mark.parametrize(
    ("options", "positions"),
    [
        ({"choice": ["open", "closed"]}, 32),
        ({"regex": r"\d{4}-\d{2}-\d{2}"}, 32),
        ({"constraint": edit("The lamp costs 12 dollars.", "12")}, 48),
        ({"max_tokens": 20}, 20),
        ({"constraint": text()}, 128),
    ],
)
def test_a_short_answer_runs_on_a_short_canvas(engine, options, positions):
    done = engine.complete(
        "It costs 15 dollars.", seed=1, max_denoising_steps=2, on_step_limit="return", **options
    )
    assert len(done.trace[0].ids) <= positions
    assert len(done.trace[0].ids) == positions or "constraint" in options


def test_a_batch_of_several_lengths_answers_as_alone(engine):
    asked = [
        cg.Request("Status: open", choice=["open", "closed"], seed=1),
        cg.Request("Call 555-0192", regex=r"\d{3}-\d{4}", seed=2),
        cg.Request("See you on Friday.", constraint=infill("On ", " then.", text(lines=False)), seed=3),
        cg.Request("Status: open", choice=["open", "closed"], seed=1),
    ]
    together = engine.batch(asked)
    assert [one.token_ids for one in together] == [
        run(denoiser, [job])[0].token_ids for _, denoiser, job in map(engine._prepared, asked)
    ]


def test_the_engine_reads_the_policy(engine):
    del engine
    short = Engine(load(), policy=Policy(canvas_length=32))
    done = short.complete("x", constraint=text(), seed=1, max_denoising_steps=1, on_step_limit="return")
    assert len(done.trace[0].ids) == 32
    with pytest.raises(ModelError, match="canvases of this length"):
        Engine(load(), policy=Policy(canvas_length=31)).generate("x", regex="a")
