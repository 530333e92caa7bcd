"""One row of a batch, but for its states: class tables, and what follows from the masses of class sets."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from canvasgen.inference.batch import Row
from canvasgen.inference.computed_once import once
from canvasgen.inference.known_layouts import AnyLayout
from canvasgen.inference.numba_backend import chain_kernels, group_kernels, token_kernels
from canvasgen.inference.numba_backend.logit_reading import put_fixed, read_classes, read_segments
from canvasgen.inference.numba_backend.parallel import runs
from canvasgen.inference.numba_backend.reuse import reduced_again
from canvasgen.inference.tables import Bools, ClassTables, Floats, Ints, Longs, Singles, Tokens

__all__ = ["ClassRow"]


class ClassRow(ABC):
    """What rows have in common, whatever their states look like.

    The class tables go over all positions that there are logits for, so that what is free behind the budget is answered
    with the rest; `tables` are those of the n positions within.

    Attributes:
        wrong: the first position whose logits are no distribution; -1: none.
        log_partition: log Z.
        entropies, allowed_mass, forced, best: over all positions; filled by `summarise` and `find_best`.

    Args:
        row: what to condition on.
        logits: float32 `[L_b, V]`, rows contiguous.
    """

    def __init__(self, row: Row, logits: Singles) -> None:
        self._row = row
        self.logits = logits
        self.wrong = -1
        self.log_partition = -np.inf
        self.threads = 1

    @property
    def layout(self) -> AnyLayout:
        """Of the row."""
        return self._row.layout

    @property
    def has_fixed(self) -> bool:
        """Whether the tables hold fixed tokens."""
        return bool(self._row.fixed)

    @property
    def is_possible(self) -> bool:
        """Whether there is a valid canvas of positive probability."""
        return self.log_partition > -np.inf

    def read(self, threads: int) -> None:
        """Fills `wrong` and `log_partition`."""
        self.threads = threads
        if self._row.error is not None:
            return
        self._all_tables = self._reduced()
        if self.wrong < 0:
            put_fixed(self.layout, self._all_tables, self.logits, self._row.fixed)
            self.log_partition = self._find_partition()

    def _reduced(self) -> ClassTables:
        known = self._row.known
        if isinstance(known, ClassRow) and not known.has_fixed:
            found = reduced_again(self.layout, self.segments, known.layout, known.tables)
            if found is not None:
                return found
        found, self.wrong = read_classes(self.layout, self.logits, self.threads)
        return found

    def segments(self, tokens: Tokens, offsets: Ints) -> tuple[Floats, Floats, Floats]:
        """`read_segments` of the row's logits."""
        return read_segments(self.logits, tokens, offsets, self.threads)

    @once
    def tables(self) -> ClassTables:
        """See `RowArrays.tables`."""
        return self._all_tables.first(self._row.length)

    # What goes over the states

    @abstractmethod
    def _find_partition(self) -> float:
        """log Z."""

    @abstractmethod
    def _scores(self) -> Floats:
        """`[n, Z + 2]`: log mass of the ways from the start to the end over each class set at a position, but for its own
        weight; −inf for a set that has none."""

    @abstractmethod
    def _best_classes(self) -> Longs:
        """int64 `[n]`: the class of each position of the best canvas, -1 in the tail."""

    @abstractmethod
    def _draw_classes(self, uniforms: Floats, classes: Longs, log_probs: Floats) -> None:
        """Fill the classes `[N, L_b]` of samples, and the log-probabilities `[N]` of those of the n positions."""

    # The log semiring

    @once
    def _final(self) -> Floats:
        return np.where(self._row.final, 0.0, -np.inf)

    def _set_weights(self, classes: Floats, kind: str) -> Floats:
        layout, length = self.layout, self._row.length
        out = np.empty((length, layout.num_sets + 2))
        kernel = group_kernels.gather_log if kind == "log" else group_kernels.gather_max

        def work(first: int, last: int) -> None:
            kernel(classes, layout.set_offsets, layout.set_classes, first, last, out)

        runs(work, length, len(layout.set_classes), self.threads)
        out[:, layout.tail_set] = self._all_tables.tail[:length]
        if self._row.closed is not None:
            out[self._row.closed] = -np.inf
        return out

    @once
    def sets(self) -> Floats:
        """See `RowArrays.sets`."""
        return self._set_weights(self._all_tables.mass, "log")

    @once
    def _all_bias(self) -> Floats:
        """`[L_b, C + 2]`: the bias, and 0 where the canvas is free."""
        layout, length = self.layout, self._row.length
        out = np.zeros((len(self.logits), layout.num_classes + 2))
        scores, closed = self._scores(), self._row.closed
        scores -= self.log_partition
        if closed is not None:
            scores[closed] = -np.inf

        def work(first: int, last: int) -> None:
            group_kernels.gather_log(scores, layout.class_set_offsets, layout.class_sets, first, last, out)

        runs(work, length, len(layout.class_sets), self.threads)
        return out

    @property
    def bias(self) -> Floats:
        """See `RowArrays.bias`."""
        return self._all_bias[: self._row.length]

    def summarise(self, threads: int) -> None:
        """Fills `entropies`, `allowed_mass` and `forced`."""
        self.threads = threads
        tables, length = self._all_tables, len(self.logits)
        marginals = np.empty_like(tables.mass)
        self.entropies, self.allowed_mass = np.empty(length), np.empty(length)
        self.forced = np.zeros(length, dtype=np.bool_)
        chain_kernels.summarise(
            tables.best,
            tables.mass,
            tables.mean,
            self._all_bias,
            marginals,
            self.entropies,
            self.allowed_mass,
        )
        self._force(marginals[: self._row.length] > -np.inf)

    def _force(self, allowed: Bools) -> None:
        """Fills `forced` from the classes bool `[n, C + 2]` that can stand at each position."""
        pinned = np.zeros(self._row.length, dtype=np.bool_)
        pinned[list(self._row.fixed)] = True
        layout = self.layout
        token_kernels.forced_rows(
            self.logits, layout.token_order, layout.class_offsets, allowed, pinned, self.forced
        )

    @property
    def allowed(self) -> Bools:
        """See `RowArrays.allowed`."""
        return self.tables.mass + self.bias > -np.inf

    # The max semiring

    @once
    def best_sets(self) -> Floats:
        """See `RowArrays.best_sets`."""
        return self._set_weights(self._all_tables.best, "max")

    @abstractmethod
    def best_from(self, position: int, states: Longs) -> Floats:
        """See `RowArrays.best_from`."""

    @property
    def best_weight(self) -> float:
        """log of the mass that p puts on text and end of `best`."""
        return float(self.best_from(0, np.array([self._row.state]))[0])

    def find_best(self, threads: int) -> None:
        """Fills `best`."""
        self.threads = threads
        layout, classes = self.layout, self._best_classes()
        self.best = np.full(len(self.logits), self._row.filler, dtype=np.int64)
        token_kernels.first_best(
            self.logits,
            self.logits.view(np.int32),
            layout.class_of_token,
            layout.token_order,
            layout.class_offsets,
            self._all_tables.best,
            self._all_tables.normaliser,
            classes,
            self.best,
        )
        for i, token in self._row.fixed.items():
            self.best[i] = token

    # Samples

    def sample(self, uniforms: Floats) -> tuple[Longs, Floats]:
        """`Lattice.sample` of the row: `uniforms[N, L + 1, 3]` -> int64 `[N, L_b]`, `[N]`."""
        layout, tables = self.layout, self._all_tables
        classes, log_probs = (
            np.empty((len(uniforms), len(self.logits)), dtype=np.int64),
            np.empty(len(uniforms)),
        )
        self._draw_classes(uniforms, classes, log_probs)
        classes[:, list(self._row.fixed)] = -1
        ids = np.empty(classes.shape, dtype=np.int64)
        for i, token in self._row.fixed.items():
            ids[:, i] = token

        def work(first: int, last: int) -> None:
            token_kernels.draw_tokens(
                self.logits,
                layout.token_order,
                layout.class_offsets,
                tables.best,
                tables.mass,
                tables.normaliser,
                classes,
                uniforms,
                first,
                last,
                ids,
            )

        runs(work, len(self.logits), len(uniforms) * layout.vocabulary_size, self.threads)
        return ids, log_probs

    # Over the vocabulary

    def marginals(self, out: Singles, threads: int) -> None:
        """Fills `out[L_b, V]` with the tokens' constrained log-probabilities."""
        layout, bias = self.layout, self._all_bias - self._all_tables.normaliser[:, None]

        def work(first: int, last: int) -> None:
            token_kernels.spread_rows(self.logits, layout.class_of_token, bias, first, last, out)

        runs(work, len(self.logits), layout.vocabulary_size, threads)
        for i, token in self._row.fixed.items():
            out[i] = -np.inf
            out[i, token] = 0.0

    def support(self, out: Bools, threads: int) -> None:
        """Fills `out[L_b, V]` with the tokens that are possible."""
        layout = self.layout
        allowed = np.ones((len(self.logits), layout.num_classes + 2), dtype=np.bool_)
        allowed[: self._row.length] = self.allowed

        def work(first: int, last: int) -> None:
            token_kernels.support_rows(self.logits, layout.class_of_token, allowed, first, last, out)

        runs(work, len(self.logits), layout.vocabulary_size, threads)
        for i, token in self._row.fixed.items():
            out[i] = False
            out[i, token] = True

    def top_tokens(self, position: int, index: int, count: int) -> tuple[Longs, Floats]:
        """See `RowArrays.top_tokens`."""
        tokens = self.layout.tokens_of_class(index)
        ids, values = np.empty(min(count, len(tokens)), dtype=np.int64), np.empty(min(count, len(tokens)))
        token_kernels.top_of_class(self.logits[position], tokens, ids, values)
        return ids, values

    def token_logit(self, position: int, token: int) -> float:
        """See `RowArrays.token_logit`."""
        return float(self.logits[position, token])

    def columns(self, tokens: Longs) -> Floats:
        """See `RowArrays.columns`."""
        return self.logits[: self._row.length, tokens].astype(np.float64)
