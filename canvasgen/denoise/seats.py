"""The rows that go through the model together, and their tensors, all in one order."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from copy import copy
from typing import NamedTuple

import torch
from torch import Tensor

from canvasgen.denoise.protocol import Context, Denoiser
from canvasgen.denoise.row import Row

__all__ = ["Seat", "Seats"]


class Seat(NamedTuple):
    """One row of the seats.

    Attributes:
        row: what is generated there.
        canvas: int64 `[L]`.
        decided: bool `[L]`, positions whose token is no noise.
    """

    row: Row
    canvas: Tensor
    decided: Tensor


class Seats:
    """B rows with canvases of L positions over V tokens; contenders of a race have a seat each.

    What changes in the context (rows that leave, blocks that are committed) is done by `arrange`, at once for all
    changes since the step before. If the model raises an error there, nothing has changed and it can be tried again.

    Attributes:
        rows: by seat.
        canvas: int64 `[B, L]`.
        decided: bool `[B, L]`, positions whose token is no noise.
        known: float32 `[B, L, V]`, what the model is told of its last answers; None if no row has had one.
        texts: int64 `[B, L]`, the text of each row's best canvas in its last step, then -1.
        streak: int64 `[B]`, for how many steps that has stayed the same; -1 if there was no step.
    """

    def __init__(self, denoiser: Denoiser) -> None:
        self._denoiser = denoiser
        self._context: Context = None
        self._count = 0  # rows of the context
        self._places: list[int] = []  # by seat, the row of the context
        self._unread: list[Tensor | None] = []  # by seat, a block that the context does not hold yet
        self.rows: list[Row] = []
        length = denoiser.canvas_length
        self.canvas = torch.empty((0, length), dtype=torch.int64)
        self.decided = torch.empty((0, length), dtype=torch.bool)
        self.known: Tensor | None = None
        self.texts = torch.empty((0, length), dtype=torch.int64)
        self.streak = torch.empty((0,), dtype=torch.int64)

    def __len__(self) -> int:
        """B."""
        return len(self.rows)

    @property
    def has_races(self) -> bool:
        """Whether some rows are contenders of one race."""
        return len({row.number for row in self.rows}) < len(self.rows)

    def joined(self, context: Context) -> Context:
        """The context of all rows and of those of another one behind them, for `append`."""
        self.arrange()
        return self._denoiser.join([self._context, context]) if self.rows else context

    def append(self, rows: Sequence[Row], context: Context, canvas: Tensor) -> None:
        """More rows.

        Args:
            rows: the rows.
            context: of all rows now, from `joined`.
            canvas: the first canvases of the new ones, int64 `[len(rows), L]`.
        """
        self._context = context
        count = len(rows)
        self.rows += rows
        self._count = len(self.rows)
        self._places = list(range(self._count))
        self._unread += [None] * count
        self.canvas = torch.cat([self.canvas, canvas.to(self.canvas.device)])
        self.decided = torch.cat([self.decided, self.decided.new_zeros(canvas.shape)])
        self.texts = torch.cat([self.texts, self.texts.new_full(canvas.shape, -1)])
        self.streak = torch.cat([self.streak, self.streak.new_full((count,), -1)])
        if self.known is not None:
            self.known = torch.cat([self.known, self.known.new_zeros((count, *self.known.shape[1:]))])

    def keep(self, seats: Sequence[int]) -> None:
        """Only these seats go on, in this order."""
        if list(seats) == list(range(len(self.rows))):
            return
        chosen = torch.tensor(list(seats), dtype=torch.int64, device=self.canvas.device)
        self.rows = [self.rows[seat] for seat in seats]
        self._places = [self._places[seat] for seat in seats]
        self._unread = [self._unread[seat] for seat in seats]
        self.canvas, self.decided = self.canvas[chosen], self.decided[chosen]
        self.texts, self.streak = self.texts[chosen], self.streak[chosen]
        self.known = None if self.known is None or not self.rows else self.known[chosen]

    def seat(self, number: int) -> Seat | None:
        """The first seat of the row of a number."""
        for at, row in enumerate(self.rows):
            if row.number == number:
                return Seat(row, self.canvas[at], self.decided[at])
        return None

    def alone(self, seat: int) -> Seats:
        """Return seats with this one alone, for `rejoin`; here it stays until `keep` leaves it out."""
        one = copy(self)
        one.keep([seat])
        one.arrange()
        return one

    def part(self, numbers: Collection[int]) -> Seats | None:
        """Keep the rows of these numbers, and return the others, for `rejoin`; None if there are no others."""
        others = [seat for seat, row in enumerate(self.rows) if row.number not in numbers]
        if not others:
            return None
        rest = copy(self)
        rest.keep(others)
        going = [seat for seat, row in enumerate(self.rows) if row.number in numbers]
        self.keep(going)
        return rest

    def rejoin(self, rest: Seats) -> None:
        """Take in the rows that `part` has put aside, behind the others."""
        if not self.rows:
            self.__dict__.update(rest.__dict__)
            return
        self._context = self._denoiser.join([self._context, rest._context])
        self._places += [place + self._count for place in rest._places]
        self._count += rest._count
        self._unread = self._unread + rest._unread
        self.rows = self.rows + rest.rows
        for name in ("canvas", "decided", "texts", "streak"):
            mine: Tensor = getattr(self, name)
            setattr(self, name, torch.cat([mine, getattr(rest, name).to(mine.device)]))
        if self.known is not None:
            shape = (len(rest), *self.known.shape[1:])
            theirs = self.known.new_zeros(shape) if rest.known is None else rest.known.to(self.known.device)
            self.known = torch.cat([self.known, theirs])

    def begin(self, seat: int, canvas: Tensor, block: Tensor | None) -> None:
        """A fresh canvas, int64 `[1, L]`.

        Args:
            seat: of the row.
            canvas: the canvas.
            block: the finished block int64 `[L]` that the model reads first; None if the block starts again.
        """
        chosen = torch.tensor([seat], device=self.canvas.device)
        self.canvas = self.canvas.index_copy(0, chosen, canvas.to(self.canvas.device))
        self.decided = self.decided.index_fill(0, chosen, False)
        self.streak = self.streak.index_fill(0, chosen, -1)
        self._unread[seat] = block

    def arrange(self) -> None:
        """Brings the context up to date: rows that have left are dropped, finished blocks are read."""
        if not self.rows:
            self._context, self._count = None, 0
            return
        reading = [seat for seat, block in enumerate(self._unread) if block is not None]
        staying = [seat for seat, block in enumerate(self._unread) if block is None]
        blocks = [block for block in self._unread if block is not None]
        parts = [self._picked([self._places[seat] for seat in staying])] if staying else []
        if reading:
            picked = self._picked([self._places[seat] for seat in reading])
            parts.append(self._denoiser.commit(picked, torch.stack(blocks)))
        self._context = parts[0] if len(parts) == 1 else self._denoiser.join(parts)
        self.keep([*staying, *reading])
        self._count = len(self.rows)
        self._places, self._unread = list(range(self._count)), [None] * self._count

    def _picked(self, places: list[int]) -> Context:
        if places == list(range(self._count)):
            return self._context
        return self._denoiser.select(self._context, places)

    def denoise(self) -> Tensor:
        """The logits float32 `[B, L, V]` of all rows' next step."""
        fresh = [row.is_fresh for row in self.rows]
        if self.known is None or all(fresh):
            return self._denoiser.denoise(self._context, self.canvas, None)
        if not any(fresh):
            return self._denoiser.denoise(self._context, self.canvas, self.known)
        conditioned = torch.tensor([not one for one in fresh], device=self.known.device)
        return self._denoiser.denoise(self._context, self.canvas, self.known, conditioned)
