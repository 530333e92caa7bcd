"""Rows that share forward passes, and what a row takes of the memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from canvasgen.denoise import Batch, Draft, Failed
from canvasgen.errors import CanvasgenError, ModelError

if TYPE_CHECKING:
    from collections.abc import Callable

    from canvasgen.denoise import Denoiser, Judges
    from canvasgen.scheduling.ticket import Ticket

__all__ = ["Group", "bytes_of_row"]

_TENSORS = 6
"""Arrays `[L, V]` of float32 that a row takes in a step at its peak, counted from the code: logits, those of the step
before, those divided by the temperature, the conditioned ones, and two for the work on them."""


def bytes_of_row(denoiser: Denoiser, contenders: int = 1) -> int:
    """Return about how many bytes a row takes in a step, beside the context that the model has read."""
    return contenders * _TENSORS * 4 * denoiser.canvas_length * denoiser.vocab_size


class Group:
    """An open batch and the tickets of its rows.

    Attributes:
        denoiser: the model.
        tickets: by the row's number.
    """

    def __init__(self, first: Ticket, clock: Callable[[], float], judges: Judges) -> None:
        self.denoiser = first.denoiser
        self.policy = first.policy
        self._clock = clock
        self._batch = Batch(first.denoiser, policy=first.policy, clock=clock, judges=judges)
        self.tickets: dict[int, Ticket] = {}

    def __len__(self) -> int:
        """Rows that are not finished."""
        return len(self.tickets)

    @property
    def is_at_rest(self) -> bool:
        """Whether a step would do nothing: decisions on all rows are still to come."""
        return self._batch.is_at_rest

    def takes(self, ticket: Ticket) -> bool:
        """Return whether a ticket's rows can share this group's forward passes."""
        return ticket.denoiser is self.denoiser and ticket.policy is self.policy

    def add(self, ticket: Ticket) -> None:
        """Take a ticket in; an impossible job ends in its `Failed`."""
        try:
            number = self._batch.add(ticket.job)
        except CanvasgenError as error:
            ticket.told(Failed(error))
            return
        self.tickets[number] = ticket

    def drop_cancelled(self) -> None:
        """Free the seats of callers who have left."""
        for number in [number for number, one in self.tickets.items() if one.is_cancelled]:
            self._batch.remove(number)
            self.tickets.pop(number).is_over = True

    def step(self) -> int:
        """Take one denoising step with all rows, and tell what came of it; return how many rows took part.

        An error of the model itself, which is nobody's in particular, is told to every row.
        """
        begun = self._clock()
        for ticket in self.tickets.values():
            if ticket.begun is None:
                ticket.begun = begun
        try:
            events = self._batch.step()
        except Exception as error:  # noqa: BLE001, the thread goes on for other models and later rows
            rows = len(self)
            self.fail(_of_the_model(error))
            return rows
        for event in events:
            ticket = self.tickets.get(event.row)
            if ticket is None:
                continue
            ticket.told(event)
            if ticket.is_over:
                del self.tickets[event.row]
        return sum(isinstance(event, Draft) for event in events)

    def fail(self, error: CanvasgenError) -> None:
        """End all rows with an error."""
        for number, ticket in list(self.tickets.items()):
            self._batch.remove(number)
            ticket.told(Failed(error, number))
        self.tickets.clear()


def _of_the_model(error: Exception) -> CanvasgenError:
    if isinstance(error, CanvasgenError):
        return error
    told = ModelError(
        f"the model failed: {type(error).__name__}: {error}",
        rule="model",
        remedy="ask again; with fewer rows at a time if it ran out of memory",
    )
    told.__cause__ = error
    return told
