"""The parser of regular expressions: what the dialects share.

Groups are kept on a stack of our own, so nesting depth is limited by memory alone.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import replace

from canvasgen.automata.automaton_limits import Limits
from canvasgen.automata.compiler import to_dfa
from canvasgen.automata.expr import ANY_TEXT, Expr, code_points, concat, literal, repeat, union
from canvasgen.automata.private_bytes import CUT_BAR
from canvasgen.automata.regex.characters import ANY, Folding, minus, property_set, together
from canvasgen.automata.regex.first_match import Character, Repeated, first_match
from canvasgen.automata.regex.pattern_reader import LARGEST_REPEAT, Cursor, Frame, Kind, Piece, Shape
from canvasgen.automata.regex.zero_width import (
    MOST_ASSERTIONS,
    Assertion,
    Scope,
    before,
    behind,
    holds_at,
    holds_outside,
)
from canvasgen.automata.utf8 import Ranges
from canvasgen.limits import step

__all__ = ["Parser"]

_LOOKS = (Kind.AHEAD, Kind.NOT_AHEAD, Kind.BEHIND, Kind.NOT_BEHIND)
DIGITS = "0123456789"
HEX_DIGITS = "0123456789abcdefABCDEF"


class Parser(ABC):
    """Reads one pattern; a dialect says what escapes, groups, anchors and flags mean.

    Attributes:
        cursor: the position in the pattern.
        stack: the groups that are open, the pattern itself first.
    """

    behind_is_fixed_width: bool
    """Whether a look-behind must have one width, as in `re`."""

    def __init__(self, pattern: str, flags: int, limits: Limits) -> None:
        self.cursor = Cursor(pattern)
        self.limits = limits
        self.stack = [Frame(Kind.PATTERN, 0, flags, Scope(limits))]
        self._known: dict[tuple[int, int], Piece] = {}  # by code point and flags

    # -- what a dialect defines --------------------------------------------------------------------

    @abstractmethod
    def skip(self) -> None:
        """Move over what does not count (whitespace and comments of verbose patterns)."""

    @abstractmethod
    def read_escape(self, at: int) -> None:
        """After a backslash at `at`, outside a set: reads on and adds what it means."""

    @abstractmethod
    def read_escape_in_set(self, at: int) -> int | Ranges:
        """After a backslash at `at`, inside a set: reads on and returns a code point or a class."""

    @abstractmethod
    def open_group(self, at: int) -> None:
        """After `(` at `at`: reads what follows it and opens a group, or adds what the whole thing means."""

    @abstractmethod
    def anchor(self, character: str) -> Assertion:
        """Return what `^` or `$` means under the flags in force."""

    @abstractmethod
    def any_character(self) -> Ranges:
        """Return what `.` matches under the flags in force."""

    @abstractmethod
    def folding(self) -> Folding:
        """How case is ignored under the flags in force."""

    @abstractmethod
    def read_bounds(self) -> tuple[int, int | None] | None:
        """After `{`: a quantifier's bounds, moving behind it; None, not moving, if it is no quantifier."""

    @abstractmethod
    def check_repeatable(self, piece: Piece | None, at: int) -> None:
        """Raise InvalidConstraint if a quantifier at `at` has nothing to repeat."""

    @abstractmethod
    def starts_set(self) -> tuple[bool, bool]:
        """After `[`: reads a negation; returns it, and whether `]` may stand first as a character."""

    # -- the loop ----------------------------------------------------------------------------------

    @property
    def frame(self) -> Frame:
        """The innermost open group."""
        return self.stack[-1]

    @property
    def flags(self) -> int:
        """The flags in force."""
        return self.frame.flags

    def parse(self, search: bool) -> Expr:
        """Return the texts that the pattern matches (with `search`, that contain a match)."""
        pattern, scope = self._read()
        return scope.finish(pattern.expr, search)

    def parse_in_context(self) -> tuple[Expr, Expr | None]:
        """See `parse_regex_in_context`."""
        piece, scope = self._read()
        pattern = piece.expr
        if not scope.markers:
            return pattern, None
        alone = scope.finish(pattern, search=False)
        cut = scope.in_context(pattern)
        bar = literal(bytes((CUT_BAR,)))
        anywhere = concat(ANY_TEXT, bar, alone, bar, ANY_TEXT)
        if to_dfa(cut, self.limits).fingerprint() == to_dfa(anywhere, self.limits).fingerprint():
            return alone, None
        return scope.erase(pattern), cut

    def parse_first_match(self) -> Expr | None:
        """See `parse_first_match` of the room."""
        piece, scope = self._read()
        return None if scope.markers or piece.order is None else first_match(piece.order)

    def _read(self) -> tuple[Piece, Scope]:
        """Return the whole pattern with its markers, and what they mean."""
        cursor = self.cursor
        while True:
            step()
            self.skip()
            at = cursor.at
            character = cursor.next()
            if character == "":
                break
            if character == "\\":
                self.read_escape(at)
            elif character == "[":
                self._read_set(at)
            elif character == "(":
                self.open_group(at)
            elif character == ")":
                if len(self.stack) == 1:
                    cursor.invalid("unbalanced parenthesis", at)
                self._close_group()
            elif character == "|":
                self.frame.end_branch()
            elif character in "*+?":
                self._quantify({"*": (0, None), "+": (1, None), "?": (0, 1)}[character], at)
            elif character == "{":
                bounds = self.read_bounds()
                if bounds is None:
                    self.add_character(ord("{"))
                else:
                    self._quantify(bounds, at)
            elif character in "^$":
                self.add_assertion(self.anchor(character), Shape.ANCHOR, at)
            elif character == ".":
                self.add_set(self.any_character())
            else:
                self.add_literal(character, at)
        if len(self.stack) > 1:
            cursor.invalid("missing ), unterminated subpattern", self.frame.opened_at)
        frame = self.stack.pop()
        return frame.close(), frame.scope

    # -- adding pieces -----------------------------------------------------------------------------

    def add(self, piece: Piece) -> None:
        """Append a piece to the branch in hand."""
        self.frame.sequence.append(piece)

    def add_literal(self, character: str, at: int) -> None:
        """Append an ordinary character; a dialect may refuse some."""
        self.add_character(ord(character))

    def add_character(self, code_point: int) -> None:
        """Append one character, with case ignored if the flags say so."""
        piece = self._known.get((code_point, self.flags))
        if piece is None:
            members: Ranges = ((code_point, code_point),)
            if self.flags & re.IGNORECASE:
                members = self.folding().closure(members)
            piece = self._known[code_point, self.flags] = _character(members)
        self.add(piece)

    def add_set(self, members: Ranges) -> None:
        """Append one character out of a set."""
        self.add(_character(members))

    def add_assertion(self, assertion: Assertion, shape: Shape, at: int) -> None:
        """Append a zero-width assertion."""
        marker = self.frame.scope.mark(assertion)
        if marker is None:
            self.cursor.too_large(
                f"more than {MOST_ASSERTIONS} different assertions in one pattern",
                "assertions",
                MOST_ASSERTIONS,
                at,
            )
        self.add(Piece(marker, shape))

    # -- groups ------------------------------------------------------------------------------------

    def push(self, kind: Kind, at: int, flags: int) -> None:
        """Open a group."""
        scope = Scope(self.limits) if kind in _LOOKS else self.frame.scope
        self.stack.append(Frame(kind, at, flags, scope))

    def _close_group(self) -> None:
        frame = self.stack.pop()
        piece = frame.close()
        if frame.kind is Kind.PLAIN:
            self.add(piece)
        elif frame.kind is Kind.ATOMIC:
            self.add(replace(self._atomic(piece, frame.opened_at), order=None))
        else:
            self._add_look(frame, piece)

    def _add_look(self, frame: Frame, piece: Piece) -> None:
        is_behind = frame.kind in (Kind.BEHIND, Kind.NOT_BEHIND)
        if is_behind and self.behind_is_fixed_width and piece.shortest != piece.longest:
            self.cursor.invalid("look-behind requires fixed-width pattern", frame.opened_at)
        cut = behind(piece.expr) if is_behind else before(piece.expr)
        holds = frame.scope.resolve(cut)
        negated = frame.kind in (Kind.NOT_AHEAD, Kind.NOT_BEHIND)
        self.add_assertion(holds_outside(holds) if negated else holds_at(holds), Shape.LOOK, frame.opened_at)

    def _atomic(self, piece: Piece, at: int) -> Piece:
        """Return an atomic group: the same as a plain one if no text of it begins another."""
        if piece.characters is None:
            dfa = to_dfa(self.frame.scope.erase(piece.expr), self.limits)
            if any(dfa.offsets[s] < dfa.offsets[s + 1] for s in dfa.accepting.nonzero()[0]):
                self.cursor.unsupported(
                    "atomic group",
                    at,
                    "use an ordinary group (?:...), or one of whose texts none begins another",
                )
        return piece

    # -- quantifiers -------------------------------------------------------------------------------

    def _quantify(self, bounds: tuple[int, int | None], at: int) -> None:
        low, high = bounds
        cursor = self.cursor
        sequence = self.frame.sequence
        piece = sequence[-1] if sequence else None
        self.check_repeatable(piece, at)
        assert piece is not None
        if max(low, high or 0) >= LARGEST_REPEAT:
            cursor.too_large("the repetition number is too large", "repeat", LARGEST_REPEAT, at)
        lazy = cursor.take("?")
        possessive = not lazy and self.takes_possessive()
        longest = None
        if high is not None and piece.longest is not None:
            longest = piece.longest * high
        elif piece.longest == 0:
            longest = 0
        shortest = min(piece.shortest * low, LARGEST_REPEAT)
        if possessive:
            sequence[-1] = Piece(self._possessive(piece, low, high, at), Shape.REPEAT, shortest, longest)
        else:
            order = None
            if piece.order is not None and (
                piece.shortest or high in (0, 1)
            ):  # `re` leaves empty rounds in ways of its own
                order = Repeated(piece.order, low, high, lazy)
            sequence[-1] = Piece(repeat(piece.expr, low, high), Shape.REPEAT, shortest, longest, order=order)

    def takes_possessive(self) -> bool:
        """Return whether a `+` after a quantifier makes it possessive (and is taken)."""
        return False

    def _possessive(self, piece: Piece, low: int, high: int | None, at: int) -> Expr:
        """Return a possessive repeat of one character: fewer than `high` only where no other one follows."""
        if low == high:
            return repeat(self._atomic(piece, at).expr, low, high)
        if piece.characters is None:
            self.cursor.unsupported(
                "possessive repeat", at, "use the ordinary quantifier, or repeat a single character or class"
            )
        self.add_assertion(holds_outside(before(piece.expr)), Shape.LOOK, at)
        no_more = self.frame.sequence.pop().expr
        if high is None:
            return concat(repeat(piece.expr, low, None), no_more)
        return union(repeat(piece.expr, high, high), concat(repeat(piece.expr, low, high - 1), no_more))

    # -- sets --------------------------------------------------------------------------------------

    def _read_set(self, at: int) -> None:
        cursor = self.cursor
        negated, bracket_may_stand_first = self.starts_set()
        start = cursor.at
        literals: list[tuple[int, int]] = []
        classes: list[tuple[int, int]] = []
        while True:
            here = cursor.at
            character = cursor.next()
            if character == "":
                cursor.invalid("unterminated character set", at)
            if character == "]" and not (bracket_may_stand_first and here == start):
                break
            first = self._set_member(character, here)
            if cursor.peek() == "-" and cursor.peek(2) not in ("-]", "-"):
                cursor.next()
                there = cursor.at
                last = self._set_member(cursor.next(), there)
                if not isinstance(first, int) or not isinstance(last, int) or last < first:
                    cursor.invalid(f"bad character range {cursor.pattern[here : cursor.at]}", here)
                literals.append((first, last))
            elif isinstance(first, int):
                literals.append((first, first))
            else:
                classes += first
        members = together((*literals, *classes))
        if self.flags & re.IGNORECASE:
            members = self.folding().closure(together(literals), together(classes))
        self.add_set(minus(ANY, members) if negated else members)

    def _set_member(self, character: str, at: int) -> int | Ranges:
        return self.read_escape_in_set(at) if character == "\\" else ord(character)

    # -- numbers -----------------------------------------------------------------------------------

    def hex_escape(self, digits: int, at: int) -> int:
        r"""Return the code point of `\x`, `\u`, `\U` with exactly so many digits."""
        found = self.cursor.take_while(HEX_DIGITS, digits)
        if len(found) < digits:
            self.cursor.invalid(f"incomplete escape {self.cursor.pattern[at : self.cursor.at]}", at)
        return int(found, 16)

    # -- Unicode properties ------------------------------------------------------------------------

    def read_property(self, negated: bool, at: int, *, as_regex: bool) -> Ranges:
        r"""After `\p`, or `\P` if negated: reads `{Lu}`, `{Script=Greek}` or one letter and returns the characters.

        Args:
            negated: for the characters that do not have the property.
            at: the position of the backslash.
            as_regex: as the `regex` package has it: `{^Lu}` negates once more, and case is ignored, if the flags say so,
                before negation; else as ECMA-262 has it.
        """
        cursor = self.cursor
        name = cursor.take_until("}", "a property name") if cursor.take("{") else cursor.next()
        if as_regex and name.startswith("^"):
            name, negated = name[1:], not negated
        ignores_case = bool(self.flags & re.IGNORECASE)
        found = property_set(name, as_regex and ignores_case)
        if found is None:
            cursor.invalid(
                f"unknown Unicode property {name!r}",
                at,
                r"write a general category, \p{Lu}, or a property with its value, \p{Script=Greek}",
            )
        if negated:
            found = minus(ANY, found)
        return self.folding().closure(found) if ignores_case and not as_regex else found

    def number(self, digits: str) -> int:
        """Return the value of a quantifier's digits; numbers of absurd length count as too large."""
        return int(digits) if len(digits) <= 12 else LARGEST_REPEAT


def _character(members: Ranges) -> Piece:
    """Return one character out of a set."""
    return Piece(code_points(members), Shape.PLAIN, 1, 1, members, Character(members))
