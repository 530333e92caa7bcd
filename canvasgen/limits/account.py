"""The account of one request: the CPU seconds and bytes that its work takes, against its limits.

    limited(limits) ─▶ one open account for each thread ◀─ step, hold, room_for, look: every loop that can grow
                            └─ share(0.3): a part of what is left, for an attempt that may fail

An account is opened around each piece of a request's work (made, compiled, searched, judged) and sums what all of them took.
What runs outside of an account is not bounded by it. Seconds are those of the CPU, of the thread; bytes are counted by what
holds them and not measured, so the same input ends alike on every machine.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf

from canvasgen.errors import ConstraintTooLarge
from canvasgen.limits.amounts import DEFAULT_LIMITS, Limits, checked_limits
from canvasgen.limits.generations import count_made

__all__ = [
    "Account",
    "bytes_left",
    "held_so_far",
    "hold",
    "in_force",
    "limited",
    "look",
    "not_counted",
    "room_for",
    "seconds_left",
    "share",
    "step",
    "uncounted",
]

_STEPS = 500
"""Steps between two looks at the clock; a step takes some microseconds."""
_BYTES = 200_000
"""Bytes that are held between two looks."""


class Account:
    """What one request has taken of its limits so far.

    Attributes:
        limits: the limits.
        named: those that errors name.
        seconds: CPU seconds that were spent while it was open.
        held: bytes of what was made and kept.
    """

    def __init__(self, limits: Limits = DEFAULT_LIMITS, *, part_of: Limits | None = None) -> None:
        """Open it around each piece of work.

        Args:
            limits: the limits.
            part_of: the limits that these are a part of, which errors name.
        """
        self.limits = limits
        self.named = limits if part_of is None else part_of
        self.seconds = 0.0
        self.held = 0

    @contextmanager
    def open(self) -> Generator[Account]:
        """Charge what this thread does to the account; within it, opening it again changes nothing.

        Inside of another account that one is charged, too, and whichever has less left ends the work.
        """
        outer = _open.get()
        if outer is not None and any(one.account is self for one in outer.chain()):
            yield self
            return
        begun, held = time.thread_time(), self.held
        inner = _Open(self, outer, begun + self.limits.max_seconds - self.seconds)
        token = _open.set(inner)
        try:
            yield self
        except (RecursionError, MemoryError) as error:
            if outer is not None:
                raise
            raise _too_deep(self.limits, error) from None
        finally:
            _open.reset(token)
            for one in inner.chain():
                one.account.held += inner.unseen
            if outer is None:
                count_made(self.held - held)
            self.seconds += max(0.0, time.thread_time() - begun - inner.forgiven)


def _too_deep(limits: Limits, error: RecursionError | MemoryError) -> ConstraintTooLarge:
    """Return what is said of Python's own limits; the traceback, of a thousand frames, is not kept."""
    if isinstance(error, MemoryError):
        return ConstraintTooLarge(
            "the process has no memory left for the request",
            rule="max_bytes",
            value=limits.max_bytes,
            remedy="use smaller counts, fewer alternatives or shorter texts, or give the process more memory",
        )
    return ConstraintTooLarge(
        "something in the request is nested too deeply",
        rule="nesting depth",
        value=sys.getrecursionlimit(),
        remedy="nest groups, schemas, rules or operators less deeply",
    )


class _Open:
    """An account while a thread works on it.

    Attributes:
        account: the account.
        outer: the account around it.
        end: the thread's CPU time at which its seconds are used up.
        forgiven: seconds inside of it that do not count.
        until_look: steps till the next look at the clock.
    """

    __slots__ = ("account", "end", "forgiven", "outer", "unseen", "until_look")

    def __init__(self, account: Account, outer: _Open | None, end: float) -> None:
        self.account = account
        self.outer = outer
        self.end = end
        self.forgiven = 0.0
        self.until_look = _STEPS
        self.unseen = 0

    def chain(self) -> Generator[_Open]:
        """Yield the account, and those around it."""
        at: _Open | None = self
        while at is not None:
            yield at
            at = at.outer

    def look(self, path: str | None = None) -> None:
        """Raise ConstraintTooLarge if seconds or bytes are used up."""
        self.until_look = _STEPS
        new, self.unseen = self.unseen, 0
        now = time.thread_time()
        for one in reversed(
            list(self.chain())
        ):  # the request's own limits are named before those of its parts
            one.account.held += new
            if now > one.end:
                limits = one.account.named
                what = (
                    "the request takes more than"
                    if limits is one.account.limits
                    else "an attempt takes its share of"
                )
                raise ConstraintTooLarge(
                    f"{what} {limits.max_seconds:g} seconds of the CPU",
                    path=path,
                    rule="max_seconds",
                    value=limits.max_seconds,
                    remedy="use smaller repeat counts, fewer alternatives or shorter texts, or "
                    + limits.more("max_seconds"),
                )
            one.check_bytes(0, path)

    def check_bytes(self, more: int, path: str | None) -> None:
        """Raise ConstraintTooLarge if `more` bytes do not fit beside what is held."""
        limits = self.account.limits
        if self.account.held + more > limits.max_bytes:
            raise ConstraintTooLarge(
                f"the request needs more than {limits.max_bytes} bytes",
                path=path,
                rule="max_bytes",
                value=limits.max_bytes,
                remedy="use smaller repeat counts, fewer alternatives or shorter texts, or "
                + limits.more("max_bytes"),
            )


_open: ContextVar[_Open | None] = ContextVar("canvasgen account", default=None)


@contextmanager
def limited(limits: Limits | None = None) -> Generator[Account]:
    """Work within limits, all of it together: what is made, compiled, searched and judged inside, in this thread.

    Inside of another `limited` both hold; without `limits` of its own the outer one alone does.

    Args:
        limits: the limits; None: those of the account around it, or the default ones.

    Raises:
        InvalidConstraint: `limits` are none.
        ConstraintTooLarge: from inside, once they are used up; `rule` names the limit, `path` what grew.
    """
    most = checked_limits(limits)
    outer = _open.get()
    if outer is not None and (most is DEFAULT_LIMITS or most == outer.account.limits):
        yield outer.account
        return
    with Account(most).open() as account:
        yield account


def in_force(limits: Limits) -> Limits:
    """Return whose states count: those of a constraint's own limits and of the accounts that are open, the fewest of them.

    Limits that nobody asked for (`DEFAULT_LIMITS`) count only where there are no others.
    """
    at = _open.get()
    open_ones = [] if at is None else [one.account.named for one in at.chain()]
    asked = [one for one in (limits, *open_ones) if one is not DEFAULT_LIMITS]
    return min(asked, key=lambda one: one.max_states, default=limits)


@contextmanager
def share(part: float, limits: Limits) -> Generator[None]:
    """Try something with a part of the seconds that are left, so that something else can be done if it takes longer.

    Args:
        part: 0 to 1.
        limits: of the whole, where no account is open.
    """
    outer = _open.get()
    if outer is not None and limits is DEFAULT_LIMITS:
        limits = outer.account.named
    left = seconds_left() if outer is not None else limits.max_seconds
    left = min(left, limits.max_seconds)
    if left == inf:
        yield
        return
    seconds = part * left if left > 0 else left
    with Account(Limits(limits.max_states, seconds, limits.max_bytes), part_of=limits).open():
        yield


def bytes_left() -> float:
    """Return the bytes that are left; infinite where no account is open."""
    at = _open.get()
    if at is None:
        return inf
    return max(0, min(one.account.limits.max_bytes - one.account.held for one in at.chain()) - at.unseen)


def seconds_left() -> float:
    """Return the CPU seconds that are left; infinite where no account is open."""
    at = _open.get()
    if at is None:
        return inf
    return min(one.end for one in at.chain()) - time.thread_time()


def step(count: int = 1) -> None:
    """Count steps of a loop, some microseconds each.

    Raises:
        ConstraintTooLarge: the seconds or bytes of the request are used up.
    """
    at = _open.get()
    if at is not None:
        at.until_look -= count
        if at.until_look <= 0:
            at.look()


def look(path: str | None = None) -> None:
    """Look at the clock now: between two pieces of work that take milliseconds or more.

    Raises:
        ConstraintTooLarge: the seconds or bytes of the request are used up.
    """
    at = _open.get()
    if at is not None:
        at.look(path)


def hold(count: int) -> None:
    """Count bytes of something that is kept, and the step that made it.

    Raises:
        ConstraintTooLarge: the seconds or bytes of the request are used up.
    """
    at = _open.get()
    if at is not None:
        at.unseen += count
        at.until_look -= 1
        if at.unseen > _BYTES or at.until_look <= 0:
            at.look()


def room_for(count: int, path: str | None = None) -> None:
    """Ask for memory that is about to be taken, and given back soon.

    Raises:
        ConstraintTooLarge: so many bytes do not fit beside what is held, or the seconds are used up.
    """
    at = _open.get()
    if at is not None:
        at.look(path)
        for one in at.chain():
            one.check_bytes(count, path)


def held_so_far() -> int:
    """Return the bytes that are held in the account that is open; 0 where none is."""
    at = _open.get()
    return 0 if at is None else at.account.held + at.unseen


@contextmanager
def uncounted() -> Generator[None]:
    """Do something that is not charged to the request: code of the program's own."""
    begun = time.thread_time()
    try:
        yield
    finally:
        not_counted(time.thread_time() - begun)


def not_counted(seconds: float) -> None:
    """Take seconds out of the account that were not the request's: a kernel's compilation."""
    at = _open.get()
    while at is not None:
        at.forgiven += seconds
        at.end += seconds
        at = at.outer
