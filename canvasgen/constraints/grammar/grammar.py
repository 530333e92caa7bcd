"""`grammar`: a context-free grammar as a constraint."""

from __future__ import annotations

from pathlib import Path

from typing_extensions import override

from canvasgen.automata import DFA, Expr, from_dfa
from canvasgen.checks import file_text, is_text
from canvasgen.constraints.base import Constraint
from canvasgen.constraints.grammar.library import import_beside, shipped
from canvasgen.constraints.grammar.read_grammar import read, too_deep
from canvasgen.constraints.grammar.rules import Rules
from canvasgen.constraints.grammar.unroll import Unroller
from canvasgen.errors import ConstraintTooLarge, InvalidConstraint, Unsatisfiable, ValidationFailed
from canvasgen.limits import DEFAULT_LIMITS, Limits, checked_limits, limited, share
from canvasgen.notes import Note
from canvasgen.showing import call

__all__ = ["MOST_DEPTH", "Grammar", "grammar"]

MOST_DEPTH = 64
_USUAL_DEPTH = 6
_DEEPER_SHARE = 0.5
"""Share of the seconds that are left which one level more may take."""
_SANE_STATES = 10_000
"""By default the depth is the largest, up to six beyond the least with a text, whose automaton stays below this."""


class Grammar(Constraint):
    """The texts of a grammar, to a depth. Build one with `grammar`.

    Attributes:
        depth: how often rules may be embedded in one another.
    """

    def __init__(self, rules: Rules, max_depth: int | None, limits: Limits = DEFAULT_LIMITS) -> None:
        self.rules = rules
        self.limits = limits
        self._unroller = Unroller(rules, self.limits)
        try:
            with limited(limits):
                self.depth, self._marked = self._unrolled(max_depth)
                if self.has_validator:
                    _ = self.automaton  # without the validators' words it may be larger
        except RecursionError as error:
            raise too_deep(f"rule {rules.start}") from error

    @override
    def __repr__(self) -> str:
        return call("Grammar", depth=self.depth, states=self._marked.num_states)

    def _unrolled(self, max_depth: int | None) -> tuple[int, DFA]:
        if not self._unroller.is_recursive:
            max_depth = 0
        if max_depth is not None:
            dfa = self._unroller.language(max_depth)
            if not dfa.is_empty:
                return max_depth, dfa
            least = self._least_depth()
            raise ConstraintTooLarge(
                f"no text fits into depth {max_depth}",
                rule="max_depth",
                value=max_depth,
                remedy=f"the least depth with a text is {least}",
            )
        least = self._least_depth()
        depth, dfa = least, self._unroller.language(least)
        grown = 0
        while depth < least + _USUAL_DEPTH and dfa.num_states + grown <= _SANE_STATES:
            try:
                with share(_DEEPER_SHARE, self.limits):
                    deeper = self._unroller.language(depth + 1)
            except ConstraintTooLarge:
                break
            if deeper.num_states > _SANE_STATES or deeper.fingerprint() == dfa.fingerprint():
                break
            grown = deeper.num_states - dfa.num_states  # the next level adds no less
            depth, dfa = depth + 1, deeper
        return depth, dfa

    def _least_depth(self) -> int:
        for depth in range(MOST_DEPTH + 1):
            if not self._unroller.language(depth).is_empty:
                return depth
            if not self._unroller.is_recursive:
                break
        raise Unsatisfiable(
            "the grammar derives no text",
            path=f"line {line}, column 1" if (line := self.rules.lines.get(self.rules.start)) else None,
            rule=self.rules.start,
            remedy="give some rule an alternative that refers to no rule",
        )

    @override
    def _expression(self) -> Expr:
        return self.rules.marks.erase(from_dfa(self._marked))

    @property
    @override
    def has_validator(self) -> bool:
        return bool(self.rules.marks.validators)

    @override
    def _check(self, text: str) -> None:
        if not self.rules.marks.validated(self._marked, text):
            raise ValidationFailed(
                "in no reading of the text is every %json part valid", rule="%json", value=text
            )

    @override
    def explain(self) -> tuple[Note, ...]:
        notes = [Note("automaton", f"every text of the rule {self.rules.start!r}")]
        if self._unroller.is_recursive:
            notes.append(
                Note("departure", f"rules are embedded in one another at most {self.depth} times (max_depth)")
            )
        if self.has_validator:
            notes.append(
                Note("validator", "jsonschema reads the %json parts once more before a text is committed")
            )
        notes += (Note("departure", departure) for departure in self.rules.departures)
        return (*notes, *(Note("annotation", remark) for remark in self.rules.remarks))


def grammar(
    text: str | Path, start: str = "start", *, max_depth: int | None = None, limits: Limits | None = None
) -> Grammar:
    """Return the texts of a context-free grammar in Lark's dialect, with llguidance's extensions, or in GBNF
    (`docs/grammars.md`).

    Args:
        text: the grammar, or the name of one that is shipped (`"json"`, `"sql_select"`; see `grammars/`):
            anything without a line break or a colon is a name. `%import json.value` finds shipped ones too.
            A path is read; only then `%import .other.rule` finds files beside it.
        start: the start rule; a grammar in GBNF begins with `root` if it has no rule `start`.
        max_depth: how often rules may be embedded in one another, where that is not regular; None: as often
            as a sane automaton holds (`Grammar.depth` tells).
        limits: what the compilation may need (`cg.Limits`); None: the default limits.

    Raises:
        InvalidConstraint: the grammar is malformed, or no grammar of that name is shipped.
        UnsupportedConstraint: `%declare`, a terminal that is not regular, an extension without a meaning here.
        ConstraintTooLarge: a limit is exceeded, or no text fits into `max_depth`.
        Unsatisfiable: the grammar derives no text.
    """
    most = checked_limits(limits)
    with limited(most):
        return _grammar(text, start, max_depth, most)


def _grammar(text: str | Path, start: str, max_depth: int | None, most: Limits) -> Grammar:
    if isinstance(text, Path):
        content = file_text(text, "grammar").replace("\r\n", "\n")
        rules = read(content, start, import_beside(text.resolve().parent), text.resolve())
        return Grammar(rules, max_depth, most)
    if not is_text(text):
        raise InvalidConstraint(
            "a grammar is a text that has UTF-8, a name or a path",
            rule="grammar",
            value=text,
            remedy="give the text of the grammar, the name of a ready one, or a pathlib.Path",
        )
    if "\n" not in text and ":" not in text:
        text = shipped(text.strip())
    return Grammar(read(text, start, import_beside(None)), max_depth, most)
