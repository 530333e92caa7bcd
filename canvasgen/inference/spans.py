"""The mass of texts that stand between borders, wherever on the canvas they stand.

    mass(span) = Σ over positions i < j, and over the ways to cut the span's text into j - i tokens, of
                 alpha[i, start] · ∏ p(tokens) · close[j, state] / Z

    close[j, state] = beta[j, state] - Σ over the tokens that go on inside of p_j(token) · beta[j + 1, target]

The texts that may begin in one state are a small graph: a *node* for what is read of them and the state it leads to, an
*arc* for each token on the way. Where a text ends another may go on ("1" and "10"), and what goes on is no end: so it
is taken off the mass that passes a node. A token that reaches over the border of a text counts as its end.
"""
# numba has no type stubs:
# pyright: reportUntypedFunctionDecorator=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportArgumentType=false

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from canvasgen.jit import njit

__all__ = ["SpanGraph", "Spans", "span_masses"]

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]


@dataclass(frozen=True)
class SpanGraph:
    """N nodes, numbered so that every arc leads to a higher one, and A arcs.

    Attributes:
        state: int64 `[N]`, the automaton's state at each node.
        starts: bool `[N]`, whether texts begin there.
        span: int64 `[N]`, the span that may end there; -1 for none.
        arc_source, arc_target: int64 `[A]` nodes, sorted by source.
        arc_token: int64 `[A]`, an index into `tokens`.
        tokens: int64 `[T]` token ids.
        num_spans: number of spans; several nodes may end one.
    """

    state: Longs
    starts: npt.NDArray[np.bool_]
    span: Longs
    arc_source: Longs
    arc_target: Longs
    arc_token: Longs
    tokens: Longs
    num_spans: int


class Spans:
    """Collects nodes and arcs, and makes a graph of them."""

    def __init__(self) -> None:
        self._state: list[int] = []
        self._starts: list[bool] = []
        self._span: list[int] = []
        self._arcs: list[tuple[int, int, int]] = []
        self._tokens: dict[int, int] = {}

    def node(self, state: int, *, starts: bool = False, span: int = -1) -> int:
        """A new node's number."""
        self._state.append(state)
        self._starts.append(starts)
        self._span.append(span)
        return len(self._state) - 1

    def arc(self, source: int, target: int, token: int) -> None:
        """A token between two nodes."""
        self._arcs.append((source, target, self._tokens.setdefault(token, len(self._tokens))))

    def graph(self, num_spans: int) -> SpanGraph:
        """All of it as arrays."""
        arcs = np.array(sorted(self._arcs), dtype=np.int64).reshape(-1, 3)
        return SpanGraph(
            np.array(self._state, dtype=np.int64),
            np.array(self._starts, dtype=np.bool_),
            np.array(self._span, dtype=np.int64),
            np.ascontiguousarray(arcs[:, 0]),
            np.ascontiguousarray(arcs[:, 1]),
            np.ascontiguousarray(arcs[:, 2]),
            np.array(list(self._tokens), dtype=np.int64),
            num_spans,
        )


def span_masses(graph: SpanGraph, alpha: Floats, beta: Floats, weights: Floats, total: float) -> Floats:
    """float64 `[num_spans]`, log masses.

    Args:
        graph: nodes and arcs.
        alpha, beta: `[L + 1, S + 1]`, log forward and backward masses of the states.
        weights: `[L, T]`, log p_i of the graph's tokens.
        total: log Z.
    """
    messages = np.full((len(graph.span), len(weights) + 1), -np.inf)
    out = np.full(graph.num_spans, -np.inf)
    _sweep(
        graph.state,
        graph.starts,
        graph.span,
        graph.arc_source,
        graph.arc_target,
        graph.arc_token,
        np.ascontiguousarray(alpha),
        np.ascontiguousarray(beta),
        np.ascontiguousarray(weights),
        messages,
        out,
    )
    return out - total


@njit(cache=True, nogil=True)
def _log_add(a: float, b: float) -> float:
    if a == -np.inf:
        return b
    if b == -np.inf:
        return a
    return max(a, b) + np.log1p(np.exp(-abs(a - b)))


@njit(cache=True, nogil=True)
def _sweep(
    state: Longs,
    starts: npt.NDArray[np.bool_],
    span: Longs,
    arc_source: Longs,
    arc_target: Longs,
    arc_token: Longs,
    alpha: Floats,
    beta: Floats,
    weights: Floats,
    messages: Floats,
    out: Floats,
) -> None:
    """Messages `[N, L + 1]` hold, for each node, the mass of the ways to it that end before each position."""
    length = weights.shape[0]
    at = 0
    for node in range(len(span)):
        here = state[node]
        first = at
        while at < len(arc_source) and arc_source[at] == node:
            at += 1
        for i in range(length + 1):
            message = messages[node, i]
            if starts[node]:
                message = _log_add(message, alpha[i, here])
            if message == -np.inf:
                continue
            goes_on = -np.inf
            if i < length:
                for arc in range(first, at):
                    target, weight = arc_target[arc], weights[i, arc_token[arc]]
                    messages[target, i + 1] = _log_add(messages[target, i + 1], message + weight)
                    goes_on = _log_add(goes_on, weight + beta[i + 1, state[target]])
            if span[node] >= 0 and goes_on < beta[i, here]:
                close = beta[i, here] + np.log1p(-np.exp(goes_on - beta[i, here]))
                out[span[node]] = _log_add(out[span[node]], message + close)
