"""Class tables of a second constraint over logits that have been read for a first one.

Most tokens of a large vocabulary are no text of either constraint. What those weigh together is known from the first
reading, and so is the normaliser; what is read again are the second constraint's text tokens, and the few that were text
of the first alone:

    other = other of the first + (text of the first - text of the second)
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from canvasgen.inference.layout import Symbols
from canvasgen.inference.tables import ClassTables, Floats, Ints, Tokens

__all__ = ["reduced_again"]


Segments = Callable[[Tokens, Ints], tuple[Floats, Floats, Floats]]


def reduced_again(
    layout: Symbols, segments: Segments, known_layout: Symbols, known: ClassTables
) -> ClassTables | None:
    """The class tables that reading all logits anew would give, up to rounding, with no token fixed.

    Args:
        layout: of the second constraint.
        segments: the largest value, log mass and mean of each run of tokens, not normalised (`NumbaRow.segments`).
        known_layout, known: of the first constraint, no token fixed.

    Returns:
        None if some text token of the second constraint is none of the first.
    """
    mine, theirs = layout.class_of_token, known_layout.class_of_token
    outside = theirs == known_layout.other_class
    rest = mine == layout.other_class
    if (outside & ~rest).any():
        return None
    borders = layout.class_offsets[: layout.other_class + 1]
    added = np.flatnonzero(rest & ~outside).astype(layout.token_order.dtype)
    tokens = np.concatenate([layout.token_order[: borders[-1]], added])
    offsets = np.append(borders, len(tokens)).astype(borders.dtype)
    best, mass, mean = segments(tokens, offsets)
    best -= known.normaliser[:, None]
    mass -= known.normaliser[:, None]
    # One class out of two: masses add up, and so do the expectations of the log-probability.
    both_best = np.stack([best[:, -1], known.best[:, -1]])
    both_mass = np.stack([mass[:, -1], known.mass[:, -1]])
    both_mean = np.stack([mean[:, -1], known.mean[:, -1]])
    best[:, -1] = both_best.max(axis=0)
    mass[:, -1] = np.logaddexp(*both_mass)
    possible = mass[:, -1] > -np.inf
    below = np.zeros(both_mean.shape)
    np.subtract(both_best + both_mean, best[:, -1], out=below, where=both_mass > -np.inf)
    share = np.exp(both_mass - np.where(possible, mass[:, -1], 0.0))
    mean[:, -1] = np.where(possible, (share * below).sum(axis=0), 0.0)
    return ClassTables(best, mass, mean, known.normaliser, np.zeros(len(known.normaliser)))
