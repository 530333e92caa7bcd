"""`quality=` and `target_ms=` of a request: what is allowed, and what the completion says."""

from __future__ import annotations

import math
import warnings

import pytest

import canvasgen as cg
from canvasgen.denoise import Completion, Policy
from canvasgen.errors import InvalidConstraint, Outcome, StepLimitWarning
from canvasgen.request import check_settings, settled


@pytest.fixture(scope="module")
def engine() -> cg.Engine:
    return cg.load()


@pytest.mark.parametrize("value", ["fastest", "", -0.1, 1.1, math.nan, True, [0.5], {}, 3 + 1j])
def test_what_is_no_quality(value):
    with pytest.raises(InvalidConstraint, match="quality") as told:
        check_settings(cg.Request("x", quality=value))
    assert (told.value.rule, "fast" in str(told.value.remedy)) == ("quality", True)


def test_a_policy_of_the_engine() -> None:
    short = cg.load(policy=Policy(canvas_length=64))
    done = short.complete("a", max_tokens=200, max_denoising_steps=1, seed=0, on_step_limit="return")
    assert len(done.trace[0].ids) == 64
    with pytest.raises(InvalidConstraint, match="policy"):
        cg.load(policy="balanced")  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [0, -1, math.inf, math.nan, "200", True, [200]])
def test_what_is_no_target(value):
    with pytest.raises(InvalidConstraint, match="milliseconds") as told:
        check_settings(cg.Request("x", target_ms=value))
    assert told.value.rule == "target_ms"


@pytest.mark.parametrize(
    "given",
    [
        {"quality": "fast", "target_ms": 100},
        {"quality": 0.0, "max_denoising_steps": 4},
        {"target_ms": 100, "max_denoising_steps": 4},
    ],
)
def test_one_of_them_says_how_many_steps(given):
    with pytest.raises(InvalidConstraint, match=" and ".join(given)):
        check_settings(cg.Request("x", **given))


def test_what_is_allowed():
    for value, number in (("fast", 0), ("balanced", 0.5), ("best", 1), (0, 0), (0.3, 0.3), (1, 1)):
        assert check_settings(cg.Request("x", quality=value)).quality == number
    assert check_settings(cg.Request("x", target_ms=1)).target_ms == 1.0


def test_a_text_cut_short_says_so(engine):
    """Less time than any step takes: one step, and a valid text."""
    options = {"regex": "[a-h]{12}", "seed": 1, "target_ms": 1e-3}
    with pytest.warns(StepLimitWarning, match="raise target_ms") as told:
        done = engine.complete("a", **options)
    assert told[0].filename == __file__
    assert (done.steps, done.outcome) == ((1,), Outcome.TIME_LIMIT)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert engine.complete("a", **options, on_step_limit="return").text == done.text


@pytest.mark.slow
def test_a_low_quality_takes_a_quarter_of_the_steps(engine):
    options = {"regex": "[a-h]{12}", "seed": 1, "on_step_limit": "return"}
    fast = engine.complete("a", quality="fast", **options)
    usual = engine.complete("a", quality="balanced", **options)
    assert fast.steps[0] <= engine.denoiser.defaults.max_denoising_steps // 4
    assert usual.token_ids == engine.complete("a", **options).token_ids


@pytest.mark.parametrize(
    ("outcome", "options", "remedy"),
    [
        (Outcome.STEP_LIMIT, {}, "max_denoising_steps"),
        (Outcome.STEP_LIMIT, {"quality": 0.0}, "quality"),
        (Outcome.TIME_LIMIT, {"target_ms": 5}, "target_ms"),
        (Outcome.OSCILLATION, {}, "cycle"),
    ],
)
def test_the_remedy_is_what_helps(outcome, options, remedy):
    done = Completion("a", "a", (3,), 0.0, outcome=outcome)
    with pytest.raises(cg.errors.StepLimit) as told:
        settled(cg.Request("x", on_step_limit="raise", **options), done)
    assert remedy in str(told.value.remedy)
    assert settled(cg.Request("x", on_step_limit="return", **options), done) is done


def test_a_batch_mixes_them(engine):
    asked = [{"prompt": "a", "regex": "[a-h]{3}", "seed": 1, "on_step_limit": "return"} for _ in range(3)]
    asked[0]["quality"], asked[1]["target_ms"] = "fast", 1e-3
    done = engine.batch(asked)
    assert done[1].steps == (1,)
    assert done[0].steps <= done[2].steps
