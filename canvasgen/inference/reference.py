"""The recurrence in torch, written once for every semiring, plainly, for any torch device.

    alpha[i + 1, t] = ⊕ over edges (s, t, z) of alpha[i, s] ⊗ weight[i, z]
    beta[i, s]      = ⊕ over edges (s, t, z) of weight[i, z] ⊗ beta[i + 1, t]
    weight[i, z]    = ⊕ over the classes c of set z, and over the tokens v of class c, of p_i(v)

The numba path is held to this one, and this one to enumeration. Source: Rabiner, "A tutorial on hidden Markov
models", Proc. IEEE 77(2), 1989, with classes and class sets in the place of emissions.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from canvasgen.inference.layout import Groups, Layout
from canvasgen.inference.semirings import Log, Max, Semiring
from canvasgen.inference.tables import Bools, ClassTables, Floats, Ints, Longs, Tokens

__all__ = [
    "TorchBackend",
    "backward",
    "class_scores",
    "class_weights",
    "forward",
    "set_scores",
    "set_weights",
]

SEMIRINGS: dict[str, Semiring] = {"log": Log(), "max": Max()}
_CHUNK = 1 << 22  # elements of float64 temporaries per chunk of rows


def _index(array: np.ndarray, device: torch.device) -> Tensor:
    return torch.as_tensor(array.astype(np.int64), device=device)


def class_weights(semiring: Semiring, layout: Layout, log_weights: Tensor) -> Tensor:
    """⊕ over the tokens of each class: `[L, V]` -> `[L, C + 2]`."""
    index = _index(layout.class_of_token, log_weights.device)
    return semiring.sum(semiring.lift(log_weights), index, layout.num_classes + 2)


def set_weights(semiring: Semiring, layout: Layout, classes: Tensor, tail: Tensor) -> Tensor:
    """⊕ over the classes of each set: `[L, C + 2]` -> `[L, Z + 2]`; the last one is the tail, `[L]`."""
    sizes = np.diff(layout.set_offsets)
    index = _index(np.repeat(np.arange(len(sizes)), sizes), classes.device)
    members = classes[:, _index(layout.set_classes, classes.device)]
    return torch.cat([semiring.sum(members, index, len(sizes)), tail[:, None]], dim=-1)


def _sweep(semiring: Semiring, edges: Groups, sets: Tensor, boundary: Tensor, reverse: bool) -> Tensor:
    device, size = sets.device, len(edges.offsets) - 1
    group, other = _index(edges.group, device), _index(edges.first, device)
    on_edges = sets[:, _index(edges.second, device)]
    rows = [boundary]
    for i in reversed(range(len(sets))) if reverse else range(len(sets)):
        rows.append(semiring.sum(semiring.times(rows[-1][other], on_edges[i]), group, size))
    return torch.stack(rows[::-1] if reverse else rows)


def forward(semiring: Semiring, layout: Layout, sets: Tensor, start: Tensor) -> Tensor:
    """`alpha[L + 1, S + 1]` from `sets[L, Z + 2]` and `start[S + 1]`."""
    return _sweep(semiring, layout.by_target, sets, start, reverse=False)


def backward(semiring: Semiring, layout: Layout, sets: Tensor, final: Tensor) -> Tensor:
    """`beta[L + 1, S + 1]` from `sets[L, Z + 2]` and `final[S + 1]`."""
    return _sweep(semiring, layout.by_source, sets, final, reverse=True)


def set_scores(semiring: Semiring, layout: Layout, alpha: Tensor, beta: Tensor) -> Tensor:
    """⊕ over the edges of each set of alpha ⊗ beta: `[L, Z + 2]`."""
    edges, device = layout.by_set, alpha.device
    pairs = semiring.times(
        alpha[:-1][:, _index(edges.first, device)], beta[1:][:, _index(edges.second, device)]
    )
    return semiring.sum(pairs, _index(edges.group, device), layout.num_sets + 2)


def class_scores(semiring: Semiring, layout: Layout, scores: Tensor) -> Tensor:
    """⊕ over the sets that hold each class, and the tail: `[L, Z + 2]` -> `[L, C + 2]`."""
    sizes = np.diff(layout.class_set_offsets)
    index = _index(np.repeat(np.arange(len(sizes)), sizes), scores.device)
    return semiring.sum(scores[:, _index(layout.class_sets, scores.device)], index, len(sizes))


def _moments(values: Tensor, index: Tensor, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Largest value, log mass and mean below the largest of the `count` parts of `values[L, n]` by `index[n]`."""
    best = SEMIRINGS["max"].sum(SEMIRINGS["max"].lift(values), index, count)
    mass = SEMIRINGS["log"].sum(SEMIRINGS["log"].lift(values), index, count)
    shift = torch.where(torch.isfinite(best), best, 0.0)
    below = values - shift[:, index]
    moment = torch.zeros_like(best)
    moment.index_add_(1, index, torch.where(below == -torch.inf, 0.0, below.exp() * below))
    return best, mass, torch.where(torch.isfinite(best), moment / (mass - shift).exp(), 0.0)


class TorchBackend:
    """`Backend` over a torch tensor `[L, V]` on any device, by the functions above.

    Args:
        logits: float32.
        as_torch: whether `[L, V]` results are torch tensors rather than numpy arrays.
    """

    def __init__(self, logits: Tensor, as_torch: bool) -> None:
        self._logits = logits
        self._as_torch = as_torch

    def _put(self, array: np.ndarray) -> Tensor:
        return torch.as_tensor(array, device=self._logits.device)

    def reduce(self, layout: Layout) -> tuple[ClassTables, int]:
        """See `Backend.reduce`."""
        index = _index(layout.class_of_token, self._logits.device)
        rows = max(1, _CHUNK // layout.vocabulary_size)
        found: list[tuple[Tensor, ...]] = []
        for low in range(0, len(self._logits), rows):
            values = self._logits[low : low + rows].double()
            best, mass, mean = _moments(values, index, layout.num_classes + 2)
            top = values.max(dim=-1).values
            normaliser = torch.where(top.abs() == torch.inf, top, values.logsumexp(dim=-1))
            scale = torch.where(torch.isfinite(normaliser), normaliser, 0.0)[:, None]
            found.append((best - scale, mass - scale, mean, normaliser))
        best, mass, mean, normaliser = (torch.cat(part).cpu().numpy() for part in zip(*found, strict=True))
        wrong = torch.isnan(self._logits).any(dim=-1).nonzero()
        tables = ClassTables(best, mass, mean, normaliser, np.zeros(len(normaliser)))
        return tables, int(wrong[0, 0]) if len(wrong) else -1

    def segments(self, tokens: Tokens, offsets: Ints) -> tuple[Floats, Floats, Floats]:
        """See `Backend.segments`."""
        sizes = np.diff(offsets)
        index = _index(np.repeat(np.arange(len(sizes)), sizes), self._logits.device)
        chosen, rows = _index(tokens, self._logits.device), max(1, _CHUNK // max(1, len(tokens)))
        found = [
            _moments(self._logits[low : low + rows][:, chosen].double(), index, len(sizes))
            for low in range(0, len(self._logits), rows)
        ]
        best, mass, mean = (torch.cat(part).cpu().numpy() for part in zip(*found, strict=True))
        return best, mass, mean

    def set_weights(self, layout: Layout, classes: Floats, tail: Floats, kind: str) -> Floats:
        """See `Backend.set_weights`."""
        return set_weights(SEMIRINGS[kind], layout, self._put(classes), self._put(tail)).cpu().numpy()

    def sweep(self, layout: Layout, sets: Floats, boundary: Floats, kind: str, reverse: bool) -> Floats:
        """See `Backend.sweep`."""
        direction = backward if reverse else forward
        return direction(SEMIRINGS[kind], layout, self._put(sets), self._put(boundary)).cpu().numpy()

    def both_sweeps(
        self, layout: Layout, sets: Floats, start: Floats, final: Floats
    ) -> tuple[Floats, Floats]:
        """See `Backend.both_sweeps`."""
        return self.sweep(layout, sets, start, "log", False), self.sweep(layout, sets, final, "log", True)

    def set_scores(self, layout: Layout, alpha: Floats, beta: Floats) -> Floats:
        """See `Backend.set_scores`."""
        return set_scores(SEMIRINGS["log"], layout, self._put(alpha), self._put(beta)).cpu().numpy()

    def class_scores(self, layout: Layout, scores: Floats) -> Floats:
        """See `Backend.class_scores`."""
        return class_scores(SEMIRINGS["log"], layout, self._put(scores)).cpu().numpy()

    def top_tokens(self, layout: Layout, position: int, index: int, count: int) -> tuple[Longs, Floats]:
        """See `Backend.top_tokens`."""
        tokens = layout.tokens_of_class(index).astype(np.int64)
        values = self._logits[position, self._put(tokens)].double()
        order = torch.sort(values, descending=True, stable=True).indices[:count]
        return tokens[order.cpu().numpy()], values[order].cpu().numpy()

    def best_tokens(self, layout: Layout, classes: Longs) -> Longs:
        """See `Backend.best_tokens`."""
        out = np.full(len(classes), -1, dtype=np.int64)
        for i in np.flatnonzero(classes >= 0).tolist():
            out[i] = self.top_tokens(layout, i, int(classes[i]), 1)[0][0]
        return out

    def token_logit(self, position: int, token: int) -> float:
        """See `Backend.token_logit`."""
        return float(self._logits[position, token])

    def columns(self, tokens: Longs) -> Floats:
        """See `Backend.columns`."""
        return self._logits[:, _index(tokens, self._logits.device)].double().cpu().numpy()

    def draw_tokens(self, layout: Layout, tables: ClassTables, classes: Longs, uniforms: Floats) -> Longs:
        """See `Backend.draw_tokens`."""
        out = np.full(classes.shape, -1, dtype=np.int64)
        for n, i in zip(*np.nonzero(classes >= 0), strict=True):
            tokens = layout.tokens_of_class(int(classes[n, i])).astype(np.int64)
            cumulated = torch.softmax(self._logits[i, self._put(tokens)].double(), dim=0).cumsum(0)
            place = torch.searchsorted(cumulated, float(uniforms[n, i]) * float(cumulated[-1]), right=True)
            # The last token with a positive probability, should rounding carry the search beyond it.
            last = torch.searchsorted(cumulated, float(cumulated[-1]))
            out[n, i] = tokens[min(int(place), int(last))]
        return out

    def spread(self, layout: Layout, bias: Floats) -> Tensor | np.ndarray:
        """See `Backend.spread`."""
        index = _index(layout.class_of_token, self._logits.device)
        out = torch.empty(self._logits.shape, dtype=torch.float32, device=self._logits.device)
        for i, row in enumerate(self._put(bias)):
            out[i] = self._logits[i].double() + row[index]
        return out if self._as_torch else out.cpu().numpy()

    def support(self, layout: Layout, allowed: Bools) -> Tensor | np.ndarray:
        """See `Backend.support`."""
        index = _index(layout.class_of_token, self._logits.device)
        out = self._put(allowed)[:, index] & (self._logits > -torch.inf)
        return out if self._as_torch else out.cpu().numpy()
