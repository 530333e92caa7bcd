"""What stands between a request's own code and the loop: validators of the value, and the bar that shows progress."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from canvasgen.constraints import Constraint
from canvasgen.extras import needed

__all__ = ["OnValue", "progress_over"]

Result = TypeVar("Result")


def progress_over(results: Iterator[Result], count: int, progress: bool) -> Iterable[Result]:
    """Return the items, with a progress bar on standard error if one is wanted."""
    if not progress:
        return results
    console = needed("rich.console", "a progress bar").Console(stderr=True)
    return needed("rich.progress", "a progress bar").track(
        results, description="requests", total=count, console=console
    )


class OnValue:
    """A user's validator of the value, as a validator of the text."""

    def __init__(self, validator: Callable[[Any], Any], constraint: Constraint | None) -> None:
        self._validator = validator
        self._parse: Callable[[str], Any] = str if constraint is None else constraint.parse
        self.__qualname__ = getattr(validator, "__qualname__", type(validator).__qualname__)

    def __call__(self, text: str) -> Any:
        """Return what the validator says of the text's value."""
        return self._validator(self._parse(text))
