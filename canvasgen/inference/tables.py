"""What one pass over the logits leaves per position and token class; and what a backend has to give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from canvasgen.inference.layout import Layout

__all__ = ["Backend", "Bools", "ClassTables", "Floats", "Ints", "Longs", "Singles", "Tokens", "log_sum"]

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
    """The distributions p_i seen through the token classes; float64 `[L, C + 2]` in nats, −inf for an empty
    class.

    Attributes:
        best: log-probability of the class's most probable token.
        mass: log of the class's probability.
        mean: expected log-probability of a token drawn from the class, less `best`: ≤ 0, and 0 for an empty
            class.
        normaliser: `[L]`, log Σ_v exp(logits[i, v]).
        tail: `[L]`, log-weight of the don't-care tail: 0, or log p_i(token) where a token is fixed.
    """

    best: Floats
    mass: Floats
    mean: Floats
    normaliser: Floats
    tail: Floats


class Backend(Protocol):
    """The work that is large: all that reads `[L, V]` arrays, and the recurrence over L positions.

    Small arrays are float64 on the CPU; `kind` is "log" or "max", the semiring. Shapes: S + 1 states (the
    last one is *ended*), Z + 2 sets (the last one is the tail), C + 2 classes (end tokens, then every other
    token).
    """

    def reduce(self, layout: Layout) -> tuple[ClassTables, int]:
        """The pass over the vocabulary, with no token fixed; and a position with NaN, or -1.

        Where the normaliser is not finite the position's row is not normalised.
        """
        ...

    def segments(self, tokens: Tokens, offsets: Ints) -> tuple[Floats, Floats, Floats]:
        """`best`, `mass` and `mean` of `ClassTables` for each run of tokens between two offsets, not normalised.

        The logits hold no NaN.
        """
        ...

    def set_weights(self, layout: Layout, classes: Floats, tail: Floats, kind: str) -> Floats:
        """`[L, C + 2]` -> `[L, Z + 2]`: ⊕ over the classes of each set, and the tail."""
        ...

    def sweep(self, layout: Layout, sets: Floats, boundary: Floats, kind: str, reverse: bool) -> Floats:
        """`[L + 1, S + 1]`: ⊕ over the paths between `boundary[S + 1]` and each state, at each border of
        positions.

        Forward from the first border (alpha), or in reverse from the last one (beta).
        """
        ...

    def both_sweeps(
        self, layout: Layout, sets: Floats, start: Floats, final: Floats
    ) -> tuple[Floats, Floats]:
        """`(alpha, beta)` in the log semiring."""
        ...

    def set_scores(self, layout: Layout, alpha: Floats, beta: Floats) -> Floats:
        """`[L, Z + 2]`, log: Σ over the edges with the set of alpha at the source ⊗ beta at the target."""
        ...

    def class_scores(self, layout: Layout, scores: Floats) -> Floats:
        """`[L, C + 2]`, log: Σ of `scores` over the sets that hold the class; the tail holds every class."""
        ...

    def top_tokens(self, layout: Layout, position: int, index: int, count: int) -> tuple[Longs, Floats]:
        """The `count` best tokens of a class at a position, and their logits: decreasing, ties by id."""
        ...

    def best_tokens(self, layout: Layout, classes: Longs) -> Longs:
        """int64 `[L]`: the best token of class `classes[i]` at i, of equals the lowest; -1 for class -1."""
        ...

    def token_logit(self, position: int, token: int) -> float:
        """One logit."""
        ...

    def columns(self, tokens: Longs) -> Floats:
        """float64 `[L, T]`: the logits of these tokens at every position."""
        ...

    def draw_tokens(self, layout: Layout, tables: ClassTables, classes: Longs, uniforms: Floats) -> Longs:
        """A token of each class `classes[n, L]` at its position, by inverse CDF in id order with `uniforms[n,
        L]`.

        Where the class is -1 nothing is drawn and the result is -1.
        """
        ...

    def spread(self, layout: Layout, bias: Floats) -> object:
        """`logits[i, v] + bias[i, class of v]` as float32 `[L, V]`, in the kind of the logits."""
        ...

    def support(self, layout: Layout, allowed: Bools) -> object:
        """`allowed[i, class of v]` and `logits[i, v] > −inf`, as bool `[L, V]`, in the kind of the logits."""
        ...
