"""What an answer must be, as plain data: it goes to the processes that compile, and is the key of what was compiled."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property

from pydantic import JsonValue

__all__ = ["FREE", "Recipe"]


@dataclass(frozen=True)
class Recipe:
    """A constraint that is not made yet; `building.build` makes it.

    Attributes:
        kind: a key of `building.KINDS`; `free`: no constraint.
        body: what that kind takes.
        at: JSON path of it in the request, for errors.
        writing: how JSON is written: `whitespace`, `property_order`, `fence`.
        grounded: as of `canvasgen.Request`.
        grounding: settings of `canvasgen.Sources`, as JSON text; empty: none.
        relations: between the fields of a schema's value, as JSON text; empty: none.
        sources: what the user says, for grounded fields; empty where nothing is grounded.
        also: further constraints that hold at once, by kind.
        thoughts: most tokens of text before the answer; 0: none.
    """

    kind: str = "free"
    body: JsonValue = None
    at: str = "$"
    writing: tuple[tuple[str, str], ...] = ()
    grounded: bool | tuple[str, ...] = False
    grounding: str = ""
    relations: str = ""
    sources: tuple[str, ...] = ()
    also: tuple[tuple[str, str], ...] = ()
    thoughts: int = 0

    @property
    def is_free(self) -> bool:
        """Whether there is no constraint at all."""
        return self.kind == "free" and not self.also and not self.thoughts

    @cached_property
    def size(self) -> int:
        """Bytes of the constraint's description, without the sources."""
        return len(json.dumps(self.body)) + len(self.relations) + sum(len(text) for _, text in self.also)

    @cached_property
    def key(self) -> str:
        """A digest; equal recipes make equal constraints."""
        parts = (
            self.kind,
            self.body,
            self.writing,
            self.grounded,
            self.grounding,
            self.relations,
            self.sources,
            self.also,
            self.thoughts,
        )
        return hashlib.sha256(json.dumps(parts).encode("utf-8", "surrogatepass")).hexdigest()


FREE = Recipe()
"""Text without a constraint."""
