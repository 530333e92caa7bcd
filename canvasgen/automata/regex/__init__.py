"""Regular expressions, of two dialects, to expressions over bytes."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from canvasgen.automata.automaton_limits import DEFAULT_LIMITS, Limits
from canvasgen.automata.expr import Expr
from canvasgen.automata.regex.ecma_dialect import EcmaParser
from canvasgen.automata.regex.parser import Parser
from canvasgen.automata.regex.pattern_reader import largest_count
from canvasgen.automata.regex.python_dialect import PythonParser
from canvasgen.errors import ConstraintTooLarge, InvalidConstraint
from canvasgen.limits import limited

__all__ = ["largest_count", "parse_first_match", "parse_regex", "parse_regex_in_context"]


@contextmanager
def _at(parser: Parser) -> Generator[None]:
    """Give a ConstraintTooLarge the position that the parser has come to, if it has no path."""
    try:
        yield
    except ConstraintTooLarge as error:
        error.path = error.path or f"position {parser.cursor.at}"
        raise


_DIALECTS = {"python": PythonParser, "ecma": EcmaParser}


def parse_regex(
    pattern: str,
    flags: int = 0,
    *,
    dialect: str = "python",
    search: bool = False,
    limits: Limits = DEFAULT_LIMITS,
) -> Expr:
    r"""Return the texts that a regular expression matches as a whole, or with `search` those that it matches
    somewhere.

    Everything regular is exact, look-around, anchors and word boundaries anywhere included. Greedy, lazy and
    (for single characters) possessive quantifiers accept what the dialect's own matcher accepts.

    Args:
        pattern: the regular expression.
        flags: flags of the `re` module; `ecma` takes IGNORECASE, MULTILINE and DOTALL.
        dialect: `python` (the `re` module of Python 3.11 to 3.13, `str` patterns) or `ecma` (ECMA-262 with
            the u flag, as JSON Schema's `pattern`).
        search: True for `re.search` (and JSON Schema), False for `re.fullmatch`.
        limits: for the automata of look-around bodies, which are made while parsing.

    Raises:
        InvalidConstraint: a syntax error, or no such dialect or flag; `path` is `position N`.
        UnsupportedConstraint: back-references, conditional groups, and atomic groups and possessive repeats
            whose meaning is not that of ordinary ones; `path` is `position N` and `remedy` says what to
            write instead.
        ConstraintTooLarge: a count or the number of different assertions exceeds a limit.
    """
    if not isinstance(pattern, str):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidConstraint(
            "a regular expression is a str",
            rule="regex",
            value=pattern,
            remedy="give the pattern as a string, without re.compile",
        )
    if dialect not in _DIALECTS:
        raise InvalidConstraint(
            "the dialect is `python` or `ecma`",
            rule="dialect",
            value=dialect,
            remedy='dialect="python" or dialect="ecma"',
        )
    with limited(limits):
        parser = _DIALECTS[dialect](pattern, int(flags), limits)
        with _at(parser):
            return parser.parse(search)


def parse_regex_in_context(
    pattern: str, flags: int = 0, *, limits: Limits = DEFAULT_LIMITS
) -> tuple[Expr, Expr | None]:
    r"""Return what a regular expression of `re` matches as a part of a longer text, where look-around sees the whole.

    Returns:
        The texts that it matches, and None: what stands around them has no influence. Or, if it has (`a(?!b)`,
        `\bend`), a language that contains every text that it matches anywhere, and the texts `u|x|v`, the bar the
        byte `private_bytes.CUT_BAR`, with x what it matches between u and v.

    Raises:
        InvalidConstraint, UnsupportedConstraint, ConstraintTooLarge: as for `parse_regex`.
    """
    with limited(limits):
        parser = _DIALECTS["python"](pattern, int(flags), limits)
        with _at(parser):
            return parser.parse_in_context()


def parse_first_match(pattern: str, flags: int = 0, *, limits: Limits = DEFAULT_LIMITS) -> Expr | None:
    r"""Return the texts of which `re.match` takes all, not the empty one; None if the pattern looks around itself.

    On a longer text `re.match` takes the longest prefix that is among them: `/\*.*?\*/` ends at the first `*/`, and `a|ab`
    takes only the a.

    Raises:
        InvalidConstraint, UnsupportedConstraint, ConstraintTooLarge: as for `parse_regex`.
    """
    with limited(limits):
        parser = _DIALECTS["python"](pattern, int(flags), limits)
        with _at(parser):
            return parser.parse_first_match()
