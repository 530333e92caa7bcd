"""From the trees that Lark makes of a grammar's rules to rules over languages of bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lark import Token
from lark.grammar import NonTerminal, Terminal
from lark.lexer import Pattern, PatternStr

from canvasgen import automata
from canvasgen.automata import Expr, parse_first_match, parse_regex, parse_regex_in_context, to_dfa
from canvasgen.constraints.grammar.extensions import Extended, Lexeme, place_at
from canvasgen.constraints.grammar.follow import END, bytes_after, first_bytes, replaced, sees_nothing_else
from canvasgen.constraints.grammar.ignored import always_cut_right, cut_texts
from canvasgen.constraints.grammar.leaves import bounds_of, check_trees, pattern_of, range_of
from canvasgen.constraints.grammar.marks import Marks
from canvasgen.constraints.grammar.parameters import name_of, substituted
from canvasgen.constraints.grammar.refusals import place_of
from canvasgen.constraints.grammar.rules import Choice, Item, Leaf, Ref, Repeat, Sequence
from canvasgen.constraints.grammar.template_bounds import MOST_RULES
from canvasgen.errors import (
    CanvasgenError,
    ConstraintTooLarge,
    InvalidConstraint,
    UnsupportedConstraint,
    located,
)

__all__ = ["TreeReader"]


@dataclass(frozen=True, slots=True)
class _Looking:
    """A terminal that looks around: its number among the marks, its texts alone, its cut texts."""

    number: int
    alone: Expr
    cut: Expr


class TreeReader:
    """Turns Lark's trees into items.

    Attributes:
        trees: parameters and tree of each rule.
        remarks: notes about the grammar.
        departures: valid texts that are never generated.
        marks: the leaves that depend on more than their own bytes.
    """

    def __init__(self, extended: Extended, loaded: Any, patterns: dict[str, Pattern]) -> None:
        self.extended = extended
        self.text = extended.original
        self.trees = {str(name): (params, tree) for name, params, tree, _ in loaded.rule_defs}
        check_trees((tree for _, tree in self.trees.values()), extended)
        self.patterns = patterns
        self.remarks = list(extended.remarks)
        self.departures: list[str] = []
        self.marks = Marks()
        self._bodies: list[Expr] = []
        self._blanks: list[Expr] = []
        self._looking: dict[Expr, _Looking] = {}
        self._body_of: dict[Expr, Expr] = {}
        self._languages: dict[str, Expr] = {}
        self._marked: dict[str, Expr] = {}
        self._instances: dict[str, tuple[Any, dict[str, Any]]] = {}
        self._waiting: list[str] = []
        prioritised = [name for name, _, _, options in loaded.rule_defs if options.priority]
        prioritised += [name for name, (tree, priority) in loaded.term_defs if tree is not None and priority]
        self.remarks += (
            f"the priority of {name!s} has no effect: every reading of a text is as good as another"
            for name in prioritised
        )

    def line_of(self, name: str) -> int:
        """Return the line on which a rule is defined; 0 if it was imported."""
        found = re.search(rf"^[?!]*{re.escape(name.split('{')[0])}\b[^:\n]*:", self.text, re.MULTILINE)
        return 0 if found is None else self.text.count("\n", 0, found.start()) + 1

    def reachable(self, start: str) -> dict[str, Item]:
        """Return the rules that the start rule leads to."""
        found: dict[str, Item] = {}
        self._instance(start, ())
        while self._waiting:
            name = self._waiting.pop()
            if name in found:
                continue
            if len(found) >= MOST_RULES:
                raise ConstraintTooLarge(
                    f"more than {MOST_RULES} rules",
                    rule="rules",
                    value=name,
                    remedy="write rules that are used once where they are used",
                )
            tree, bound = self._instances[name]
            item = self._item(tree, bound)
            lexeme = self.extended.lexemes.get(name)
            found[name] = item if lexeme is None else self._leaf(self._shortest(name, item, lexeme))
        for name in self.trees:
            if (
                name not in found
                and not any(known.startswith(name + "{") for known in found)
                and "__" not in name
            ):
                self.remarks.append(f"the rule {name!r} is never used")
        return found

    def _instance(self, name: str, arguments: tuple[Any, ...]) -> str:
        """Return the name of a rule, or of a template with its arguments."""
        params, tree = self.trees[name]
        full = name if not arguments else f"{name}{{{', '.join(map(name_of, arguments))}}}"
        if len(params) != len(arguments):
            raise InvalidConstraint(
                f"the template {name} takes {len(params)} arguments and is given {len(arguments)}",
                path=place_of(name, self.text),
                rule="templates",
                value=full,
                remedy=f"give it {len(params)}",
            )
        if full not in self._instances:
            self._instances[full] = (tree, dict(zip(params, arguments, strict=True)))
            self._waiting.append(full)
        return full

    def terminal(self, name: str) -> Expr:
        """Return the language of a named terminal."""
        if name not in self._languages:
            pattern = self.patterns.get(name)
            if name in self.extended.schemas:
                self._languages[name] = self._schema(name)
            elif pattern is None:
                raise UnsupportedConstraint(
                    f"the terminal {name} is declared but has no pattern",
                    path=place_of(name, self.text),
                    rule="%declare",
                    value=name,
                    remedy="give it a regular expression",
                )
            else:
                self._languages[name] = self._language(pattern, name)
        return self._languages[name]

    def _schema(self, name: str) -> Expr:
        schema, offset = self.extended.schemas[name]
        place = place_at(self.text, offset)
        self.departures += (
            f"{note.message} (%json at {place})" for note in schema.explain() if note.kind == "departure"
        )
        self._bodies.append(schema.expr)
        self._marked[name] = self.marks.validate(schema)
        self._body_of[self._marked[name]] = schema.expr
        return self._marked[name]

    def _language(self, pattern: Pattern, name: str) -> Expr:
        if isinstance(pattern, PatternStr) and not pattern.flags and pattern.value:
            return self._leaf(automata.literal(pattern.value)).expr
        place = place_of(name.rpartition("__")[2], self.text)
        written = pattern.to_regexp()
        if written in self._marked:
            return self._marked[written]
        try:
            expr, cut = parse_regex_in_context(written)
            empty = (to_dfa(expr) if cut is None else to_dfa(cut)).is_empty
        except CanvasgenError as error:
            raise type(error)(
                error.message, path=place, rule=f"terminal {name}", value=written, remedy=error.remedy
            ) from error
        if empty:
            raise InvalidConstraint(
                f"the terminal {name} matches no text",
                path=place,
                rule="terminal",
                remedy="let it match at least one character, and make it optional where it is used",
            )
        self._bodies.append(expr)
        if cut is not None:
            numbers = set(self.marks.wrong)
            self._marked[written] = marked = self.marks.look(expr, cut)
            (number,) = set(self.marks.wrong) - numbers
            self._looking[marked] = _Looking(number, parse_regex(written), cut)
            self._body_of[marked] = expr
            return marked
        if to_dfa(expr).accepts(b""):
            self.remarks.append(f"the terminal {name} may be empty, which Lark itself refuses")
        return expr

    def _leaf(self, body: Expr) -> Leaf:
        self._bodies.append(body)
        return Leaf(body)

    def ignored(self, names: Iterable[str]) -> Expr | None:
        """Return what may stand between terminals, once all rules are read; None if nothing.

        Raises:
            InvalidConstraint, UnsupportedConstraint, ConstraintTooLarge: as for other terminals.
        """
        taken: list[Expr] = []
        for name in dict.fromkeys(names):
            at = len(self._bodies)
            expr = self.terminal(name)
            del self._bodies[at:]
            first = parse_first_match(self.patterns[name].to_regexp())
            if first is None:
                self.remarks.append(
                    f"the ignored terminal {name} looks around itself, or repeats what may be empty: "
                    "it may end wherever its pattern matches, also where Lark goes on with it"
                )
            taken.append(expr if first is None else first)
        self._blanks = taken
        if not taken:
            return None
        if not always_cut_right(taken, self._bodies):
            taken = [
                each if each in self._marked.values() else self.marks.look(each, cut_texts(each))
                for each in taken
            ]
        return automata.union(*taken)

    def settled(self, items: dict[str, Item], start: str) -> dict[str, Item]:
        """Return rules in which terminals that look around have no mark where the grammar decides what they see.

        A name that is no keyword looks at what follows; if no letter can follow, its texts alone are all there is to it.
        """

        def begins(expr: Expr) -> frozenset[int]:
            with located("the terminals of the grammar"):
                return first_bytes(to_dfa(self._body_of.get(expr, expr)))

        blanks = frozenset[int]().union(*map(begins, self._blanks)) - {END}
        after = bytes_after(items, start, begins)
        free: dict[Expr, Expr] = {}
        for marked, looking in self._looking.items():
            if (
                marked in after
                and marked not in self._blanks
                and sees_nothing_else(looking.alone, looking.cut, after[marked] | blanks)
            ):
                free[marked] = looking.alone
                del self.marks.wrong[looking.number]
        return {name: replaced(item, free) for name, item in items.items()} if free else items

    def _shortest(self, name: str, item: Item, lexeme: Lexeme) -> Expr:
        """Return the texts of a lazy rule without those that have a shorter text of it as a prefix."""
        place = place_at(self.text, lexeme.offset)
        expr = self._plain(item, name, place)
        if lexeme.suffix is not None:
            ending = self._item(self.trees[lexeme.suffix][1], {})
            expr = automata.concat(expr, self._plain(ending, name, place))
        longer = automata.concat(expr, automata.ANY_CHARACTER, automata.ANY_TEXT)
        return automata.difference(expr, longer)

    def _plain(self, item: Item, name: str, place: str) -> Expr:
        """Return the language of an item of a lazy rule, which is read as one terminal."""
        match item:
            case Leaf(expr):
                if expr not in self._marked.values():
                    return expr
                what = "a terminal that looks around at what stands beside it, or %json"
            case Ref(other):
                what = f"the rule {other}"
            case Sequence(items):
                return automata.concat(*(self._plain(each, name, place) for each in items))
            case Choice(options):
                return automata.union(*(self._plain(each, name, place) for each in options))
            case Repeat(body, low, high):
                return automata.repeat(self._plain(body, name, place), low, high)
        raise UnsupportedConstraint(
            f"the lazy rule {name} holds {what}",
            path=place,
            rule="lazy",
            remedy="a lazy rule is read as one terminal: use strings, patterns and terminals only",
        )

    def _item(self, tree: Any, bound: dict[str, Any]) -> Item:
        if isinstance(tree, NonTerminal | Terminal | Token):
            return self._symbol(tree, bound)
        children = tree.children
        match tree.data:
            case "expansions":
                options = tuple(self._item(child, bound) for child in children)
                return options[0] if len(options) == 1 else Choice(options)
            case "expansion":
                items = tuple(self._item(child, bound) for child in children)
                return items[0] if len(items) == 1 else Sequence(items)
            case "alias" | "value":
                return self._item(children[0], bound)
            case "maybe":
                return Repeat(self._item(children[0], bound), 0, 1)
            case "expr":
                return Repeat(self._item(children[0], bound), *bounds_of(children, self.extended))
            case "literal":
                return Leaf(self._language(pattern_of(children[0], self.extended), str(children[0])))
            case "range":
                return self._leaf(automata.code_points([range_of(children, self.extended)]))
            case "template_usage":
                name, *arguments = children
                values = tuple(substituted(argument, bound) for argument in arguments)
                return Ref(self._instance(str(name.name), values))
            case _:
                pass
        raise UnsupportedConstraint(
            f"a {tree.data!r} is not known here",
            rule="grammar",
            value=str(tree),
            remedy="write it with rules, terminals, strings, regular expressions, groups, `|`, `?`, `*`, `+` and `~`",
        )

    def _symbol(self, symbol: Any, bound: dict[str, Any]) -> Item:
        name = str(getattr(symbol, "name", symbol))
        if name in bound:
            return self._item(bound[name], {})
        if isinstance(symbol, Terminal):
            return Leaf(self.terminal(name))
        return Ref(self._instance(name, ()))
