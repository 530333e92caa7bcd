"""Grammars in GBNF, the notation of llama.cpp, as rules.

    root ::= "answer: " ("yes" | "no") ws
    ws   ::= [ \\t\\n]*   # a comment

https://github.com/ggml-org/llama.cpp/blob/master/grammars/README.md describes it. Here a rule goes on to the head of the
next one, so alternatives may stand on lines of their own (as xgrammar reads them).
"""

from __future__ import annotations

import re
from typing import NoReturn

from canvasgen import automata
from canvasgen.constraints.grammar.extensions import place_at
from canvasgen.constraints.grammar.rules import Choice, Item, Leaf, Ref, Repeat, Rules, Sequence, references
from canvasgen.errors import InvalidConstraint, UnsupportedConstraint

__all__ = ["is_gbnf", "read_gbnf"]

_HEAD = re.compile(r"^[ \t]*(<?[A-Za-z_][\w-]*>?)\s*::=", re.MULTILINE)
_ESCAPE = r'\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U00(?:0[0-9A-Fa-f]|10)[0-9A-Fa-f]{4}|[nrt"\\\[\]\-^/.|])'
_TOKEN = re.compile(
    rf"""(?P<space>\s+|\#[^\n]*)|(?P<head>[A-Za-z_][\w-]*\s*::=)|(?P<name>[A-Za-z_][\w-]*)
    |"(?P<string>(?:{_ESCAPE}|[^"\\\n])*)"|\[(?P<set>\^?(?:{_ESCAPE}|[^\]\\\n])*)\]|(?P<dot>\.)
    |(?P<count>\{{\s*\d*\s*,?\s*\d*\s*\}}|[?*+])|(?P<look>\(=)|(?P<sign>[()|])|(?P<special>!?<[^>\n]*>)""",
    re.VERBOSE,
)
_LETTER = re.compile(rf"{_ESCAPE}|[^\\]", re.DOTALL)
_ANY = [(0, 0x10FFFF)]
_SHORT = {"n": "\n", "r": "\r", "t": "\t"}


def is_gbnf(text: str) -> bool:
    """Return whether a grammar has rules of the form `name ::= …`."""
    return _HEAD.search(text) is not None


def read_gbnf(text: str, start: str) -> Rules:
    """Return the rules of a grammar in GBNF; those that its start rule does not lead to are remarked upon.

    Args:
        text: the grammar.
        start: its start rule; where there is no rule `start`, that is `root`.

    Raises:
        InvalidConstraint: it is malformed; with line and column.
        UnsupportedConstraint: special tokens, look-ahead.
    """
    reader = _Reader(text)
    rules = reader.rules()
    if start == "start" and start not in rules:
        start = "root"
    if start not in rules:
        raise InvalidConstraint(
            "the grammar has no such start rule",
            rule="start",
            value=start,
            remedy=f"its rules are {', '.join(rules)}",
        )
    items: dict[str, Item] = {}
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name not in items:
            items[name] = rules[name]
            waiting += references(rules[name])
    unused = tuple(f"the rule {name!r} is never used" for name in rules if name not in items)
    return Rules(start, items, None, {name: reader.lines[name] for name in items}, unused)


class _Reader:
    """The tokens of a grammar, from the first to the last.

    Attributes:
        lines: the line of each rule's head.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines: dict[str, int] = {}
        self._used: list[tuple[str, int]] = []
        self._tokens = self._all_tokens()
        self._at = 0

    def _refuse(self, message: str, at: int, remedy: str | None = None) -> NoReturn:
        raise InvalidConstraint(
            f"the grammar is malformed: {message}",
            path=place_at(self.text, at),
            rule="gbnf",
            value=self.text[at : at + 20],
            remedy=remedy,
        )

    def _all_tokens(self) -> list[re.Match[str]]:
        found: list[re.Match[str]] = []
        at = 0
        while at < len(self.text):
            token = _TOKEN.match(self.text, at)
            if token is None:
                self._refuse(
                    "this is no part of GBNF", at, "in Lark's dialect rules are `name: …`, with one colon"
                )
            if token.lastgroup == "special":
                if re.match(r"<[A-Za-z_][\w-]*>\s*::=", self.text[at:]):
                    self._refuse("names stand without angle brackets", at, "write name ::= other")
                raise UnsupportedConstraint(
                    f"the special token {token.group()} has no text",
                    path=place_at(self.text, at),
                    rule="special token",
                    remedy="leave it out: a canvas ends by itself, and other tokens belong to the prompt",
                )
            if token.lastgroup == "look":
                raise UnsupportedConstraint(
                    "look-ahead in a grammar of GBNF",
                    path=place_at(self.text, at),
                    rule="(=",
                    remedy="write it in Lark's dialect, as a terminal with look-ahead: X: /a(?=b)/",
                )
            if token.lastgroup != "space":
                found.append(token)
            at = token.end()
        return found

    def _peek(self, kind: str) -> re.Match[str] | None:
        token = self._tokens[self._at] if self._at < len(self._tokens) else None
        return token if token is not None and token.lastgroup == kind else None

    def _take(self, sign: str) -> bool:
        token = self._peek("sign")
        if token is None or token.group() != sign:
            return False
        self._at += 1
        return True

    def rules(self) -> dict[str, Item]:
        """Return every rule."""
        found: dict[str, Item] = {}
        while self._at < len(self._tokens):
            head = self._peek("head")
            if head is None:
                self._refuse("a rule begins with `name ::=`", self._tokens[self._at].start())
            name = head.group().split("::=")[0].strip()
            if name in found:
                self._refuse(f"the rule {name} is defined more than once", head.start())
            self._at += 1
            self.lines[name] = self.text.count("\n", 0, head.start()) + 1
            found[name] = self._alternatives()
        for name, at in self._used:
            if name not in found:
                self._refuse(f"the rule {name} is used but not defined", at)
        return found

    def _alternatives(self) -> Item:
        options = [self._sequence()]
        while self._take("|"):
            options.append(self._sequence())
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def _sequence(self) -> Item:
        items: list[Item] = []
        while (item := self._atom()) is not None:
            while (count := self._peek("count")) is not None:
                self._at += 1
                item = Repeat(item, *self._bounds(count))
            items.append(item)
        return items[0] if len(items) == 1 else Sequence(tuple(items))

    def _atom(self) -> Item | None:
        if self._at >= len(self._tokens):
            return None
        token = self._tokens[self._at]
        if self._take("("):
            inside = self._alternatives()
            if not self._take(")"):
                self._refuse("a parenthesis is not closed", token.start())
            return inside
        if token.lastgroup in ("head", "sign"):
            if token.group() == ")" and not self._is_open():
                self._refuse("a parenthesis was never opened", token.start())
            return None
        if token.lastgroup == "count":
            self._refuse("there is nothing to repeat", token.start())
        self._at += 1
        if token.lastgroup == "name":
            self._used.append((token.group(), token.start()))
            return Ref(token.group())
        if token.lastgroup == "string":
            return Leaf(automata.literal("".join(map(chr, _letters(token["string"])))))
        return Leaf(automata.code_points(_ANY if token.lastgroup == "dot" else self._members(token)))

    def _is_open(self) -> bool:
        before = [token.group() for token in self._tokens[: self._at] if token.lastgroup == "sign"]
        return before.count("(") > before.count(")")

    def _bounds(self, token: re.Match[str]) -> tuple[int, int | None]:
        written = re.sub(r"\s", "", token.group())
        if written in ("?", "*", "+"):
            return {"?": (0, 1), "*": (0, None), "+": (1, None)}[written]
        first, comma, last = written[1:-1].partition(",")
        if not first and not last:
            self._refuse("a count has a number", token.start())
        low = int(first or 0)
        high = (int(last) if last else None) if comma else low
        if high is not None and high < low:
            self._refuse("a count runs upwards", token.start())
        return low, high

    def _members(self, token: re.Match[str]) -> list[tuple[int, int]]:
        written = token["set"]
        negated = written.startswith("^")
        pieces = _LETTER.findall(written[negated:])
        found: list[tuple[int, int]] = []
        at = 0
        while at < len(pieces):
            low = high = _letters(pieces[at])[0]
            at += 1
            if at + 1 < len(pieces) and pieces[at] == "-":
                high = _letters(pieces[at + 1])[0]
                at += 2
            if high < low:
                self._refuse("a range of characters runs upwards", token.start())
            found.append((low, high))
        if not negated:
            if not found:
                self._refuse("an empty set matches no text", token.start())
            return found
        return _outside(found)


def _outside(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    at = 0
    for low, high in sorted(ranges):
        if at < low:
            found.append((at, low - 1))
        at = max(at, high + 1)
    return [*found, (at, _ANY[0][1])] if at <= _ANY[0][1] else found


def _letters(written: str) -> list[int]:
    """Return the code points of a string or a set, its escapes read."""
    found: list[int] = []
    for piece in _LETTER.findall(written):
        if len(piece) == 1:
            found.append(ord(piece))
        elif piece[1] in "xuU":
            found.append(int(piece[2:], 16))
        else:
            letter: str = piece[1]
            found.append(ord(_SHORT.get(letter, letter)))
    return found
