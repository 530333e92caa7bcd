"""llguidance's additions to Lark's dialect, rewritten for Lark or refused by name.

https://github.com/guidance-ai/llguidance/blob/main/docs/syntax.md describes them. One pass over the text, with
strings, patterns and comments told apart, writes what Lark reads, and where each part of it comes from.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any, NoReturn

from canvasgen.automata.regex.substrings import substring_pattern, words_of
from canvasgen.checks import is_mapping, is_sequence
from canvasgen.constraints.grammar.terminals import NO_END
from canvasgen.constraints.json_schema import JsonSchema, json_schema
from canvasgen.errors import CanvasgenError, ConstraintTooLarge, InvalidConstraint, UnsupportedConstraint

__all__ = ["Extended", "Lexeme", "place_at", "rewritten"]

MOST_WRITTEN = 300_000
"""Characters of the pattern of all substrings of a text."""

_STRING = r'"(?:\\"|\\\\|[^"\n])*?"i?'
_PATTERN = r"/(?!/)(?:\\/|\\\\|[^/])*?/[imslux]*"
_HEAD = re.compile(
    rf"(?P<before>[ \t]*[?!]*)(?P<name>[A-Za-z_][\w-]*)"
    rf"(?P<options>[ \t]*\[(?:{_STRING}|{_PATTERN}|[^\]\"/])*\])?"
    r"(?P<after>[ \t]*(?:\{[^}\n]*\})?(?:\.-?\d+)?[ \t]*:)(?P<more>:?)"
)
_OPTION = re.compile(rf"\s*(\w+)\s*(?:=\s*({_STRING}|{_PATTERN}|[\w.+-]+)\s*)?(?:,|$)")
_PIECE = re.compile(
    rf"""(?P<space>\s+)|(?P<comment>//[^\n]*|\#[^\n]*)|(?P<string>{_STRING})|(?P<pattern>{_PATTERN})
    |%(?P<directive>json|regex|lark|llguidance)\b\s*|(?P<statement>%\w+)|(?P<special></?[^<>\s][^<>\n]*>)
    |@(?P<grammar>[\w.-]+)|\{{\s*(?P<low>\d*)\s*(?P<comma>,?)\s*(?P<high>\d*)\s*\}}|(?P<name>\w+)
    |(?P<times>~\s*\d+(?:\s*\.\.\s*\d+)?)|(?P<arrow>->\s*\w+)|(?P<dots>\.\.)|(?P<sign>.)""",
    re.VERBOSE | re.DOTALL,
)
_EMPTY = ('""', '""i')
"""The empty string, which Lark takes only as an empty group."""
_HARMLESS = {"no_forcing"}
_BOUND = "bound its characters, `/.{0,80}/`, or pass max_tokens to generate"
_REMEDIES = {
    "max_tokens": f"tokens are not a matter of texts: {_BOUND}",
    "temperature": "pass temperature to generate: there is one for the whole canvas",
    "stop": "llguidance takes the stop text back: write suffix=..., which keeps it",
}


def place_at(text: str, offset: int) -> str:
    """Return line and column, from 1, of a place in a text."""
    return f"line {text.count(chr(10), 0, offset) + 1}, column {offset - text.rfind(chr(10), 0, offset)}"


@dataclass(frozen=True, slots=True)
class Lexeme:
    """A rule that llguidance reads as one terminal, as few characters as possible.

    Attributes:
        offset: where its options stand.
        suffix: the rule of the text that ends it; None if its own pattern does.
    """

    offset: int
    suffix: str | None


@dataclass(slots=True)
class Extended:
    """A grammar that Lark can read, and the extensions that were removed from it.

    Attributes:
        original: the grammar as it was given.
        text: as Lark reads it.
        schemas: the schemas, by the terminal in their place, and where they stand.
        lexemes: the rules that are lazy.
        remarks: what is said about the extensions.
    """

    original: str
    text: str = ""
    schemas: dict[str, tuple[JsonSchema, int]] = field(default_factory=dict[str, tuple[JsonSchema, int]])
    lexemes: dict[str, Lexeme] = field(default_factory=dict[str, Lexeme])
    remarks: list[str] = field(default_factory=list[str])
    origins: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """Places of `text` from which on it comes from a place of `original`, both increasing by one."""

    def place(self, line: int, column: int) -> str:
        """Return the place in the original text of a line and column that Lark reports."""
        lines = self.text.split("\n")
        offset = sum(len(each) + 1 for each in lines[: line - 1]) + column - 1
        at = bisect_right(self.origins, offset, key=lambda pair: pair[0]) - 1
        if at < 0:
            return place_at(self.original, offset)
        here, there = self.origins[at]
        return place_at(self.original, min(there + offset - here, len(self.original)))


def rewritten(text: str) -> Extended:
    """Return a grammar without llguidance's extensions.

    Raises:
        InvalidConstraint: an extension is malformed, or its schema is.
        UnsupportedConstraint: an extension has no meaning as a set of texts; line and column are told.
    """
    return _Writer(text).written()


class _Writer:
    def __init__(self, text: str) -> None:
        self.text = text
        self.out = Extended(text)
        self.parts: list[str] = []
        self.places: list[int] = []
        self.extra: list[tuple[str, int]] = []
        self.in_terminal = False

    def written(self) -> Extended:
        at = 0
        while at < len(self.text):
            head = None
            if at == 0 or self.text[at - 1] == "\n":
                head = _HEAD.match(self.text, at)
            at = self._piece(at) if head is None else self._head(head)
        if self.extra:
            self._emit("\n", len(self.text))
            for line, place in self.extra:
                self._emit(line, place)
        position = 0
        for part, place in zip(self.parts, self.places, strict=True):
            self.out.origins.append((position, place))
            position += len(part)
        self.out.text = "".join(self.parts)
        return self.out

    def _emit(self, part: str, place: int) -> None:
        self.parts.append(part)
        self.places.append(place)

    def _refuse(self, message: str, at: int, rule: str, remedy: str) -> NoReturn:
        raise UnsupportedConstraint(message, path=place_at(self.text, at), rule=rule, remedy=remedy)

    # -- heads -------------------------------------------------------------------------------------

    def _head(self, head: re.Match[str]) -> int:
        name = head["name"]
        self.in_terminal = name.lstrip("_")[:1].isupper()
        if head["more"]:
            self._refuse(
                f"the rule {name} has a parameter", head.end() - 2, "::", "write its cases out as rules"
            )
        if head["options"] is not None:
            self._options(name, head["options"], head.start("options"))
        self._emit(head["before"] + name, head.start())
        self._emit(head["after"], head.start("after"))
        return head.end()

    def _options(self, name: str, written: str, at: int) -> None:
        at += written.index("[") + 1
        inside = written.strip()[1:-1]
        lazy, suffix = False, None
        end = 0
        while end < len(inside.rstrip()):
            option = _OPTION.match(inside, end)
            if option is None:
                raise InvalidConstraint(
                    f"the options of {name} are malformed",
                    path=place_at(self.text, at + end),
                    rule="options",
                    value=inside,
                    remedy="write them as name=value, with commas between them, such as [max_tokens=10]",
                )
            here = at + option.start(1)
            key, value = option.groups()
            if key in _REMEDIES:
                self._refuse(f"the option {key} of the rule {name}", here, key, _REMEDIES[key])
            if key == "lazy" and value is None:
                lazy = True
            elif key == "suffix" and value is not None and not value[0].isdigit():
                lazy = True
                suffix = f"canvasgen__suffix_{len(self.extra)}"
                self.extra += [(f"{suffix}: ", here), (f"{value}\n", at + option.start(2))]
            elif key in ("capture", "stop_capture"):
                self.out.remarks.append(f"{key} of {name} has no effect: a text is returned as a whole")
            else:
                raise InvalidConstraint(
                    f"the rule {name} has an option that is not known",
                    path=place_at(self.text, here),
                    rule="options",
                    value=option.group().strip(" ,"),
                    remedy="lazy, suffix=TERMINAL and capture are known",
                )
            end = option.end()
        if lazy and self.in_terminal:
            self._refuse(
                f"the terminal {name} is lazy", at, "lazy", "give the option to a rule, in lower case"
            )
        if lazy:
            self.out.lexemes[name] = Lexeme(at, suffix)

    # -- bodies ------------------------------------------------------------------------------------

    def _piece(self, at: int) -> int:
        piece = _PIECE.match(self.text, at)
        assert piece is not None  # the last alternative takes any character
        kind, sign = piece.lastgroup, piece.group()
        if piece["directive"] is not None:
            return self._directive(piece["directive"], at, piece.end())
        if kind == "special":
            self._refuse(
                f"the special token {piece.group()} has no text",
                at,
                "special token",
                "leave it out: a canvas ends by itself, and other tokens belong to the prompt; or write its text, "
                f'"{piece.group()}"',
            )
        if kind == "grammar":
            self._refuse(f"the grammar {piece.group()} is another one", at, "@", "write its rules here")
        if sign == "%declare":
            self._refuse(
                "a terminal without a pattern has no texts", at, sign, "give it a regular expression"
            )
        if piece["low"] is not None and (piece["low"] or (piece["comma"] and piece["high"])):
            self._count(piece, at)
            return piece.end()
        if sign in ("&", "~"):
            self._refuse(
                f"the operator {sign} of terminals",
                at,
                sign,
                "combine constraints with & and ~ in Python, or use look-ahead: /(?!not)(?=and)…/",
            )
        if kind == "pattern" and "\n" in sign and "x" not in sign[sign.rindex("/") :]:
            raise InvalidConstraint(
                "a pattern with a line break",
                path=place_at(self.text, at),
                rule="grammar",
                value=sign,
                remedy="write \\n, or add the flag x if it is there for the layout",
            )
        self._emit("()" if sign in _EMPTY else sign, at)
        return piece.end()

    def _count(self, piece: re.Match[str], at: int) -> None:
        """Write `x{2,3}` as `x~2..3`."""
        low = int(piece["low"] or 0)
        if not piece["comma"]:
            self._emit(f"~{low}", at)
        elif piece["high"]:
            self._emit(f"~{low}..{piece['high']}", at)
        else:
            self._emit("*+"[low] if low < 2 else f"~{low}..{NO_END}", at)

    def _directive(self, kind: str, at: int, end: int) -> int:
        if kind == "lark":
            self._refuse("a grammar within a grammar", at, "%lark", "write its rules here")
        try:
            value, after = json.JSONDecoder().raw_decode(self.text, end)
        except ValueError as error:
            where = error.pos if isinstance(error, json.JSONDecodeError) else end
            raise InvalidConstraint(
                f"what follows %{kind} is not JSON: {error}",
                path=place_at(self.text, where),
                rule=f"%{kind}",
                remedy="write JSON directly behind it, and close it",
            ) from error
        if kind == "json":
            self._emit(self._schema(value, at), at)
        elif kind == "regex":
            self._emit(self._substring(value, at), at)
        else:
            unknown = [key for key in value if key not in _HARMLESS] if is_mapping(value) else [value]
            if unknown:
                self._refuse(
                    f"the option {unknown[0]!r} of %llguidance", at, "%llguidance", "leave it out; {} is fine"
                )
        return after

    def _schema(self, value: Any, at: int) -> str:
        place = place_at(self.text, at)
        if self.in_terminal:
            self._refuse("%json stands in a terminal", at, "%json", "use it in a rule, in lower case")
        try:
            schema = json_schema(value)
            _ = schema.expr
        except CanvasgenError as error:
            path = place if error.path is None else f"{place}, {error.path}"
            raise type(error)(
                error.message, path=path, rule=error.rule, value=error.value, remedy=error.remedy
            ) from error
        name = f"CANVASGEN__JSON_{len(self.out.schemas)}"
        self.out.schemas[name] = schema, at
        self.extra.append((f"%declare {name}\n", at))
        return name

    def _substring(self, value: Any, at: int) -> str:
        place = place_at(self.text, at)
        if not is_mapping(value) or len(value) != 1:
            raise InvalidConstraint(
                "%regex takes one key",
                path=place,
                rule="%regex",
                value=value,
                remedy='write %regex {"substring_words": "…"}',
            )
        ((key, of),) = value.items()
        if key == "substring_chunks" and is_sequence(of) and all(isinstance(each, str) for each in of):
            chunks = list(of)
        elif key in ("substring_words", "substring_chars") and isinstance(of, str):
            chunks = words_of(of) if key == "substring_words" else list(of)
        else:
            self._refuse(
                f"%regex with {key!r}",
                at,
                "%regex",
                "substring_chunks, substring_words and substring_chars are known",
            )
        if sum(map(len, chunks)) * len(chunks).bit_length() ** 2 > MOST_WRITTEN:
            raise ConstraintTooLarge(
                f"the substrings of {len(chunks)} chunks, written as a pattern, have more than {MOST_WRITTEN} characters",
                path=place,
                rule="%regex",
                value=MOST_WRITTEN,
                remedy="give fewer or larger chunks, or take cg.span_of(text) as a part of the constraint",
            )
        return f"/{substring_pattern(chunks)}/"
