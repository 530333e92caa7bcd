"""`json_schema`: a JSON Schema or a Python type as a constraint."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from canvasgen.automata import EMPTY, Expr
from canvasgen.constraints.base import Constraint, Note
from canvasgen.constraints.json.emit import Emitter, choose_depths
from canvasgen.constraints.json.graph import Graph
from canvasgen.constraints.json.loader import Source, load
from canvasgen.constraints.json.translate import Translator
from canvasgen.errors import ConstraintTooLarge, InvalidConstraint, Unsatisfiable

if TYPE_CHECKING:
    from canvasgen.constraints.json.judge import Judge

__all__ = ["JsonSchema", "json_schema"]

MOST_DEPTH = 16

_DEPARTURES = (
    Note("departure", "keys stand in the schema's order, undeclared ones last"),
    Note(
        "departure",
        "whole numbers are written as such (`1`, not `1.0` or `1e0`) where the type is integer",
    ),
    Note("departure", "one spelling for each character of a string: escapes only where JSON needs them"),
    Note(
        "departure",
        "at most 19 digits before and 20 after a decimal point unless a bound has more, exponents to 307",
    ),
)


class JsonSchema(Constraint):
    """The canonical JSON texts of the values of a schema. Build one with `json_schema`."""

    def __init__(self, source: Source, *, flexible: bool, max_depth: int | None) -> None:
        self.source = source
        self.flexible = flexible
        translator = Translator(source.document, python=source.python)
        graph = Graph(translator.root())
        graph.check_depth()
        depths = choose_depths(graph, max_depth)
        emitter = Emitter(graph, depths, flexible=flexible)
        self._emitted = emitter.root()
        if self._emitted is EMPTY:
            _refuse_empty(graph, translator, depths.loops)
        self.depths = depths
        self._notes = (*translator.notes, *emitter.notes)
        self._graph = graph

    @override
    def _expression(self) -> Expr:
        return self._emitted

    @property
    @override
    def schema(self) -> Any:
        return self.source.prompt_schema

    @property
    @override
    def has_validator(self) -> bool:
        return True

    @override
    def _judge(self, text: str) -> None:
        self._judge_of_schema(text)
        if self.source.python:
            self.source.read(text)

    @override
    def parse(self, text: str) -> Any:
        return self.source.read(text)

    @cached_property
    def _judge_of_schema(self) -> Judge:
        from canvasgen.constraints.json.judge import Judge

        return Judge(self.source.document, python=self.source.python)

    @cached_property
    def _explanation(self) -> tuple[Note, ...]:
        judge = "jsonschema and pydantic" if self.source.python else "jsonschema"
        notes = [
            Note("automaton", "every keyword that no other line names"),
            Note("validator", f"{judge} read the text once more before it is committed"),
            *self._notes,
        ]
        if self.source.document.legacy is not None:
            notes.append(Note("annotation", self.source.document.legacy))
        if self._graph.is_recursive:
            notes.append(
                Note("departure", f"recursive schemas are unrolled {self.depths.loops} times (max_depth)")
            )
        if self._graph.has_any:
            notes.append(
                Note(
                    "departure",
                    f"any JSON holds at most {self.depths.any} levels of arrays and objects (max_depth)",
                )
            )
        return (*notes, *_DEPARTURES)

    @override
    def explain(self) -> tuple[Note, ...]:
        return self._explanation


def _refuse_empty(graph: Graph, translator: Translator, depth: int) -> None:
    inhabited = graph.inhabited()
    if graph.root in inhabited and graph.is_recursive:
        raise ConstraintTooLarge(
            f"no value fits into {depth} unrollings of the recursion",
            rule="max_depth",
            value=depth,
            remedy="pass a larger max_depth to json_schema",
        )
    node = graph.reason(inhabited)
    told = dict(translator.contradictions)
    message = told.get(node.path, "the schema takes no value at all")
    raise Unsatisfiable(message, path=node.path, rule="schema")


def json_schema(schema: Any, whitespace: str = "flexible", *, max_depth: int | None = None) -> JsonSchema:
    """The JSON texts of a schema or of a Python type.

    Args:
        schema: a JSON Schema (a dict, a bool, or its text; draft 2020-12 unless `$schema` says otherwise), or
            a type that pydantic's `TypeAdapter` takes: a model, a dataclass, a TypedDict, `list[int]`, ...
        whitespace: `flexible` (nothing, a space, or a newline with indentation, wherever JSON allows) or
            `compact` (none).
        max_depth: how often recursive schemas are unrolled, and how many levels any-JSON places may have; by
            default the largest number, up to five and three, that keeps the automaton small. `explain()` says
            it.

    Raises:
        InvalidConstraint: the schema is malformed.
        UnsupportedConstraint: it uses a keyword that is not supported; the path names it.
        Unsatisfiable: no value satisfies it.
        ConstraintTooLarge: a limit is exceeded, which the error names.
    """
    if whitespace not in ("flexible", "compact"):
        raise InvalidConstraint("whitespace is `flexible` or `compact`", rule="whitespace", value=whitespace)
    if max_depth is not None and (
        isinstance(max_depth, bool) or not isinstance(max_depth, int) or max_depth < 0
    ):
        raise InvalidConstraint(
            "max_depth is a whole number, zero or more", rule="max_depth", value=max_depth
        )
    if max_depth is not None and max_depth > MOST_DEPTH:
        raise ConstraintTooLarge(f"max_depth is at most {MOST_DEPTH}", rule="max_depth", value=max_depth)
    return JsonSchema(load(schema), flexible=whitespace == "flexible", max_depth=max_depth)
