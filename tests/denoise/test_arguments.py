"""Every public argument with values that it cannot have: an error of the package, or an answer; never anything else."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from toy_models import LETTERS, Erratic

import canvasgen as cg
from canvasgen.denoise import Completion, Defaults, Done
from canvasgen.errors import (
    CanvasgenError,
    InvalidConstraint,
    ModelError,
    Outcome,
    StepLimit,
    StepLimitWarning,
)


def named(value: Any) -> str:
    """A name that is the same in every process."""
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))[:60]


WRONG: list[Any] = [
    None,
    True,
    -1,
    0,
    1.5,
    2**70,
    float("nan"),
    float("inf"),
    1e-45,
    "x",
    "",
    b"x",
    [],
    ["a"],
    [1],
    {},
    {"a": 1},
    {1: 2},
    set(),
    object(),
    int,
    len,
    np.int64(2),
    np.float32(0.5),
    np.zeros(2),
    np.bool_(True),
]
FIELDS = [
    "schema",
    "regex",
    "grammar",
    "choice",
    "template",
    "table",
    "constraint",
    "validators",
    "max_tokens",
    "max_denoising_steps",
    "temperature",
    "seed",
    "prompt_schema",
    "probabilities",
    "grounded",
    "on_step_limit",
]


@pytest.fixture(scope="module")
def engine() -> cg.Engine:
    return cg.load(Erratic(defaults=Defaults(max_tokens=4, max_denoising_steps=2)))


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def ends(call: Any) -> Any:
    """What a call comes to, an error of the package included."""
    try:
        return call()
    except CanvasgenError as error:
        return error


@pytest.mark.parametrize("value", WRONG, ids=named)
@pytest.mark.parametrize("name", FIELDS)
def test_fields_of_a_request(engine: cg.Engine, name: str, value: Any) -> None:
    if name == "max_denoising_steps" and isinstance(value, int) and value == 2**70:
        return  # as many steps as one likes
    for made in (
        ends(lambda: engine.complete("a", **{name: value})),
        ends(lambda: [*engine.stream("a", **{name: value})][-1]),
        ends(lambda: engine.batch([{"prompt": "a", name: value}], errors="return")[0]),
    ):
        assert isinstance(made, Completion | Done | CanvasgenError)


MESSAGES: list[Any] = [
    [{}],
    [{"role": 1}],
    [{"role": "user"}],
    [{"role": "user", "content": 3}],
    [{"role": "user", "content": [{"text": 3}]}],
]


@pytest.mark.parametrize("value", [*WRONG, *MESSAGES], ids=named)
def test_prompts(engine: cg.Engine, value: Any) -> None:
    assert isinstance(ends(lambda: engine.complete(value)), Completion | CanvasgenError)
    assert isinstance(ends(lambda: engine.decide(value, ["a", "b"], samples=1)), dict | CanvasgenError)


@pytest.mark.parametrize("value", WRONG, ids=named)
def test_decisions(engine: cg.Engine, value: Any) -> None:
    for name in ("options", "samples", "steps", "seed"):
        if name in ("samples", "steps") and isinstance(value, int) and value > 9:
            continue  # a number of canvases that would be drawn
        options = {"options": ["a", "b"], "samples": 1, name: value}
        assert isinstance(ends(lambda options=options: engine.decide("a", **options)), dict | CanvasgenError)


@pytest.mark.parametrize(
    "value", [*WRONG, [None], [[]], ["a", {}], [{1: 2}], [cg.Request("a"), 3]], ids=named
)
def test_batches(engine: cg.Engine, value: Any) -> None:
    assert isinstance(ends(lambda: engine.batch(value)), list | CanvasgenError)
    one = [cg.Request("a")]
    for name in ("size", "errors", "progress"):
        assert isinstance(ends(lambda name=name: engine.batch(one, **{name: value})), list | CanvasgenError)


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"validators": len}, "validators"),
        ({"validators": [1]}, "validators"),
        ({"validators": "x"}, "validators"),
        ({"prompt_schema": "x"}, "prompt_schema"),
        ({"probabilities": "x"}, "probabilities"),
        ({"temperature": 1e-45}, "temperature"),
        ({"temperature": True}, "temperature"),
        ({"temperature": "1"}, "temperature"),
        ({"max_denoising_steps": 0}, "max_denoising_steps"),
        ({"max_tokens": 1.5}, "max_tokens"),
        ({"on_step_limit": "ignore"}, "on_step_limit"),
        ({"seed": "a"}, "seed"),
    ],
)
def test_the_error_names_the_argument(engine: cg.Engine, options: dict[str, Any], rule: str) -> None:
    with pytest.raises(InvalidConstraint) as caught:
        engine.complete("a", **options)
    assert caught.value.rule == rule
    with pytest.raises(InvalidConstraint, match="request 1"):
        engine.batch([{"prompt": "a"}, "a"])  # type: ignore[list-item]


def test_numbers_of_numpy_are_numbers(engine: cg.Engine) -> None:
    options = {"seed": 3, "max_tokens": 3, "max_denoising_steps": 2, "temperature": 0.5}
    plain = engine.complete("a", **options)
    same = engine.complete(
        "a",
        seed=np.int64(3),
        max_tokens=np.int32(3),
        max_denoising_steps=np.uint8(2),
        temperature=np.float64(0.5),
        probabilities=np.bool_(False),
    )
    assert plain.token_ids == same.token_ids


def compiled() -> Any:
    return (cg.regex("[a-d]*") & cg.fixed({6: "a"})).compile(LETTERS)


@pytest.mark.parametrize("value", WRONG, ids=named)
@pytest.mark.parametrize("name", ["logits", "fixed", "state", "remaining", "offset", "backend"])
def test_arguments_of_condition(name: str, value: Any) -> None:
    options: dict[str, Any] = {"logits": torch.zeros(4, LETTERS.size), "remaining": 4, name: value}
    made = ends(lambda: compiled().condition(**options))
    assert isinstance(made, CanvasgenError) or made.log_partition <= 0


@pytest.mark.parametrize("value", WRONG, ids=named)
def test_arguments_of_compile(value: Any) -> None:
    with pytest.raises(InvalidConstraint, match="vocabulary"):
        cg.regex("a").compile(value)


def test_lists_of_numbers_are_logits() -> None:
    rows = [[0.0] * LETTERS.size, [float(at) for at in range(LETTERS.size)]]
    one = cg.regex("[a-d]+").compile(LETTERS)
    assert one.condition(rows).log_partition == one.condition(np.array(rows)).log_partition


@pytest.mark.parametrize("backend", ["numba", "torch"])
def test_logits_beyond_the_arithmetic_are_refused(backend: str) -> None:
    one = cg.regex("[a-d]+").compile(LETTERS)
    for large in (1e30, -1e30, 1e12):
        with pytest.raises(ModelError, match="lost to rounding"):
            one.condition(torch.full((3, LETTERS.size), large), backend=backend)
    logits = torch.full((3, LETTERS.size), 1e8)
    logits[:, 5:] = -3e38
    marginals = one.condition(logits, backend=backend).marginals()
    assert marginals.exp().sum(-1).tolist() == pytest.approx([1.0] * 3, abs=1e-6)


def test_logits_that_change_afterwards() -> None:
    """An array is copied; of a tensor the change is noticed; a tensor without a version is copied."""
    one = cg.regex("[a-d]+").compile(LETTERS)
    array = np.random.default_rng(0).normal(size=(3, LETTERS.size)).astype(np.float32)
    told = one.condition(array.copy()).marginals()
    posterior = one.condition(array)
    array[:] = 0
    np.testing.assert_array_equal(posterior.marginals(), told)
    assert len(list(posterior.k_best())) > 3
    with torch.inference_mode():
        tensor = torch.randn(3, LETTERS.size)
        before, posterior = tensor.clone(), one.condition(tensor)
        tensor.zero_()
        assert torch.equal(posterior.marginals(), one.condition(before).marginals())
    tensor = torch.randn(3, LETTERS.size)
    posterior = one.condition(tensor)
    tensor.zero_()
    with pytest.raises(ModelError, match="changed in place"):
        next(posterior.k_best())


def test_a_text_that_hit_the_step_limit_says_so(engine: cg.Engine) -> None:
    options: dict[str, Any] = {
        "regex": "[a-h]{4}",
        "seed": 1,
        "max_denoising_steps": 1,
        "prompt_schema": False,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        done = engine.complete("a", **options, on_step_limit="return")
    assert done.outcome is Outcome.STEP_LIMIT
    for call in (
        lambda **more: engine.complete("a", **options, **more),
        lambda **more: list(engine.stream("a", **options, **more)),
        lambda **more: engine.batch([cg.Request("a", **options, **more)]),
    ):
        with pytest.warns(StepLimitWarning, match="max_denoising_steps") as told:
            call()
        assert told[0].filename == __file__
        with pytest.raises(StepLimit) as caught:
            call(on_step_limit="raise")
        assert caught.value.completion.token_ids == done.token_ids
    returned = engine.batch(
        [
            cg.Request("a", **options, on_step_limit="raise"),
            cg.Request("a", **options, on_step_limit="return"),
        ],
        errors="return",
    )
    assert [type(one) for one in returned] == [StepLimit, Completion]
