import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from canvasgen.denoise.policy import Policy, accept
from canvasgen.denoise.schedule import Schedule
from canvasgen.errors import InvalidConstraint

DOUBTS = arrays(
    np.float64, st.integers(1, 12), elements=st.floats(0, 5, allow_nan=False).map(lambda x: round(x, 3))
)

ROWS = arrays(np.float64, 5, elements=st.floats(0, 5, allow_nan=False).map(lambda x: round(x, 3)))


@given(DOUBTS, st.floats(0, 5))
def test_accepts_while_the_sum_without_the_largest_is_within_the_bound(doubt, bound):
    accepted = accept(torch.from_numpy(doubt), bound).numpy()
    chosen, rest = np.sort(doubt[accepted]), doubt[~accepted]
    assert accepted.any()
    assert chosen[:-1].sum() <= bound + 1e-9
    if rest.size:
        assert chosen[-1] <= rest.min()
        assert chosen.sum() > bound - 1e-9


@given(DOUBTS)
def test_accepts_what_diffusion_gemmas_sampler_accepts(doubt):
    order = np.argsort(doubt, kind="stable")
    expected = np.zeros(len(doubt), dtype=bool)
    total = 0.0
    for place in order:
        expected[place] = total <= 0.1
        total += doubt[place]
    assert (accept(torch.from_numpy(doubt), 0.1).numpy() == expected).all()


def doubles(*values):
    return torch.tensor(values, dtype=torch.float64)


def test_disbelief_fades_out():
    policy = Policy(disbelief=2.0)
    entropies, log_mass = doubles([0.0, 1.0]).expand(3, 2), doubles([-3.0, 0.0]).expand(3, 2)
    doubt = policy.doubt(entropies, log_mass, doubles(0.0, 0.5, 1.0))
    assert doubt.tolist() == [[6.0, 1.0], [3.0, 1.0], [0.0, 1.0]]


def test_disbelief_that_has_faded_out_forgets_impossible_masses():
    doubt = Policy().doubt(doubles([0.1]), doubles([-torch.inf]), doubles(1.0))
    assert doubt.tolist() == [[0.1]]


def test_the_disbelieved_waits_its_turn():
    """Equal entropies: the position whose allowed tokens the model believes in goes first."""
    doubt = Policy().doubt(doubles([0.2, 0.2, 0.2]), doubles([-5.0, 0.0, -0.1]), doubles(0.0))
    assert accept(doubt, 0.1).tolist() == [[False, True, False]]
    assert accept(doubt, 0.3).tolist() == [[False, True, True]]


@given(st.lists(ROWS, min_size=1, max_size=4), st.floats(0, 5))
def test_rows_are_accepted_by_themselves(doubts, bound):
    together = accept(torch.from_numpy(np.stack(doubts)), bound)
    for doubt, accepted in zip(doubts, together, strict=True):
        assert torch.equal(accept(torch.from_numpy(doubt), bound), accepted)


def test_schedule_falls_linearly():
    schedule = Schedule(0.4, 0.8, 4)
    assert [schedule.temperature(step) for step in (1, 2, 3, 4)] == pytest.approx([0.8, 0.7, 0.6, 0.5])
    assert [schedule.progress(step) for step in (1, 2, 3, 4)] == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert Schedule(0.4, 0.8, 1).progress(1) == 1.0
    assert Schedule(0.5, 0.5, 3).temperature(2) == pytest.approx(0.5)


@pytest.mark.parametrize("bad", [(0.0, 1.0, 3), (0.8, 0.4, 3), (0.4, 0.8, 0), (float("nan"), 1.0, 2)])
def test_schedule_refuses(bad):
    with pytest.raises(ValueError):
        Schedule(*bad)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        *(
            (name, bad)
            for name in ("opposed", "certain", "beaten", "disbelief")
            for bad in (-1.0, math.nan, "3", True)
        ),
        ("entropy_bound", -0.1),
        ("confidence", -1.0),
        ("likely", -math.inf),
        *(
            (name, bad)
            for name in ("restarts", "candidates", "cycle", "draft_steps")
            for bad in (-1, 1.5, None)
        ),
        ("patience", 0),
        ("stability", 0.5),
        ("settled", math.inf),
        ("canvas_length", 0),
        ("pin_forced", 1),
        ("self_conditioning", "both"),
        ("certain", None),
    ],
    ids=lambda one: str(one),
)
def test_options_that_mean_nothing_are_refused(option: str, value: Any) -> None:
    with pytest.raises(InvalidConstraint) as found:
        Policy(**{option: value})
    assert found.value.rule == f"Policy.{option}"
    assert found.value.value is value


def test_thresholds_may_be_out_of_reach_and_options_the_models_own() -> None:
    never = Policy(opposed=math.inf, beaten=math.inf, certain=2, likely=2.0, entropy_bound=math.inf)
    assert never.opposed == math.inf
    assert Policy(entropy_bound=None, stability=None, confidence=None, self_conditioning=None) == Policy()
    assert Policy(restarts=np.int64(2)) == Policy()
