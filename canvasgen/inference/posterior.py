"""The model's own distribution over canvases, given that the canvas is valid.

    P(x | valid) ∝ ∏_i p_i(x_i) · 1[x is valid],   p_i = softmax(logits_i)

Everything is worked out when it is first asked for, and for token classes first: a token's marginal is its
own log-probability plus a bias of its class at that position,

    log P(x_i = v | valid) = log p_i(v) + bias[i, c(v)],   bias = log(Σ_edges with c of alpha · beta / Z +
    P(tail at i))

since in the don't-care tail a token has the model's own probability.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import Tensor

from canvasgen.checks import whole_number
from canvasgen.errors import Unsatisfiable
from canvasgen.inference.backend import Backend, Lattice
from canvasgen.inference.batch import Batch
from canvasgen.inference.finishing import can_be_finished
from canvasgen.inference.k_best import Candidate, enumerate_best
from canvasgen.inference.remembering import M, Memory, RememberedBest
from canvasgen.inference.spans import SpanGraph, span_masses
from canvasgen.inference.tables import Bools, Floats, Longs, RowArrays
from canvasgen.showing import call
from canvasgen.viewer import PosteriorInNotebook

__all__ = ["Posterior", "uniforms_for"]


def uniforms_for(seed: int, n: int, length: int, width: int) -> Floats:
    """`[n, width + 1, 3]` in [0, 1), for `Lattice.sample`: the first `length` positions and the last state do not depend
    on the width of the batch."""
    generator = np.random.default_rng(seed)
    return _widened(generator.random((n, length + 1, 3)), generator, width)


def _widened(inside: Floats, generator: np.random.Generator, width: int) -> Floats:
    free = generator.random((len(inside), width + 1 - inside.shape[1], 3))
    return np.concatenate([inside[:, :-1], free, inside[:, -1:]], axis=1)


MOST_DRAWN = 50_000_000
"""Tokens that are drawn in one call."""


class Posterior(PosteriorInNotebook):
    """Answers about one row's valid canvases; n positions, V tokens, C text classes, logs in nats.

    Made by `condition`, or a view of one row of `Posteriors`. Small arrays are numpy, float64 or int64, and come from the
    device when first asked for; `[n, V]` arrays (`mask`, `marginals()`, `constrained_logits()`) come in the kind and on
    the device of the logits. Entries that cannot be are −inf, never merely small.

    The logits are read again for some answers. Torch tensors that were changed in place by then are noticed (their
    version counter): that raises `ModelError`. Numpy arrays are copied, so they may be changed; a tensor that shares
    its memory with an array must not be changed through it.
    """

    def __repr__(self) -> str:
        length, vocabulary = self.logits.shape
        return call("Posterior", positions=length, tokens=vocabulary)

    def __init__(self, lattice: Lattice, index: int) -> None:
        self._lattice = lattice
        self._index = index
        self._row = lattice.batch.rows[index]
        self._layout = self._row.layout
        self._fixed = self._row.fixed
        self._closed = self._row.closed
        self._state = self._row.state

    @property
    def shape(self) -> tuple[int, int]:
        """(L, V)."""
        return self.length, self._layout.vocabulary_size

    @property
    def backend(self) -> Backend:
        """What computes on the logits."""
        return self._lattice.backend

    @property
    def logits(self) -> Tensor:
        """`[n, V]`, what it was made of."""
        return self._lattice.batch.logits[self._index][: self.length]

    @property
    def is_torch(self) -> bool:
        """Whether the logits were given as a tensor."""
        return self._lattice.batch.as_torch

    @cached_property
    def arrays(self) -> RowArrays:
        """What was worked out on the device, copied to the host when first asked for."""
        return self._lattice.row(self._index)

    def require_unchanged(self) -> None:
        """Raise `ModelError` if the logits were changed in place."""
        self._lattice.batch.require_unchanged()

    def _host(self, values: Tensor) -> Any:
        if values.is_cpu:
            return values.numpy()[self._index, : self.length]
        return values[self._index, : self.length].cpu().numpy()

    def _kind(self, values: Tensor) -> Any:
        inside = values[0, : self.length]
        return inside if self.is_torch else inside.cpu().numpy()

    @property
    def _final(self) -> Floats:
        return np.where(self._row.final, 0.0, -np.inf)

    # Sums: the log semiring
    # ------------------------------------------------------------------------------------

    @cached_property
    def log_partition(self) -> float:
        """log Z: the log of the mass that ∏ softmax(logits_i) puts on valid canvases."""
        return float(self._lattice.log_partition[self._index])

    @cached_property
    def tail_log_prob(self) -> Floats:
        """`[n]`: log-probability that position i stands after the end token."""
        arrays, ended = self.arrays, self._layout.ended
        tail = arrays.sets[:, self._layout.tail_set]
        return arrays.alpha[:-1, ended] + tail + arrays.beta[1:, ended] - self.log_partition

    @cached_property
    def class_log_marginals(self) -> Floats:
        """`[n, C + 2]`: log P(class of x_i = c | valid); class C is the end tokens, C + 1 all others."""
        return self.arrays.tables.mass + self.arrays.bias

    @property
    def allowed_classes(self) -> Bools:
        """bool `[n, C + 2]`: the classes that can stand at each position: `mask` by classes."""
        return self.arrays.allowed

    @cached_property
    def entropies(self) -> Floats:
        """`[n]`: entropy of each position's constrained marginal, in nats."""
        return self._host(self._lattice.entropies)

    @cached_property
    def allowed_mass(self) -> Floats:
        """`[n]`: log of the mass that p_i puts on the tokens allowed at position i."""
        return self._host(self._lattice.allowed_mass)

    @cached_property
    def forced(self) -> Bools:
        """bool `[n]`: positions where only one token has a positive probability."""
        return self._host(self._lattice.forced)

    def marginals(self) -> Any:
        """float32 `[n, V]`: log P(x_i = v | valid)."""
        return self._kind(self._lattice.marginals(slice(self._index, self._index + 1)))

    def constrained_logits(self) -> Any:
        """`marginals()`, as logits for the next step's self-conditioning."""
        return self.marginals()

    @cached_property
    def mask(self) -> Any:
        """bool `[n, V]`: the tokens that stand at i in some valid canvas of positive probability."""
        return self._kind(self._lattice.support(slice(self._index, self._index + 1)))

    @property
    def state_support(self) -> Bools:
        """bool `[n + 1, S + 1]`: the states between positions, in some valid canvas of positive probability."""
        return self.arrays.alpha + self.arrays.beta > -np.inf

    def span_masses(self, graph: SpanGraph) -> Floats:
        """`[num_spans]`: log P(the span's text stands between its states, its borders being borders of tokens)."""
        self.require_unchanged()
        arrays = self.arrays
        weights = arrays.columns(graph.tokens) - arrays.tables.normaliser[:, None]
        for i, token in self._fixed.items():
            weights[i, graph.tokens != token] = -np.inf
        return span_masses(graph, arrays.alpha, arrays.beta, weights, self.log_partition)

    def token_log_probs(self, ids: Longs) -> Floats:
        """`[m]`: log P(x_i = ids[i] | valid) at the first m positions."""
        classes, bias = self._layout.class_of_token[ids], self.arrays.bias
        out = np.empty(len(ids))
        for i, (token, c) in enumerate(zip(ids.tolist(), classes.tolist(), strict=True)):
            out[i] = self._token_weight(i, token) + bias[i, c]
            if i in self._fixed:
                out[i] = 0.0 if self._fixed[i] == token else -np.inf
        return out

    def _token_weight(self, position: int, token: int) -> float:
        """log p_i(token)."""
        self.require_unchanged()
        return self.arrays.token_logit(position, token) - float(self.arrays.tables.normaliser[position])

    # The best: the max semiring
    # --------------------------------------------------------------------------------

    @property
    def best_log_weight(self) -> float:
        """log of the mass that ∏ softmax(logits_i) puts on text and end of `best`, the tail summed out."""
        return self.best_log_prob + self.log_partition

    @property
    def best_log_prob(self) -> float:
        """log P(text and end of `best` | valid), the tail summed out."""
        return float(self._lattice.best_log_prob[self._index])

    @cached_property
    def best(self) -> Longs:
        """int64 `[n]`: the most probable text with its end, then pads.

        Of equals it is the first by target state, class and token id, position by position.
        """
        return self._host(self._lattice.best)

    def k_best(self) -> Iterator[tuple[Longs, float]]:
        """Canvases with their `log_prob`, in decreasing order, lazily, until there is no more.

        Canvases differ in text or end token; tails are not enumerated but padded as in `best`.
        """
        self.require_unchanged()
        yield self.best.copy(), self.best_log_prob  # mostly nobody asks for another
        for candidate in islice(enumerate_best(self._layout, self.arrays, self._state, self._fixed), 1, None):
            self.require_unchanged()
            yield self._written(candidate), candidate.log_weight - self.log_partition

    def remembering(self, memory: Memory[M], start: M, *, after: int) -> RememberedBest[M]:
        """Return a search for the best canvas of which something holds that the automaton does not know.

        Args:
            memory: what is remembered of the tokens.
            start: the memory before the canvas.
            after: tokens of budget behind the canvas; 0: the text has to end on it.
        """
        self.require_unchanged()
        return RememberedBest(self._layout, self.arrays, self._state, self._fixed, memory, start, after=after)

    def satisfies(self, ids: Longs, memory: Memory[M], start: M, *, after: int) -> bool:
        """Return whether a canvas is one that `remembering` looks for, or the beginning of one that is known to exist."""
        state, found = self._state, start
        for i, token in enumerate(ids.tolist()):
            state = self._layout.step(state, token, None if self._closed is None else self._closed[i])
            if state < 0:
                return False
            if state == self._layout.ended:
                return memory.is_complete(found)
            following = memory.read(found, token)
            if following is None:
                return False
            found = following
        return bool(can_be_finished(self._layout, memory, state, found, after))

    def canvas(self, tokens: Sequence[int]) -> Longs:
        """Return the canvas int64 `[n]` with a text and its end, then pads."""
        return self._written(Candidate(list(tokens), 0.0))

    @property
    def end_ids(self) -> tuple[int, ...]:
        """The tokens that end a text."""
        return self._layout.end_ids

    def _written(self, candidate: Candidate) -> Longs:
        ids = np.full(self.length, self._row.filler, dtype=np.int64)
        ids[: len(candidate.tokens)] = candidate.tokens
        for i, token in self._fixed.items():
            ids[i] = token
        return ids

    def going_on(self) -> Posterior | None:
        """The same canvas, given that the text does not end on it: no end token stands on it, and behind it at least one
        more token can follow; None if no such canvas has a positive probability.

        Where a restriction speaks of the positions behind the canvas, the text may turn out to have to end there.
        """
        layout = self._layout
        if self._state == layout.ended:
            return None
        self.require_unchanged()
        closed = np.zeros((self.length, layout.num_sets + 2), dtype=np.bool_)
        if self._closed is not None:
            closed |= self._closed
        closed[:, layout.num_sets] = True
        batch = self._lattice.batch
        row = replace(self._row, closed=closed, later=self._row.needed_to_go_on, known=self.arrays)
        lattice = self.backend.condition(Batch([row], [self.logits], None, batch.as_torch, batch.threads))
        return Posterior(lattice, 0) if float(lattice.log_partition[0]) > -np.inf else None

    # Canvases
    # --------------------------------------------------------------------------------------------------

    def sample(self, n: int, seed: int) -> Longs:
        """int64 `[n, L]`: exact joint samples; in the tail, tokens are drawn from p_i.

        Raises:
            InvalidConstraint: `n` samples have more than `MOST_DRAWN` tokens.
        """
        n = whole_number(n, rule="n", name="the number of samples", high=MOST_DRAWN // max(self.length, 1))
        return self._drawn(uniforms_for(seed, n, self.length, self._lattice.batch.length))[0]

    def sample_at(self, uniforms: Floats) -> tuple[Longs, Floats]:
        """The samples that `uniforms[n, L + 1, 3]` in [0, 1) lead to.

        Returns:
            int64 `[n, L]` token ids, and `[n]` log-probabilities of their classes (not of the tokens).
        """
        return self._drawn(_widened(uniforms, np.random.default_rng(0), self._lattice.batch.length))

    def _drawn(self, uniforms: Floats) -> tuple[Longs, Floats]:
        ids, log_probs = self._lattice.sample([self._index], torch.as_tensor(uniforms[None]))
        return ids[0, :, : self.length].cpu().numpy(), log_probs[0].cpu().numpy()

    @property
    def length(self) -> int:
        """L."""
        return self._row.length

    def end_state(self, ids: Any) -> int:
        """The automaton's state after a canvas: S, *ended*, after an end token.

        Raises:
            Unsatisfiable: the canvas leaves the automaton; names the position.
        """
        state, position = self._walk(ids)
        if position >= 0:
            raise Unsatisfiable(
                "this canvas is not valid",
                path=f"position {position}",
                rule="end_state",
                remedy="ask for the state of a canvas that `mask` allows",
            )
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
        total = sum(float(self.arrays.tables.tail[i]) for i in self._fixed if i >= length)
        for i, token in enumerate(tokens[:length]):
            total += self._token_weight(i, token)
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

    def impossible(self) -> Unsatisfiable:
        """Why `log_partition` is −inf: the first position where nothing of positive probability can stand."""
        reached = self.arrays.reached
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
            value=dict(self._fixed) or None,
            remedy="take back fixed tokens that contradict the constraint" if self._fixed else None,
        )
