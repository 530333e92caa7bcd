"""What one denoising step says about a canvas under a constraint: the answers that a row is committed from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from canvasgen.inference import Posterior

__all__ = ["Belief", "ChainBelief", "SearchedBelief", "text_length"]

Longs = NDArray[np.int64]
Floats = NDArray[np.float64]


class Belief(Protocol):
    """About the n positions of a canvas that are within the token budget; logs and entropies in nats.

    Attributes:
        best: int64 `[n]`, the most probable canvas.
        posterior: None without a constraint.
        proven: for a table with relations, whether `best` is proven to be the most probable valid canvas; else None.
    """

    best: Longs
    posterior: Posterior | None
    proven: bool | None

    @property
    def logits(self) -> Any:
        """The model's own, at the step's temperature, `[n, V]`."""
        ...

    def finish(self) -> None:
        """Work out in full what a step had no time for; called once, before a commit."""
        ...

    def candidates(self) -> Iterator[Longs]:
        """Canvases int64 `[n]`, most probable first."""
        ...

    def going_on(self) -> Longs | None:
        """The most probable canvas `[n]` behind which the text goes on; None if there is none."""
        ...

    def log_prob(self, ids: Longs) -> float:
        """Log-probability of the text and end of a canvas `[n]`, given that it is valid."""
        ...

    def end_state(self, ids: Longs) -> int | None:
        """The automaton's state after a canvas `[n]`; None without a constraint."""
        ...

    def recalling(self, ids: Longs, log_prob: float) -> Belief:
        """The same with the best canvas of an earlier step as `best`, with the log-probability that it had there.

        Itself where what is best is not the automaton's to say: without a constraint, for cells and for holes that agree.
        """
        ...


@runtime_checkable
class SearchedBelief(Belief, Protocol):
    """A belief whose best canvas is searched for, beside the chain's.

    Attributes:
        entropies: float64 `[n]`, in nats: how much each position is doubted.
        is_chosen: whether the best canvas may be another one than the chain's.
        settles: whether the canvas may be committed for having stayed the same, whatever the doubt.
    """

    entropies: Floats
    is_chosen: bool
    settles: bool

    def sample(self, seed: int) -> Longs:
        """A canvas int64 `[n]` to go on from."""
        ...


class ChainBelief:
    """The exact posterior over valid canvases, of a constraint that is an automaton and nothing else."""

    def __init__(self, posterior: Posterior) -> None:
        self._posterior = posterior
        self.posterior: Posterior | None = posterior
        self.best: Longs = posterior.best
        self.proven: bool | None = None

    @property
    def logits(self) -> Any:
        """Those that the posterior conditions."""
        return self._posterior.logits

    def finish(self) -> None:
        """Nothing is left to do."""

    def candidates(self) -> Iterator[Longs]:
        """Lazily; canvases differ in text or tokenization."""
        for ids, _ in self._posterior.k_best():
            yield ids

    def going_on(self) -> Longs | None:
        """The best of the canvases without an end, after which the automaton has a way on."""
        found = self._posterior.going_on()
        return None if found is None else found.best

    def log_prob(self, ids: Longs) -> float:
        """The tail behind the end is summed out."""
        return self._posterior.log_prob(ids)

    def end_state(self, ids: Longs) -> int | None:
        """One past the last state after an end token."""
        return self._posterior.end_state(ids)

    def recalling(self, ids: Longs, log_prob: float) -> Belief:
        """The earlier canvas first, then those of this step; those of a subclass are chosen by more than the automaton."""
        return _Recalling(self._posterior, ids, log_prob) if type(self) is ChainBelief else self


class _Recalling(ChainBelief):
    """A step's belief, but for the best canvas of an earlier step in front of its own.

    Args:
        posterior: of this step.
        ids: int64 `[n]`, the earlier canvas.
        log_prob: what it had there, given that it is valid.
    """

    def __init__(self, posterior: Posterior, ids: Longs, log_prob: float) -> None:
        super().__init__(posterior)
        self.best = ids
        self._recalled = log_prob

    @override
    def candidates(self) -> Iterator[Longs]:
        yield self.best
        yield from super().candidates()

    @override
    def log_prob(self, ids: Longs) -> float:
        return self._recalled if np.array_equal(ids, self.best) else super().log_prob(ids)


def text_length(ids: Longs, end_ids: tuple[int, ...]) -> int:
    """Tokens up to the first end token and with it; all of them if there is none."""
    ends = np.flatnonzero(np.isin(ids, end_ids))
    return int(ends[0]) + 1 if ends.size else len(ids)
