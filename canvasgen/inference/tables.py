"""Array types; the class tables that one pass over the logits leaves; one row's arrays on the host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

__all__ = [
    "LARGEST",
    "Bools",
    "ClassTables",
    "Floats",
    "Ints",
    "Longs",
    "RowArrays",
    "Singles",
    "Tokens",
    "log_sum",
]

LARGEST = 1e9
"""Nats: from here on the rounding of float64 is no longer small beside a difference of log-probabilities."""

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]
Tokens = npt.NDArray[np.uint32]
Longs = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def log_sum(values: Floats) -> Floats:
    """log Σ exp over the last axis, relative to its maximum; −inf for an empty sum."""
    top = values.max(axis=-1, keepdims=True)
    shift = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        return np.log(np.exp(values - shift).sum(axis=-1)) + shift[..., 0]


@dataclass(frozen=True, eq=False)
class ClassTables:
    """The distributions p_i seen through the token classes; float64 `[n, C + 2]` in nats, −inf for an empty
    class.

    Attributes:
        best: log-probability of the class's most probable token.
        mass: log of the class's probability.
        mean: expected log-probability of a token drawn from the class, less `best`: ≤ 0, and 0 for an empty
            class.
        normaliser: `[n]`, log Σ_v exp(logits[i, v]).
        tail: `[n]`, log-weight of the don't-care tail: 0, or log p_i(token) where a token is fixed.
    """

    best: Floats
    mass: Floats
    mean: Floats
    normaliser: Floats
    tail: Floats

    def first(self, n: int) -> ClassTables:
        """Of the first n positions alone; views."""
        return ClassTables(self.best[:n], self.mass[:n], self.mean[:n], self.normaliser[:n], self.tail[:n])


class RowArrays(Protocol):
    """One row of a conditioned batch on the host: float64 numpy arrays over the row's n positions.

    A backend on another device copies an array when it is first asked for; every member waits for the device. Shapes:
    S + 1 states (the last one is *ended*), Z + 2 class sets (the last one is the tail), C + 2 classes (end tokens, then
    every other token).
    """

    @property
    def tables(self) -> ClassTables:
        """The class tables, fixed tokens put in."""
        ...

    @property
    def sets(self) -> Floats:
        """`[n, Z + 2]`: log weights of the class sets, −inf where a set may not stand."""
        ...

    @property
    def alpha(self) -> Floats:
        """`[n + 1, S + 1]`: log mass of the ways from the start to each state."""
        ...

    @property
    def beta(self) -> Floats:
        """`[n + 1, S + 1]`: log mass of the ways from each state to the end."""
        ...

    @property
    def bias(self) -> Floats:
        """`[n, C + 2]`: log P(x_i = v | valid) − log p_i(v) of the tokens v of each class."""
        ...

    @property
    def allowed(self) -> Bools:
        """bool `[n, C + 2]`: the classes that stand at each position in some valid canvas of positive probability."""
        ...

    @property
    def best_sets(self) -> Floats:
        """`sets` in the max semiring."""
        ...

    @property
    def to_go(self) -> Floats:
        """`beta` in the max semiring."""
        ...

    def best_from(self, position: int, states: Longs) -> Floats:
        """`[m]`: best weights from some states before a position (0 to n) to the end: of `to_go`."""
        ...

    @property
    def reached(self) -> Bools:
        """bool `[n + 1]`: whether some state can stand before each position."""
        ...

    def top_tokens(self, position: int, index: int, count: int) -> tuple[Longs, Floats]:
        """The `count` best tokens of class `index` at a position, and their logits: decreasing, ties by id."""
        ...

    def token_logit(self, position: int, token: int) -> float:
        """One logit."""
        ...

    def columns(self, tokens: Longs) -> Floats:
        """float64 `[n, T]`: the logits of these tokens at every position."""
        ...
