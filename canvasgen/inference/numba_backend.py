"""The backend for the CPU: numba kernels over runs of positions, on as many threads as torch uses."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import pairwise
from typing import cast

import numpy as np
import numpy.typing as npt
import torch

from canvasgen.inference import chain_kernels, class_kernels
from canvasgen.inference.layout import Layout
from canvasgen.inference.tables import Bools, ClassTables, Floats, Ints, Longs, Tokens

__all__ = ["NumbaBackend"]

# Elements, of a nanosecond or so, below which another thread costs more than it saves.
_WORTH_A_THREAD = 1 << 17


@lru_cache(maxsize=1)
def _pool() -> ThreadPoolExecutor:
    """The threads beside the caller's, shared by all; their work never waits for other work of the pool."""
    return ThreadPoolExecutor(max_workers=os.cpu_count() or 1, thread_name_prefix="canvasgen")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)


class NumbaBackend:
    """`Backend` over a float32 array `[L, V]` in main memory.

    Args:
        logits: rows contiguous.
        threads: at most so many; each takes a run of positions.
        device: where `[L, V]` results go as torch tensors; None: they are numpy arrays.
    """

    def __init__(self, logits: npt.NDArray[np.float32], threads: int, device: torch.device | None) -> None:
        self._logits = logits
        self._threads = threads
        self._device = device

    def _rows(self, work: Callable[[int, int], int | None], width: int) -> list[int | None]:
        """`work(first, last)` over all positions, in parallel if `width` elements each make it worth it."""
        length = len(self._logits)
        parts = max(1, min(self._threads, length, length * width // _WORTH_A_THREAD))
        borders = [length * k // parts for k in range(parts + 1)]
        others = [_pool().submit(work, *ends) for ends in pairwise(borders[1:])]
        return [work(borders[0], borders[1]), *(other.result() for other in others)]

    def reduce(self, layout: Layout) -> tuple[ClassTables, int]:
        """See `Backend.reduce`."""
        length = len(self._logits)
        best, mass, mean = (np.empty((length, layout.num_classes + 2)) for _ in range(3))
        normaliser, bits = np.empty(length), self._logits.view(np.int32)
        tokens, offsets = layout.token_order, layout.class_offsets

        def work(first: int, last: int) -> int:
            return class_kernels.reduce_rows(
                self._logits, bits, tokens, offsets, first, last, best, mass, mean, normaliser
            )

        wrong = [cast(int, row) for row in self._rows(work, layout.vocabulary_size) if row != -1]
        return ClassTables(best, mass, mean, normaliser, np.zeros(length)), min(wrong, default=-1)

    def segments(self, tokens: Tokens, offsets: Ints) -> tuple[Floats, Floats, Floats]:
        """See `Backend.segments`."""
        best, mass, mean = (np.empty((len(self._logits), len(offsets) - 1)) for _ in range(3))

        def work(first: int, last: int) -> None:
            class_kernels.segment_rows(self._logits, tokens, offsets, first, last, best, mass, mean)

        self._rows(work, len(tokens))
        return best, mass, mean

    def set_weights(self, layout: Layout, classes: Floats, tail: Floats, kind: str) -> Floats:
        """See `Backend.set_weights`."""
        out = np.empty((len(tail), layout.num_sets + 2))
        kernel = chain_kernels.gather_log if kind == "log" else chain_kernels.gather_max

        def work(first: int, last: int) -> None:
            kernel(classes, layout.set_offsets, layout.set_classes, first, last, out)

        self._rows(work, len(layout.set_classes))
        out[:, layout.tail_set] = tail
        return out

    def sweep(self, layout: Layout, sets: Floats, boundary: Floats, kind: str, reverse: bool) -> Floats:
        """See `Backend.sweep`."""
        out = np.empty((len(sets) + 1, layout.num_states + 1))
        out[-1 if reverse else 0] = boundary
        kernel = chain_kernels.sweep_log if kind == "log" else chain_kernels.sweep_max
        edges = layout.by_source if reverse else layout.by_target
        kernel(edges.offsets, edges.first, edges.second, sets, reverse, out)
        return out

    def both_sweeps(
        self, layout: Layout, sets: Floats, start: Floats, final: Floats
    ) -> tuple[Floats, Floats]:
        """See `Backend.both_sweeps`."""
        if self._threads == 1 or 4 * len(sets) * len(layout.by_source.group) < _WORTH_A_THREAD:
            beta = self.sweep(layout, sets, final, "log", True)
            return self.sweep(layout, sets, start, "log", False), beta
        other = _pool().submit(self.sweep, layout, sets, final, "log", True)
        return self.sweep(layout, sets, start, "log", False), other.result()

    def set_scores(self, layout: Layout, alpha: Floats, beta: Floats) -> Floats:
        """See `Backend.set_scores`."""
        out = np.empty((len(alpha) - 1, layout.num_sets + 2))
        edges = layout.by_set

        def work(first: int, last: int) -> None:
            chain_kernels.pair_log(edges.offsets, edges.first, edges.second, alpha, beta, first, last, out)

        self._rows(work, 4 * len(edges.group))
        return out

    def class_scores(self, layout: Layout, scores: Floats) -> Floats:
        """See `Backend.class_scores`."""
        out = np.empty((len(scores), layout.num_classes + 2))

        def work(first: int, last: int) -> None:
            chain_kernels.gather_log(scores, layout.class_set_offsets, layout.class_sets, first, last, out)

        self._rows(work, len(layout.class_sets))
        return out

    def top_tokens(self, layout: Layout, position: int, index: int, count: int) -> tuple[Longs, Floats]:
        """See `Backend.top_tokens`."""
        tokens = layout.tokens_of_class(index)
        ids, values = np.empty(min(count, len(tokens)), dtype=np.int64), np.empty(min(count, len(tokens)))
        class_kernels.top_of_class(self._logits[position], tokens, ids, values)
        return ids, values

    def best_tokens(self, layout: Layout, classes: Longs) -> Longs:
        """See `Backend.best_tokens`."""
        out = np.full(len(classes), -1, dtype=np.int64)
        class_kernels.first_best(self._logits, layout.token_order, layout.class_offsets, classes, out)
        return out

    def token_logit(self, position: int, token: int) -> float:
        """See `Backend.token_logit`."""
        return float(self._logits[position, token])

    def columns(self, tokens: Longs) -> Floats:
        """See `Backend.columns`."""
        return self._logits[:, tokens].astype(np.float64)

    def draw_tokens(self, layout: Layout, tables: ClassTables, classes: Longs, uniforms: Floats) -> Longs:
        """See `Backend.draw_tokens`."""
        out = np.full(classes.shape, -1, dtype=np.int64)

        def work(first: int, last: int) -> None:
            for i in range(first, last):
                for n in np.flatnonzero(classes[:, i] >= 0):
                    c = int(classes[n, i])
                    top = np.float32(tables.best[i, c] + tables.normaliser[i])
                    total = float(np.exp(tables.mass[i, c] - tables.best[i, c]))
                    out[n, i] = class_kernels.draw_token(
                        self._logits[i], layout.tokens_of_class(c), top, total, uniforms[n, i]
                    )

        self._rows(work, len(classes) * layout.vocabulary_size)
        return out

    def _kind(self, array: npt.NDArray[np.generic]) -> torch.Tensor | npt.NDArray[np.generic]:
        return array if self._device is None else torch.as_tensor(array, device=self._device)

    def spread(self, layout: Layout, bias: Floats) -> object:
        """See `Backend.spread`."""
        out = np.empty(self._logits.shape, dtype=np.float32)

        def work(first: int, last: int) -> None:
            class_kernels.spread_rows(self._logits, layout.class_of_token, bias, first, last, out)

        self._rows(work, layout.vocabulary_size)
        return self._kind(out)

    def support(self, layout: Layout, allowed: Bools) -> object:
        """See `Backend.support`."""
        out = np.empty(self._logits.shape, dtype=np.bool_)

        def work(first: int, last: int) -> None:
            class_kernels.support_rows(self._logits, layout.class_of_token, allowed, first, last, out)

        self._rows(work, layout.vocabulary_size)
        return self._kind(out)
