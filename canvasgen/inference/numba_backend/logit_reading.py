"""The class tables of one row: the pass over its logits, in runs of positions, and its fixed tokens."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from canvasgen.inference.layout import Symbols
from canvasgen.inference.numba_backend import class_kernels
from canvasgen.inference.numba_backend.parallel import runs
from canvasgen.inference.numba_backend.side_by_side import MOST_TOKENS, reduce_side_by_side
from canvasgen.inference.tables import LARGEST, ClassTables, Floats, Ints, Singles, Tokens

__all__ = ["put_fixed", "read_classes", "read_segments"]


def read_classes(layout: Symbols, logits: Singles, threads: int) -> tuple[ClassTables, int]:
    """The tables, no token fixed; and the first position whose logits are no distribution, or -1.

    At such a position the tables are not normalised.
    """
    length = len(logits)
    best, mass, mean = (np.empty((length, layout.num_classes + 2)) for _ in range(3))
    normaliser, bits = np.empty(length), logits.view(np.int32)
    order, offsets = layout.token_order, layout.class_offsets
    kernel = reduce_side_by_side if layout.vocabulary_size <= MOST_TOKENS else class_kernels.reduce_rows

    def work(first: int, last: int) -> int:
        return kernel(logits, bits, order, offsets, first, last, best, mass, mean, normaliser)

    found = [row for row in runs(work, length, layout.vocabulary_size, threads) if row != -1]
    with np.errstate(invalid="ignore"):
        infinite = np.flatnonzero(~(np.abs(normaliser) <= LARGEST)).tolist() if not found else list[int]()
    tables = ClassTables(best, mass, mean, normaliser, np.zeros(length))
    return tables, min([*found, *infinite], default=-1)


def read_segments(
    logits: Singles, tokens: Tokens, offsets: Ints, threads: int
) -> tuple[Floats, Floats, Floats]:
    """`best`, `mass` and `mean` of `ClassTables` for each run of tokens between two offsets, not normalised.

    No logit is NaN.
    """
    best, mass, mean = (np.empty((len(logits), len(offsets) - 1)) for _ in range(3))

    def work(first: int, last: int) -> None:
        class_kernels.segment_rows(logits, tokens, offsets, first, last, best, mass, mean)

    runs(work, len(logits), len(tokens), threads)
    return best, mass, mean


def put_fixed(layout: Symbols, tables: ClassTables, logits: Singles, fixed: Mapping[int, int]) -> None:
    """A fixed token's class has its weight, all other classes of the position none."""
    for i, token in fixed.items():
        weight = float(logits[i, token]) - float(tables.normaliser[i])
        c = int(layout.class_of_token[token])
        for table in (tables.best, tables.mass):
            table[i] = -np.inf
            table[i, c] = weight
        tables.mean[i], tables.tail[i] = 0.0, weight
