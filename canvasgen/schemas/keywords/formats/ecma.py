"""The syntax of regular expressions in ECMA-262 (2025), with the `u` flag: ECMA-262 section 22.2.1.

`canvasgen.automata.parse_regex` reads what is regular; this decides what is a pattern at all, back-references and
look-behind included.
"""

from __future__ import annotations

import re

from canvasgen.automata.regex.characters import property_set

__all__ = ["is_pattern"]

DEEPEST_GROUP = 100
"""Deepest nesting of groups that is read; deeper patterns are refused."""

_QUANTIFIER = re.compile(r"(?:[*+?]|\{(\d+)(?:,(\d*))?\})\??", re.ASCII)
_NAME = re.compile(r"[$_\w][$\w\u200c\u200d]*")
_PROPERTY = re.compile(r"[pP]\{(?:(\w+)=)?(\w+)\}", re.ASCII)
_HEX = re.compile(
    r"x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|u\{0*(?:10|[0-9a-fA-F])?[0-9a-fA-F]{1,4}\}|c[A-Za-z]|0(?![0-9])",
    re.ASCII,
)
_MODIFIERS = re.compile(r"\?([ims]*)(-[ims]*)?:")
_SYNTAX = frozenset("^$\\.*+?()[]{}|/")
_CLASSES = frozenset("dDsSwW")
_CONTROLS = frozenset("fnrtv")
_GENERAL = frozenset(("gc", "General_Category"))
_SCRIPT = frozenset(("sc", "Script", "scx", "Script_Extensions"))


class _Malformed(Exception):
    """The text is no pattern."""


def is_pattern(value: str) -> bool:
    """Return True if a string is a regular expression of ECMA-262."""
    reader = _Reader(value)
    try:
        reader.disjunction(0)
        if reader.at < len(value):
            return False
        reader.check_references()
    except _Malformed:
        return False
    return True


class _Reader:
    """Reads one pattern from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.groups = 0
        self.names: set[str] = set()
        self.numbers: list[int] = []
        self.named: list[str] = []

    def disjunction(self, depth: int) -> set[str]:
        """Read alternatives; return the names of their groups, which may be the same in different alternatives."""
        if depth > DEEPEST_GROUP:
            raise _Malformed
        found = self._alternative(depth)
        while self._take("|"):
            found |= self._alternative(depth)
        return found

    def check_references(self) -> None:
        """Raise `_Malformed` unless every back-reference has its group."""
        if any(number > self.groups for number in self.numbers) or not self.names.issuperset(self.named):
            raise _Malformed

    def _alternative(self, depth: int) -> set[str]:
        found: set[str] = set()
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            repeatable, names = self._term(depth)
            if found & names:
                raise _Malformed
            found |= names
            quantifier = _QUANTIFIER.match(self.text, self.at)
            if quantifier is None:
                continue
            low, high = quantifier.groups()
            if not repeatable or (high and int(low) > int(high)):
                raise _Malformed
            self.at = quantifier.end()
        return found

    def _take(self, text: str) -> bool:
        if self.text.startswith(text, self.at):
            self.at += len(text)
            return True
        return False

    def _term(self, depth: int) -> tuple[bool, set[str]]:
        """Read a term; return whether a quantifier may follow, and the names of the groups inside."""
        mark = self.text[self.at]
        if mark in "^$":
            self.at += 1
            return False, set()
        if mark == "(":
            return self._group(depth)
        if mark == "[":
            self._class()
            return True, set()
        if mark == "\\":
            return self._escape(), set()
        if mark in "*+?{}]":
            raise _Malformed
        self.at += 1
        return True, set()

    def _group(self, depth: int) -> tuple[bool, set[str]]:
        self.at += 1
        repeatable, own = True, set[str]()
        modifiers = _MODIFIERS.match(self.text, self.at)
        if modifiers is not None:
            flags = modifiers[1] + (modifiers[2] or "")[1:]
            if len(set(flags)) < len(flags) or (modifiers[2] == "-" and not modifiers[1]):
                raise _Malformed
            self.at = modifiers.end()
        elif any(self._take(mark) for mark in ("?=", "?!", "?<=", "?<!")):
            repeatable = False
        else:
            self.groups += 1
            if self._take("?<"):
                own = {self._name()}
            elif self._take("?"):
                raise _Malformed
        inside = self.disjunction(depth + 1)
        if not self._take(")") or own & inside:
            raise _Malformed
        self.names |= own
        return repeatable, own | inside

    def _name(self) -> str:
        found = _NAME.match(self.text, self.at)
        if found is None or found.group()[0].isdigit() or self.text[found.end() : found.end() + 1] != ">":
            raise _Malformed
        self.at = found.end() + 1
        return found.group()

    def _escape(self) -> bool:
        """Read an escape outside of a class; return False if no quantifier may follow."""
        self.at += 1
        rest = self.text[self.at : self.at + 1]
        if rest and rest in "bB":
            self.at += 1
            return False
        if self._take("k<"):
            self.named.append(self._name())
            return True
        if rest and rest in "123456789":
            digits = re.compile("[0-9]+").match(self.text, self.at)
            assert digits is not None
            self.numbers.append(int(digits.group()[:9]))
            self.at = digits.end()
            return True
        self._character_escape(_SYNTAX)
        return True

    def _character_escape(self, plain: frozenset[str]) -> bool:
        """Read what may follow a backslash anywhere; return True if it is a set of characters."""
        found = _HEX.match(self.text, self.at)
        if found is not None:
            self.at = found.end()
            return False
        rest = self.text[self.at : self.at + 1]
        if rest and (rest in plain or rest in _CONTROLS):
            self.at += 1
            return False
        if rest and rest in _CLASSES:
            self.at += 1
            return True
        found = _PROPERTY.match(self.text, self.at)
        if found is None or not _is_property(found[1], found[2]):
            raise _Malformed
        self.at = found.end()
        return True

    def _class(self) -> None:
        self.at += 1
        self._take("^")
        while not self._take("]"):
            low = self._class_atom()
            if self.text.startswith("-", self.at) and not self.text.startswith("-]", self.at):
                self.at += 1
                high = self._class_atom()
                if low is None or high is None or low > high:
                    raise _Malformed

    def _class_atom(self) -> int | None:
        """Read one member of a class; return its code point, None for a set of characters."""
        if self.at >= len(self.text):
            raise _Malformed
        mark = self.text[self.at]
        self.at += 1
        if mark != "\\":
            return ord(mark)
        start = self.at
        if self._take("b"):
            return 8
        if self._character_escape(_SYNTAX | {"-"}):
            return None
        return _code_point(self.text[start : self.at])


def _code_point(escape: str) -> int:
    """Return the code point of an escape for one character."""
    if escape[0] in "xu":
        return int(escape[1:].strip("{}"), 16)
    if escape[0] == "c" and len(escape) == 2:
        return ord(escape[1]) % 32
    return {"f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "0": 0}.get(escape, ord(escape[0]))


def _is_property(name: str | None, value: str) -> bool:
    """Return True if Unicode has the property; names begin with a capital."""
    if not value[0].isupper() or (name is not None and name not in _GENERAL | _SCRIPT):
        return False
    return property_set(value if name is None else f"{name}={value}") is not None
