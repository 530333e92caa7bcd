"""Validators: what they may say, what happens when they refuse, and what when they break."""

from __future__ import annotations

import numpy as np
import pydantic
import pytest
import torch
from jsonschema import validate
from toy_constraints import compiled
from toy_models import Confident, Erratic, vocabulary

from canvasgen.automata import byte_set, repeat
from canvasgen.denoise import Defaults, Done, Failed, Job, Policy, run, stream
from canvasgen.denoise.validators import refusal
from canvasgen.errors import Outcome, ValidationFailed

SINGLE = vocabulary(*"abcdefgh")
WORDS = repeat(byte_set([(ord("a"), ord("d"))]), 1, 3)


def model():
    """Likes shorter texts and earlier letters, a little; sure of nothing."""
    logits = torch.zeros(4, SINGLE.size)
    logits[:, 1] = 2.0
    logits += torch.linspace(1, 0, SINGLE.size)
    return Confident(
        vocabulary=SINGLE, canvas_length=4, logits=logits, defaults=Defaults(max_denoising_steps=3)
    )


def job(*validators, **options):
    return Job([3], compiled(WORDS, SINGLE), max_tokens=4, validators=validators, **options)


def test_next_best_canvases_in_order():
    shown = []

    def third(text):
        shown.append(text)
        return len(shown) == 3

    done = run(model(), [job(third)])[0]
    constraint = compiled(WORDS, SINGLE)
    ranked = constraint.condition(model().logits / done.trace[-1].temperature).k_best()
    expected = [SINGLE.text_bytes(next(ranked)[0]).decode() for _ in range(3)]
    assert shown == expected
    assert done.text == expected[2]
    assert len(done.steps) == 1


def test_a_text_is_shown_once_however_it_is_tokenized():
    shown = []
    twice = vocabulary(*"abcd", "ab", "ba", "aa")
    constraint = compiled(WORDS, twice)
    likes = Confident(vocabulary=twice, canvas_length=4, logits=torch.zeros(4, twice.size))
    with pytest.raises(ValidationFailed):
        run(
            likes,
            [Job([3], constraint, 4, 2, validators=(lambda text: shown.append(text) or False,))],
            policy=Policy(candidates=20),
        )
    assert len(shown) == len(set(shown)) > 20


def test_refusals_lead_to_more_steps_with_fresh_noise():
    done = run(model(), [job(lambda text: text == "dcd")], policy=Policy(candidates=5, restarts=40))[0]
    assert done.text == "dcd"
    assert done.steps[0] > 3
    assert [step.step for step in done.trace] == list(range(1, done.steps[0] + 1))


def test_always_refusing_ends():
    with pytest.raises(ValidationFailed) as caught:
        run(model(), [job(lambda text: False)], policy=Policy(candidates=3, restarts=1))
    error = caught.value
    assert error.text == "a"
    assert len(error.reasons) == 8
    assert all("returned False" in reason for reason in error.reasons)
    assert "8 texts" in str(error)


def test_a_small_language_is_exhausted():
    """84 texts in all; each is tried once, then it ends, whatever is allowed."""
    shown = []
    with pytest.raises(ValidationFailed, match="84 texts"):
        run(
            model(),
            [job(lambda text: shown.append(text) or False)],
            policy=Policy(candidates=1000, restarts=2),
        )
    assert len(shown) == 84


def test_a_broken_validator_is_named():
    def broken(text):
        return text.no_such_method()

    with pytest.raises(ValidationFailed, match=r"broken raised AttributeError") as caught:
        run(model(), [job(broken)])
    assert isinstance(caught.value.__cause__, AttributeError)
    assert caught.value.text


def test_ctrl_c_in_a_validator():
    def interrupt(text):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(model(), [job(interrupt)])


class Model(pydantic.BaseModel):
    age: int


REFUSING = [
    lambda text: False,
    lambda text: np.bool_(False),
    lambda text: (_ for _ in ()).throw(ValueError("not this")),
    lambda text: (_ for _ in ()).throw(AssertionError()),
    lambda text: (_ for _ in ()).throw(ValidationFailed("no")),
    lambda text: Model.model_validate_json(text),
    lambda text: validate(3, {"type": "string"}),
]


@pytest.mark.parametrize("check", REFUSING)
def test_ways_to_refuse(check):
    assert refusal("{}", None, [lambda text: None, check])


@pytest.mark.parametrize("verdict", [None, True, 0, "", [], object()])
def test_ways_to_accept(verdict):
    assert refusal("x", None, [lambda text: verdict]) is None


def test_the_constraint_speaks_first():
    said = refusal("zz", compiled(WORDS, SINGLE).constraint, [lambda text: False])
    assert said == "the constraint: not in the language"


def test_one_rows_failure_leaves_the_others_alone():
    jobs = [job(lambda text: False, seed=1), job(seed=2), job(lambda text: text != "a", seed=3)]
    events = list(stream(model(), jobs, policy=Policy(candidates=2, restarts=1)))
    ends = {event.row: event for event in events if isinstance(event, Done | Failed)}
    assert isinstance(ends[0], Failed)
    assert isinstance(ends[1], Done)
    assert isinstance(ends[2], Done)
    for number in (1, 2):
        alone = run(model(), [jobs[number]], policy=Policy(candidates=2, restarts=1))[0]
        assert alone.token_ids == ends[number].completion.token_ids


def test_validators_of_several_blocks_see_the_whole_text():
    shown = []
    toy = Erratic(vocabulary=SINGLE, canvas_length=2, seed=1)
    constraint = compiled(repeat(byte_set([(ord("a"), ord("d"))]), 5, 7), SINGLE)
    done = run(toy, [Job([3], constraint, 8, 3, validators=(lambda text: shown.append(text),))])[0]
    assert shown == [done.text]
    assert done.blocks >= 3


def test_free_text_is_validated_too():
    letters = Erratic(canvas_length=4, seed=2)
    with pytest.raises(ValidationFailed) as caught:
        run(letters, [Job([3], None, 4, 2, validators=(lambda text: False,))], policy=Policy(restarts=2))
    assert len(caught.value.reasons) <= 3
    done = run(letters, [Job([3], None, 4, 2, validators=(lambda text: True,))])[0]
    assert done.outcome in (Outcome.STEP_LIMIT, Outcome.UNCLOSED)


LONGER = repeat(byte_set([(ord("a"), ord("b"))]), 1, 12)


def likes_to_end() -> Confident:
    """Would end at once, wherever it stands."""
    logits = torch.zeros(4, SINGLE.size)
    logits[:, 0], logits[:, 1] = -4.0, 4.0
    return Confident(
        vocabulary=SINGLE, canvas_length=4, logits=logits, defaults=Defaults(max_denoising_steps=2)
    )


@pytest.mark.parametrize("low", [5, 9, 12])
def test_a_text_that_is_refused_as_too_short_goes_on(low):
    """Every end on the first canvas is refused; the texts that fit go on to the second and third."""
    wanted = Job([3], compiled(LONGER, SINGLE), max_tokens=12, validators=(lambda text: len(text) >= low,))
    done = run(likes_to_end(), [wanted], policy=Policy(candidates=60))[0]
    assert len(done.text) >= low
    assert done.blocks == -(-low // 4)


def test_ends_of_this_canvas_come_before_those_of_the_next():
    """An answer that the restarts can find here is not given up for one that goes on."""
    wanted = Job(
        [3], compiled(LONGER, SINGLE), max_tokens=12, validators=(lambda text: text in ("bbb", "aaaaa"),)
    )
    done = run(likes_to_end(), [wanted], policy=Policy(candidates=5, restarts=30))[0]
    assert done.text == "bbb"


def test_free_text_goes_on_when_its_end_is_refused():
    wanted = Job([3], None, max_tokens=8, max_denoising_steps=2, validators=(lambda text: len(text) >= 4,))
    done = run(likes_to_end(), [wanted])[0]
    assert len(done.text) == 4
