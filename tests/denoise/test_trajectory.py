"""The loop without a constraint, on a toy whose every step is known."""

import math

import pytest
import torch
from toy_models import END, LETTERS, PAD, Base, Confident, Erratic, FixedNoise, Reciter

from canvasgen.denoise import Commit, Defaults, Done, Draft, Job, run, stream
from canvasgen.errors import BudgetTooSmall, InvalidConstraint, ModelError, Outcome

A, B, C, D = 2, 3, 4, 5
NOISE = 9


def recite(*target, **options):
    return Reciter(target=target, defaults=Defaults(max_tokens=8, **options))


def test_exact_trajectory():
    """Step k knows k tokens; the entropy bound lets one unsure position in beside them, with token 0."""
    target = (A, B, C, END, PAD, PAD, PAD, PAD)
    model = recite(*target)
    events = list(stream(model, [Job([A], temperature=0)], randomness=FixedNoise(NOISE, 8)))
    drafts = [event.record for event in events if isinstance(event, Draft)]
    flat = math.log(LETTERS.size)
    for step in range(1, 5):
        record = drafts[step - 1]
        assert record.ids.tolist() == [*target[:step], *[PAD] * (8 - step)]
        assert (record.block, record.step, record.accepted) == (1, step, step + 1)
        assert record.temperature == pytest.approx(0.4 + 0.4 * (48 - step + 1) / 48)
        assert record.mean_entropy == pytest.approx(flat * (8 - step) / 8, rel=1e-3)
        assert record.log_partition is None
    # At step 4 the unsure position that gets in holds the right token, PAD: each further step knows two more.
    assert [record.accepted for record in drafts[4:]] == [7, 8]
    assert [type(event).__name__ for event in events[-2:]] == ["Commit", "Done"]
    done = events[-1].completion
    assert (done.text, done.token_ids, done.steps, done.blocks) == ("abc", (A, B, C, END), (6,), 1)
    assert done.outcome is Outcome.COMPLETE
    assert done.log_prob == pytest.approx(0.0, abs=1e-3)
    assert done.value == "abc"
    assert len(done.trace) == 6
    assert model.calls == ["prefill 1", *["denoise 1"] * 6]


def test_step_limit():
    done = run(
        recite(A, B, C, END, PAD, PAD, PAD, PAD),
        [Job([A], max_denoising_steps=4)],
        randomness=FixedNoise(NOISE, 8),
    )
    assert done[0].steps == (4,)
    assert done[0].outcome is Outcome.STEP_LIMIT


def test_no_end_token():
    done = run(Confident(logits=wants("abababab")), [Job([A])])[0]
    assert done.outcome is Outcome.UNCLOSED
    assert done.text == "abababab"


def wants(text, length=8, strength=40.0):
    """Logits for a text of one-letter tokens, an end token and pads."""
    ids = [LETTERS.tokens.index(letter.encode()) for letter in text]
    ids = [*ids, END, *[PAD] * length][:length]
    return strength * torch.nn.functional.one_hot(torch.tensor(ids), LETTERS.size).float()


def test_budget_cuts_the_last_block():
    done = run(Confident(logits=wants("abababab")), [Job([A], max_tokens=13)])[0]
    assert (done.text, done.blocks, len(done.token_ids)) == ("abababababab" + "a", 2, 13)
    assert done.outcome is Outcome.UNCLOSED


def test_blocks_are_read_before_the_next():
    model = Erratic(seed=1, canvas_length=4)
    events = list(stream(model, [Job([A, B], max_tokens=12, max_denoising_steps=3)]))
    commits = [event for event in events if isinstance(event, Commit)]
    blocks = commits[-1].block
    assert model.calls.count("commit 1") == blocks - 1
    assert isinstance(events[-1], Done)
    drafts = [event for event in events if isinstance(event, Draft)]
    assert all(draft.text.startswith(commits[0].text) for draft in drafts if draft.block == 2)


def test_same_seed_same_tokens():
    model = Erratic(seed=2)
    runs = [
        run(model, [Job([A], seed=seed, max_denoising_steps=6)])[0].token_ids for seed in (1, 1, 2, 3, 4, 5)
    ]
    assert runs[0] == runs[1]
    assert len(set(runs)) > 1


def test_batch_equals_single():
    model = Erratic(seed=3, canvas_length=4)
    jobs = [Job(list(range(A, A + n)), seed=n, max_tokens=10, max_denoising_steps=2 + n, temperature=t)
            for n, t in ((1, None), (2, 0.0), (3, 1.5), (4, None))]  # fmt: skip
    together = run(model, jobs)
    for job, one in zip(jobs, together, strict=True):
        alone = run(model, [job])[0]
        assert (alone.token_ids, alone.steps, alone.outcome) == (one.token_ids, one.steps, one.outcome)
        assert alone.log_prob == pytest.approx(one.log_prob)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_nan_names_step_and_position(value):
    class Broken(Confident):
        def row(self, read, canvas, known):
            logits = self.logits.clone()
            if len(self.calls) == 3:
                logits[5, 3] = value
            return logits

    with pytest.raises(ModelError, match=r"block 1, step 2, position 5"):
        run(Broken(logits=torch.randn(8, LETTERS.size)), [Job([A])])


def test_impossible_jobs_do_not_reach_the_model():
    model = Base(max_context=20)
    with pytest.raises(ModelError, match=r"15 tokens.*room for 12"):
        run(model, [Job([A] * 15)])
    with pytest.raises(BudgetTooSmall):
        run(model, [Job([A], max_tokens=0)])
    with pytest.raises(InvalidConstraint):
        run(model, [Job([A], temperature=-1.0)])
    with pytest.raises(InvalidConstraint):
        run(model, [Job([A], max_denoising_steps=0)])
    with pytest.raises(ModelError, match="no tokens"):
        run(model, [Job([])])
    with pytest.raises(BudgetTooSmall):
        stream(model, [Job([A], max_tokens=0)])
    assert model.calls == []


def test_no_jobs():
    assert run(Base(), []) == []


def test_any_int_is_a_seed():
    for seed in (-1, 2**80):
        assert run(Erratic(), [Job([A], seed=seed, max_denoising_steps=1)])[0].steps == (1,)


def test_ctrl_c_passes_through():
    class Interrupted(Confident):
        def row(self, read, canvas, known):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(Interrupted(), [Job([A])])


def test_timings_cover_the_run():
    times = run(Erratic(), [Job([A], max_denoising_steps=3)])[0].timings
    parts = {"prefill", "denoise", "condition", "solve", "commit", "other"}
    assert set(times) == parts | {"total", "first_useful"}
    assert sum(times[name] for name in parts) == pytest.approx(times["total"])
    assert times["first_useful"] <= times["total"]
    assert min(times.values()) >= 0
