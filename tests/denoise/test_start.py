"""Generations that start from a text: what is written stays, the canvas starts from it, the schedule is shortened."""

from __future__ import annotations

import pytest
import torch
from toy_models import END, LETTERS, Confident, Erratic

from canvasgen.constraints import edit, infill, regex
from canvasgen.denoise import Job, Start, run
from canvasgen.errors import BudgetTooSmall, ModelError, Outcome
from canvasgen.models.prompts import GreedyPrompts
from canvasgen.models.starts import GAP_WIDTHS, KEPT_TOKENS, starts_from

TOKENS = GreedyPrompts(LETTERS).tokens


def ids(text: str) -> list[int]:
    return TOKENS(text)


def starts(constraint, length=8, seed=0) -> tuple[Start, ...]:
    assert constraint.shown.canvas
    return starts_from(constraint.shown, TOKENS, canvas_length=length, end_ids=(END,), seed=seed)


def test_a_gap_is_noise_of_several_widths_between_what_stays():
    made = starts(infill("ab", "cd"), length=32)
    for width, one in zip(GAP_WIDTHS, made, strict=False):
        assert one.canvas == (*ids("ab"), *[None] * width, *ids("cd"), END)
    assert made[-1].canvas == tuple(ids("ab"))
    assert len(made) == len(GAP_WIDTHS) + 1
    assert {(one.written, one.kept, one.strength) for one in made} == {((), len(ids("ab")) - 1, 1.0)}


def test_a_strong_edit_starts_from_noise_and_a_weak_one_from_the_text():
    content = "abababab"
    strong = starts(edit(content, (2, 6)), length=32)
    assert strong[0].canvas == (*ids("ab"), None, None, *ids("ab"), END)
    assert strong[1].canvas == (*ids("ab"), None, *ids("ab"), END)
    (weak,) = starts(edit(content, (2, 6), strength=1e-9), length=32)
    assert weak.canvas == (*ids(content), END)


def test_of_a_text_too_long_for_the_canvas_the_beginning_goes_into_the_context():
    content = "a" * 60
    made = starts(infill(content, "b"), length=32)
    assert {one.written for one in made} == {tuple(ids("a" * (60 - KEPT_TOKENS)))}
    assert made[0].canvas[:KEPT_TOKENS] == tuple(ids("a" * KEPT_TOKENS))
    assert made[0].kept == KEPT_TOKENS - 1
    assert all(len(one.canvas) <= 32 for one in starts(infill(content, "b" * 40), length=32))
    short = starts(infill("a" * 20, "b"), length=64)
    assert short[0].written == ()


def test_the_likeliest_start_is_taken():
    """A model that copies its canvas believes in the start whose gap has the width that the constraint asks for."""

    class Copies(Confident):
        def row(self, read, canvas, known):
            return torch.nn.functional.one_hot(canvas, self.vocab_size).float() * 9

    constraint = infill("ab", "cd", regex("[e-h]{3}"))
    job = Job([2], constraint.compile(LETTERS), starts=starts(constraint, length=16), seed=4)
    (done,) = run(Copies(canvas_length=16), [job])
    first = done.trace[0].ids.tolist()
    assert first[: len(ids("ab"))] == ids("ab")
    assert first[len(ids("ab")) + 3 :][:2] == [*ids("cd"), END]
    assert done.trace[0].log_partition > -20


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
    job = Job([2], constraint.compile(LETTERS), seed=seed, max_tokens=8, starts=(made,))
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
    job = Job([2], constraint.compile(LETTERS), max_tokens=2, starts=(made,))
    (done,) = run(Erratic(canvas_length=8), [job])
    assert done.text == "ab" * 10 + "c"
    with pytest.raises(BudgetTooSmall):
        run(Erratic(canvas_length=8), [Job([2], constraint.compile(LETTERS), max_tokens=2)])


def test_written_text_must_fit_the_constraint():
    job = Job([2], regex("a+").compile(LETTERS), starts=(Start(written=tuple(ids("ab"))),))
    with pytest.raises(ModelError, match="does not fit"):
        run(Erratic(), [job])


@pytest.mark.parametrize(("strength", "most"), [(1.0, 10), (0.5, 5), (0.1, 1), (0.01, 1)])
def test_the_strength_shortens_the_schedule(strength, most):
    job = Job(
        [2], regex("[a-d]{6}").compile(LETTERS), max_denoising_steps=10, starts=(Start(strength=strength),)
    )
    (done,) = run(Erratic(), [job])
    assert done.steps[0] <= most
    temperatures = [step.temperature for step in done.trace]
    whole = run(Erratic(), [Job([2], regex("[a-d]{6}").compile(LETTERS), max_denoising_steps=10)])[0]
    assert temperatures[0] == pytest.approx(0.4 + 0.4 * min(most, 10) / 10, abs=1e-6)
    assert whole.trace[0].temperature == pytest.approx(0.8, abs=1e-6)


def race_of(steps, seed=4, starts_of=lambda c: starts(c, length=16)):
    constraint = infill("ab", "cd", regex("[e-h]{3}"))
    jobs = [
        Job(
            [2, number],
            constraint.compile(LETTERS),
            starts=starts_of(constraint),
            seed=seed,
            max_denoising_steps=steps,
        )
        for number in (2, 3)
    ]
    return constraint, run(Erratic(canvas_length=16), jobs), jobs


@pytest.mark.parametrize("steps", [1, 2, 3, 8])
def test_the_race_keeps_to_the_schedule(steps):
    constraint, done, _ = race_of(steps)
    for one in done:
        assert constraint.matches(one.text)
        assert one.steps[0] <= steps
        assert len(one.trace) == one.steps[0]
        assert [record.step for record in one.trace] == list(range(1, one.steps[0] + 1))


def test_rows_race_by_themselves():
    """A row of a batch ends as it does alone."""
    _, together, jobs = race_of(6)
    for one, job in zip(together, jobs, strict=True):
        (alone,) = run(Erratic(canvas_length=16), [job])
        assert alone.token_ids == one.token_ids
        assert alone.log_prob == pytest.approx(one.log_prob)


def test_equal_starts_race_to_what_one_gives():
    _, several, _ = race_of(1, starts_of=lambda _: (Start(), Start(), Start()))
    _, single, _ = race_of(1, starts_of=lambda _: (Start(),))
    assert [one.token_ids for one in several] == [one.token_ids for one in single]


def test_text_behind_the_last_gap_takes_one_step_a_canvas():
    constraint = infill("ab", "cd" * 16, regex("[e-h]"))
    job = Job([2], constraint.compile(LETTERS), max_tokens=40, max_denoising_steps=9, seed=1)
    (done,) = run(Erratic(canvas_length=8), [job])
    assert constraint.matches(done.text)
    assert done.blocks >= 3
    assert set(done.steps[1:]) == {1}
