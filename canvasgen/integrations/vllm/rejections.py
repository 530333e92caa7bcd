"""Requests that the API server answers with 400, told to whoever counts them."""

from __future__ import annotations

from collections.abc import Callable

from canvasgen.errors import CanvasgenError

__all__ = ["rejected", "report_to"]

_readers: list[Callable[[str], None]] = []


def report_to(reader: Callable[[str], None]) -> None:
    """Have a function called with the kind of each error."""
    _readers[:] = [reader]


def rejected(error: CanvasgenError) -> None:
    """Tell one. The kind is the error's class: rules may come from requests, and a label has few values."""
    for reader in _readers:
        reader(type(error).__name__)
