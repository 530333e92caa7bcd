"""Texts with something wrong in them, as a constrained decoder holds them for a while: valid, and not the answer.

Where a model is unsure of a text's widths, the short text wins (a list with an item less, null for a value), and its tokens
look sure. A model that has seen such texts on its canvas learns to leave them.
"""

from __future__ import annotations

import random

__all__ = ["STRUCTURE", "TAIL", "without_a_part", "wrong_value"]

STRUCTURE, TAIL = -1, -2
"""Marks in ``Batch.values``: tokens of the JSON form, and what stands after the text."""


def without_a_part(ids: list[int], values: list[int], rng: random.Random) -> tuple[list[int], list[int]]:
    """Return a text, and its marks, without what stands between two equal tokens of the form.

    A list loses an item, an object a field, a table a cell or a row.
    """
    form = [place for place, value in enumerate(values) if value == STRUCTURE]
    pairs = [(first, last) for first in form for last in form if first < last and ids[first] == ids[last]]
    if not pairs:
        return ids, values
    first, last = rng.choice(pairs)
    return ids[:first] + ids[last:], values[:first] + values[last:]


def wrong_value(
    ids: list[int], values: list[int], value: int, prompt: list[int], rng: random.Random
) -> list[int]:
    """Return tokens to stand in place of a value's: none, another value, a piece of the prompt, its own with a slip.

    Args:
        ids, values: the text and its marks.
        value: the number of the value.
        prompt: what the text answers, not empty.
    """
    own = [token for token, number in zip(ids, values, strict=True) if number == value]
    roll = rng.random()
    if roll < 0.1:
        return []
    if roll < 0.4:
        other = rng.choice([number for number in values if number >= 0])
        return [token for token, number in zip(ids, values, strict=True) if number == other]
    if roll < 0.7:
        start = rng.randrange(len(prompt))
        return prompt[start : start + rng.randint(1, len(own) + 2)]
    at = rng.randrange(len(own))
    return own[:at] + own[at + 1 :] if rng.random() < 0.5 else own[: at + 1] + own[at:]
