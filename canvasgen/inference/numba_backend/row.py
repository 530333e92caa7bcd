"""One row of a batch, by numba kernels over its positions, its states, and the edges between them."""

from __future__ import annotations

import numpy as np
from typing_extensions import override

from canvasgen.inference.batch import Row
from canvasgen.inference.computed_once import once
from canvasgen.inference.layout import Layout
from canvasgen.inference.numba_backend import chain_kernels, path_kernels
from canvasgen.inference.numba_backend.class_row import ClassRow
from canvasgen.inference.numba_backend.parallel import runs
from canvasgen.inference.numba_backend.pruned.answer_kernels import position_answers, sample_pruned
from canvasgen.inference.numba_backend.pruned.pruned_sums import PrunedSums, pruned_best, pruned_sums
from canvasgen.inference.numba_backend.pruned.support import allowed_classes
from canvasgen.inference.numba_backend.runs.run_kernels import run_pair_log
from canvasgen.inference.numba_backend.runs.run_layout import Runs, runs_of
from canvasgen.inference.numba_backend.sweeps import Sweep, log_sweeps, max_sweep
from canvasgen.inference.tables import Bools, Floats, Longs, Singles, log_sum

__all__ = ["NumbaRow"]

_WORTH_IT = 1.0
_WORTH_IT_BESIDE_RUNS = 0.2
"""The part of all edges up to which a look at single edges is quicker than all runs."""


class NumbaRow(ClassRow):
    """`RowArrays`, and the row's part of every answer.

    What a denoising step asks for comes from the states that matter, where there is a proof that the others do not
    (`pruned`); arrays over all states are worked out when they are asked for.

    Args:
        row: what to condition on.
        layout: its layout.
        logits: float32 `[L_b, V]`, rows contiguous.
    """

    def __init__(self, row: Row, layout: Layout, logits: Singles) -> None:
        super().__init__(row, logits)
        self._edges = layout

    # The log semiring

    @once
    def _sweeps(self) -> tuple[Sweep, Sweep]:
        """`alpha` and `beta`, each with its shares, and tops or extents."""
        return log_sweeps(self._edges, self._runs, self.sets, self._row.state, self._final, self.threads)

    @once
    def _runs(self) -> Runs | None:
        return runs_of(self._edges)

    @property
    def alpha(self) -> Floats:
        """See `RowArrays.alpha`."""
        return self._sweeps[0][0]

    @property
    def beta(self) -> Floats:
        """See `RowArrays.beta`."""
        return self._sweeps[1][0]

    @property
    def reached(self) -> Bools:
        """See `RowArrays.reached`."""
        return (self.alpha > -np.inf).max(axis=1)

    @once
    def _pruned(self) -> PrunedSums | None:
        most = _WORTH_IT if self._runs is None else _WORTH_IT_BESIDE_RUNS
        return pruned_sums(self._row, self._edges, self._all_tables, most)

    def _find_partition(self) -> float:
        if self._pruned is not None:
            return self._pruned.log_partition
        return float(log_sum(self.alpha[-1] + self._final))

    @override
    def summarise(self, threads: int) -> None:
        """See `ClassRow.summarise`."""
        found, tables, layout = self._pruned, self._all_tables, self._edges
        if found is None:
            super().summarise(threads)
            return
        self.entropies, self.allowed_mass = np.empty(len(self.logits)), np.empty(len(self.logits))
        position_answers(
            found.scores,
            layout.set_offsets,
            layout.set_classes,
            found.shares,
            tables.best,
            tables.mass,
            tables.mean,
            self.allowed,
            self.entropies,
            self.allowed_mass,
        )
        self.forced = np.zeros(len(self.logits), dtype=np.bool_)
        self._force(self.allowed)

    @once
    def allowed(self) -> Bools:
        """See `RowArrays.allowed`."""
        if self._pruned is None:
            return self.tables.mass + self.bias > -np.inf
        return allowed_classes(self._row, self._edges, self._all_tables, self._pruned.impossible)

    def _scores(self) -> Floats:
        edges, length = self._edges.by_set, self._row.length
        scores = np.empty((length, self._edges.num_sets + 2))

        def work(first: int, last: int) -> None:
            if self._runs is not None:
                run_pair_log(*self._runs.by_sets, *self._sweeps[0], *self._sweeps[1], first, last, scores)
                return
            chain_kernels.pair_log(
                edges.offsets,
                edges.first,
                edges.second,
                *self._sweeps[0],
                *self._sweeps[1],
                first,
                last,
                scores,
            )

        runs(work, length, 4 * len(edges.group), self.threads)
        return scores

    # The max semiring

    @once
    def to_go(self) -> Floats:
        """See `RowArrays.to_go`."""
        return max_sweep(self._edges, self._runs, self.best_sets, self._final)

    def best_from(self, position: int, states: Longs) -> Floats:
        """See `RowArrays.best_from`."""
        return self.to_go[position, states]

    @once
    def _pruned_best(self) -> tuple[Longs, float] | None:
        if self._pruned is None:
            return None
        return pruned_best(self._row, self._edges, self._all_tables, self._pruned)

    @property
    @override
    def best_weight(self) -> float:
        """See `ClassRow.best_weight`."""
        return super().best_weight if self._pruned_best is None else self._pruned_best[1]

    def _best_classes(self) -> Longs:
        if self._pruned_best is not None:
            return self._pruned_best[0]
        layout, edges = self._edges, self._edges.by_source
        classes = np.empty(self._row.length, dtype=np.int64)
        path_kernels.best_path(
            edges.offsets,
            edges.first,
            edges.second,
            layout.set_offsets,
            layout.set_classes,
            self.best_sets,
            self._all_tables.best,
            self.to_go,
            self._row.state,
            classes,
        )
        return classes

    # Samples

    def _draw_classes(self, uniforms: Floats, classes: Longs, log_probs: Floats) -> None:
        layout, edges, found = self._edges, self._edges.by_target, self._pruned
        if found is not None:
            sample_pruned(
                edges.offsets,
                edges.first,
                edges.second,
                layout.set_offsets,
                layout.set_classes,
                found.states,
                found.values,
                found.starts,
                found.weights,
                self._all_tables.mass,
                found.final,
                uniforms,
                classes,
                log_probs,
            )
            return
        path_kernels.sample_paths(
            edges.offsets,
            edges.first,
            edges.second,
            layout.set_offsets,
            layout.set_classes,
            self.alpha,
            self.sets,
            self._all_tables.mass,
            self._final,
            uniforms,
            classes,
            log_probs,
        )
