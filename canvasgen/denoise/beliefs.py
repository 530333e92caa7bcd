"""What one step's logits say about the canvases of all rows: arrays over the rows, and each row's own view.

Rows under a constraint are conditioned together; rows without one are read position by position, as DiffusionGemma's
own sampler does. Positions beyond a row's token budget, and the don't-care tail behind an end token, carry no text;
there the canvas holds what the model itself would write.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from canvasgen.constraints.compiled.belief import Belief, SearchedBelief, text_length
from canvasgen.errors import CanvasgenError, ModelError
from canvasgen.inference import Posterior, Posteriors, condition_batch

if TYPE_CHECKING:
    from canvasgen.constraints import CompiledConstraint
    from canvasgen.constraints.compiled.related_belief import FieldSearch
    from canvasgen.constraints.compiled.table_search import TableSearch
    from canvasgen.denoise.randomness import Randomness
    from canvasgen.tokens import Budget, Prefix

__all__ = ["Asked", "Beliefs", "FreeBelief", "RowErrors"]


@dataclass(frozen=True)
class Asked:
    """What is to be known of a row's canvas.

    Attributes:
        constraint: None for free text.
        prefix, budget: where the canvas stands in its text.
        search: what the searches for the values of a table or of related fields share over the row's steps.
        charged: around the work for the row, which its request is charged for.
    """

    constraint: CompiledConstraint | None
    prefix: Prefix
    budget: Budget
    search: TableSearch | FieldSearch | None = None
    charged: Callable[[], AbstractContextManager[None]] = nullcontext


class RowErrors(Exception):
    """Rows that cannot go on: no valid canvas, no assignment of a table, logits that are no numbers.

    Attributes:
        by_row: the errors.
    """

    def __init__(self, by_row: Mapping[int, CanvasgenError]) -> None:
        super().__init__(f"rows {sorted(by_row)}")
        self.by_row = by_row


class FreeBelief:
    """A canvas without a constraint: every position by itself.

    Args:
        logits: `[n, V]`.
        best: int64 `[n]`.
        end_ids: tokens that end a text.
    """

    posterior: Posterior | None = None
    proven: bool | None = None

    def __init__(self, logits: Tensor, best: NDArray[np.int64], end_ids: tuple[int, ...]) -> None:
        self._logits = logits
        self._end_ids = end_ids
        self.best: NDArray[np.int64] = best

    @property
    def logits(self) -> Tensor:
        """The model's own, `[n, V]`."""
        return self._logits

    def finish(self) -> None:
        """Nothing is left to do."""

    def candidates(self) -> Iterator[NDArray[np.int64]]:
        """The best alone."""
        yield self.best

    def going_on(self) -> NDArray[np.int64]:
        """The best canvas without an end token."""
        logits = self._logits.clone()
        logits[:, list(self._end_ids)] = -torch.inf
        return logits.argmax(dim=-1).cpu().numpy()

    def log_prob(self, ids: NDArray[np.int64]) -> float:
        """Position by position."""
        length = text_length(ids, self._end_ids)
        logits = self._logits[:length]
        chosen = torch.as_tensor(ids[:length], device=logits.device)
        logs = logits - logits.logsumexp(dim=-1, keepdim=True)
        return float(logs.gather(-1, chosen[:, None]).sum())

    def end_state(self, ids: NDArray[np.int64]) -> int | None:
        """There is no automaton."""
        return None

    def recalling(self, ids: NDArray[np.int64], log_prob: float) -> Belief:
        """This step's: positions alone have no joint probability to compare."""
        del ids, log_prob
        return self


class Beliefs:
    """About B rows with canvases of L positions over V tokens; tensors are on the device of the logits.

    Attributes:
        logits: float32 `[B, L, V]`, the model's own, divided by each row's temperature.
        log_partition: float64 `[B]`, log of the mass on valid canvases; 0 without a constraint.
        entropies: float64 `[B, L]` in nats, of the (constrained) marginals; more where a table doubts its values.
        log_mass: float64 `[B, L]`, log of the mass that the model gives the tokens allowed at each position.
        best: int64 `[B, L]`, the most probable canvases; behind a row's budget they mean nothing.
        best_log_prob: float64 `[B]`, log P(text of `best` | valid), of the canvas as a whole; −inf without a constraint, and
            where the values of a table or of related fields are not chosen by it.
        lengths: int64 `[B]`, tokens of text in `best`, with the end token; without a constraint, L.
        constrained: bool `[B]`, whether the row has a constraint.
        settles: bool `[B]`, whether `best` has been chosen against the model's will, by relations between fields.
        wrong: int64 `[B]`, the first position whose logits are no distribution; -1: none.

    Nothing is read on the host unless a row's values are searched for. So rows that cannot go on are only told by `require`;
    what else is said of them means nothing.

    Args:
        logits: as above.
        asked: one per row.
        end_ids: tokens that end a text.

    Raises:
        RowErrors: rows cannot go on, and there are some whose values are searched for.
    """

    def __init__(self, logits: Tensor, asked: Sequence[Asked], end_ids: tuple[int, ...]) -> None:
        self.logits = logits
        self._asked = asked
        self._end_ids = end_ids
        self._free = [b for b, one in enumerate(asked) if one.constraint is None]
        self._bound = [b for b, one in enumerate(asked) if one.constraint is not None]
        self._place = {b: at for at, b in enumerate(self._bound)}
        self._searched: dict[int, SearchedBelief] = {}
        self._probabilities: Tensor | None = None
        self.constrained = torch.tensor([one.constraint is not None for one in asked], device=logits.device)
        parts: list[tuple[list[int], tuple[Tensor, ...]]] = []
        if self._free:
            parts.append((self._free, self._read_free(self._part(self._free))))
        if self._bound:
            parts.append((self._bound, self._read_bound(self._part(self._bound))))
        columns = [self._together([(rows, values[at]) for rows, values in parts]) for at in range(7)]
        self.log_partition, self.entropies, self.log_mass, self.best, self.lengths = columns[:5]
        self.best_log_prob, self.wrong = columns[5:]
        self.settles = torch.zeros_like(self.constrained)
        self._read_searched()

    def require(self, log_partition: NDArray[np.float64], wrong: NDArray[np.float64]) -> None:
        """Raise unless all rows can go on.

        Args:
            log_partition, wrong: `[B]`, the attributes as they were read on the host.

        Raises:
            RowErrors: some rows cannot.
        """
        errors: dict[int, CanvasgenError] = {
            b: ModelError(
                "the logits are not numbers",
                path=f"position {int(wrong[b])}",
                rule="NaN logits",
                remedy="check the model's weights and its dtype: float16 may overflow where bfloat16 doesn't",
            )
            for b in self._free
            if wrong[b] >= 0
        }
        if self._bound:
            found = self._posteriors.errors(log_partition[self._bound].tolist(), wrong[self._bound].tolist())
            errors |= {b: error for b, error in zip(self._bound, found, strict=True) if error is not None}
        _raise(errors)

    def __len__(self) -> int:
        """B."""
        return len(self._asked)

    @property
    def constraints(self) -> list[CompiledConstraint | None]:
        """Of the rows."""
        return [one.constraint for one in self._asked]

    def _part(self, rows: list[int]) -> Tensor:
        return self.logits if len(rows) == len(self._asked) else self.logits[rows]

    def _together(self, parts: list[tuple[list[int], Tensor]]) -> Tensor:
        if len(parts) == 1:
            return parts[0][1]
        first = parts[0][1]
        out = first.new_empty((len(self._asked), *first.shape[1:]))
        for rows, values in parts:
            out[rows] = values
        return out

    def _read_free(self, logits: Tensor) -> tuple[Tensor, ...]:
        logs = logits - logits.logsumexp(dim=-1, keepdim=True)
        self._probabilities = torch.softmax(logits, dim=-1)
        finite = logs.clamp(min=torch.finfo(logits.dtype).min)
        entropies = -(finite * self._probabilities).sum(dim=-1).double()
        rows, length = logits.shape[:2]
        nothing = entropies.new_zeros(rows)
        whole = torch.full((rows,), length, device=logits.device)
        unknown = torch.full_like(nothing, -torch.inf)
        wrong = _first(~torch.isfinite(entropies))
        wrong = torch.where(wrong < length, wrong, -1)
        return nothing, entropies, torch.zeros_like(entropies), logits.argmax(dim=-1), whole, unknown, wrong

    def _read_bound(self, logits: Tensor) -> tuple[Tensor, ...]:
        asked = [self._asked[b] for b in self._bound]
        requests = [one.constraint.request(one.prefix, one.budget) for one in asked if one.constraint]
        self._posteriors: Posteriors = condition_batch(requests, logits, check=False)
        if any(one.constraint is not None and one.constraint.is_searched for one in asked):
            errors = zip(self._bound, self._posteriors.errors(), strict=True)
            _raise({b: error for b, error in errors if error is not None})
        here = torch.tensor([one.budget.here for one in asked], device=logits.device)
        found = self._posteriors
        lengths = self._text_lengths(found.best, here)
        masses = found.log_partition, found.entropies, found.allowed_mass
        return *masses, found.best, lengths, found.best_log_prob, found.wrong

    def _text_lengths(self, best: Tensor, here: Tensor) -> Tensor:
        ends = torch.isin(best, torch.tensor(self._end_ids, device=best.device))
        return torch.minimum(_first(ends) + 1, here)

    def _read_searched(self) -> None:
        """Has the cells of tables and related fields chosen together, row by row."""
        errors: dict[int, CanvasgenError] = {}
        searched = [
            (b, one, one.constraint)
            for b, one in enumerate(self._asked)
            if one.constraint is not None and one.constraint.is_searched
        ]
        if searched:  # the posteriors' own tensors stay as they are
            self.best, self.lengths = self.best.clone(), self.lengths.clone()
            self.entropies, self.best_log_prob = self.entropies.clone(), self.best_log_prob.clone()
        for b, one, constraint in searched:
            try:
                with one.charged():
                    belief = constraint.believe(
                        self._posteriors[self._place[b]], one.prefix, one.budget, one.search
                    )
            except CanvasgenError as error:
                errors[b] = error
                continue
            assert isinstance(belief, SearchedBelief)
            self._searched[b] = belief
            self.best[b, : one.budget.here] = torch.as_tensor(belief.best, device=self.best.device)
            self.entropies[b, : one.budget.here] = torch.as_tensor(belief.entropies, device=self.best.device)
            self.lengths[b] = text_length(belief.best, self._end_ids)
            self.settles[b] = belief.settles
            if belief.is_chosen:
                self.best_log_prob[b] = -torch.inf
        _raise(errors)

    @cached_property
    def inside(self) -> Tensor:
        """bool `[B, L]`: the positions of text in `best`; all without a constraint."""
        return torch.arange(self.best.shape[1], device=self.best.device) < self.lengths[:, None]

    @cached_property
    def forced(self) -> Tensor:
        """bool `[B, L]`: positions of the text where only one token is possible."""
        out = torch.zeros_like(self.inside)
        if self._bound:
            out[self._bound] = self._posteriors.forced
        return out & self.inside

    @cached_property
    def canvas(self) -> Tensor:
        """int64 `[B, L]`: `best`, with the tail behind the text as the model would have it."""
        if not self._bound:
            return self.best
        return torch.where(self.inside, self.best, self.logits.argmax(dim=-1))

    @property
    def constrained_logits(self) -> Tensor:
        """float32 `[B, L, V]`: the marginals as logits; without a constraint the logits."""
        if not self._bound:
            return self.logits
        bound = self._posteriors.constrained_logits()
        if not self._free:
            return bound
        return self._together([(self._free, self.logits[self._free]), (self._bound, bound)])

    def last_answers(self, both: Sequence[bool], *, constrained: bool) -> Tensor:
        """What the model is told of its last answer, float32 `[B, L, V]`: its own logits.

        Args:
            both: by row, whether it is the mean of its own and the constrained distributions instead.
            constrained: whether it is the constrained marginals, for all rows.
        """
        if constrained:
            return self.constrained_logits
        if not any(both):
            return self.logits
        mean = torch.logaddexp(self.logits.log_softmax(dim=-1), self.constrained_logits) - math.log(2)
        mixed = torch.tensor(both, device=mean.device)[:, None, None]
        return torch.where(mixed, mean, self.logits)

    def tokens(
        self, rows: Sequence[int], numbers: Sequence[int], greedy: Sequence[bool], randomness: Randomness
    ) -> Tensor:
        """This step's tokens int64 `[len(rows), L]` of some rows.

        Args:
            rows: places in the batch.
            numbers: the rows' numbers for `randomness`.
            greedy: by row, whether to take the best canvas; else a sample: a joint one under a constraint, position by
                position without.
        """
        out = torch.empty((len(rows), self.best.shape[1]), dtype=torch.int64, device=self.best.device)
        best = [at for at, is_greedy in enumerate(greedy) if is_greedy]
        joint = [at for at, b in enumerate(rows) if not greedy[at] and b in self._place]
        each = [at for at, b in enumerate(rows) if not greedy[at] and b not in self._place]
        if best:
            out[best] = self.canvas[[rows[at] for at in best]]
        if joint:
            seeds = [randomness.seed(numbers[at]) for at in joint]
            out[joint] = self._joint_samples([rows[at] for at in joint], seeds)
        if each:
            assert self._probabilities is not None
            place = {b: at for at, b in enumerate(self._free)}
            wanted = self._probabilities[[place[rows[at]] for at in each]].nan_to_num_(
                1.0
            )  # of rows that fail
            out[each] = randomness.tokens([numbers[at] for at in each], wanted)
        return out

    def _joint_samples(self, rows: list[int], seeds: list[int]) -> Tensor:
        out = self.best[rows]
        plain = [at for at, b in enumerate(rows) if b not in self._searched]
        if plain:
            places = [self._place[rows[at]] for at in plain]
            out[plain] = self._posteriors.sample([seeds[at] for at in plain], places)
        for at, b in enumerate(rows):
            if b in self._searched:
                drawn = self._searched[b].sample(seeds[at])
                out[at, : len(drawn)] = torch.as_tensor(drawn, device=out.device)
        for at, (b, seed) in enumerate(zip(rows, seeds, strict=True)):
            here = self._asked[b].budget.here
            if here < out.shape[1]:  # behind the budget each position is drawn by itself
                behind = torch.softmax(self.logits[b, here:], dim=-1).nan_to_num_(1.0)
                generator = torch.Generator(behind.device).manual_seed(seed)
                out[at, here:] = torch.multinomial(behind, 1, generator=generator).squeeze(-1)
        return out

    def posterior_of(self, row: int) -> Posterior | None:
        """The chain's posterior of a row; None without a constraint."""
        return self._posteriors[self._place[row]] if row in self._place else None

    def of(self, row: int) -> Belief:
        """The row's view, which it is committed from."""
        one = self._asked[row]
        if row in self._searched:
            return self._searched[row]
        if one.constraint is not None:
            with one.charged():
                return one.constraint.believe(self._posteriors[self._place[row]], one.prefix, one.budget)
        here = one.budget.here
        return FreeBelief(self.logits[row, :here], self.best[row, :here].cpu().numpy(), self._end_ids)


def _first(marked: Tensor) -> Tensor:
    """int64 `[B]`: the first position of each row that is marked, bool `[B, L]`; L if there is none."""
    length = marked.shape[1]
    return torch.where(marked, torch.arange(length, device=marked.device), length).amin(dim=-1)


def _raise(errors: Mapping[int, CanvasgenError]) -> None:
    if errors:
        raise RowErrors(errors)
