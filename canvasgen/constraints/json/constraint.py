"""`json_schema`: a JSON Schema or a Python type as a constraint."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from canvasgen.automata import EMPTY, Expr, intersect
from canvasgen.constraints.base import Constraint, Note, as_bytes
from canvasgen.constraints.json.emit import Written, written
from canvasgen.constraints.json.fields import choice_fields, field_name, with_value
from canvasgen.constraints.json.graph import Graph
from canvasgen.constraints.json.loader import Source, load
from canvasgen.constraints.json.recogniser import Recogniser
from canvasgen.constraints.json.translate import Translator
from canvasgen.constraints.text import Language, by_key
from canvasgen.errors import ConstraintTooLarge, InvalidConstraint, Unsatisfiable, ValidationFailed

if TYPE_CHECKING:
    from canvasgen.constraints.json.judge import Judge

__all__ = ["JsonSchema", "json_schema"]

MOST_DEPTH = 16

_ORDERED = Note("departure", "keys stand in the schema's order, undeclared ones last")
_PERMUTED = Note("departure", "of large objects the keys stand in the schema's order, undeclared ones last")
_DEPARTURES = (
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

    def __init__(self, source: Source, *, flexible: bool, max_depth: int | None, ordered: bool) -> None:
        self.source = source
        self.flexible = flexible
        self.ordered = ordered
        self.max_depth = max_depth
        self._translator = Translator(source.document, python=source.python)
        self._graph = Graph(self._translator.root())
        self._graph.check_depth()
        if self._graph.least[self._graph.root] == math.inf:
            raise _emptiness(self._graph, self._translator)
        if max_depth is not None:
            _ = self._written

    @override
    def _expression(self) -> Expr:
        if self._written.expr is EMPTY:
            raise _emptiness(self._graph, self._translator)
        return self._written.expr

    @cached_property
    def _written(self) -> Written:
        return written(self._graph, self.max_depth, self.limits, flexible=self.flexible, ordered=self.ordered)

    @override
    def _recognises(self, data: bytes) -> bool:
        return self._recogniser.accepts(data)

    @cached_property
    def _recogniser(self) -> Recogniser:
        # Draft 4 tells `1.0` from integers; pydantic and the later drafts do not.
        draft = self.source.document.draft
        return Recogniser(
            self._graph.root, flexible=self.flexible, ordered=self.ordered, whole_points=draft > 4
        )

    @property
    @override
    def schema(self) -> Any:
        return self.source.prompt_schema

    @property
    @override
    def has_validator(self) -> bool:
        return True

    @property
    @override
    def has_value(self) -> bool:
        return True

    @override
    def _ends(self, text: str, start: int) -> list[int]:
        return [stop for stop in self._recogniser.ends(text, start) if self.matches(text[start:stop])]

    @override
    def matches(self, text: str | bytes) -> bool:
        data = as_bytes(text)
        if data is None or not self._recognises(data):
            return False
        try:
            self._judge(data.decode("utf-8"))
        except ValidationFailed:
            return False
        return True

    @override
    def validate(self, text: str | bytes) -> None:
        try:
            plain = text if isinstance(text, str) else text.decode("utf-8")
            data = plain.encode("utf-8")
        except UnicodeError as error:
            raise ValidationFailed("the text has no UTF-8", rule="json", reasons=(str(error),)) from error
        recognised = self._recognises(data)
        self._judge(plain)
        if not recognised:
            raise ValidationFailed(
                "the value is valid, but the spelling or the order of the keys is not one that is generated",
                text=plain,
                rule="spelling",
            )

    @override
    def _judge(self, text: str) -> None:
        self._judge_of_schema(text)
        if self.source.python:
            self.source.read(text)

    @override
    def parse(self, text: str) -> Any:
        return self.source.read(text)

    @override
    def options(self, text: str) -> Mapping[str, Mapping[Any, Constraint]]:
        own = self.expr
        return {
            field_name(path): by_key(
                (value, json.dumps(value), Language(intersect(own, with_value(path, value))))
                for value in values
            )
            for path, values in choice_fields(self.source.document.root, json.loads(text))
        }

    @cached_property
    def _judge_of_schema(self) -> Judge:
        from canvasgen.constraints.json.judge import Judge

        return Judge(self.source.document, python=self.source.python)

    @cached_property
    def _explanation(self) -> tuple[Note, ...]:
        _, plan, cut = self._written
        judge = "jsonschema and pydantic" if self.source.python else "jsonschema"
        notes = [
            Note("automaton", "every keyword that no other line names"),
            Note("validator", f"{judge} read the text once more before it is committed"),
            *self._translator.notes,
            *cut,
        ]
        if self.source.document.legacy is not None:
            notes.append(Note("annotation", self.source.document.legacy))
        if self._graph.is_recursive:
            notes.append(Note("departure", f"recursive schemas are unrolled {plan.loops} times (max_depth)"))
        if self._graph.has_any:
            notes.append(
                Note("validator", "a key that stands twice in an object of any JSON is refused at commit")
            )
            notes.append(
                Note(
                    "departure",
                    f"any JSON holds at most {plan.any} levels of arrays and objects (max_depth)",
                )
            )
        order = _ORDERED if self.ordered else _PERMUTED
        return (*notes, order, *_DEPARTURES)

    @override
    def explain(self) -> tuple[Note, ...]:
        return self._explanation


def _emptiness(graph: Graph, translator: Translator) -> Unsatisfiable:
    node = graph.reason()
    told = dict(reversed(translator.contradictions))
    message = told.get(node.path, "the schema takes no value at all")
    paths = dict.fromkeys(atom.path for atom in node.atoms)
    if len(paths) > 1:
        message = f"{' and '.join(paths)} contradict one another"
    return Unsatisfiable(message, path=node.path, rule="schema")


def json_schema(
    schema: Any,
    whitespace: str = "flexible",
    *,
    max_depth: int | None = None,
    property_order: str = "schema",
    registry: Any = None,
) -> JsonSchema:
    """The JSON texts of a schema or of a Python type.

    Args:
        schema: a JSON Schema (a dict, a bool, or its text; draft 2020-12 unless `$schema` says otherwise), or
            a type that pydantic's `TypeAdapter` takes: a model, a dataclass, a TypedDict, `list[int]`, ...
        whitespace: `flexible` (nothing, a space, or a newline with indentation, wherever JSON allows) or
            `compact` (none).
        max_depth: how often recursive schemas are unrolled, and how many levels any-JSON places may have, in
            what is generated (what is accepted is not bounded by it); by default the largest number, up to five
            and three, that keeps the automaton small. `explain()` says it.
        registry: schemas that the schema refers to: a mapping from URI to schema, or a `referencing.Registry`.
            Nothing is ever fetched; JSON Schema's own meta-schemas are known.
        property_order: `schema` (declared properties stand in the order of `properties`) or `any`.

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
    if property_order not in ("schema", "any"):
        raise InvalidConstraint(
            "property_order is `schema` or `any`", rule="property_order", value=property_order
        )
    return JsonSchema(
        load(schema, registry),
        flexible=whitespace == "flexible",
        max_depth=max_depth,
        ordered=property_order == "schema",
    )
