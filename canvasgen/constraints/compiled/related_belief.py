"""The belief about a JSON canvas whose fields are related.

    posterior of the schema ──▶ its best canvas ──▶ do the relations hold? ── yes ──▶ it is the best of all
                                                              │ no
                     best canvas of which they hold  ◀── search with a memory of the fields (`inference.remembering`)

Entropies and marginals are the schema's. A position where the canvas has another token than the schema's own best is
doubted by the token's surprisal, if that is more than the entropy, as in tables.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from canvasgen.constraints.compiled.belief import ChainBelief, text_length
from canvasgen.errors import TimeLimit, Unsatisfiable
from canvasgen.field_relations import FieldMemory, RelatedFields, Remembered
from canvasgen.inference import Posterior
from canvasgen.limits import seconds_left
from canvasgen.relations import SearchTime
from canvasgen.tokens import Budget, Prefix

__all__ = ["FieldSearch", "RelatedBelief"]

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
_STEP_WIDTHS = (4, 32)
"""Entries of each lane that a layer keeps, in one denoising step: the next only where nothing is found."""
_COMMIT_WIDTHS = (32, 256, 2048, 16_384)
_STEPS_SHARE = 0.5
"""Of the answer's time, for all denoising steps together; the rest is kept for the commits."""
_LEAST_SECONDS = 1.0
"""Of a step's passes, where the answer's time is used up."""
_DRAWN = 16
"""Samples of the schema that are drawn to find one of which the relations hold."""
_LOOKED_AT = 2000
"""Canvases of the schema that are looked at for further candidates."""


class FieldSearch:
    """What the searches for one answer share over its denoising steps: the time.

    Attributes:
        clock: the answer's time.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self.clock = SearchTime(seconds)

    @property
    def is_short(self) -> bool:
        """Whether the steps have had their time."""
        return self.clock.spent >= _STEPS_SHARE * self.clock.seconds

    def passing(self) -> Callable[[], bool]:
        """Return what says whether a pass that begins now may go on: while the answer's time lasts, and a little longer.

        The first pass of a step is short as a rule, and without it nothing that is valid is known; so a step has a second
        for it, if the request has one left.
        """
        end = time.perf_counter() + _LEAST_SECONDS
        return lambda: self.clock.left > 0 or (time.perf_counter() < end and seconds_left() > 0)


class RelatedBelief(ChainBelief):
    """The schema's posterior, with the best canvas of which the relations hold.

    Attributes:
        entropies: float64 `[n]`, in nats: how much each position is doubted.
        settles: whether they hold of `best`, and not of the schema's best canvas.
        is_chosen: whether the relations do not hold of the schema's best canvas.
        found: whether they hold of `best`.
        proven: whether `best` is proven to be the most probable canvas of which the relations hold, or, where the text goes
            on behind it, may hold.

    Args:
        posterior: of the schema, over the n positions of the canvas within the budget.
        memory: the relations.
        relations: the same, for messages.
        prefix, budget: where the canvas stands in its text.
        search: what the answer's steps share; None: the first step.

    Raises:
        Unsatisfiable: no canvas satisfies the relations.
    """

    proven: bool | None

    def __init__(
        self,
        posterior: Posterior,
        memory: FieldMemory,
        relations: tuple[RelatedFields, ...],
        prefix: Prefix,
        budget: Budget,
        search: FieldSearch | None = None,
    ) -> None:
        super().__init__(posterior)
        self._memory, self._relations = memory, relations
        self._after = budget.after
        self._is_begun = len(prefix) > 0
        self._end_ids = posterior.end_ids
        self._search = search or FieldSearch()
        self.entropies: Floats = posterior.entropies
        self.found, self.settles = True, False
        with self._search.clock.running():
            start = memory.run(prefix.ids)
            if start is None:
                raise self._impossible()
            self._start: Remembered = start
            self.proven = self._holds(self.best)
            self.is_chosen = not self.proven
            if not self.proven:
                self._choose()

    def finish(self) -> None:
        """Searches on, with all the time that is left, if the best canvas is not proven.

        Raises:
            Unsatisfiable: no canvas satisfies the relations.
            TimeLimit: none was found in the answer's time.
        """
        clock = self._search.clock
        if self.proven:
            return
        with clock.running():
            for width in _COMMIT_WIDTHS:
                self._walk.run(width, lambda: clock.left > 0)
                if self._walk.proven or clock.left <= 0:
                    break
            self._take()
        if not self.found:
            raise TimeLimit(
                f"no canvas of which the relations hold was found in {clock.seconds:g} seconds",
                path=self._paths,
                rule="seconds",
                value=clock.seconds,
                remedy="bound the related fields (minimum, maximum, multipleOf, maxItems), take fewer, or allow more "
                "with limits=cg.Limits(max_seconds=…)",
            )

    @property
    def _paths(self) -> str:
        return ", ".join(dict.fromkeys(path.text for one in self._relations for path in one.paths))

    def _impossible(self) -> Unsatisfiable:
        described = "; ".join(one.relation.describe() for one in self._relations[:6])
        what = "no text of the schema satisfies"
        remedy = "compare them with the schema's bounds, or allow more tokens"
        if self._is_begun:
            what, remedy = "what is written so far leaves no way to satisfy", "ask for a text of one canvas"
        return Unsatisfiable(
            f"{what} the relations between its fields: {described}",
            path=self._paths,
            rule="relations",
            remedy=remedy,
        )

    def _holds(self, canvas: Longs) -> bool:
        """Whether the relations hold of a canvas, or it can be finished so that they do."""
        return self._posterior.satisfies(canvas, self._memory, self._start, after=self._after)

    def _choose(self) -> None:
        self._walk = self._posterior.remembering(self._memory, self._start, after=self._after)
        for width in _STEP_WIDTHS[:1] if self._search.is_short else _STEP_WIDTHS:
            self._walk.run(width, self._search.passing())
            if self._walk.tokens is not None or self._walk.proven:
                break
        self._take()

    def _take(self) -> None:
        tokens = self._walk.tokens
        self.proven = self._walk.proven
        self.found = self.settles = tokens is not None
        if tokens is None:
            if self.proven:
                raise self._impossible()
            return
        self.best = self._posterior.canvas(tokens)
        length = text_length(self.best, self._end_ids)
        surprisals = -self._posterior.token_log_probs(self.best[:length])
        self.entropies = self._posterior.entropies.copy()
        self.entropies[:length] = np.maximum(self.entropies[:length], surprisals)

    def sample(self, seed: int) -> Longs:
        """A joint sample int64 `[n]` of which the relations hold, exactly, if a few tries give one; else the best canvas."""
        for canvas in self._posterior.sample(_DRAWN, seed):
            if self._holds(canvas):
                return canvas
        return self.best

    def candidates(self) -> Iterator[Longs]:
        """The best, and the schema's next best ones of which the relations hold, as far as they are among the first few."""
        told = self.best[: text_length(self.best, self._end_ids)].tobytes()
        if self.found:
            yield self.best
        goes_on = self._search.passing()
        for canvas, _ in islice(self._posterior.k_best(), _LOOKED_AT):
            if not goes_on():
                return
            if self._holds(canvas) and canvas[: text_length(canvas, self._end_ids)].tobytes() != told:
                yield canvas

    def going_on(self) -> Longs | None:
        """The best without an end after which the relations may hold."""
        root = self._posterior.going_on()
        if root is None:
            return None
        walk = root.remembering(self._memory, self._start, after=self._after)
        with self._search.clock.running():
            for width in _STEP_WIDTHS:
                walk.run(width, self._search.passing())
                if walk.tokens is not None:
                    return root.canvas(walk.tokens)
        return None
