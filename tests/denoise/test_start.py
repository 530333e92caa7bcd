"""Generations that start from a text: what is written stays, the canvas starts from it, the schedule is shortened."""

from __future__ import annotations

import pytest
import torch
from toy_models import END, LETTERS, Erratic

from canvasgen.constraints import edit, infill, regex
from canvasgen.denoise import Job, Start, run
from canvasgen.errors import BudgetTooSmall, ModelError, Outcome
from canvasgen.models.prompts import GreedyPrompts
from canvasgen.models.starts import GAP_TOKENS, KEPT_TOKENS, start_from

TOKENS = GreedyPrompts(LETTERS).tokens


def ids(text: str) -> list[int]:
    return TOKENS(text)


def start(constraint, length=8, seed=0) -> Start:
    assert constraint.draft is not None
    return start_from(constraint.draft, TOKENS, canvas_length=length, end_ids=(END,), seed=seed)


def test_a_gap_is_noise_between_what_stays():
    made = start(infill("ab", "cd"), length=16)
    assert made.canvas == (*ids("ab"), *[None] * GAP_TOKENS, *ids("cd"), END)
    assert made.written == ()
    assert made.kept == len(ids("ab")) - 1


def test_a_strong_edit_starts_from_noise_and_a_weak_one_from_the_text():
    content = "abababab"
    strong = start(edit(content, (2, 6)), length=16)
    assert strong.canvas == (*ids("ab"), None, None, *ids("ab"), END)
    weak = start(edit(content, (2, 6), strength=1e-9), length=16)
    assert weak.canvas == (*ids(content), END)


def test_a_long_beginning_goes_into_the_context():
    content = "a" * 60
    made = start(infill(content, "b"), length=32)
    assert made.written == tuple(ids("a" * (60 - KEPT_TOKENS)))
    assert made.canvas[:KEPT_TOKENS] == tuple(ids("a" * KEPT_TOKENS))
    assert made.kept == KEPT_TOKENS - 1


def test_the_canvas_is_laid_over_noise():
    made = Start(canvas=(5, None, 6), kept=1)
    noise = torch.tensor([9, 9, 9, 9])
    assert made.onto(noise).tolist() == [5, 9, 6, 9]
    assert made.renoised(noise).tolist() == [5, 9, 9, 9]
    assert noise.tolist() == [9, 9, 9, 9]
    assert Start(canvas=(5, 6, 7, 8, 2, 3)).onto(noise).tolist() == [5, 6, 7, 8]


class Watched(Erratic):
    """Remembers what it was shown."""

    def denoise(self, context, canvas, self_conditioning):
        self.seen = [*getattr(self, "seen", []), canvas.clone()]
        return super().denoise(context, canvas, self_conditioning)


@pytest.mark.parametrize("seed", range(8))
def test_written_text_is_read_and_stays(seed):
    constraint = infill("abababab" * 2, "d", regex("[a-c]{1,2}"))
    model = Watched(canvas_length=8)
    made = Start(written=tuple(ids("ab" * 6)), canvas=(*ids("abab"), None))
    job = Job([2], constraint.compile(LETTERS), seed=seed, max_tokens=8, start=made)
    (done,) = run(model, [job])
    assert constraint.matches(done.text)
    assert done.text.startswith("ab" * 8)
    assert done.token_ids[: len(made.written)] == made.written
    assert len(done.token_ids) - len(made.written) <= 8 + 1
    assert done.outcome is not Outcome.UNCLOSED
    assert model.seen[0][0, : len(ids("abab"))].tolist() == ids("abab")


def test_the_budget_does_not_count_what_is_written():
    constraint = infill("ab" * 10, "", regex("c"))
    made = Start(written=tuple(ids("ab" * 9)))
    job = Job([2], constraint.compile(LETTERS), max_tokens=2, start=made)
    (done,) = run(Erratic(canvas_length=8), [job])
    assert done.text == "ab" * 10 + "c"
    with pytest.raises(BudgetTooSmall):
        run(Erratic(canvas_length=8), [Job([2], constraint.compile(LETTERS), max_tokens=2)])


def test_written_text_must_fit_the_constraint():
    job = Job([2], regex("a+").compile(LETTERS), start=Start(written=tuple(ids("ab"))))
    with pytest.raises(ModelError, match="does not fit"):
        run(Erratic(), [job])


@pytest.mark.parametrize(("strength", "most"), [(1.0, 10), (0.5, 5), (0.1, 1), (0.01, 1)])
def test_the_strength_shortens_the_schedule(strength, most):
    job = Job([2], regex("[a-d]{6}").compile(LETTERS), max_denoising_steps=10, start=Start(strength=strength))
    (done,) = run(Erratic(), [job])
    assert done.steps[0] <= most
    temperatures = [step.temperature for step in done.trace]
    whole = run(Erratic(), [Job([2], regex("[a-d]{6}").compile(LETTERS), max_denoising_steps=10)])[0]
    assert temperatures[0] == pytest.approx(0.4 + 0.4 * min(most, 10) / 10, abs=1e-6)
    assert whole.trace[0].temperature == pytest.approx(0.8, abs=1e-6)
