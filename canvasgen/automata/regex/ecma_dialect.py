r"""The dialect of ECMA-262 as JSON Schema uses it: patterns on code points (the `u` flag).

More lenient than the `u` flag in one respect, as annex B of ECMA-262 is: punctuation may be escaped without
need, and `{`, `}`, `]` stand for themselves where they close or open nothing. Letters may not (`\Z` and the
like are refused).
"""

from __future__ import annotations

import re

from canvasgen.automata.automaton_limits import Limits
from canvasgen.automata.regex.characters import (
    ANY,
    ASCII_WORD,
    ECMA_SPACE,
    Folding,
    digits,
    ecma_folding,
    minus,
)
from canvasgen.automata.regex.parser import DIGITS, HEX_DIGITS, Parser
from canvasgen.automata.regex.pattern_reader import Kind, Piece, Shape
from canvasgen.automata.regex.zero_width import Assertion, Edge, edge, line_edge, word_boundary
from canvasgen.automata.utf8 import MAX_CODE_POINT, Ranges
from canvasgen.errors import InvalidConstraint

__all__ = ["EcmaParser"]

_CONTROL = {"f": 12, "n": 10, "r": 13, "t": 9, "v": 11}
_TERMINATORS: Ranges = ((0x0A, 0x0A), (0x0D, 0x0D), (0x2028, 0x2029))
_FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}
_KNOWN = int(re.IGNORECASE | re.MULTILINE | re.DOTALL | re.UNICODE)
_BACK_REFERENCE = "write the alternatives out, or check the equality with a validator"


class EcmaParser(Parser):
    """Reads a pattern of ECMA-262."""

    behind_is_fixed_width = False

    def __init__(self, pattern: str, flags: int, limits: Limits) -> None:
        super().__init__(pattern, flags, limits)
        if flags & ~_KNOWN:
            raise InvalidConstraint(
                "flags that ECMA-262 does not have", rule="flags", value=flags, remedy="use i, m, s, u"
            )
        self.names: set[str] = set()

    # -- flags -------------------------------------------------------------------------------------

    def folding(self) -> Folding:
        """How `ECMA-262` ignores case."""
        return ecma_folding()

    def any_character(self) -> Ranges:
        """Return what `.` matches."""
        return ANY if self.flags & re.DOTALL else minus(ANY, _TERMINATORS)

    def anchor(self, character: str) -> Assertion:
        """Return what `^` or `$` asserts."""
        if self.flags & re.MULTILINE:
            return line_edge(character == "^", _TERMINATORS)
        return edge(Edge.START if character == "^" else Edge.END)

    def skip(self) -> None:
        """Everything counts."""

    # -- quantifiers and sets ----------------------------------------------------------------------

    def read_bounds(self) -> tuple[int, int | None] | None:
        """After `{`: the bounds; None if it is no quantifier."""
        cursor = self.cursor
        start = cursor.at
        low_digits = high_digits = cursor.take_while(DIGITS, len(cursor.pattern))
        if cursor.take(","):
            high_digits = cursor.take_while(DIGITS, len(cursor.pattern))
        if not low_digits or not cursor.take("}"):
            cursor.at = start
            return None
        low = self.number(low_digits)
        high = self.number(high_digits) if high_digits else None
        if high is not None and high < low:
            cursor.invalid("numbers out of order in a quantifier", start - 1)
        return low, high

    def check_repeatable(self, piece: Piece | None, at: int) -> None:
        """Refuse a quantifier with nothing, an anchor or another quantifier before it."""
        if piece is None or piece.shape in (Shape.ANCHOR, Shape.REPEAT):
            self.cursor.invalid("nothing to repeat", at)

    def starts_set(self) -> tuple[bool, bool]:
        """After `[`."""
        return self.cursor.take("^"), False

    # -- escapes -----------------------------------------------------------------------------------

    def _class(self, letter: str) -> Ranges:
        found = {"d": digits(True), "s": ECMA_SPACE, "w": ASCII_WORD}[letter.lower()]
        if letter.lower() == "w" and self.flags & re.IGNORECASE:
            found = self.folding().closure(found)
        return found if letter.islower() else minus(ANY, found)

    def _unicode(self, at: int) -> int:
        r"""After `\u`: four digits (two such for a surrogate pair), or digits in braces."""
        cursor = self.cursor
        if cursor.take("{"):
            found = cursor.take_until("}", r"\u{")
            if not found or found.strip(HEX_DIGITS) or (value := int(found, 16)) > MAX_CODE_POINT:
                cursor.invalid("bad code point in an escape", at)
            return value
        value = self.hex_escape(4, at)
        if 0xD800 <= value <= 0xDBFF and cursor.peek(2) == "\\u":
            back = cursor.at
            cursor.next()
            cursor.next()
            low = cursor.take_while(HEX_DIGITS, 4)
            if len(low) == 4 and 0xDC00 <= int(low, 16) <= 0xDFFF:
                return 0x10000 + ((value - 0xD800) << 10) + (int(low, 16) - 0xDC00)
            cursor.at = back
        return value

    def _escaped(self, at: int) -> int | Ranges:
        """After a backslash: what means the same in a set and outside it."""
        cursor = self.cursor
        letter = cursor.next()
        if letter == "":
            cursor.invalid("a backslash at the end of the pattern", at)
        if letter in "dDsSwW":
            return self._class(letter)
        if letter in "pP":
            if self.cursor.peek() != "{":
                cursor.invalid(f"missing {{ after \\{letter}", cursor.at)
            return self.read_property(letter == "P", at, as_regex=False)
        if letter in _CONTROL:
            return _CONTROL[letter]
        if letter == "x":
            return self.hex_escape(2, at)
        if letter == "u":
            return self._unicode(at)
        if letter == "c":
            control = cursor.next()
            if not (control.isascii() and control.isalpha()):
                cursor.invalid(r"a letter must follow \c", at)
            return ord(control) % 32
        if letter == "0":
            if cursor.peek() and cursor.peek() in DIGITS:
                cursor.invalid("an octal escape", at, r"write \xHH")
            return 0
        if letter in DIGITS:
            cursor.unsupported("back-reference", at, _BACK_REFERENCE)
        if letter.isascii() and letter.isalpha():
            cursor.invalid(f"bad escape \\{letter}", at, "ECMA-262 has no such escape; in `re` it may have")
        return ord(letter)

    def read_escape_in_set(self, at: int) -> int | Ranges:
        """After a backslash in a set."""
        if self.cursor.take("b"):
            return 8
        if self.cursor.peek() and self.cursor.peek() in "123456789":
            self.cursor.invalid("an octal escape in a set", at, r"write \xHH")
        return self._escaped(at)

    def read_escape(self, at: int) -> None:
        """After a backslash outside a set."""
        cursor = self.cursor
        if cursor.peek() and cursor.peek() in "bB":
            word = self._class("w")
            self.add_assertion(word_boundary(word, cursor.next() == "B", True), Shape.ANCHOR, at)
            return
        if cursor.peek() == "k":
            cursor.unsupported("back-reference", at, _BACK_REFERENCE)
        found = self._escaped(at)
        if isinstance(found, int):
            self.add_character(found)
        else:
            self.add_set(found)

    # -- groups ------------------------------------------------------------------------------------

    def open_group(self, at: int) -> None:
        """After `(`."""
        cursor = self.cursor
        if not cursor.take("?"):
            self.push(Kind.PLAIN, at, self.flags)
            return
        for opening, kind in (
            (":", Kind.PLAIN),
            ("=", Kind.AHEAD),
            ("!", Kind.NOT_AHEAD),
            ("<=", Kind.BEHIND),
            ("<!", Kind.NOT_BEHIND),
        ):
            if cursor.take(opening):
                self.push(kind, at, self.flags)
                return
        if cursor.take("<"):
            name = cursor.take_until(">", "a group name")
            if not name.replace("$", "_").isidentifier():
                cursor.invalid(f"bad group name {name!r}", at)
            if name in self.names:
                cursor.invalid(f"group name {name!r} used twice", at)
            self.names.add(name)
            self.push(Kind.PLAIN, at, self.flags)
            return
        self._open_flags(at)

    def _open_flags(self, at: int) -> None:
        """`(?ims-ims:...)` of ECMA-262 2025."""
        cursor = self.cursor
        on = cursor.take_while("ims", 4)
        off = cursor.take_while("ims", 4) if (minus_sign := cursor.take("-")) else ""
        named = on + off
        if not cursor.take(":") or len(set(named)) < len(named) or (minus_sign and not named):
            cursor.invalid(
                f"unknown group (?{cursor.pattern[at + 2 : at + 4]}",
                at,
                "ECMA-262 has no inline flags but (?ims-ims:...)",
            )
        flags = self.flags
        for letter in on:
            flags |= _FLAGS[letter]
        for letter in off:
            flags &= ~_FLAGS[letter]
        self.push(Kind.PLAIN, at, flags)
