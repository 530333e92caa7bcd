"""The terminals of a grammar as patterns, within a limit that is checked before Lark writes them out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import lark.load_grammar
from lark import Token
from lark.grammar import Symbol
from lark.lexer import Pattern

from canvasgen.constraints.grammar.library import ImportSource
from canvasgen.constraints.grammar.parameters import is_tree
from canvasgen.errors import ConstraintTooLarge

__all__ = ["LONGEST_TERMINAL", "NO_END", "check_terminals", "patterns_of"]

LONGEST_TERMINAL = 10_000
"""Most strings, patterns and ranges of a terminal, those of the terminals in it included."""
NO_END = 10**18
"""The upper count that stands for none in a grammar as Lark reads it: `x{2,}` is `x~2..NO_END`."""
_lark: Any = lark.load_grammar
"""This module of Lark has no types."""


def check_terminals(text: str, name: str, source: ImportSource, place: Callable[[Token], str]) -> None:
    """Raise an error for a terminal that is too long once the terminals in it are written out.

    Lark writes them out when it reads a grammar, so `A: "a" "a"`, `B: A A`, … doubles with each terminal.

    Args:
        text: the grammar as Lark reads it.
        name: its file, or a name in its place; imports are relative to it.
        source: where `%import` finds grammars, before Lark's own.
        place: returns the place of one of its tokens in the text that the user wrote.

    Raises:
        ConstraintTooLarge: a terminal has more than `LONGEST_TERMINAL` parts.
        LarkError: the grammar is malformed.
    """
    _Lengths(source).of(text, name, place)


class _Lengths:
    """The lengths of the terminals of a grammar and of those that it imports."""

    def __init__(self, source: ImportSource) -> None:
        self._source = source
        self._known: dict[str, dict[str, int]] = {}

    def of(self, text: str, name: str, place: Callable[[Token], str]) -> dict[str, int]:
        """Return the length of each terminal of a grammar."""
        if name in self._known:
            return self._known[name]
        found = self._known[name] = {}
        heads: dict[str, Token] = {}
        parts: dict[str, list[str]] = {}
        for statement in _lark._parse_grammar(text, name).children:
            if statement.data == "import":
                found.update(self._imported(statement, name))
                continue
            rule = statement.children[0] if statement.data in ("override", "extend") else statement
            if rule.data == "term":
                head = rule.children[0]
                heads[str(head)] = head
                parts.setdefault(str(head), []).extend(_leaves(rule.children[-1]))
        for terminal in parts:
            for each in _innermost_first(terminal, parts, found):
                length = sum(found.get(leaf, 1) for leaf in parts[each])
                if length > LONGEST_TERMINAL:
                    raise ConstraintTooLarge(
                        f"the terminal {each}, with the terminals in it written out, has more than "
                        f"{LONGEST_TERMINAL} strings and patterns",
                        path=place(heads[each]),
                        rule="LONGEST_TERMINAL",
                        value=length,
                        remedy="make it a rule, in lower case, or repeat with a count, `~n`",
                    )
                found[each] = length
        return found

    def _imported(self, statement: Any, name: str) -> dict[str, int]:
        unpacked: tuple[tuple[str, ...], str | None, dict[str, str]]
        unpacked = _lark.GrammarBuilder()._unpack_import(statement, name)
        dotted, base_path, aliases = unpacked
        path = f"{os.path.join(*dotted)}.lark"
        loaders: tuple[ImportSource, ...] = (self._source, _lark.stdlib_loader)
        for load in loaders:
            try:
                file, text = load(base_path, path)
            except OSError:
                continue
            lengths = self.of(text, file, partial(_place_in, ".".join(dotted)))
            return {alias: lengths[terminal] for terminal, alias in aliases.items() if terminal in lengths}
        return {}


def _place_in(grammar: str, token: Token) -> str:
    return f"line {token.line} of the imported grammar {grammar}"


def _leaves(tree: object) -> Iterator[str]:
    """Yield the names of the symbols of a terminal's tree; the empty name for strings, patterns and ranges."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Symbol):
            yield node.name
        elif is_tree(node) and node.data not in ("range", "literal"):
            waiting += node.children
        elif is_tree(node):
            yield ""


def _innermost_first(terminal: str, parts: dict[str, list[str]], known: dict[str, int]) -> list[str]:
    """Return the terminals that one is made of and whose lengths are not known, each behind those in it."""
    found: dict[str, None] = {}
    entered: set[str] = set()
    waiting = [(terminal, False)]
    while waiting:
        name, done = waiting.pop()
        if done:
            found[name] = None
        elif name in parts and name not in known and name not in entered:
            entered.add(name)
            waiting.append((name, True))
            waiting += ((leaf, False) for leaf in parts[name])
    return list(found)


class _ToPatterns(_lark.TerminalTreeToPattern):
    def expr(self, args: list[Any]) -> Pattern:
        """Return a repeated pattern; without an upper count for `NO_END`."""
        if len(args) == 4 and int(args[3]) == NO_END:
            inner: Pattern = args[0]
            return _lark.PatternRE(f"(?:{inner.to_regexp()}){{{int(args[2])},}}", inner.flags)
        return _lark.TerminalTreeToPattern.expr(self, args)


def patterns_of(loaded: Any) -> dict[str, Pattern]:
    """Return Lark's pattern of each terminal of a loaded grammar; none for a declared one.

    Raises:
        LarkError: a string, pattern or count is malformed.
    """
    to_pattern = _lark.PrepareLiterals() * _ToPatterns()
    return {
        str(name): to_pattern.transform(_lark.nr_deepcopy_tree(tree))
        for name, (tree, _) in loaded.term_defs
        if tree is not None
    }
