"""`fixed` and `near`: restrictions on the tokens at, or near, a position of the text.

Positions count the tokens of the whole text from 0, over all its canvases. They do not enlarge the automaton: the
tokens and class sets that a position allows are restricted in the computation of the posterior (`inference.restriction`).
So they hold for the whole text only, and combine with other constraints by `&` only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from typing_extensions import override

from canvasgen import automata
from canvasgen.automata import ANY_TEXT, Expr
from canvasgen.checks import is_mapping, text_argument, whole_number
from canvasgen.constraints.base import Constraint
from canvasgen.constraints.compiled.places import FixedAt, NearPosition
from canvasgen.constraints.texts import Placed, Texts
from canvasgen.errors import ConstraintTooLarge, InvalidConstraint, UnsupportedConstraint
from canvasgen.notes import Note

__all__ = ["MOST_POSITIONS", "Fixed", "Near", "fixed", "near", "no_positions"]

MOST_POSITIONS = 262_144
"""Largest position; no model has a longer context."""


class Fixed(Constraint):
    """Texts that have given tokens at given positions. Build one with `fixed`."""

    def __init__(self, tokens: tuple[FixedAt, ...]) -> None:
        self.tokens = tokens

    @property
    @override
    def placed(self) -> Placed:
        return Placed(self.tokens)

    @override
    def _expression(self) -> Expr:
        return ANY_TEXT

    @override
    def explain(self) -> tuple[Note, ...]:
        return tuple(
            Note(
                "automaton",
                (
                    f"the token {at.content}"
                    if isinstance(at.content, int)
                    else f"the tokens of {at.content!r}"
                )
                + f" from token position {at.position} on; `matches`, which sees the text alone, leaves this out",
            )
            for at in self.tokens
        )


class Near(Constraint):
    """Texts whose first occurrence of a phrase ends near a position. Build one with `near`."""

    def __init__(self, place: NearPosition) -> None:
        self.place = place

    @property
    @override
    def placed(self) -> Placed:
        return Placed((self.place,))

    @override
    def _expression(self) -> Expr:
        return automata.concat(ANY_TEXT, automata.literal(self.place.content), ANY_TEXT)

    @override
    def explain(self) -> tuple[Note, ...]:
        place = self.place
        return (
            Note(
                "automaton",
                f"{place.content!r} occurs, first completed by a token at one of the positions {place.first} to "
                f"{place.last}; `matches`, which sees the text alone, asks only that it occurs",
            ),
        )


def fixed(tokens: Mapping[int, str | int]) -> Constraint:
    """Return any text that has these tokens at these token positions: `cg.regex(…) & cg.fixed({0: "Title"})`.

    Positions count the tokens of the whole text from 0. The text must reach that far: it may not end before a fixed
    token. `matches` cannot see tokens and accepts any text; `CompiledConstraint.accepts` checks them.

    Args:
        tokens: position -> a token id; or a text, which begins there and is written in the fewest tokens that spell it
            (of equally few, the longest first). A tokenizer may split it differently; give ids to be sure.

    Raises:
        InvalidConstraint: there are none, a position is no whole number from 0 on, or a value neither an id nor a
            text that is not empty. From `compile`: an id is outside the vocabulary or no text (an end token), or
            no tokens spell the text.
        ConstraintTooLarge: a position above `MOST_POSITIONS`.
        Unsatisfiable: from `compile`: two tokens are fixed at one position, or no text has them there.
        BudgetTooSmall: from `generate`, before the model runs: no such text fits into the budget.
    """
    if not is_mapping(tokens) or not tokens:
        raise InvalidConstraint(
            "`fixed` needs a mapping from positions to texts or token ids",
            rule="fixed",
            value=tokens,
            remedy='write cg.fixed({0: "Dear", 5: 17})',
        )
    found: dict[int, str | int] = {}
    for position, content in tokens.items():
        where = f"position {position}"
        if isinstance(content, str):
            text_argument(
                content, "a fixed text is not empty and has UTF-8", rule="fixed", filled=True, path=where
            )
        found[_position(position, "fixed")] = (
            content
            if isinstance(content, str)
            else whole_number(
                content,
                rule="fixed",
                name="what is fixed, if not a text,",
                low=None,
                path=where,
                remedy="give a text or a token id",
            )
        )
    return Fixed(tuple(FixedAt(position, found[position]) for position in sorted(found)))


def near(text: str, position: int, within: int = 8) -> Constraint:
    """Return any text in which `text` occurs, first near a token position: `cg.text() & cg.near("regards", 20)`.

    Exactly: the token that completes the first occurrence (the one with its last byte), however the text is split into
    tokens, is at one of the positions `position - within` to `position + within`, both included. A long phrase
    begins some tokens before. Positions count the tokens of the whole text from 0. `matches` cannot see tokens and
    asks only that `text` occurs; `CompiledConstraint.accepts` checks the position.

    Raises:
        InvalidConstraint: `text` is empty or no string that has UTF-8; `position` or `within` is no whole number from
            0 on.
        ConstraintTooLarge: a position above `MOST_POSITIONS`.
        Unsatisfiable: from `compile`: it cannot occur there first.
        BudgetTooSmall: from `generate`, before the model runs: no such text fits into the budget.
    """
    text_argument(text, "a non-empty string that has UTF-8 is needed", rule="near", filled=True)
    position = _position(position, "near")
    within = whole_number(within, rule="within", remedy="give a number of tokens, such as within=8")
    _position(position + within, "near")
    return Near(NearPosition(text, max(0, position - within), position + within))


def _position(position: object, rule: str) -> int:
    number = whole_number(
        position, rule=rule, name="a position", remedy="count the tokens of the text from 0"
    )
    if number > MOST_POSITIONS:
        raise ConstraintTooLarge(
            f"a position is above {MOST_POSITIONS}",
            rule="MOST_POSITIONS",
            value=position,
            remedy="positions count tokens, not characters",
        )
    return number


def no_positions(parts: Iterable[Texts], where: str) -> None:
    """Raise an error for restrictions on positions in a part of the text.

    Raises:
        UnsupportedConstraint: names the combination.
    """
    if any(part.placed.places for part in parts):
        raise UnsupportedConstraint(
            "token positions are those of the whole text, and combine with other constraints by & only",
            rule=where,
            remedy="put them around the whole: (a + b) & cg.fixed({0: ...})",
        )
