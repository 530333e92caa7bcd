"""The text of a grammar, in Lark's dialect or in GBNF, as rules. Lark itself parses its dialect, resolves imports and
composes terminals."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import lark.load_grammar
from lark.exceptions import LarkError, UnexpectedToken

from canvasgen.constraints.grammar.extensions import place_at, rewritten
from canvasgen.constraints.grammar.gbnf import is_gbnf, read_gbnf
from canvasgen.constraints.grammar.library import ImportSource
from canvasgen.constraints.grammar.refusals import place_of, place_of_import, refusal
from canvasgen.constraints.grammar.rules import Rules, check_productive
from canvasgen.constraints.grammar.template_bounds import check_templates
from canvasgen.constraints.grammar.terminals import check_terminals, patterns_of
from canvasgen.constraints.grammar.tree_reader import TreeReader
from canvasgen.errors import CanvasgenError, ConstraintTooLarge, InvalidConstraint

__all__ = ["LONGEST_GRAMMAR", "read", "too_deep"]

LONGEST_GRAMMAR = 1_000_000
"""Most characters of a grammar's text."""
MOST_BLANK_LINES = 1_000
"""Blank lines one after the other; Lark's lexer takes the square of their number."""
_lark: Any = lark.load_grammar
"""This module of Lark has no types."""


def read(text: str, start: str, source: ImportSource, path: Path | None = None) -> Rules:
    """Return the rules of a grammar.

    Args:
        text: the grammar.
        start: its start rule.
        source: where `%import` finds grammars, before Lark's own.
        path: the file that the text was read from.

    Raises:
        InvalidConstraint: Lark refuses it, or a rule has no text at all; names line and column.
        UnsupportedConstraint: `%declare`, a terminal that is not regular, an extension without a meaning here.
        ConstraintTooLarge: a limit is exceeded.
    """
    if len(text) > LONGEST_GRAMMAR:
        raise ConstraintTooLarge(
            f"a grammar of more than {LONGEST_GRAMMAR} characters",
            rule="grammar length",
            remedy="make it shorter: rules that share parts, or several grammars",
        )
    _check_blank_lines(text)
    if is_gbnf(text):
        try:
            rules = read_gbnf(text, start)
        except RecursionError as error:
            raise too_deep(_innermost(text)) from error
        check_productive(rules.items, rules.start, lambda name: rules.lines[name])
        return rules
    extended = rewritten(text)
    try:
        name = "<grammar>" if path is None else str(path)
        check_terminals(
            extended.text, name, source, lambda token: extended.place(token.line or 1, token.column or 1)
        )
        loaded, _ = _lark.load_grammar(extended.text, name, [source], False)
        check_templates(loaded, extended)
        patterns = patterns_of(loaded)
    except (LarkError, OSError) as error:
        raise refusal(error, extended) from error
    except TypeError as error:
        # Lark 1.3 fails at one of its log messages (`%d` of a parser's state) while it reports a syntax error.
        if not isinstance(error.__context__, UnexpectedToken):
            raise
        raise refusal(error.__context__, extended) from error
    except CanvasgenError as error:
        if error.rule == "%import":
            error.path = error.path or place_of_import(str(error.value), text)
        raise
    except RecursionError as error:
        raise too_deep(_innermost(text)) from error
    try:
        return _rules(TreeReader(extended, loaded, patterns), start, text, map(str, loaded.ignore))
    except RecursionError as error:
        raise too_deep(_innermost(text)) from error


def _rules(reader: TreeReader, start: str, text: str, ignored: Iterable[str]) -> Rules:
    if start not in reader.trees:
        raise InvalidConstraint(
            "the grammar has no such start rule",
            rule="start",
            value=start,
            remedy="pass start= with the name of one of its rules",
        )
    if reader.trees[start][0]:
        raise InvalidConstraint(
            "the start rule is a template",
            path=place_of(start, text),
            rule="start",
            value=start,
            remedy="write a start rule that gives it its arguments",
        )
    items = reader.reachable(start)
    check_productive(items, start, reader.line_of)
    left_out = reader.ignored(ignored)
    items = reader.settled(items, start)
    return Rules(
        start,
        items,
        left_out,
        {name: reader.line_of(name) for name in items},
        tuple(dict.fromkeys(reader.remarks)),
        tuple(dict.fromkeys(reader.departures)),
        reader.marks,
    )


def _innermost(text: str) -> str:
    """Return the place of the innermost bracket."""
    depth = deepest = at = 0
    for mark in re.finditer(r"[()\[\]{}]", text):
        depth += 1 if mark.group() in "([{" else -1
        if depth > deepest:
            deepest, at = depth, mark.start()
    return place_at(text, at)


def too_deep(path: str) -> ConstraintTooLarge:
    """The error for a grammar that would need more of Python's stack than there is."""
    return ConstraintTooLarge(
        "the grammar is nested too deeply",
        path=path,
        rule="nesting depth",
        remedy="use fewer levels of parentheses, and shorter chains of rules that only name the next",
    )


def _check_blank_lines(text: str) -> None:
    """Raise ConstraintTooLarge for too many blank lines one after the other."""
    blank = 0
    for number, line in enumerate(text.split("\n"), 1):
        blank = 0 if line.strip() else blank + 1
        if blank > MOST_BLANK_LINES:
            raise ConstraintTooLarge(
                f"more than {MOST_BLANK_LINES} blank lines one after the other",
                path=f"line {number}",
                rule="blank lines",
                value=MOST_BLANK_LINES,
                remedy="leave them out",
            )
