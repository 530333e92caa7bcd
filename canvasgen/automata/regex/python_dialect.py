r"""The dialect of Python's `re` (as of Python 3.11 to 3.13), for patterns on `str`; with `\p{…}`, which `re` does not
have, as the `regex` package reads it."""

from __future__ import annotations

import re
import unicodedata

from canvasgen.automata.automaton_limits import Limits
from canvasgen.automata.regex.characters import (
    ANY,
    Folding,
    ascii_folding,
    digits,
    minus,
    python_folding,
    spaces,
    words,
)
from canvasgen.automata.regex.parser import DIGITS, Parser
from canvasgen.automata.regex.pattern_reader import Kind, Piece, Shape
from canvasgen.automata.regex.zero_width import Assertion, Edge, edge, line_edge, word_boundary
from canvasgen.automata.utf8 import MAX_CODE_POINT, Ranges
from canvasgen.errors import InvalidConstraint

__all__ = ["PythonParser"]

_LETTERS: dict[str, int] = {
    "a": re.ASCII,
    "i": re.IGNORECASE,
    "L": re.LOCALE,
    "m": re.MULTILINE,
    "s": re.DOTALL,
    "u": re.UNICODE,
    "x": re.VERBOSE,
}
_KINDS = re.ASCII | re.LOCALE | re.UNICODE
_KNOWN = int(_KINDS | re.IGNORECASE | re.MULTILINE | re.DOTALL | re.VERBOSE | re.DEBUG)
_CONTROL = {"a": 7, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92}
_OCTAL = "01234567"
_WHITESPACE = " \t\n\r\v\f"
_NEWLINE: Ranges = ((0x0A, 0x0A),)
_BACK_REFERENCE = "write the alternatives out, or check the equality with a validator"


class PythonParser(Parser):
    """Reads a pattern of Python's `re`."""

    behind_is_fixed_width = True

    def __init__(self, pattern: str, flags: int, limits: Limits) -> None:
        super().__init__(pattern, flags, limits)
        if flags & ~_KNOWN or flags & re.LOCALE or (flags & re.ASCII and flags & re.UNICODE):
            raise InvalidConstraint(
                "flags that `re` does not take for a str pattern",
                rule="flags",
                value=flags,
                remedy="combine flags of `re` that may stand beside a str pattern, such as re.IGNORECASE",
            )
        self.groups: list[bool] = []
        """For each capturing group so far, whether it is closed."""
        self.names: dict[str, int] = {}
        self.open_numbers: list[int | None] = []
        """For each open group, its number if it captures."""

    # -- flags -------------------------------------------------------------------------------------

    @property
    def ascii_only(self) -> bool:
        """True if the ASCII flag is in force."""
        return bool(self.flags & re.ASCII)

    def folding(self) -> Folding:
        """How `re` ignores case."""
        return ascii_folding() if self.ascii_only else python_folding()

    def any_character(self) -> Ranges:
        """Return what `.` matches."""
        return ANY if self.flags & re.DOTALL else minus(ANY, _NEWLINE)

    def anchor(self, character: str) -> Assertion:
        """Return what `^` or `$` asserts."""
        if self.flags & re.MULTILINE:
            return line_edge(character == "^", _NEWLINE)
        return edge(Edge.START if character == "^" else Edge.END_OR_LAST_NEWLINE)

    def skip(self) -> None:
        """Whitespace and comments, in a verbose pattern."""
        cursor = self.cursor
        while self.flags & re.VERBOSE and not cursor.done:
            if cursor.peek() in _WHITESPACE:
                cursor.next()
            elif cursor.peek() == "#":
                end = cursor.pattern.find("\n", cursor.at)
                cursor.at = len(cursor.pattern) if end < 0 else end + 1
            else:
                break

    # -- quantifiers and sets ----------------------------------------------------------------------

    def read_bounds(self) -> tuple[int, int | None] | None:
        """After `{`: the bounds; None if it is no quantifier."""
        cursor = self.cursor
        start = cursor.at
        if cursor.peek() == "}":
            return None
        low_digits = high_digits = cursor.take_while(DIGITS, len(cursor.pattern))
        if cursor.take(","):
            high_digits = cursor.take_while(DIGITS, len(cursor.pattern))
        if not cursor.take("}"):
            cursor.at = start
            return None
        low = self.number(low_digits) if low_digits else 0
        high = self.number(high_digits) if high_digits else None
        if high is not None and high < low:
            cursor.invalid("min repeat greater than max repeat", start - 1)
        return low, high

    def check_repeatable(self, piece: Piece | None, at: int) -> None:
        """Refuse a quantifier with nothing, an anchor or another quantifier before it."""
        if piece is None or piece.shape is Shape.ANCHOR:
            self.cursor.invalid("nothing to repeat", at)
        if piece.shape is Shape.REPEAT:
            self.cursor.invalid("multiple repeat", at)

    def takes_possessive(self) -> bool:
        """Move over a possessive `+`."""
        return self.cursor.take("+")

    def starts_set(self) -> tuple[bool, bool]:
        """After `[`."""
        return self.cursor.take("^"), True

    # -- escapes -----------------------------------------------------------------------------------

    def _class(self, letter: str) -> Ranges:
        found = {"d": digits, "s": spaces, "w": words}[letter.lower()](self.ascii_only)
        return found if letter.islower() else minus(ANY, found)

    def _common_escape(self, letter: str, at: int) -> int | None:
        """Return the code point of an escape that means the same in and outside a set; None for any other."""
        cursor = self.cursor
        if letter in _CONTROL:
            return _CONTROL[letter]
        if letter == "x":
            return self.hex_escape(2, at)
        if letter == "u":
            return self.hex_escape(4, at)
        if letter == "U":
            value = self.hex_escape(8, at)
            if value > MAX_CODE_POINT:
                cursor.invalid(f"bad escape {cursor.pattern[at : cursor.at]}", at)
            return value
        if letter == "N":
            if not cursor.take("{"):
                cursor.invalid("missing {", cursor.at)
            name = cursor.take_until("}", "a character name")
            try:
                return ord(unicodedata.lookup(name))
            except (KeyError, TypeError):
                cursor.invalid(f"undefined character name {name!r}", at)
        if letter == "":
            cursor.invalid("bad escape (end of pattern)", at)
        if letter.isascii() and letter.isalnum():
            return None
        return ord(letter)

    def _octal(self, found: str, at: int) -> int:
        value = int(found, 8)
        if value > 0o377:
            self.cursor.invalid(f"octal escape value \\{found} outside of range 0-0o377", at)
        return value

    def read_escape_in_set(self, at: int) -> int | Ranges:
        """After a backslash in a set."""
        cursor = self.cursor
        letter = cursor.next()
        if letter and letter in "dDsSwW":
            return self._class(letter)
        if letter and letter in "pP":
            return self.read_property(letter == "P", at, as_regex=True)
        if letter == "b":
            return 8
        if letter and letter in _OCTAL:
            return self._octal(letter + cursor.take_while(_OCTAL, 2), at)
        value = self._common_escape(letter, at)
        if value is None:
            cursor.invalid(f"bad escape \\{letter}", at)
        return value

    def read_escape(self, at: int) -> None:
        """After a backslash outside a set."""
        cursor = self.cursor
        letter = cursor.next()
        if letter and letter in "dDsSwW":
            self.add_set(self._class(letter))
        elif letter and letter in "pP":
            self.add_set(self.read_property(letter == "P", at, as_regex=True))
        elif letter == "A":
            self.add_assertion(edge(Edge.START), Shape.ANCHOR, at)
        elif letter == "Z":
            self.add_assertion(edge(Edge.END), Shape.ANCHOR, at)
        elif letter and letter in "bB":
            self.add_assertion(word_boundary(words(self.ascii_only), letter == "B", False), Shape.ANCHOR, at)
        elif letter == "0":
            self.add_character(self._octal("0" + cursor.take_while(_OCTAL, 2), at))
        elif letter and letter in DIGITS:
            self._read_number(letter, at)
        else:
            value = self._common_escape(letter, at)
            if value is None:
                cursor.invalid(f"bad escape \\{letter}", at)
            self.add_character(value)

    def _read_number(self, first: str, at: int) -> None:
        r"""`\1` ... `\99` are back-references; three octal digits are a character."""
        cursor = self.cursor
        found = first
        if cursor.peek() and cursor.peek() in DIGITS:
            found += cursor.next()
            if found[0] in _OCTAL and found[1] in _OCTAL and cursor.peek() and cursor.peek() in _OCTAL:
                self.add_character(self._octal(found + cursor.next(), at))
                return
        self._refer(int(found), at)

    def _refer(self, number: int, at: int) -> None:
        if number > len(self.groups):
            self.cursor.invalid(f"invalid group reference {number}", at)
        if not self.groups[number - 1]:
            self.cursor.invalid("cannot refer to an open group", at)
        self.cursor.unsupported("back-reference", at, _BACK_REFERENCE)

    # -- groups ------------------------------------------------------------------------------------

    def push(self, kind: Kind, at: int, flags: int) -> None:
        """Open a group."""
        super().push(kind, at, flags)
        self.open_numbers.append(None)

    def _capture(self, at: int, name: str | None) -> None:
        self.groups.append(False)
        if name is not None:
            if name in self.names:
                self.cursor.invalid(f"redefinition of group name {name!r}", at)
            self.names[name] = len(self.groups)
        self.push(Kind.PLAIN, at, self.flags)
        self.open_numbers[-1] = len(self.groups)

    def _close_group(self) -> None:
        number = self.open_numbers.pop()
        if number is not None:
            self.groups[number - 1] = True
        super()._close_group()

    def _name(self, end: str, at: int) -> str:
        start = self.cursor.at
        name = self.cursor.take_until(end, "a group name")
        if not name:
            self.cursor.invalid("missing group name", start)
        if not name.isidentifier():
            self.cursor.invalid(f"bad character in group name {name!r}", start)
        return name

    def open_group(self, at: int) -> None:
        """After `(`."""
        cursor = self.cursor
        if not cursor.take("?"):
            self._capture(at, None)
            return
        letter = cursor.next()
        simple = {":": Kind.PLAIN, "=": Kind.AHEAD, "!": Kind.NOT_AHEAD, ">": Kind.ATOMIC}
        if letter in simple:
            self.push(simple[letter], at, self.flags)
        elif letter == "P":
            self._open_named(at)
        elif letter == "<":
            behind = cursor.next()
            if not behind or behind not in "=!":
                cursor.invalid(f"unknown extension ?<{behind}", at)
            self.push(Kind.BEHIND if behind == "=" else Kind.NOT_BEHIND, at, self.flags)
        elif letter == "#":
            cursor.take_until(")", "a comment")
        elif letter == "(":
            self._conditional(at)
        elif letter == "-" or letter in _LETTERS:
            self._open_flags(letter, at)
        else:
            cursor.invalid(f"unknown extension ?{letter}", at)

    def _open_named(self, at: int) -> None:
        cursor = self.cursor
        if cursor.take("<"):
            self._capture(at, self._name(">", at))
        elif cursor.take("="):
            name = self._name(")", at)
            if name not in self.names:
                cursor.invalid(f"unknown group name {name!r}", at)
            self._refer(self.names[name], at)
        else:
            cursor.invalid(f"unknown extension ?P{cursor.peek()}", at)

    def _conditional(self, at: int) -> None:
        name = self.cursor.take_until(")", "a group reference")
        if name.isidentifier():
            known = name in self.names
        else:
            known = name.isascii() and name.isdecimal() and 0 < self.number(name) <= 10**8
        if not known:
            self.cursor.invalid(f"unknown group {name!r} in a conditional", at)
        self.cursor.unsupported("conditional group", at, "write both cases out as alternatives")

    def _open_flags(self, first: str, at: int) -> None:
        """`(?aimsux)` at the very start, `(?aimsux-imsx:...)` anywhere."""
        cursor = self.cursor
        on = off = 0
        letter = first
        while letter in _LETTERS and letter:
            on |= self._flag(letter, at)
            if on & _KINDS and (on & _KINDS) not in (re.ASCII, re.UNICODE):
                cursor.invalid("bad inline flags: flags 'a', 'u' and 'L' are incompatible", at)
            letter = cursor.next()
        if letter == ")":
            if len(self.stack) > 1 or self.frame.branches or self.frame.sequence:
                cursor.invalid(
                    "global flags not at the start of the expression",
                    at,
                    "write (?flags:...) around what they are for",
                )
            if (on | self.frame.flags) & re.ASCII and (on | self.frame.flags) & re.UNICODE:
                cursor.invalid("ASCII and UNICODE flags are incompatible", at)
            self.frame.flags |= on
            return
        if letter == "-":
            letter = cursor.next()
            if letter == "":
                cursor.invalid("missing flag", cursor.at)
            while letter and letter in _LETTERS:
                off |= self._flag(letter, at)
                if off & _KINDS:
                    cursor.invalid("bad inline flags: cannot turn off flags 'a', 'u' and 'L'", at)
                letter = cursor.next()
            if not off:
                cursor.invalid("missing flag", cursor.at)
        if letter != ":":
            cursor.invalid("unknown flag" if letter else "missing -, : or )", at)
        if on & off:
            cursor.invalid("bad inline flags: flag turned on and off", at)
        flags = self.flags
        if on & _KINDS:
            flags &= ~_KINDS
        self.push(Kind.PLAIN, at, (flags | on) & ~off)

    def _flag(self, letter: str, at: int) -> int:
        if letter == "L":
            self.cursor.invalid("bad inline flags: cannot use 'L' flag with a str pattern", at)
        return _LETTERS[letter]
