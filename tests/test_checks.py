"""The checks of arguments."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from canvasgen.checks import whole_number
from canvasgen.errors import InvalidConstraint

BOUND = st.none() | st.integers(-5, 5)


@given(st.integers(-9, 9), BOUND, BOUND, st.sampled_from([int, np.int64, np.int8]))
def test_within_the_bounds_and_nothing_else(value: int, low: int | None, high: int | None, kind: Any) -> None:
    allowed = (low is None or low <= value) and (high is None or value <= high)
    if allowed:
        found = whole_number(kind(value), rule="size", low=low, high=high)
        assert type(found) is int
        assert found == value
    else:
        with pytest.raises(InvalidConstraint) as caught:
            whole_number(kind(value), rule="size", low=low, high=high)
        assert caught.value.value == value


@pytest.mark.parametrize(
    "value", [True, False, np.True_, 1.0, np.float64(1), float("nan"), "1", b"1", None, [1], 1 + 0j]
)
def test_what_is_not_a_whole_number(value: Any) -> None:
    with pytest.raises(InvalidConstraint) as caught:
        whole_number(value, rule="size", low=None, path="row 1")
    assert caught.value.rule == "size"
    assert caught.value.path == "row 1"
    assert caught.value.value is value


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0, None, "`size` is a whole number, 0 or more"),
        (1, 9, "`size` is a whole number from 1 to 9"),
        (None, 9, "`size` is a whole number, 9 or less"),
        (None, None, "`size` is a whole number"),
    ],
)
def test_the_message_tells_the_bounds(low: int | None, high: int | None, words: str) -> None:
    with pytest.raises(InvalidConstraint) as caught:
        whole_number("x", rule="size", low=low, high=high)
    assert caught.value.message == words
    assert caught.value.remedy == words.replace("`size` is", "give")


def test_a_name_and_a_remedy_of_the_caller() -> None:
    with pytest.raises(
        InvalidConstraint, match=r"^a length is a whole number, 0 or more;.*remedy: count characters$"
    ):
        whole_number(-1, rule="max_length", name="a length", remedy="count characters")
