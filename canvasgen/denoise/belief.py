"""What one step's logits say about one row's canvas, with a constraint and without.

Both kinds answer the same questions, so that the loop has one path. Positions beyond the row's budget, and
the don't-care tail after an end token, carry no text; there the canvas holds what the model itself would
write.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from canvasgen.errors import ModelError

if TYPE_CHECKING:
    from canvasgen.constraints import CompiledConstraint
    from canvasgen.inference import Posterior

__all__ = ["Belief", "ConstrainedBelief", "FreeBelief", "text_length"]


class Belief(Protocol):
    """L positions of the canvas, n <= L of them within the budget, V tokens; logs and entropies in nats.

    Attributes:
        logits: float32 `[L, V]`, the model's own, divided by the temperature.
        log_partition: log of the mass on valid canvases; None without a constraint.
        entropies: `[L]`, of the (constrained) marginals.
        log_mass: `[L]`, log of the mass that the model gives the tokens allowed at each position.
        best: int64 `[n]`, the most probable canvas.
        length: number of tokens of text in `best`, with the end token.
        probabilities: `[L, V]` to draw each position by itself; None if a joint sample is needed.
    """

    logits: torch.Tensor
    log_partition: float | None
    entropies: NDArray[np.float64]
    log_mass: NDArray[np.float64]
    best: NDArray[np.int64]
    length: int
    probabilities: torch.Tensor | None

    @property
    def posterior(self) -> Posterior | None:
        """Over the n positions within the budget; None without a constraint."""
        ...

    @property
    def canvas(self) -> NDArray[np.int64]:
        """int64 `[L]`, the best canvas with the tail as the model would have it."""
        ...

    @property
    def constrained_logits(self) -> torch.Tensor:
        """The marginals as logits, float32 `[L, V]`; worked out when asked for."""
        ...

    def sample(self, seed: int) -> NDArray[np.int64]:
        """A joint sample of the canvas, int64 `[L]`."""
        ...

    def forced(self) -> NDArray[np.bool_]:
        """Positions `[L]` of the text where only one token is possible."""
        ...

    def finish(self) -> None:
        """Called once before a commit: what was worked out in a hurry is worked out in full."""
        ...

    def candidates(self) -> Iterator[NDArray[np.int64]]:
        """Canvases int64 `[n]`, most probable first."""
        ...

    def log_prob(self, ids: NDArray[np.int64]) -> float:
        """Log-probability of a canvas `[n]`'s text and end, given that it is valid."""
        ...

    def end_state(self, ids: NDArray[np.int64]) -> int | None:
        """The automaton's state after a canvas; None without a constraint."""
        ...


class FreeBelief:
    """Every position by itself, as DiffusionGemma's own sampler has it.

    Args:
        logits: float32 `[L, V]`, already divided by the temperature.
        budget: n.
        end_ids: tokens that end a text.
        first: position on the canvas of the first row of `logits`.

    Raises:
        ModelError: NaN or +inf among the logits; names the position.
    """

    log_partition: float | None = None
    posterior = None

    def __init__(self, logits: torch.Tensor, budget: int, end_ids: tuple[int, ...], first: int = 0) -> None:
        self.logits = logits
        self.constrained_logits = logits
        self._logs = logits - logits.logsumexp(dim=-1, keepdim=True)
        self.probabilities: torch.Tensor | None = torch.softmax(logits, dim=-1)
        finite = self._logs.clamp(min=torch.finfo(logits.dtype).min)
        self.entropies = _to_numpy(-(finite * self.probabilities).sum(dim=-1)).astype(np.float64)
        wrong = np.flatnonzero(~np.isfinite(self.entropies))
        if wrong.size:
            raise ModelError(
                "the logits are not numbers", path=f"position {first + wrong[0]}", rule="NaN logits"
            )
        self.log_mass = np.zeros(len(self.entropies))
        self.canvas = _to_numpy(logits.argmax(dim=-1))
        self.best = self.canvas[:budget]
        self.length = text_length(self.best, end_ids)
        self._end_ids = end_ids

    def sample(self, seed: int) -> NDArray[np.int64]:
        """Independent draws."""
        assert self.probabilities is not None
        generator = torch.Generator(self.probabilities.device).manual_seed(seed)
        return _to_numpy(torch.multinomial(self.probabilities, 1, generator=generator).squeeze(-1))

    def forced(self) -> NDArray[np.bool_]:
        """None."""
        return np.zeros(len(self.canvas), dtype=np.bool_)

    def finish(self) -> None:
        """Nothing is left to do."""

    def candidates(self) -> Iterator[NDArray[np.int64]]:
        """The best alone."""
        yield self.best

    def log_prob(self, ids: NDArray[np.int64]) -> float:
        """Position by position."""
        length = text_length(ids, self._end_ids)
        chosen = torch.as_tensor(ids[:length], device=self._logs.device)
        return float(self._logs[:length].gather(-1, chosen[:, None]).sum())

    def end_state(self, ids: NDArray[np.int64]) -> int | None:
        """There is no automaton."""
        return None


class ConstrainedBelief:
    """The exact posterior over valid canvases.

    Args:
        logits: float32 `[L, V]`, already divided by the temperature.
        constraint: compiled for the model's vocabulary.
        state: the automaton's state before this block; None for its start.
        budget: n; the positions from n on are beyond the token budget.
        remaining: tokens of budget after this block.
        offset: tokens of the text before this block.

    Raises:
        ModelError: NaN or +inf among the logits.
    """

    probabilities: torch.Tensor | None = None

    def __init__(
        self,
        logits: torch.Tensor,
        constraint: CompiledConstraint,
        state: int | None,
        budget: int,
        remaining: int,
        offset: int = 0,
    ) -> None:
        end_ids = constraint.vocabulary.end_ids
        self.logits = logits
        self.posterior = constraint.condition(
            logits[:budget], state=state, remaining=remaining, offset=offset
        )
        self._beyond = FreeBelief(logits[budget:], 0, end_ids, budget) if budget < len(logits) else None
        self.log_partition: float | None = self.posterior.log_partition
        self.best = self.posterior.best
        self.length = text_length(self.best, end_ids)
        self.entropies = self.posterior.entropies
        self.log_mass = self.posterior.allowed_mass
        if self._beyond is not None:
            self.entropies = np.concatenate([self.entropies, self._beyond.entropies])
            self.log_mass = np.concatenate([self.log_mass, self._beyond.log_mass])

    @property
    def canvas(self) -> NDArray[np.int64]:
        """`best`, its tail filled by the model; worked out when asked for."""
        tail = _to_numpy(self.logits[self.length :].argmax(dim=-1))
        return np.concatenate([self.best[: self.length], tail])

    @property
    def constrained_logits(self) -> torch.Tensor:
        """The constrained marginals; worked out when asked for."""
        inside = torch.as_tensor(self.posterior.constrained_logits(), device=self.logits.device)
        if self._beyond is None:
            return inside
        return torch.cat([inside, self._beyond.constrained_logits])

    def sample(self, seed: int) -> NDArray[np.int64]:
        """Exact; the tail is drawn from the model's own distributions."""
        inside = self.posterior.sample(1, seed)[0]
        return inside if self._beyond is None else np.concatenate([inside, self._beyond.sample(seed)])

    def forced(self) -> NDArray[np.bool_]:
        """As the posterior knows it from its classes; the tail is free."""
        only_one = np.zeros(len(self.canvas), dtype=np.bool_)
        only_one[: self.length] = self.posterior.forced[: self.length]
        return only_one

    def finish(self) -> None:
        """Nothing is left to do."""

    def candidates(self) -> Iterator[NDArray[np.int64]]:
        """Lazily; canvases differ in text or tokenization."""
        for ids, _ in self.posterior.k_best():
            yield ids

    def log_prob(self, ids: NDArray[np.int64]) -> float:
        """The tail summed out."""
        return self.posterior.log_prob(ids)

    def end_state(self, ids: NDArray[np.int64]) -> int | None:
        """One past the last state after an end token."""
        return self.posterior.end_state(ids)


def text_length(ids: NDArray[np.int64], end_ids: tuple[int, ...]) -> int:
    """Tokens up to the first end token and with it; all of them if there is none."""
    ends = np.flatnonzero(np.isin(ids, end_ids))
    return int(ends[0]) + 1 if ends.size else len(ids)


def _to_numpy(values: torch.Tensor | NDArray) -> NDArray:
    return values.detach().cpu().numpy() if isinstance(values, torch.Tensor) else np.asarray(values)
