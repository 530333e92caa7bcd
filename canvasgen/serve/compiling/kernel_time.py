"""Kernels that are not on disk yet are compiled by whoever needs them first: their time is not counted to its recipe.

A child that ends at its limit while it compiles a kernel would leave none behind, and the next one would end there, too.
"""

# numba has no types:
# pyright: reportUnknownMemberType=false, reportUntypedBaseClass=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false

from __future__ import annotations

import math
import resource
import time
from typing import Any

from numba.core import event

__all__ = ["SECONDS", "leave_kernels_uncounted"]

SECONDS = 300
"""CPU seconds that the kernels of one child may take together; all that there are take half of it."""


class _Uncounted(event.Listener):
    """Lifts the soft limit of CPU seconds while a kernel is compiled, and sets it later by as much afterwards."""

    def __init__(self) -> None:
        self._soft, self._hard = resource.getrlimit(resource.RLIMIT_CPU)
        self._depth = 0
        self._begun = self._spent = 0.0

    def on_start(self, event: Any) -> None:
        """Stop the clock, unless this is a kernel that another one calls."""
        self._depth += 1
        if self._depth == 1:
            self._begun = time.process_time()
            resource.setrlimit(resource.RLIMIT_CPU, (self._hard, self._hard))

    def on_end(self, event: Any) -> None:
        """Let it go on."""
        self._depth -= 1
        if not self._depth:
            self._spent += time.process_time() - self._begun
            soft = min(self._hard, self._soft + math.ceil(self._spent))
            resource.setrlimit(resource.RLIMIT_CPU, (soft, self._hard))


def leave_kernels_uncounted() -> None:
    """Do so in this process, a child that is bound with `SECONDS` more."""
    event.register("numba:compile", _Uncounted())
