"""`Shown`: what a model is told of a constraint, and the text that its canvas starts from, as one value.

    cg.edit(letter, "12", int) + "!"      =  "Dear Ann, … "  Hole(old="12", holds=JSON)  " dollars!"
    cg.text(until="</think>") + schema    =  Hole(ends="</think>")  Hole(holds=JSON)
    cg.template("Dear {name},", name=…)   =  "Dear "  Hole(name="name", holds=…)  ","

A constraint is shown as fixed text with holes in it. Each combinator makes its own from those of its parts: `+` puts
them one after the other, `&` adds rules, `|` makes a hole that holds one of several. How a hole is written in a
prompt is decided by the prompt's language (`canvasgen.models.prompts`), how it looks on the canvas by
`canvasgen.models.starts`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

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
    """A place that is written by the model.

    Attributes:
        name: what the user calls it; empty: nothing.
        holds: what it may hold, one of these; empty: nothing is known of it.
        times: `(low, high, separator)` if it holds so many of them, one after the other; `high` None: any number.
        old: what stands there before and is written anew; "" for a gap; None: the canvas says nothing of it.
        strength: above 0, at most 1: the share of the old text's tokens that start as noise, and of the denoising
            schedule that is run.
        floats: whether what is written may have more or fewer tokens than the old text.
        mark: how the hole is written in a form; None: its old text or its name in braces.
        ends: the text with which its content ends.
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
        """Whether there is nothing to tell of it."""
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
    """A sentence on a text.

    Attributes:
        sentence: it begins with "It" and ends in a full stop.
        of_longer: whether it is as true of every longer text of which this one is a part.
    """

    sentence: str
    of_longer: bool = True


@dataclass(frozen=True, slots=True)
class Shown:
    """Fixed text with holes.

    Attributes:
        pieces: fixed texts, none empty and no two side by side, and holes.
        instruction: what to do with the whole, a sentence that ends in a colon; empty: to fill in its holes.
        about: what the instruction calls the whole: "the table".
        rules: what else is to be said of the text.
        trained: the embedded model that was trained for such texts; None: the general one.
    """

    pieces: tuple[Piece, ...] = ()
    instruction: str = ""
    about: str = ""
    rules: tuple[Rule, ...] = ()
    trained: Trained | None = None

    @property
    def tells(self) -> bool:
        """Whether it says anything of the text."""
        return (
            bool(self.instruction or self.rules)
            or any(isinstance(piece, str) for piece in self.pieces)
            or any(not hole.is_unknown for hole in self.holes)
        )

    @property
    def holes(self) -> tuple[Hole, ...]:
        """The holes, in the order in which they stand."""
        return tuple(piece for piece in self.pieces if isinstance(piece, Hole))

    @property
    def only_hole(self) -> Hole | None:
        """The hole that is all there is; None if there is fixed text or another hole."""
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

        Of a hole that holds one of several texts, the first with a canvas of its own stands for it.
        """
        pieces: list[Piece] = []
        starts = False
        for piece in self.pieces:
            inside = () if isinstance(piece, str) else _first_canvas(piece)
            starts |= bool(inside) or (isinstance(piece, Hole) and piece.old is not None)
            pieces += inside or (piece,)
        return _merged(pieces) if starts else ()

    def form(self, written: Callable[[Hole], str]) -> str:
        """The text with its holes as they are written."""
        return "".join(
            piece if isinstance(piece, str) else written(piece) + piece.ends for piece in self.pieces
        )

    def __add__(self, other: Shown) -> Shown:
        """One text after the other."""
        if not self.pieces and not self.tells:
            return other
        if not other.pieces and not other.tells:
            return self
        return Shown(
            _merged([*self.pieces, *other.pieces]),
            rules=tuple(rule for part in (self, other) for rule in part._as_rules() if rule.of_longer),
            trained=_both_written(self, other),
        )

    def __or__(self, other: Shown) -> Shown:
        """One text or the other."""
        trained = self.trained if self.trained == other.trained else None
        if self == other or not other.tells:
            return replace(self, trained=trained)
        if not self.tells:
            return replace(other, trained=trained)
        kinds = (*self._kinds(), *other._kinds())
        listed = tuple(text for kind in kinds if isinstance(kind, Options) for text in kind.texts)
        rest = tuple(kind for kind in kinds if not isinstance(kind, Options))
        return Shown((Hole(holds=(*rest, *([Options(listed)] if listed else []))),), trained=trained)

    def __and__(self, other: Shown) -> Shown:
        """A text that is both: the one that says more of the whole, with the rules of the other."""
        main, rest = (other, self) if other._weight > self._weight else (self, other)
        return replace(
            main,
            rules=(*main.rules, *rest._as_rules()),
            trained=main.trained or rest.trained,
        )

    def repeated(self, low: int, high: int | None, separator: str) -> Shown:
        """So many of these texts, one after the other; at most one, or exactly one, is shown as if it stood there."""
        if (high == 1 and not self.is_fixed) or not self.tells:
            return self
        return Shown((Hole(holds=self._kinds(), times=(low, high, separator)),), trained=self.trained)

    @property
    def is_fixed(self) -> bool:
        """Whether it is one fixed text."""
        return len(self.pieces) == 1 and isinstance(self.pieces[0], str)

    def named(self, name: str) -> Shown:
        """The same in a hole of a template: a hole alone gets the name, a text with holes stays as it is."""
        hole = self.only_hole
        if self.is_fixed or not self.pieces:
            return replace(self, pieces=(Hole(name, self._kinds()),))
        return self if hole is None else replace(self, pieces=(replace(hole, name=name),))

    def as_gap(self) -> Shown:
        """The same on a canvas that starts from the text around it: its holes are gaps."""
        return replace(
            self,
            pieces=tuple(
                replace(piece, old="") if isinstance(piece, Hole) and piece.old is None else piece
                for piece in self.pieces
            ),
        )

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """What a hole holds that holds this."""
        return self._kinds() if self.tells else ()

    def _kinds(self) -> tuple[Kind, ...]:
        hole = self.only_hole
        if self.is_fixed:
            return (Options((str(self.pieces[0]),)),)
        plain = not self.instruction and not self.rules
        if hole is not None and plain and hole.old is None and hole.times is None and hole.mark is None:
            return hole.holds
        return (self,)

    def _as_rules(self) -> tuple[Rule, ...]:
        """The instruction and the rules, as rules of a text in which this one stands."""
        if not self.instruction:
            return self.rules
        return (Rule(f"Of {self.about or 'that part'} in it: {self.instruction}"), *self.rules)

    @property
    def _weight(self) -> tuple[bool, bool, bool]:
        """How much it says of the whole text, for `&`."""
        return bool(self.canvas), self.only_hole is None, any(not hole.is_unknown for hole in self.holes)


Kind: TypeAlias = "Json | Options | Pattern | Shown"
"""What a hole may hold; a `Shown`: a text with holes of its own."""
Piece: TypeAlias = "str | Hole"

UNKNOWN = Shown((Hole(),))
"""A text of which there is nothing to tell."""


def joined(parts: Iterable[Shown]) -> Shown:
    """The texts of all parts, one after the other."""
    whole = Shown()
    for part in parts:
        whole = whole + part
    return whole


def _merged(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """Without empty texts, neighbouring ones as one."""
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
    """The model of one that can write the other, too."""
    for first, second in ((one, other), (other, one)):
        trained = first.trained
        if trained is not None and (
            second.trained == trained
            or all(isinstance(piece, str) and set(piece) <= set(trained.writes) for piece in second.pieces)
        ):
            return trained
    return None
