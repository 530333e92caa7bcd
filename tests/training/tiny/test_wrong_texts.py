"""Texts with something wrong in them: what they are made of, by hypothesis."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from canvasgen.training.tiny.wrong_texts import STRUCTURE, without_a_part, wrong_value

PROMPT = [90, 91, 92, 93]


@st.composite
def texts(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    """Tokens and marks: tokens of the form (0 to 3), and values of one to three tokens between them."""
    ids, values = [0], [STRUCTURE]
    for number in range(draw(st.integers(1, 4))):
        length = draw(st.integers(1, 3))
        ids += [10 * (number + 1) + k for k in range(length)]
        values += [number] * length
        ids.append(draw(st.integers(0, 3)))
        values.append(STRUCTURE)
    return ids, values


@given(texts(), st.integers(0, 10**6))
def test_a_part_less_is_what_stands_between_equal_tokens(
    text: tuple[list[int], list[int]], seed: int
) -> None:
    ids, values = text
    made, marks = without_a_part(ids, values, random.Random(seed))
    assert len(made) == len(marks)
    form = [token for token, mark in zip(ids, values, strict=True) if mark == STRUCTURE]
    if len(set(form)) == len(form):
        assert (made, marks) == (ids, values)
        return
    ways = [
        ids[:first] + ids[last:]
        for first in range(len(ids))
        for last in range(first + 1, len(ids))
        if values[first] == values[last] == STRUCTURE and ids[first] == ids[last]
    ]
    assert made in ways


@given(texts(), st.integers(0, 10**6), st.data())
def test_a_wrong_value_is_another_or_none_or_a_piece_or_a_slip(
    text: tuple[list[int], list[int]], seed: int, data: st.DataObject
) -> None:
    ids, values = text
    value = data.draw(st.integers(0, max(values)))
    made = wrong_value(ids, values, value, PROMPT, random.Random(seed))
    each = [
        [token for token, mark in zip(ids, values, strict=True) if mark == number]
        for number in range(max(values) + 1)
    ]
    own = each[value]
    slips = [own[:at] + own[at + 1 :] for at in range(len(own))]
    slips += [own[: at + 1] + own[at:] for at in range(len(own))]
    pieces = [PROMPT[start:stop] for start in range(4) for stop in range(start + 1, 5)]
    assert made in [[], *each, *slips, *pieces]
