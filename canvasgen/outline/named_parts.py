"""A named part of a text."""

from __future__ import annotations

from typing import NamedTuple

from canvasgen.trace import PlaceName

__all__ = ["Named"]


class Named(NamedTuple):
    """A part of a text with its name: characters `start:stop`."""

    place: PlaceName
    start: int
    stop: int

    def inside(self, offset: int, outer: str) -> Named:
        """Return the same part of a text that begins at a place of a longer one, where it has a name or an empty one."""
        dot = "." if outer and self.place.name and not self.place.name.startswith("[") else ""
        named = self.place.model_copy(update={"name": f"{outer}{dot}{self.place.name}"})
        return Named(named, self.start + offset, self.stop + offset)
