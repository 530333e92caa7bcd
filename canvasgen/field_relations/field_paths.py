"""Paths to fields of a JSON value: `total`, `items[*].price`, `items[i].start`, `scores.*`, `[0]`.

| step | stands for |
|---|---|
| `name`, `["any name"]` | the field of an object |
| `[0]` | an item of a list |
| `[*]`, `.*` | all items of a list, all values of an object |
| `[i]` | any one item, the same one wherever the letter stands in a relation: the relation holds for each |
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TypeAlias

from canvasgen.errors import InvalidConstraint

__all__ = ["ITEMS", "KEYS", "Each", "FieldPath", "Step", "field_path_of"]


@dataclass(frozen=True)
class Every:
    """All members of a list or an object."""

    written: str


@dataclass(frozen=True)
class Each:
    """One item, the same wherever the letter stands."""

    letter: str


ITEMS = Every("[*]")
KEYS = Every(".*")
Step: TypeAlias = "str | int | Every | Each"

_STEP = re.compile(
    r"""(?P<keys>\.\*) | (?P<items>\[\*\]) | \[(?P<number>\d{1,9})\] | \[(?P<letter>[a-z])\]
      | \[(?P<quoted>"(?:[^"\\]|\\.)*")\] | \.?(?P<name>[^\s.\[\]*"]+)""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class FieldPath:
    """A path to fields.

    Attributes:
        text: as it was written.
        steps: from the whole value to the field.
    """

    text: str
    steps: tuple[Step, ...]

    @property
    def letters(self) -> tuple[str, ...]:
        """The letters of its `[i]`, in order."""
        return tuple(step.letter for step in self.steps if isinstance(step, Each))

    @property
    def first_every(self) -> int | None:
        """The number of its first `[*]` or `.*`; None: it names one field for each choice of its letters."""
        return next((at for at, step in enumerate(self.steps) if isinstance(step, Every)), None)

    @property
    def is_many(self) -> bool:
        """Whether it may name several fields at once."""
        return self.first_every is not None


def field_path_of(text: object) -> FieldPath:
    """Read a path.

    Raises:
        InvalidConstraint: it is none; names the place.
    """
    if not isinstance(text, str) or not text:
        raise InvalidConstraint(
            "the cells of a relation between fields are paths",
            rule="relations",
            value=text,
            remedy='write "total", "items[*].price", "items[i].start" or "scores.*"',
        )
    steps: list[Step] = []
    at = 0
    while at < len(text):
        found = _STEP.match(text, at)
        named = found is not None and found["name"] is not None
        if found is None or (named and (text[at] == ".") != bool(steps)):
            raise InvalidConstraint(
                f"no path to a field: {text[at:]!r} cannot be read",
                path=f"character {at}",
                rule="relations",
                value=text,
                remedy='write "total", "items[*].price", "items[i].start", "scores.*" or "[\\"any name\\"]"',
            )
        steps.append(_step(found))
        at = found.end()
    path = FieldPath(text, tuple(steps))
    _check_letters(path)
    return path


def _step(found: re.Match[str]) -> Step:
    if found["keys"]:
        return KEYS
    if found["items"]:
        return ITEMS
    if found["number"]:
        return int(found["number"])
    if found["letter"]:
        return Each(found["letter"])
    if found["quoted"]:
        return str(json.loads(found["quoted"]))
    return found["name"]


def _check_letters(path: FieldPath) -> None:
    letters, first = path.letters, path.first_every
    if len(set(letters)) < len(letters):
        raise InvalidConstraint(
            "a letter stands twice in a path",
            rule="relations",
            value=path.text,
            remedy="use each letter once: items[i].a, and [j] for another list",
        )
    if first is not None and any(isinstance(step, Each) for step in path.steps[first:]):
        raise InvalidConstraint(
            "a letter cannot stand behind [*] or .* in a path",
            rule="relations",
            value=path.text,
            remedy="write letters for the lists in front of it: items[i].tags[*]",
        )
