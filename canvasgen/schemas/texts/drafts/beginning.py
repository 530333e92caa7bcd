"""The beginning of a JSON text as a value: what is whole of it."""

from __future__ import annotations

from collections.abc import Callable

from typing_extensions import override

from canvasgen.schemas.texts.reading import Item, NoValue, Reader

__all__ = ["read_beginning"]


def read_beginning(text: str) -> Item | None:
    """Return the value that a text begins with, as far as the text goes; None if there is none yet.

    An array or object that breaks off has the entries that are whole, the last of which may have broken off itself. Of a
    key that stands twice the first counts.
    """
    reader = _Beginning(text)
    try:
        return reader.value(reader.gap(0), 0)[0]
    except NoValue:
        return None


class _Beginning(Reader):
    @override
    def _entries(self, at: int, close: str, level: int, entry: Callable[[int], int]) -> int:
        try:
            return super()._entries(at, close, level, entry)
        except NoValue:
            return len(self.text)

    @override
    def _repeated(self, name: str, at: int) -> None:
        pass
