"""`json_schema`: a JSON Schema or a Python type as a constraint."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from typing_extensions import override

from canvasgen.automata import Expr
from canvasgen.checks import whole_number
from canvasgen.constraints.base import Constraint
from canvasgen.constraints.cover import cover
from canvasgen.constraints.related_texts import RelatedTexts
from canvasgen.constraints.shown import Hole, Json, Shown
from canvasgen.constraints.text import by_key
from canvasgen.constraints.texts import OTHER, as_bytes
from canvasgen.errors import ConstraintTooLarge, InvalidConstraint
from canvasgen.grounding import Sources
from canvasgen.limits import DEFAULT_LIMITS, Limits, checked_limits
from canvasgen.notes import Note
from canvasgen.schemas import SchemaLanguage, Source, load
from canvasgen.showing import call

__all__ = ["JsonSchema", "json_schema"]

MOST_DEPTH = 16


class JsonSchema(Constraint):
    """The JSON texts of the values of a schema. Build one with `json_schema`.

    `matches` decides by the value: any spelling (escapes, whitespace, numbers) and any order of the keys. `automaton` has
    the spellings that are generated. As a part of a longer text, a JSON text may be any that matches on its own, with
    the whitespace around it.
    """

    def __init__(
        self,
        source: Source,
        *,
        flexible: bool,
        max_depth: int | None,
        ordered: bool,
        sources: Sources | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self.limits = limits
        self.language = SchemaLanguage(
            source, limits, flexible=flexible, max_depth=max_depth, ordered=ordered, sources=sources
        )

    @override
    def __repr__(self) -> str:
        return call("JsonSchema", schema=self.language.source.document.root)

    @override
    def _expression(self) -> Expr:
        return self.language.expr

    @property
    @override
    def shown(self) -> Shown:
        return Shown((Hole(holds=(Json(self.language.source.prompt_schema),)),))

    @property
    @override
    def has_validator(self) -> bool:
        return True

    @property
    @override
    def has_value(self) -> bool:
        return True

    @override
    def ends(self, text: str, start: int) -> list[int]:
        return self.language.ends(text, start)

    @override
    def _recognises(self, data: bytes) -> bool:
        return True  # `_check` decides by the value, in any spelling

    @override
    def _check(self, text: str) -> None:
        self.language.validate(text)

    @override
    def matches(self, text: str | bytes) -> bool:
        data = as_bytes(text)
        return data is not None and self.language.matches(data.decode("utf-8"))

    @override
    def parse(self, text: str) -> Any:
        return self.language.source.read(text)

    @property
    def related_texts(self) -> RelatedTexts | None:
        """The relations between the places of its values, if it has any."""
        return self.language.related

    @override
    def options(self, text: str) -> Mapping[str, Mapping[Any, Expr]]:
        listed = {
            name: by_key((value, json.dumps(value), language) for value, language in narrowed)
            for name, narrowed in self.language.options(text)
        }
        stated = {
            name: {**dict(options), OTHER: other}
            for name, options, other in self.language.stated_options(text)
            if name not in listed
        }
        return listed | stated

    @override
    def explain(self) -> tuple[Note, ...]:
        return self.language.notes


@cover.register
def _every_spelling(constraint: JsonSchema) -> Expr:
    return constraint.language.cover


def json_schema(
    schema: Any,
    whitespace: str = "flexible",
    *,
    max_depth: int | None = None,
    property_order: str = "schema",
    registry: Any = None,
    grounded: str | Sequence[str] | Sources | None = None,
    limits: Limits | None = None,
) -> JsonSchema:
    """Return the JSON texts of a schema or of a Python type.

    What is accepted (`matches`) depends on the value alone; `whitespace`, `max_depth` and `property_order` say how texts
    are generated.

    Args:
        schema: a JSON Schema (a dict, a bool, or its text; draft 2020-12 unless `$schema` says otherwise), or
            a type that pydantic's `TypeAdapter` takes: a model, a dataclass, a TypedDict, `list[int]`, ...
        whitespace: `flexible` (nothing, a space, or a newline with indentation, wherever JSON allows) or
            `compact` (none).
        max_depth: how often recursive schemas are unrolled, and how many levels any-JSON places may have; by default
            the largest number, up to five and three, that keeps the automaton small. `explain()` says it.
        registry: schemas that the schema refers to: a mapping from URI to schema, or a `referencing.Registry`.
            Nothing is ever fetched; JSON Schema's own meta-schemas are known.
        property_order: `schema` (declared properties in the order of `properties`) or `any`.
        grounded: one or several texts, or `cg.Sources`; every string is then a verbatim span of one of them, and every
            number, date and time is written in one. What the schema lists itself (`enum`, `const`), booleans and keys are
            free, and fields may say otherwise (`cg.Grounded`, `x-grounded`).
        limits: what the compilation may need (`cg.Limits`); None: the default limits. Within them the richest automaton is
            taken; what does not fit into it is left to the validator, or left out: `explain()` says it.

    Raises:
        InvalidConstraint: the schema is malformed.
        UnsupportedConstraint: it uses a keyword that is not supported; the path names it.
        Unsatisfiable: no value satisfies it.
        ConstraintTooLarge: a limit is exceeded, which the error names.
    """
    if whitespace not in ("flexible", "compact"):
        raise InvalidConstraint("whitespace is `flexible` or `compact`", rule="whitespace", value=whitespace)
    if max_depth is not None and whole_number(max_depth, rule="max_depth") > MOST_DEPTH:
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
        sources=grounded if grounded is None or isinstance(grounded, Sources) else Sources(grounded),
        limits=checked_limits(limits),
    )
