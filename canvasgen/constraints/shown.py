"""`Shown`: what the prompt says about a constraint, and the text that the canvas starts from, as one value.

    cg.edit(letter, "12", int) + "!"      =  "Dear Ann, … "  Hole(old="12", holds=JSON)  " dollars!"
    cg.text(until="</think>") + schema    =  Hole(ends="</think>")  Hole(holds=JSON)
    cg.template("Dear {name},", name=…)   =  "Dear "  Hole(name="name", holds=…)  ","

A constraint is shown as fixed text with holes. Each combinator combines those of its parts: `+` concatenates them, `&`
adds rules, `|` makes a hole that holds one of several. `canvasgen.models.prompts` decides how a hole is written in a
prompt, `canvasgen.models.starts` what is at its place on the first canvas.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, TypeVar

__all__ = [
    "UNKNOWN",
    "Hole",
    "Json",
    "Kind",
    "Options",
    "Pattern",
    "Piece",
    "Rule",
    "Shown",
    "Trained",
    "joined",
]


@dataclass(frozen=True, slots=True)
class Json:
    """JSON that follows a schema.

    Attributes:
        schema: a JSON Schema: a dict or a bool.
    """

    schema: Any


@dataclass(frozen=True, slots=True)
class Options:
    """One of several texts."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    """Text that a regular expression matches as a whole."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Hole:
    """A part of the text that the model writes.

    Attributes:
        name: the user's name for it; empty: none.
        holds: what it may hold, one of these; empty: unknown.
        times: `(low, high, separator)` if it holds `low` to `high` of them with separators; `high` None: any number.
        old: the text that is rewritten; "" for a gap; None: the first canvas has no text for it.
        strength: above 0, at most 1: the share of the old text's tokens that start as noise, and of the denoising
            schedule that is run.
        floats: whether the new text may have more or fewer tokens than the old one.
        mark: how the hole is written in a form; None: as its old text or its name in braces.
        ends: the text that ends its content.
    """

    name: str = ""
    holds: tuple[Kind, ...] = ()
    times: tuple[int, int | None, str] | None = None
    old: str | None = None
    strength: float = 1.0
    floats: bool = True
    mark: str | None = None
    ends: str = ""

    @property
    def is_unknown(self) -> bool:
        """Whether nothing is known about it."""
        return not self.name and not self.holds and self.old is None and self.mark is None


@dataclass(frozen=True, slots=True)
class Trained:
    """An embedded model that was trained for a kind of text.

    Attributes:
        model: its name, for `canvasgen.load`.
        writes: the characters that it can write.
    """

    model: str
    writes: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A sentence about a text.

    Attributes:
        sentence: it begins with "It" and ends in a full stop.
        of_longer: whether it also holds for every longer text that contains this one.
    """

    sentence: str
    of_longer: bool = True


@dataclass(frozen=True, slots=True)
class Shown:
    """Fixed text with holes.

    Attributes:
        pieces: holes, and fixed texts that are not empty and not neighbours.
        instruction: what to do with the text, a sentence that ends in a colon; empty: fill in its holes.
        about: the instruction's name for the text: "the table".
        rules: other sentences about the text.
        trained: the embedded model that was trained for such texts; None: the general one.
    """

    pieces: tuple[Piece, ...] = ()
    instruction: str = ""
    about: str = ""
    rules: tuple[Rule, ...] = ()
    trained: Trained | None = None

    @property
    def tells(self) -> bool:
        """Whether anything is known about the text."""
        return (
            bool(self.instruction or self.rules)
            or any(isinstance(piece, str) for piece in self.pieces)
            or any(not hole.is_unknown for hole in self.holes)
        )

    @property
    def holes(self) -> tuple[Hole, ...]:
        """The holes, in order."""
        return tuple(piece for piece in self.pieces if isinstance(piece, Hole))

    @property
    def only_hole(self) -> Hole | None:
        """The hole, if it is the only piece; else None."""
        piece = self.pieces[0] if len(self.pieces) == 1 else None
        return piece if isinstance(piece, Hole) else None

    @property
    def schema(self) -> Any:
        """The JSON Schema if the whole is one JSON text; else None."""
        hole = self.only_hole
        if hole is None or len(hole.holds) != 1 or hole.times is not None:
            return None
        kind = hole.holds[0]
        return kind.schema if isinstance(kind, Json) else None

    @property
    def canvas(self) -> tuple[Piece, ...]:
        """The pieces of the text that the canvas starts from; empty: it starts from noise.

        A hole without old text that holds one of several texts starts from the first that has a canvas.
        """
        pieces: list[Piece] = []
        starts = False
        for piece in self.pieces:
            inside = () if isinstance(piece, str) or piece.old else _first_canvas(piece)
            starts |= bool(inside) or (isinstance(piece, Hole) and piece.old is not None)
            pieces += inside or (piece,)
        return _merged(pieces) if starts else ()

    def form(self, written: Callable[[Hole], str]) -> str:
        """Return the text, each hole written by a function."""
        return "".join(
            piece if isinstance(piece, str) else written(piece) + piece.ends for piece in self.pieces
        )

    def __add__(self, other: Shown) -> Shown:
        """Return what is shown of the concatenation."""
        if not self.pieces and not self.tells:
            return other
        if not other.pieces and not other.tells:
            return self
        return Shown(
            _merged([*self.pieces, *other.pieces]),
            rules=_once(rule for part in (self, other) for rule in part._as_rules() if rule.of_longer),
            trained=_both_written(self, other),
        )

    def __or__(self, other: Shown) -> Shown:
        """Return what is shown of a union: a hole that holds one of several; an unknown alternative is left out."""
        trained = self.trained if self.trained == other.trained else None
        if repr(self) == repr(other) or not other.tells:
            return replace(self, trained=trained)
        if not self.tells:
            return replace(other, trained=trained)
        kinds = _once((*self._kinds(), *other._kinds()))
        listed = _once(text for kind in kinds if isinstance(kind, Options) for text in kind.texts)
        rest = tuple(kind for kind in kinds if not isinstance(kind, Options))
        return Shown((Hole(holds=(*rest, *([Options(listed)] if listed else []))),), trained=trained)

    def __and__(self, other: Shown) -> Shown:
        """Return what is shown of an intersection: the side that says more about the whole, with the rules of the other."""
        main, rest = (other, self) if other._weight > self._weight else (self, other)
        return replace(
            main,
            rules=_once((*main.rules, *rest._as_rules())),
            trained=main.trained or rest.trained,
        )

    def repeated(self, low: int, high: int | None, separator: str) -> Shown:
        """Return what is shown of `low` to `high` of these texts with separators between them.

        A single text is shown as it is, and so is an optional one unless it is fixed: that would look mandatory.
        """
        if high == 0:
            return Shown()
        if low == high == 1 or (high == 1 and not self.is_fixed) or not self.tells:
            return self
        return Shown(
            (Hole(holds=self._kinds(), times=(low, high, separator)),),
            trained=_both_written(self, Shown((separator,))),
        )

    @property
    def is_fixed(self) -> bool:
        """Whether it is one fixed text."""
        return len(self.pieces) == 1 and isinstance(self.pieces[0], str)

    def named(self, name: str) -> Shown:
        """Return the same in a hole of a template: a single hole gets the name, a text with holes keeps its own."""
        hole = self.only_hole
        if self.is_fixed or not self.pieces:
            return replace(self, pieces=(Hole(name, Shown(self.pieces)._kinds()),))
        return self if hole is None else replace(self, pieces=(replace(hole, name=name),))

    def as_gap(self) -> Shown:
        """Return the same for a canvas that starts from the text around it: its holes become gaps."""
        return replace(
            self,
            pieces=tuple(
                replace(piece, old="") if isinstance(piece, Hole) and piece.old is None else piece
                for piece in self.pieces
            ),
        )

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """What a hole with this content holds."""
        return self._kinds() if self.tells else ()

    def _kinds(self) -> tuple[Kind, ...]:
        hole = self.only_hole
        plain = not self.instruction and not self.rules
        if plain and all(isinstance(piece, str) for piece in self.pieces):
            return (Options(("".join(map(str, self.pieces)),)),)
        if (
            hole is None
            or not plain
            or hole.old is not None
            or hole.times is not None
            or hole.mark is not None
        ):
            return (self,)
        return hole.holds or (self,)

    def _as_rules(self) -> tuple[Rule, ...]:
        """Return the instruction and the rules as rules of a text that contains this one."""
        if not self.instruction:
            return self.rules
        return (Rule(f"Of {self.about or 'that part'} in it: {self.instruction}"), *self.rules)

    @property
    def _weight(self) -> tuple[bool, bool, bool]:
        """How much it says about the whole text, for `&`."""
        return bool(self.canvas), self.only_hole is None, any(not hole.is_unknown for hole in self.holes)


Kind: TypeAlias = "Json | Options | Pattern | Shown"
"""What a hole may hold; a `Shown`: a text with holes of its own."""
Piece: TypeAlias = "str | Hole"

UNKNOWN = Shown((Hole(),))
"""A text about which nothing is known."""


def joined(parts: Iterable[Shown]) -> Shown:
    """Return what is shown of the concatenation of all parts."""
    whole = Shown()
    for part in parts:
        whole = whole + part
    return whole


_T = TypeVar("_T")


def _once(items: Iterable[_T]) -> tuple[_T, ...]:
    """Return the items in their order, each once: `repr` tells the schemas `1` and `true` apart, and needs no hash."""
    found: dict[str, _T] = {}
    for item in items:
        found.setdefault(repr(item), item)
    return tuple(found.values())


def _merged(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """Return the pieces without empty texts, and with neighbouring texts joined."""
    merged: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, str) and merged and isinstance(merged[-1], str):
            merged[-1] += piece
        elif piece != "":
            merged.append(piece)
    return tuple(merged)


def _first_canvas(hole: Hole) -> tuple[Piece, ...]:
    if hole.times is not None:
        return ()
    return next((kind.canvas for kind in hole.holds if isinstance(kind, Shown) and kind.canvas), ())


def _both_written(one: Shown, other: Shown) -> Trained | None:
    """Return the model of one side if it can write the other side, too."""
    for first, second in ((one, other), (other, one)):
        trained = first.trained
        if trained is not None and (
            second.trained == trained
            or all(isinstance(piece, str) and set(piece) <= set(trained.writes) for piece in second.pieces)
        ):
            return trained
    return None
