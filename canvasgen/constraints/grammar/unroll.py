"""The language of a grammar to a depth of embedding, as regular expressions.

A unit (`units`) at depth d is a system of linear equations X_i = b_i ∪ ⋃_j X_j · a_ij (or a_ij · X_j), solved by
Arden's rule, X = X·a ∪ b ⟹ X = b·a*. Its constants use the units below it at depth d, and where a reference leads
back, at depth d − 1; at depth −1 there is no text.
"""

from __future__ import annotations

from canvasgen import automata
from canvasgen.automata import DFA, EMPTY, EPSILON, Expr, Limits, concat, repeat, to_dfa, union
from canvasgen.constraints.grammar.rules import Choice, Item, Leaf, Ref, Repeat, Rules, Sequence
from canvasgen.constraints.grammar.units import Unit, units_of
from canvasgen.errors import ConstraintTooLarge
from canvasgen.limits import step

__all__ = ["Unroller"]

Form = tuple[Expr, dict[str, Expr]]
"""A linear form: a constant, and a factor for each rule of the unit."""


class Unroller:
    """Computes the language of one grammar to a depth."""

    def __init__(self, rules: Rules, limits: Limits) -> None:
        self.rules = rules
        self.limits = limits
        self._units = units_of(rules)
        self._solved: dict[tuple[tuple[str, ...], int], dict[str, Expr]] = {}
        self._tail = EPSILON if rules.ignored is None else repeat(rules.ignored)
        self._embeds = False

    @property
    def is_recursive(self) -> bool:
        """Whether the language depends on the depth: some reference is an embedding."""
        self._rule(self.rules.start, 0)  # depth 0 comes by every unit
        return self._embeds

    def language(self, depth: int) -> DFA:
        """Return the texts of the grammar with at most `depth` nested embeddings of rules, with the words of validators.

        Raises:
            ConstraintTooLarge: a rule grew beyond the limits; `rule` names it.
        """
        start = self._rule(self.rules.start, depth)
        marked = concat(self._tail, start)
        return self._compact(self.rules.marks.resolve(marked), self.rules.start, depth)

    def _compact(self, expr: Expr, name: str, depth: int) -> DFA:
        try:
            return to_dfa(expr, self.limits)
        except ConstraintTooLarge as error:
            raise ConstraintTooLarge(
                f"the rule {name} grows too large at depth {depth}: {error.message}",
                path=f"line {line}" if (line := self.rules.lines.get(name)) else None,
                rule=name,
                value=depth,
                remedy=("pass a smaller max_depth to grammar, " if depth else "")
                + f"make the rule's counts smaller, or {self.limits.more(error.rule or 'max_states')}",
            ) from error

    def _rule(self, name: str, depth: int) -> Expr:
        if depth < 0:
            return EMPTY
        unit = self._units[name]
        key = (unit.names, depth)
        if key not in self._solved:
            self._solved[key] = self._solve(unit, depth)
        return self._solved[key][name]

    def _solve(self, unit: Unit, depth: int) -> dict[str, Expr]:
        forms = {name: self._form(self.rules.items[name], unit, depth) for name in unit.names}
        solved = _eliminate(forms, left=unit.left)
        compact: dict[str, Expr] = {}
        for name, expr in solved.items():
            dfa = self._compact(expr, name, depth)
            compact[name] = EMPTY if dfa.is_empty else automata.from_dfa(dfa)
        return compact

    def _form(self, item: Item, unit: Unit, depth: int) -> Form:
        """Return an item as a linear form in the rules of its unit at the unit's end."""
        step()
        match item:
            case Ref(name) if name in unit.names:
                return EMPTY, {name: EPSILON}
            case Choice(options):
                return _sum([self._form(option, unit, depth) for option in options])
            case Repeat(body, 0, 1):
                return _sum([(EPSILON, {}), self._form(body, unit, depth)])
            case Sequence(items) if items:
                outer, rest = (items[0], items[1:]) if unit.left else (items[-1], items[:-1])
                factor = concat(*(self._constant(part, unit, depth) for part in rest))
                constant, factors = self._form(outer, unit, depth)
                return _times(constant, factor, unit.left), {
                    name: _times(each, factor, unit.left) for name, each in factors.items()
                }
            case _:
                return self._constant(item, unit, depth), {}

    def _constant(self, item: Item, unit: Unit, depth: int) -> Expr:
        """Return an item's language; rules of the same unit, and those that lead back, are one embedding deeper."""
        step()
        match item:
            case Leaf(expr):
                return concat(expr, self._tail)
            case Ref(name):
                other = self._units[name]
                deeper = other is unit or other.names in unit.loops
                self._embeds = self._embeds or deeper
                return self._rule(name, depth - 1 if deeper else depth)
            case Sequence(items):
                return concat(*(self._constant(part, unit, depth) for part in items))
            case Choice(options):
                return union(*(self._constant(option, unit, depth) for option in options))
            case Repeat(body, low, high):
                return repeat(self._constant(body, unit, depth), low, high)


def _times(expr: Expr, factor: Expr, left: bool) -> Expr:
    return concat(expr, factor) if left else concat(factor, expr)


def _sum(forms: list[Form]) -> Form:
    constant = union(*(form[0] for form in forms))
    factors: dict[str, Expr] = {}
    for _, each in forms:
        for name, factor in each.items():
            factors[name] = union(factors.get(name, EMPTY), factor)
    return constant, factors


def _eliminate(forms: dict[str, Form], *, left: bool) -> dict[str, Expr]:
    """Solve a system of linear equations over languages by Gaussian elimination with Arden's rule."""
    names = list(forms)
    for name in names:
        constant, factors = forms[name]
        loop = repeat(factors.pop(name, EMPTY))
        constant = _times(constant, loop, left)
        factors = {other: _times(factor, loop, left) for other, factor in factors.items()}
        forms[name] = constant, factors
        for other in names:
            if other == name or name not in forms[other][1]:
                continue
            step()
            value, coefficients = forms[other]
            weight = coefficients.pop(name)
            added = (
                _times(constant, weight, left),
                {each: _times(factor, weight, left) for each, factor in factors.items()},
            )
            forms[other] = _sum([(value, coefficients), added])
    return {name: form[0] for name, form in forms.items()}
