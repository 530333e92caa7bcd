"""What one request may need: `Limits`, and the account that all of its work is charged to.

`amounts.py` has the limits. `generations.py` bounds the caches of functions. `account.py` has the account of a request: it
is opened around its work, and every loop that can grow charges it, wherever it stands:

    with limited(Limits(max_seconds=5, max_bytes=500_000_000)):
        constraint = cg.regex(pattern)        # parsing, compiling, judging, searching: 5 CPU seconds in all
        compiled = constraint.compile(vocabulary)
"""

from canvasgen.limits.account import (
    Account,
    bytes_left,
    held_so_far,
    hold,
    in_force,
    limited,
    look,
    not_counted,
    room_for,
    seconds_left,
    share,
    step,
    uncounted,
)
from canvasgen.limits.amounts import DEFAULT_LIMITS, Limits, checked_limits, largest_of
from canvasgen.limits.generations import KEPT, kept

__all__ = [
    "DEFAULT_LIMITS",
    "KEPT",
    "Account",
    "Limits",
    "bytes_left",
    "checked_limits",
    "held_so_far",
    "hold",
    "in_force",
    "kept",
    "largest_of",
    "limited",
    "look",
    "not_counted",
    "room_for",
    "seconds_left",
    "share",
    "step",
    "uncounted",
]
