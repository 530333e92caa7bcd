"""The text of a grammar, in Lark's dialect, as rules. Lark itself parses it, resolves its imports and composes
its terminals."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from lark import Token, Tree
from lark.exceptions import LarkError, UnexpectedToken, VisitError
from lark.grammar import NonTerminal, Terminal
from lark.lexer import PatternStr
from lark.load_grammar import _literal_to_pattern, load_grammar

from canvasgen import automata
from canvasgen.automata import Expr, parse_regex_in_context, to_dfa
from canvasgen.constraints.grammar.extensions import Extended, Lexeme, place_at, rewritten
from canvasgen.constraints.grammar.library import ImportSource
from canvasgen.constraints.grammar.marks import Marks
from canvasgen.constraints.grammar.rules import Choice, Item, Leaf, Ref, Repeat, Rules, Sequence
from canvasgen.errors import CanvasgenError, ConstraintTooLarge, InvalidConstraint, UnsupportedConstraint

__all__ = ["LONGEST_GRAMMAR", "read"]

LONGEST_GRAMMAR = 1_000_000
"""Most characters of a grammar's text."""
LONGEST_INSTANCE = 2000
"""Most characters of a template's name with its arguments."""
MOST_RULES = 5000
"""Most rules, templates counted once for each list of arguments."""
_PLACE = re.compile(r"at line (\d+),? column (\d+)")
_NAMED = re.compile(
    r"""(?<!\w)'([^']+?)(?:\.lark)?'|<(\w+) :|\((\d+\.\.\d+)|\((\"\")\)|\(in rule (\w+)\)|`(\w+)`"""
    r"""|defined: (\w+)|rule (\w+)(?= as it|$)"""
)
"""How Lark's messages name what is wrong, where they do not tell the place."""


def read(text: str, start: str, source: ImportSource, path: Path | None = None) -> Rules:
    """The rules of a grammar.

    Args:
        text: the grammar.
        start: its start rule.
        source: where `%import` finds grammars, before Lark's own.
        path: the file that the text was read from.

    Raises:
        InvalidConstraint: Lark refuses it, or a rule has no text at all; line and column are told.
        UnsupportedConstraint: `%declare`, a terminal that is not regular, an extension without a meaning here.
        ConstraintTooLarge: a limit is exceeded.
    """
    if len(text) > LONGEST_GRAMMAR:
        raise ConstraintTooLarge(
            f"a grammar of more than {LONGEST_GRAMMAR} characters", rule="grammar length"
        )
    extended = rewritten(text)
    try:
        name = "<grammar>" if path is None else str(path)
        loaded, _ = load_grammar(extended.text, name, [source], False)
        _bound_templates(loaded, extended)
        terminals, _, ignored = loaded.compile([start], "*")
    except (LarkError, OSError) as error:
        raise _refusal(error, extended) from error
    except TypeError as error:
        # Lark 1.3 fails at a log message of its own (`%d` of a parser's state) while it words a syntax error.
        if not isinstance(error.__context__, UnexpectedToken):
            raise
        raise _refusal(error.__context__, extended) from error
    except CanvasgenError as error:
        if error.rule == "%import":
            error.path = error.path or _place_of_import(str(error.value), text)
        raise
    except RecursionError as error:
        raise ConstraintTooLarge("the grammar is nested too deeply", rule="nesting depth") from error
    reader = _Reader(extended, loaded, {terminal.name: terminal.pattern for terminal in terminals})
    if start not in reader.trees:
        raise InvalidConstraint("the grammar has no such start rule", rule="start", value=start)
    if reader.trees[start][0]:
        raise InvalidConstraint(
            "the start rule is a template",
            path=_place_of(start, text),
            rule="start",
            value=start,
            remedy="write a start rule that gives it its arguments",
        )
    items = reader.reachable(start)
    barren = [name for name in items if name not in _productive(items)]
    if barren and start not in barren:
        raise InvalidConstraint(
            f"the rule {barren[0]} derives no text: each of its options leads back to it",
            path=f"line {line}, column 1" if (line := reader.line_of(barren[0])) else None,
            rule="grammar",
            value=barren[0],
            remedy="give it an option without itself, or remove it",
        )
    spaces = [reader.terminal(str(name)) for name in ignored]
    return Rules(
        start,
        items,
        automata.union(*spaces) if spaces else None,
        {name: reader.line_of(name) for name in items},
        tuple(dict.fromkeys(reader.remarks)),
        tuple(dict.fromkeys(reader.departures)),
        reader.marks,
    )


def _refusal(error: LarkError | OSError, extended: Extended) -> InvalidConstraint:
    """Lark's error as ours, with the place."""
    message = str(error).strip().splitlines()
    said = message[0] if message else type(error).__name__
    place = _PLACE.search(str(error))
    path = None
    if isinstance(error, VisitError):
        said = f"{error.orig_exc or said}"
        tokens = (
            error.obj.scan_values(lambda value: isinstance(value, Token))
            if isinstance(error.obj, Tree)
            else ()
        )
        first = next(iter(tokens), None)
        if first is not None:
            path = extended.place(first.line, first.column)
            return InvalidConstraint(
                f"the grammar is malformed at {first}: {said}", path=path, rule="grammar", value=str(first)
            )
    if place:
        path = extended.place(int(place.group(1)), int(place.group(2)))
        said = _PLACE.sub(f"at {path}", said)
    else:
        for named in _NAMED.finditer(str(error)):
            name = re.sub(r"_(star|plus|opt|repeat\w*)_\w+$", "", next(filter(None, named.groups())))
            path = path or _place_of(name.rpartition("__")[2] or name, extended.original)
    return InvalidConstraint(f"the grammar is malformed: {said}", path=path, rule="grammar")


def _place_of_import(dotted: str, text: str) -> str | None:
    found = re.search(rf"^%import\s+({re.escape(dotted)})(?![\w])", text, re.MULTILINE)
    return None if found is None else place_at(text, found.start(1))


def _place_of(name: str, text: str) -> str | None:
    found = list(re.finditer(rf"(?<![\w]){re.escape(name)}(?![\w])", text))
    if not found:
        return None
    return place_at(text, found[-1].start())


def _productive(items: dict[str, Item]) -> set[str]:
    """The rules that derive some text."""
    found: set[str] = set()

    def ends(item: Item) -> bool:
        match item:
            case Ref(name):
                return name in found
            case Sequence(parts):
                return all(map(ends, parts))
            case Choice(options):
                return any(map(ends, options))
            case Repeat(body, low):
                return low == 0 or ends(body)
            case Leaf():
                return True

    before = -1
    while before < len(found):
        before = len(found)
        found.update(name for name, item in items.items() if name not in found and ends(item))
    return found


def _bound_templates(loaded: Any, extended: Extended) -> None:
    """Refuse templates whose arguments grow without end or do not fit, before Lark writes them out."""
    templates = {str(name): (params, tree) for name, params, tree, _ in loaded.rule_defs}
    for name, (_, tree) in templates.items():
        if tree is None:
            raise UnsupportedConstraint(
                f"the rule {name} is declared but not written out",
                path=_place_of(name, extended.original),
                rule="%declare",
                value=name,
                remedy="write it out",
            )
    if not any(params for params, _ in templates.values()):
        return
    seen: set[str] = set()
    waiting: list[tuple[str, tuple[Any, ...]]] = [
        (name, ()) for name, (params, _) in templates.items() if not params
    ]
    while waiting:
        name, arguments = waiting.pop()
        params, tree = templates[name]
        full = f"{name}{{{', '.join(map(_shown, arguments))}}}"
        if full in seen or len(params) != len(arguments):
            continue
        seen.add(full)
        if len(seen) > MOST_RULES or len(full) > LONGEST_INSTANCE:
            raise ConstraintTooLarge(
                f"the template {name} is used with arguments that grow without end",
                rule="templates",
                value=name,
            )
        bound = dict(zip(params, arguments, strict=True))
        for usage in _substituted(tree, bound).find_data("template_usage"):
            used, *inner = usage.children
            if not isinstance(used, NonTerminal):
                raise UnsupportedConstraint(
                    f"a parameter of the template {name} is used as a template",
                    path=_place_of(name, extended.original),
                    rule="templates",
                    value=name,
                    remedy="name the template that is meant",
                )
            if str(used.name) in templates:
                waiting.append((str(used.name), tuple(inner)))


class _Reader:
    """Turns Lark's trees into items.

    Attributes:
        trees: parameters and tree of each rule.
        remarks: what is said about the grammar.
        departures: what of it is never generated.
        marks: the leaves that are more than their own text.
    """

    def __init__(self, extended: Extended, loaded: Any, patterns: dict[str, Any]) -> None:
        self.extended = extended
        self.text = extended.original
        self.trees = {str(name): (params, tree) for name, params, tree, _ in loaded.rule_defs}
        self.patterns = patterns
        self.remarks = list(extended.remarks)
        self.departures: list[str] = []
        self.marks = Marks()
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
        """The line on which a rule is defined; 0 if it was imported."""
        found = re.search(rf"^[?!]*{re.escape(name.split('{')[0])}\b[^:\n]*:", self.text, re.MULTILINE)
        return 0 if found is None else self.text.count("\n", 0, found.start()) + 1

    def reachable(self, start: str) -> dict[str, Item]:
        """The rules that the start rule leads to."""
        found: dict[str, Item] = {}
        self._instance(start, ())
        while self._waiting:
            name = self._waiting.pop()
            if name in found:
                continue
            if len(found) >= MOST_RULES:
                raise ConstraintTooLarge(f"more than {MOST_RULES} rules", rule="rules", value=name)
            tree, bound = self._instances[name]
            item = self._item(tree, bound)
            lexeme = self.extended.lexemes.get(name)
            found[name] = item if lexeme is None else Leaf(self._shortest(name, item, lexeme))
        for name in self.trees:
            if (
                name not in found
                and not any(known.startswith(name + "{") for known in found)
                and "__" not in name
            ):
                self.remarks.append(f"the rule {name!r} is never used")
        return found

    def _instance(self, name: str, arguments: tuple[Any, ...]) -> str:
        """The name of a rule, or of a template with its arguments."""
        params, tree = self.trees[name]
        full = name if not arguments else f"{name}{{{', '.join(map(_shown, arguments))}}}"
        if len(params) != len(arguments):
            raise InvalidConstraint(
                f"the template {name} takes {len(params)} arguments and is given {len(arguments)}",
                path=_place_of(name, self.text),
                rule="templates",
                value=full,
            )
        if full not in self._instances:
            self._instances[full] = (tree, dict(zip(params, arguments, strict=True)))
            self._waiting.append(full)
        return full

    def terminal(self, name: str) -> Expr:
        """The language of a named terminal."""
        if name not in self._languages:
            pattern = self.patterns.get(name)
            if name in self.extended.schemas:
                self._languages[name] = self._schema(name)
            elif pattern is None:
                raise UnsupportedConstraint(
                    f"the terminal {name} is declared but has no pattern",
                    path=_place_of(name, self.text),
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
        self._marked[name] = self.marks.judge(schema)
        return self._marked[name]

    def _language(self, pattern: Any, name: str) -> Expr:
        place = _place_of(name.rpartition("__")[2], self.text)
        if isinstance(pattern, PatternStr) and not pattern.flags:
            return automata.literal(pattern.value)
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
            raise InvalidConstraint(f"the terminal {name} matches no text", path=place, rule="terminal")
        if cut is not None:
            self._marked[written] = self.marks.look(expr, cut)
            return self._marked[written]
        if to_dfa(expr).accepts(b""):
            self.remarks.append(f"the terminal {name} may be empty, which Lark itself refuses")
        return expr

    def _shortest(self, name: str, item: Item, lexeme: Lexeme) -> Expr:
        """The texts of a lazy rule none of whose proper prefixes is one: as few characters as possible."""
        place = place_at(self.text, lexeme.offset)
        expr = self._plain(item, name, place)
        if lexeme.suffix is not None:
            ending = self._item(self.trees[lexeme.suffix][1], {})
            expr = automata.concat(expr, self._plain(ending, name, place))
        longer = automata.concat(expr, automata.ANY_CHARACTER, automata.ANY_TEXT)
        return automata.difference(expr, longer)

    def _plain(self, item: Item, name: str, place: str) -> Expr:
        """The language of an item of a lazy rule, which is read as one terminal."""
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
                return self._repeat(children, bound)
            case "literal":
                pattern = _literal_to_pattern(children[0])
                return Leaf(self._language(pattern, str(children[0])))
            case "range":
                first, last = (_literal_to_pattern(child).value for child in children)
                if first > last:
                    raise InvalidConstraint(
                        "a range of characters runs upwards",
                        path=self.extended.place(children[0].line, children[0].column),
                        rule="grammar",
                        value=f"{children[0]}..{children[1]}",
                    )
                return Leaf(automata.code_points([(ord(first), ord(last))]))
            case "template_usage":
                name, *arguments = children
                values = tuple(_substituted(argument, bound) for argument in arguments)
                return Ref(self._instance(str(name.name), values))
        raise UnsupportedConstraint(f"a {tree.data!r} is not known here", rule="grammar", value=str(tree))

    def _repeat(self, children: list[Any], bound: dict[str, Any]) -> Item:
        body = self._item(children[0], bound)
        operator = str(children[1])
        if operator == "~":
            low = int(children[2])
            return Repeat(body, low, int(children[3]) if len(children) > 3 else low)
        low, high = {"?": (0, 1), "*": (0, None), "+": (1, None)}[operator]
        return Repeat(body, low, high)

    def _symbol(self, symbol: Any, bound: dict[str, Any]) -> Item:
        name = str(getattr(symbol, "name", symbol))
        if name in bound:
            return self._item(bound[name], {})
        if isinstance(symbol, Terminal):
            return Leaf(self.terminal(name))
        return Ref(self._instance(name, ()))


def _substituted(argument: Any, bound: dict[str, Any]) -> Any:
    """A template's argument with the parameters around it put in."""
    if isinstance(argument, Tree):
        return Tree(argument.data, [_substituted(child, bound) for child in argument.children])
    name = str(getattr(argument, "name", argument))
    return bound.get(name, argument) if isinstance(argument, NonTerminal) else argument


def _shown(argument: Any) -> str:
    if isinstance(argument, Tree):
        return "".join(_shown(child) for child in argument.children)
    return str(getattr(argument, "name", argument))
