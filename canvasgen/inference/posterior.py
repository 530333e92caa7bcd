"""The model's own distribution over canvases, given that the canvas is valid.

    P(x | valid) ∝ ∏_i p_i(x_i) · 1[x is valid],   p_i = softmax(logits_i)

Everything is worked out when it is first asked for, and for token classes first: a token's marginal is its
own log-probability plus a bias of its class at that position,

    log P(x_i = v | valid) = log p_i(v) + bias[i, c(v)],   bias = log(Σ_edges with c of alpha · beta / Z +
    P(tail at i))

since in the don't-care tail a token has the model's own probability.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from canvasgen.errors import Unsatisfiable
from canvasgen.inference import chain_kernels, path_kernels
from canvasgen.inference.layout import Layout
from canvasgen.inference.reuse import reduced_again
from canvasgen.inference.spans import SpanGraph, span_masses
from canvasgen.inference.tables import Backend, Bools, ClassTables, Floats, Longs, log_sum

if TYPE_CHECKING:
    from canvasgen.inference.k_best import Candidate

__all__ = ["Posterior"]


class Posterior:
    """Answers about the valid canvases; L positions, V tokens, C text classes, logs in nats.

    Made by `condition`. Small arrays are numpy, float64 or int64; `[L, V]` arrays (`mask`, `marginals()`,
    `constrained_logits()`) come in the kind and on the device of the logits, and only when asked for.
    Entries that cannot be are −inf, never merely small.
    """

    def __init__(
        self,
        layout: Layout,
        tables: ClassTables,
        backend: Backend,
        *,
        fixed: Mapping[int, int],
        state: int,
        final: Bools,
        closed: Bools | None = None,
        pad_id: int | None = None,
    ) -> None:
        self._layout = layout
        self._tables = tables
        self._backend = backend
        self._fixed = dict(sorted(fixed.items()))
        self._state = state
        self._final = np.where(final, 0.0, -np.inf)
        self._closed = closed  # bool [L, Z + 2]: class sets that may not stand at a position
        self._pad_id = pad_id
        if not self.log_partition > -np.inf:
            raise self._impossible()

    @property
    def shape(self) -> tuple[int, int]:
        """(L, V)."""
        return self.length, self._layout.vocabulary_size

    @property
    def backend(self) -> Backend:
        """What computes on the logits."""
        return self._backend

    def tables_for(self, layout: Layout) -> ClassTables | None:
        """Another constraint's class tables of the same logits; None if these tell too little of them."""
        return None if self._fixed else reduced_again(layout, self._backend, self._layout, self._tables)

    # Sums: the log semiring
    # ------------------------------------------------------------------------------------

    @cached_property
    def _sets(self) -> Floats:
        weights = self._backend.set_weights(self._layout, self._tables.mass, self._tables.tail, "log")
        return self._without_closed(weights)

    def _without_closed(self, values: Floats) -> Floats:
        if self._closed is not None:
            values[self._closed] = -np.inf
        return values

    @cached_property
    def _sweeps(self) -> tuple[Floats, Floats]:
        return self._backend.both_sweeps(self._layout, self._sets, self._one_state(), self._final)

    @property
    def _alpha(self) -> Floats:
        return self._sweeps[0]

    @property
    def _beta(self) -> Floats:
        return self._sweeps[1]

    def _one_state(self) -> Floats:
        start = np.full(self._layout.num_states + 1, -np.inf)
        start[self._state] = 0.0
        return start

    @cached_property
    def log_partition(self) -> float:
        """log Z: the log of the mass that ∏ softmax(logits_i) puts on valid canvases."""
        return float(log_sum(self._alpha[-1] + self._final))

    @cached_property
    def _bias(self) -> Floats:
        """`[L, C + 2]`: log P(x_i = v | valid) − log p_i(v) of the tokens v of each class."""
        scores = self._backend.set_scores(self._layout, self._alpha, self._beta) - self.log_partition
        return self._backend.class_scores(self._layout, self._without_closed(scores))

    @cached_property
    def tail_log_prob(self) -> Floats:
        """`[L]`: log-probability that position i stands after the end token."""
        return (
            self._alpha[:-1, self._layout.ended]
            + self._sets[:, self._layout.tail_set]
            + self._beta[1:, self._layout.ended]
            - self.log_partition
        )

    @cached_property
    def _summary(self) -> tuple[Floats, Floats, Floats]:
        tables = self._tables
        marginals = np.empty_like(tables.mass)
        entropies, allowed = np.empty(self.length), np.empty(self.length)
        chain_kernels.summarise(
            tables.best, tables.mass, tables.mean, self._bias, marginals, entropies, allowed
        )
        return marginals, entropies, allowed

    @property
    def class_log_marginals(self) -> Floats:
        """`[L, C + 2]`: log P(class of x_i = c | valid); class C is the end tokens, C + 1 all others."""
        return self._summary[0]

    @property
    def entropies(self) -> Floats:
        """`[L]`: entropy of each position's constrained marginal, in nats."""
        return self._summary[1]

    @property
    def allowed_mass(self) -> Floats:
        """`[L]`: log of the mass that p_i puts on the tokens allowed at position i."""
        return self._summary[2]

    def marginals(self) -> Any:
        """float32 `[L, V]`: log P(x_i = v | valid)."""
        out: Any = self._backend.spread(self._layout, self._bias - self._tables.normaliser[:, None])
        for i, token in self._fixed.items():
            out[i] = -np.inf
            out[i, token] = 0.0
        return out

    def constrained_logits(self) -> Any:
        """`marginals()`, as logits for the next step's self-conditioning."""
        return self.marginals()

    @cached_property
    def mask(self) -> Any:
        """bool `[L, V]`: the tokens that stand at i in some valid canvas of positive probability."""
        out: Any = self._backend.support(self._layout, self._bias > -np.inf)
        for i, token in self._fixed.items():
            out[i] = False
            out[i, token] = True
        return out

    @cached_property
    def forced(self) -> Bools:
        """bool `[L]`: positions where only one token has a positive probability."""
        allowed = self.allowed_classes
        forced = allowed.sum(axis=1) == 1
        for i in np.flatnonzero(forced).tolist():
            if i not in self._fixed:
                logits = self._backend.top_tokens(self._layout, i, int(np.argmax(allowed[i])), 2)[1]
                forced[i] = np.count_nonzero(logits > -np.inf) == 1
        return forced

    def span_masses(self, graph: SpanGraph) -> Floats:
        """`[num_spans]`: log P(the span's text stands between its states, its borders being borders of tokens)."""
        weights = self._backend.columns(graph.tokens) - self._tables.normaliser[:, None]
        for i, token in self._fixed.items():
            weights[i, graph.tokens != token] = -np.inf
        return span_masses(graph, self._alpha, self._beta, weights, self.log_partition)

    def token_log_probs(self, ids: Longs) -> Floats:
        """`[n]`: log P(x_i = ids[i] | valid) at the first n positions."""
        classes = self._layout.class_of_token[ids]
        out = np.empty(len(ids))
        for i, (token, c) in enumerate(zip(ids.tolist(), classes.tolist(), strict=True)):
            weight = self._backend.token_logit(i, token) - float(self._tables.normaliser[i])
            out[i] = weight + self._bias[i, c]
            if i in self._fixed:
                out[i] = 0.0 if self._fixed[i] == token else -np.inf
        return out

    # The best: the max semiring
    # --------------------------------------------------------------------------------

    @cached_property
    def _best_sets(self) -> Floats:
        weights = self._backend.set_weights(self._layout, self._tables.best, self._tables.tail, "max")
        return self._without_closed(weights)

    @cached_property
    def _to_go(self) -> Floats:
        return self._backend.sweep(self._layout, self._best_sets, self._final, "max", reverse=True)

    @property
    def best_log_weight(self) -> float:
        """log of the mass that ∏ softmax(logits_i) puts on text and end of `best`, the tail summed out."""
        return float(self._to_go[0, self._state])

    @property
    def best_log_prob(self) -> float:
        """log P(text and end of `best` | valid), the tail summed out."""
        return self.best_log_weight - self.log_partition

    @cached_property
    def best(self) -> Longs:
        """int64 `[L]`: the most probable text with its end, then pads.

        Of equals it is the first by target state, class and token id, position by position.
        """
        layout, edges = self._layout, self._layout.by_source
        classes = np.empty(self.length, dtype=np.int64)
        path_kernels.best_path(
            edges.offsets,
            edges.first,
            edges.second,
            layout.set_offsets,
            layout.set_classes,
            self._best_sets,
            self._tables.best,
            self._to_go,
            self._state,
            classes,
        )
        tokens = self._backend.best_tokens(layout, classes)
        ids = np.where(classes < 0, self.filler, tokens)
        for i, token in self._fixed.items():
            ids[i] = token
        return ids

    @property
    def filler(self) -> int:
        """What stands after the end in `best` and `k_best`."""
        if self._pad_id is not None:
            return self._pad_id
        return self._layout.end_ids[0] if self._layout.end_ids else 0

    def k_best(self) -> Iterator[tuple[Longs, float]]:
        """Canvases with their `log_prob`, in decreasing order, lazily, until there is no more.

        Canvases differ in text or end token; tails are not enumerated but padded as in `best`.
        """
        from canvasgen.inference.k_best import enumerate_best

        for candidate in enumerate_best(
            self._layout, self._tables, self._backend, self._best_sets, self._to_go, self._state, self._fixed
        ):
            yield self._written(candidate), candidate.log_weight - self.log_partition

    def _written(self, candidate: Candidate) -> Longs:
        ids = np.full(self.length, self.filler, dtype=np.int64)
        ids[: len(candidate.tokens)] = candidate.tokens
        for i, token in self._fixed.items():
            ids[i] = token
        return ids

    # Canvases
    # --------------------------------------------------------------------------------------------------

    def sample(self, n: int, seed: int) -> Longs:
        """int64 `[n, L]`: exact joint samples; in the tail, tokens are drawn from p_i."""
        uniforms = np.random.default_rng(seed).random((n, self.length + 1, 3))
        return self.sample_at(uniforms)[0]

    def sample_at(self, uniforms: Floats) -> tuple[Longs, Floats]:
        """The samples that `uniforms[n, L + 1, 3]` in [0, 1) lead to.

        Returns:
            int64 `[n, L]` token ids, and `[n]` log-probabilities of their classes (not of the tokens).
        """
        layout, edges, n = self._layout, self._layout.by_target, len(uniforms)
        classes, log_probs = np.empty((n, self.length), dtype=np.int64), np.empty(n)
        path_kernels.sample_paths(
            edges.offsets,
            edges.first,
            edges.second,
            layout.set_offsets,
            layout.set_classes,
            self._alpha,
            self._sets,
            self._tables.mass,
            self._final,
            uniforms[:, :, :2],
            classes,
            log_probs,
        )
        classes[:, list(self._fixed)] = -1
        ids = self._backend.draw_tokens(layout, self._tables, classes, uniforms[:, :-1, 2])
        for i, token in self._fixed.items():
            ids[:, i] = token
        return ids, log_probs

    @property
    def length(self) -> int:
        """L."""
        return len(self._tables.normaliser)

    def end_state(self, ids: Any) -> int:
        """The automaton's state after a canvas: S, *ended*, after an end token.

        Raises:
            Unsatisfiable: the canvas leaves the automaton; names the position.
        """
        state, position = self._walk(ids)
        if position >= 0:
            raise Unsatisfiable("this canvas is not valid", path=f"position {position}", rule="end_state")
        return state

    def log_prob(self, ids: Any) -> float:
        """log P(text and end of the canvas | valid), the tail summed out; −inf if it is not valid."""
        tokens = [int(token) for token in ids]
        state, position = self._walk(tokens)
        if position >= 0 or self._final[state] == -np.inf:
            return -np.inf
        if any(tokens[i] != token for i, token in self._fixed.items()):
            return -np.inf
        ends = [i for i, token in enumerate(tokens) if token in self._layout.end_ids]
        length = 0 if self._state == self._layout.ended else min(ends, default=len(tokens) - 1) + 1
        total = sum(float(self._tables.tail[i]) for i in self._fixed if i >= length)
        for i, token in enumerate(tokens[:length]):
            total += self._backend.token_logit(i, token) - float(self._tables.normaliser[i])
        return total - self.log_partition

    def _walk(self, ids: Any) -> tuple[int, int]:
        """State after the canvas, and the position of the first impossible token or -1."""
        if len(ids) != self.length:
            raise ValueError(f"a canvas of {len(ids)} tokens; this posterior has {self.length} positions")
        state = self._state
        for i, token in enumerate(ids):
            closed = None if self._closed is None else self._closed[i]
            state = self._layout.step(state, int(token), closed)
            if state < 0:
                return state, i
        return state, -1

    def _impossible(self) -> Unsatisfiable:
        reached: Bools = (self._alpha > -np.inf).max(axis=1)
        if reached[-1]:
            return Unsatisfiable(
                "no canvas of positive probability can be finished within the budget",
                path=f"position {self.length - 1}",
                rule="block end",
                remedy="allow more tokens, or look for -inf among the logits",
            )
        position = int(np.argmin(reached)) - 1
        return Unsatisfiable(
            "no token of positive probability can stand here",
            path=f"position {position}",
            rule="fixed" if self._fixed else "logits" if self._closed is None else "positions",
            value=self._fixed or None,
            remedy="take back fixed tokens that contradict the constraint" if self._fixed else None,
        )

    @property
    def allowed_classes(self) -> Bools:
        """bool `[L, C + 2]`: the classes that can stand at each position: `mask` by classes."""
        return self.class_log_marginals > -np.inf
