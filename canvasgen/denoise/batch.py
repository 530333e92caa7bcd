"""An open batch: generations that share each forward pass of the model, and come and go as they like.

    add(job) ──▶ waiting ──seat free──▶ prefill ──join──▶ ┌────────────── seats ──────────────┐
                                                          │ context, canvas, self-conditioning │──▶ Done, Failed
                                   commit ──join──▶       └──┬─────────────────────────▲──────┘
                                      ▲                      ▼                         │
                                      │      denoise ──▶ logits / t ──▶ beliefs        │
                                      │                                    │           │
                                      │                       converged? ──┼──no──▶ accept, renoise
                                      │                                    │ yes
          text goes on ◀── taken ── validators: best canvas, next best, …◀─┘

Each row is at its own step of its own block. What a row writes depends on its job alone, not on its neighbours nor on
when it came: its random numbers are its own, and the model's answers for it are those that it would get alone (up to
rounding where a model's arithmetic depends on the shape of the batch).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from math import inf
from time import perf_counter

import torch
from torch import Tensor

from canvasgen.checks import whole_number
from canvasgen.denoise.beliefs import Beliefs, RowErrors
from canvasgen.denoise.completion import Event, Failed
from canvasgen.denoise.job import Job
from canvasgen.denoise.judging import Decisions, Judges, Verdict, placed
from canvasgen.denoise.policy import Policy
from canvasgen.denoise.protocol import Denoiser, SelfConditioning
from canvasgen.denoise.race import Heat, run_heat, tell_race
from canvasgen.denoise.randomness import Randomness, RowRandomness
from canvasgen.denoise.recording import observe
from canvasgen.denoise.row import Row
from canvasgen.denoise.seats import Seat, Seats
from canvasgen.denoise.stopping.step_reading import Look, StepRead, look_at, thresholds_of
from canvasgen.errors import CanvasgenError, Outcome
from canvasgen.forks import settle

__all__ = ["Batch"]


class Batch:
    """Generations that go through a model together.

    Not safe for threads: one thread owns it. An error that the model itself raises, or Ctrl-C, passes through `step`;
    one of a row becomes its `Failed`, and the other rows go on.

    Args:
        denoiser: the model.
        policy: acceptance, commit and retry; None: `Policy()`.
        randomness: None: `RowRandomness`, a generator for each row, from its job's seed.
        size: rows, and contenders of the races of starts, that go through the model together at most; the others wait.
            A job with more starts than that goes alone. None: no limit.
        feeds_back: whether each row's last logits are kept, for the model's self-conditioning.
        clock: seconds, for timings and targets.
        judges: threads in which constraints, validators and values are asked about canvases; a row whose judgement takes
            long stands aside, and the others take their steps. None: `step` waits for them.

    Raises:
        InvalidConstraint: `size` is no whole number above zero.
    """

    def __init__(
        self,
        denoiser: Denoiser,
        *,
        policy: Policy | None = None,
        randomness: Randomness | None = None,
        size: int | None = None,
        feeds_back: bool = True,
        clock: Callable[[], float] = perf_counter,
        judges: Judges | None = None,
    ) -> None:
        self._decisions = Decisions(judges, clock)
        self._feeds_back = feeds_back
        self._denoiser = denoiser
        self._clock = clock
        self._policy = policy or Policy()
        self._limits = thresholds_of(self._policy, denoiser.defaults)
        self._told: SelfConditioning = self._policy.self_conditioning or denoiser.defaults.self_conditioning
        self._noise = denoiser.noise
        self._own = RowRandomness([], denoiser.canvas_length, denoiser.vocab_size)
        self._randomness = self._own if randomness is None else randomness
        self._size = None if size is None else whole_number(size, rule="size", low=1)
        self._added = 0
        self._waiting: deque[Row] = deque()
        self._seats = Seats(denoiser)

    def __len__(self) -> int:
        """Rows that are not finished."""
        return len({row.number for row in self._seats.rows}) + len(self._waiting) + len(self._decisions)

    @property
    def is_at_rest(self) -> bool:
        """Whether a step would do nothing: there are no rows, or decisions on all of them are still to come."""
        return not self._seats.rows and not self._waiting and not self._decisions.has_news

    def add(self, job: Job) -> int:
        """Takes a job in; it starts with the next step, or when there is a seat for it.

        Returns:
            The row's number, which its events bear: 0, 1, … in the order of the calls.

        Raises:
            BudgetTooSmall, InvalidConstraint, ModelError: the job is impossible.
        """
        row = Row(self._added, job, self._denoiser, self._policy, self._clock)
        self._waiting.append(row)
        self._added += 1
        return row.number

    def remove(self, number: int) -> bool:
        """Drops a row at once; False if there is none of this number, or it is finished."""
        waiting = [row for row in self._waiting if row.number != number]
        seats = [seat for seat, row in enumerate(self._seats.rows) if row.number != number]
        found = len(waiting) < len(self._waiting) or len(seats) < len(self._seats)
        found = self._decisions.drop(number) or found
        self._waiting = deque(waiting)
        self._seats.keep(seats)
        self._own.end(number)
        return found

    def seat(self, number: int) -> Seat | None:
        """The first seat of a row, with the canvas that it denoises next; None if it has none."""
        return self._seats.seat(number)

    def step(self, numbers: Collection[int] | None = None) -> list[Event]:
        """One denoising step of all rows that have a seat, and what came of it.

        Args:
            numbers: of the rows to step, while the others rest; None: all.

        Returns:
            In this order: `Failed` of rows that cannot go on, a `Draft` for each other row, then for each row whose
            canvas has converged a `Commit`, perhaps with a `Done`, or `Failed`. Empty if there is no row.
        """
        settle()
        events = self._come_back()
        self.admit()
        resting = None if numbers is None else self._seats.part(numbers)
        try:
            return events + self._step() if self._seats.rows else events
        finally:
            if resting is not None:
                self._seats.rejoin(resting)

    def _step(self) -> list[Event]:
        seats = self._seats
        begun = self._clock()
        seats.arrange()
        logits = seats.denoise()
        _spend(seats.rows, "denoise", self._clock() - begun)
        begun = self._clock()
        temperatures = torch.tensor([row.advance() for row in seats.rows], dtype=logits.dtype)
        logits = logits / temperatures.to(logits.device)[:, None, None]
        is_race = seats.has_races
        look, seen, events = self._understood(logits, draws=not is_race)
        if look is None or seen is None:
            return events
        self._record(look.beliefs, seen)
        now = self._clock()
        for row in seats.rows:
            row.is_fresh = False
            row.keep_pace(now)
        heat = run_heat(seats.rows)
        fixed = look.decided if not self._noise.varies else torch.zeros_like(look.accepted)
        if is_race:
            self._renoise(look.beliefs, look.accepted, heat.going)
        observe(seats.rows, look.beliefs, look.doubt, look.accepted, fixed, seats.canvas)
        tell_race(seats.rows, heat)
        ready = self._ready(look, seen, heat)
        self._read_drafts()
        _spend(rows := seats.rows, "condition", self._clock() - begun)
        events += [rows[seat].draft for seat in sorted(heat.leading)]
        gone: set[int] = set()
        for seat, verdict in self._decisions.on(seats, ready, look.beliefs).items():
            if verdict is not None:
                events += self._settled(rows[seat], seat, verdict)
            if verdict is None or rows[seat].is_over:
                gone.add(seat)
        seats.keep([seat for seat in heat.going if seat not in gone])
        return events

    def admit(self) -> None:
        """Gives free seats to the rows that wait, in their order."""
        taken, new = len(self._seats) + len(self._decisions), list[Row]()
        for row in self._waiting:
            taken += len(row.job.starts)
            if self._size is not None and taken > self._size and taken > len(row.job.starts):
                break
            new.append(row)
        if not new:
            return
        begun = self._clock()
        context = self._denoiser.prefill([[*row.job.prompt, *row.job.written] for row in new])
        several = [at for at, row in enumerate(new) for _ in row.job.starts]
        if len(several) > len(new):
            context = self._denoiser.select(context, several)
        context = self._seats.joined(context)
        _spend(new, "prefill", self._clock() - begun)
        for row in new:  # from here on the model is not asked any more: nothing can go wrong halfway
            self._own.begin(row.number, row.job.seed)
        noise = self._fresh([row.number for row in new])
        rows = [one for row in new for one in (row.contenders() if len(row.job.starts) > 1 else [row])]
        for row in rows:
            row.begin(begun)
        canvas = torch.stack([row.start.onto(noise[at]) for at, row in zip(several, rows, strict=True)])
        self._seats.append(rows, context, canvas)
        for _ in new:
            self._waiting.popleft()

    def _fresh(self, numbers: Sequence[int]) -> Tensor:
        return self._noise.fresh(numbers, self._denoiser.canvas_length, self._randomness).cpu()

    def _understood(self, logits: Tensor, *, draws: bool) -> tuple[Look | None, StepRead | None, list[Event]]:
        """What the logits say of the rows, on the device and on the host; rows that cannot go on lose their seats.

        Args:
            logits: of all rows.
            draws: whether the next canvases are drawn before the host waits for what it has to decide. No row leaves then
                but those that fail.

        Returns:
            None and None if no row is left; and what became of the rows that have left.
        """
        seats, events = self._seats, list[Event]()
        canvas, decided = seats.canvas, seats.decided
        while True:
            try:
                look = self._look(logits, canvas, decided)
                if draws:
                    self._renoise(look.beliefs, look.accepted, range(len(seats)))
                    draws = False
                seen = look.read()
                look.beliefs.require(seen.log_partition, seen.wrong)
            except RowErrors as errors:
                events += self._drop(errors.by_row)
            else:
                return look, seen, events
            gone = {event.row for event in events}
            going = [seat for seat, row in enumerate(seats.rows) if row.number not in gone]
            seats.keep(going)
            if not going:
                return None, None, events
            logits, canvas, decided = logits[going], canvas[going], decided[going]

    def _look(self, logits: Tensor, canvas: Tensor, decided: Tensor) -> Look:
        """What the logits of all rows say, given the canvases that the model saw."""
        seats = self._seats
        read = self._noise.read(logits, canvas, decided)
        return look_at(
            Beliefs(read, [row.asked for row in seats.rows], self._denoiser.vocabulary.end_ids),
            decided,
            self._policy,
            self._limits,
            progress=[row.progress for row in seats.rows],
            first=[row.step == 1 for row in seats.rows],
            texts=seats.texts,
            streak=seats.streak,
        )

    def _drop(self, errors: Mapping[int, CanvasgenError]) -> list[Event]:
        """The failures of rows, by their seats; of a race's contenders the first one's."""
        events: list[Event] = []
        for seat, error in sorted(errors.items()):
            row = self._seats.rows[seat]
            if row.number not in {event.row for event in events}:
                self._own.end(row.number)
                events.append(Failed(row.failed(placed(error, row)), row.number))
        return events

    def _record(self, beliefs: Beliefs, seen: StepRead) -> None:
        """Puts the step into the rows' traces."""
        for seat, row in enumerate(self._seats.rows):
            partition = None if row.job.constraint is None else float(seen.log_partition[seat])
            whole = float(seen.best_log_prob[seat])
            ids = seen.best[seat, : row.text.budget.here]
            means, accepted = (
                (float(seen.entropy[seat]), float(seen.log_mass[seat])),
                int(seen.accepted[seat]),
            )
            if row.record(ids, partition, *means, accepted, whole if whole > -inf else None):
                row.keep(beliefs.of(seat))

    def _renoise(self, beliefs: Beliefs, accepted: Tensor, going: Sequence[int]) -> None:
        """The next canvases of some seats, drawn in the order of DiffusionGemma's sampler: tokens, then noise."""
        seats = self._seats
        if self._feeds_back:
            both = [row.is_told_both(self._told) for row in seats.rows]
            seats.known = beliefs.last_answers(both, constrained=self._told == "constrained")
        if not going:
            return
        rows = [seats.rows[seat] for seat in going]
        numbers = [row.number for row in rows]
        drawn = beliefs.tokens(going, numbers, [row.is_greedy for row in rows], self._randomness)
        rest = self._fresh(numbers)
        for at, row in enumerate(rows):
            if row.kept:
                rest[at] = row.start.renoised(rest[at])
        place = drawn.device
        canvas, decided = seats.canvas.to(place), seats.decided.to(place)
        rest = rest.to(place)
        if list(going) == list(range(len(seats))):
            seats.canvas, seats.decided = self._noise.renoise(canvas, decided, accepted, drawn, rest)
            return
        chosen = torch.tensor(list(going), device=place)
        new, now = self._noise.renoise(canvas[chosen], decided[chosen], accepted[chosen], drawn, rest)
        seats.canvas = canvas.index_copy(0, chosen, new)
        seats.decided = decided.index_copy(0, chosen, now)

    def _ready(self, look: Look, seen: StepRead, heat: Heat) -> dict[int, Outcome]:
        """The seats of the rows to commit, and why."""
        seats = self._seats
        alone = torch.tensor(heat.alone, device=look.streak.device)
        seats.texts, seats.streak = look.texts, torch.where(alone, look.streak, -1)
        ready: dict[int, Outcome] = {}
        for seat, row in enumerate(seats.rows):
            if heat.alone[seat] and not row.is_drafting:
                if (
                    seat in heat.decided
                    or seen.is_sure(seat, row)
                    or row.text.leaves_no_choice(row.trace[-1].ids)
                ):
                    ready[seat] = Outcome.COMPLETE
                elif row.at_limit is not None:
                    ready[seat] = row.at_limit
                elif row.goes_round:
                    ready[seat] = Outcome.OSCILLATION
        return ready

    def _read_drafts(self) -> None:
        """Lets rows whose drafts are finished go on under what these lead to.

        Where decided positions stay, those of drafts may contradict it: the canvas begins again.
        """
        for seat, row in enumerate(self._seats.rows):
            if row.read_draft() and not self._noise.varies:
                row.is_fresh = True
                self._seats.begin(seat, self._fresh([row.number]), None)

    def _settled(self, row: Row, seat: int, verdict: Verdict) -> list[Event]:
        """Goes on with a row whose canvas is decided on: the next block, the same one again, or its end."""
        if row.is_over:
            self._own.end(row.number)
        elif verdict.canvas is None:
            row.begin_again()
            row.is_greedy = row.is_greedy and self._noise.varies
            self._seats.begin(seat, self._fresh([row.number]), None)
        else:
            row.begin_block()
            self._seats.begin(seat, self._fresh([row.number]), torch.as_tensor(verdict.canvas))
        return verdict.events

    def _come_back(self) -> list[Event]:
        """Takes in the rows that stood aside and are decided on."""
        events: list[Event] = []
        for seats, verdict in self._decisions.back():
            row = seats.rows[0]
            if not row.is_over:
                self._seats.rejoin(seats)
            events += self._settled(row, len(self._seats) - 1, verdict)
        return events


def _spend(rows: Sequence[Row], what: str, seconds: float) -> None:
    """Count time for all rows that took part."""
    for row in rows:
        row.spend(what, seconds)
