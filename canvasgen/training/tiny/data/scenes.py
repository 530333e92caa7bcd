"""Scenes: short texts of everyday life in several phrasings with slots, read from ``scenes.txt``.

A scene's values are drawn once; any of its phrasings can then be filled with them. So one phrasing can state the facts
and another one be the letter, the gap or the text to edit.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from canvasgen.training.tiny.data import phrasing
from canvasgen.training.tiny.data.lexicon import Lexicon

__all__ = [
    "Phrase",
    "Piece",
    "Rows",
    "Scene",
    "Slot",
    "draw",
    "phrase_of",
    "pick_scene",
    "render",
    "scenes",
    "slots_of",
    "written",
]

_SLOT = re.compile(r"\{(\w+):([^{}]+)\}")
_PIECE = re.compile(r"\{(\w+):([^{}]+)\}|<(\w+): ([^<>]+)>")
_MOST_ITEMS = (0, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 5, 6, 8, 10)
_MOST_ROWS = (1, 1, 2, 2, 2, 3, 3, 4)


@dataclass(frozen=True)
class Slot:
    """A place for one value, or for a list of them (kind `[color]`)."""

    key: str
    kind: str

    @property
    def is_list(self) -> bool:
        """Whether it holds several values."""
        return self.kind.startswith("[")


@dataclass(frozen=True)
class Rows:
    """A place for rows of the same slots, one after the other."""

    key: str
    pieces: tuple[str | Slot, ...]

    @property
    def slots(self) -> tuple[Slot, ...]:
        """The slots of a row, in the order of the text."""
        return tuple(piece for piece in self.pieces if isinstance(piece, Slot))


Phrase: TypeAlias = "tuple[str | Slot | Rows, ...]"
Piece: TypeAlias = "str | tuple[str, str]"
"""Fixed text, or (key, what stands there)."""


@dataclass(frozen=True)
class Scene:
    """Phrasings that share their slots; of a held-out scene all of them are for ``test_hard``."""

    name: str
    phrases: tuple[Phrase, ...]
    held_out: bool

    def usable(self, hard: bool) -> tuple[Phrase, ...]:
        """The phrasings of a split: all but the last, or for ``hard`` the last one (all of a held-out scene)."""
        if self.held_out:
            return self.phrases
        return self.phrases[-1:] if hard else self.phrases[:-1]


def _plain(text: str) -> tuple[str | Slot, ...]:
    pieces: list[str | Slot] = []
    at = 0
    for found in _SLOT.finditer(text):
        pieces += [text[at : found.start()], Slot(found[1], found[2])]
        at = found.end()
    return tuple(piece for piece in (*pieces, text[at:]) if piece != "")


def phrase_of(line: str) -> Phrase:
    """A line of a file of phrasings, parsed."""
    pieces: list[str | Slot | Rows] = []
    at = 0
    for found in _PIECE.finditer(line):
        pieces.append(line[at : found.start()])
        pieces.append(Slot(found[1], found[2]) if found[1] else Rows(found[3], _plain(found[4])))
        at = found.end()
    return tuple(piece for piece in (*pieces, line[at:]) if piece != "")


@cache
def scenes() -> tuple[Scene, ...]:
    """All scenes of the file."""
    text = Path(__file__).with_name("scenes.txt").read_text(encoding="utf-8")
    found: list[Scene] = []
    for part in re.split(r"\n\[(?=\*?\w+\]\n)", text)[1:]:
        name, _, body = part.partition("]\n")
        lines = [line.replace("\\n", "\n") for line in body.splitlines() if line]
        found.append(Scene(name.strip("*"), tuple(map(phrase_of, lines)), name.startswith("*")))
    return tuple(found)


def pick_scene(rng: random.Random, hard: bool) -> Scene:
    """A scene of the split; half of the hard ones are held out as a whole."""
    wanted = hard and rng.random() < 0.5
    return rng.choice([scene for scene in scenes() if scene.held_out == wanted])


def slots_of(phrase: Phrase) -> tuple[Slot | Rows, ...]:
    """Slots and rows in the order of the text."""
    return tuple(piece for piece in phrase if not isinstance(piece, str))


def draw(scene: Scene, lexicon: Lexicon) -> dict[str, Any]:
    """A value for every slot of a scene; rows of one key have the slots of all its phrasings.

    Different keys of one kind have different values, but for one scene in six, where a value may stand twice.
    """
    rng = lexicon.rng
    values: dict[str, Any] = {}
    taken: set[str] = set()
    twice = rng.random() < 0.16
    for phrase in scene.phrases:
        for slot in slots_of(phrase):
            if isinstance(slot, Rows):
                rows = values.setdefault(slot.key, [{} for _ in range(rng.choice(_MOST_ROWS))])
                for row in rows:
                    for inner in slot.slots:
                        if inner.key not in row:
                            row[inner.key] = lexicon.draw(inner.kind)
            elif slot.key not in values:
                values[slot.key] = _value(slot, lexicon, taken, twice)
    return values


def _value(slot: Slot, lexicon: Lexicon, taken: set[str], twice: bool) -> Any:
    rng = lexicon.rng
    if slot.is_list:
        kind = slot.kind.strip("[]")
        items = [lexicon.draw(kind) for _ in range(rng.choice(_MOST_ITEMS))]
        return items if rng.random() < 0.15 else list(dict.fromkeys(items))
    value = lexicon.draw(slot.kind)
    for _ in range(8):
        if twice or "|" in slot.kind or str(value) not in taken:
            break
        value = lexicon.draw(slot.kind)
    taken.add(str(value))
    return value


def written(value: Any, rng: random.Random) -> str:
    """A value as a sentence writes it."""
    if isinstance(value, list):
        if not value:
            return rng.choice(["none", "nothing", "-"])
        return phrasing.spoken(value, rng) if rng.random() < 0.6 else ", ".join(map(str, value))
    return str(value)


def render(phrase: Phrase, values: dict[str, Any], rng: random.Random) -> list[Piece]:
    """The phrase with its values: fixed texts and (key, value) for single values; lists and rows are fixed text."""
    between = rng.choice([", ", ", ", "; ", " and "])
    if any("\n" in piece for piece in phrase if isinstance(piece, str)):
        between = "\n"
    pieces: list[Piece] = []
    for piece in phrase:
        if isinstance(piece, str):
            pieces.append(piece)
        elif isinstance(piece, Rows):
            one = (
                "; "
                if between == ", " and any(", " in part for part in piece.pieces if isinstance(part, str))
                else between
            )
            rows = values[piece.key]
            said = [
                "".join(part if isinstance(part, str) else str(row[part.key]) for part in piece.pieces)
                for row in rows
            ]
            pieces.append(one.join(said))
        elif piece.is_list:
            pieces.append(written(values[piece.key], rng))
        else:
            pieces.append((piece.key, str(values[piece.key])))
    return joined(pieces)


def joined(pieces: Sequence[Piece]) -> list[Piece]:
    """Neighbouring fixed texts as one."""
    out: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, str) and out and isinstance(out[-1], str):
            out[-1] += piece
        elif piece != "":
            out.append(piece)
    return out
