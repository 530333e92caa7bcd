"""The recurrence of one row, both ways; each way takes a thread if that is worth it."""

from __future__ import annotations

import numpy as np

from canvasgen.inference.layout import Layout
from canvasgen.inference.numba_backend.chain_kernels import share_rows, sweep_log, sweep_max
from canvasgen.inference.numba_backend.parallel import WORTH_A_THREAD, pool
from canvasgen.inference.numba_backend.runs.run_kernels import run_sweep_log, run_sweep_max
from canvasgen.inference.numba_backend.runs.run_layout import Runs
from canvasgen.inference.tables import Floats

__all__ = ["Sweep", "log_sweeps", "max_sweep"]

Sweep = tuple[Floats, Floats, Floats]
"""Values `[n + 1, S + 1]` with their shares and tops (see `sweep_log`), or extents (see `run_sweep_log`)."""


def log_sweeps(
    layout: Layout, runs: Runs | None, sets: Floats, start: int, final: Floats, threads: int
) -> tuple[Sweep, Sweep]:
    """`alpha` and `beta` from the log weights `[n, Z + 2]` of the sets, the first state, and `[S + 1]` at the end.

    With `runs`, those of the layout, they come with extents.
    """
    shares = np.empty_like(sets)
    if runs is None:
        share_rows(sets, 0, len(sets), shares)

    def sweep(reverse: bool) -> Sweep:
        out = np.empty((len(sets) + 1, layout.num_states + 1))
        if reverse:
            out[-1] = final
        else:
            out[0] = -np.inf
            out[0, start] = 0.0
        own_shares, tops = np.empty_like(out), np.empty(len(out))
        if runs is not None:
            extents = np.empty((len(out), 2))
            arrays = runs.by_sources if reverse else runs.by_targets
            run_sweep_log(*arrays, sets, reverse, out, own_shares, extents)
            return out, own_shares, extents
        edges = layout.by_source if reverse else layout.by_target
        sweep_log(edges.offsets, edges.first, edges.second, sets, shares, reverse, out, own_shares, tops)
        return out, own_shares, tops

    if threads == 1 or len(sets) * len(layout.by_source.group) < WORTH_A_THREAD:
        return sweep(False), sweep(True)
    other = pool().submit(sweep, True)
    return sweep(False), other.result()


def max_sweep(layout: Layout, runs: Runs | None, sets: Floats, final: Floats) -> Floats:
    """The max semiring's values `[n + 1, S + 1]` from each state to the end."""
    out = np.empty((len(sets) + 1, layout.num_states + 1))
    out[-1] = final
    if runs is not None:
        run_sweep_max(*runs.by_sources, sets, True, out)
        return out
    edges = layout.by_source
    sweep_max(edges.offsets, edges.first, edges.second, sets, True, out)
    return out
