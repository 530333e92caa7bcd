"""`json_schema`: a JSON Schema or a Python type as a constraint, with relations between its fields."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from typing import Any

from typing_extensions import override

from canvasgen import automata
from canvasgen.automata import Expr
from canvasgen.checks import one_of, whole_number
from canvasgen.constraints.base import Constraint
from canvasgen.constraints.choices import by_key
from canvasgen.constraints.compiled.called_texts import CalledTexts, called_texts
from canvasgen.constraints.compiled.drafting import Drafting
from canvasgen.constraints.cover import cover
from canvasgen.constraints.growth import least_bytes
from canvasgen.constraints.shown import Hole, Json, Rule, Shown
from canvasgen.constraints.text import Language
from canvasgen.constraints.texts import OTHER, as_bytes
from canvasgen.errors import ConstraintTooLarge, UnsupportedConstraint, ValidationFailed
from canvasgen.field_relations import judge, related_fields
from canvasgen.grounding import Sources
from canvasgen.limits import DEFAULT_LIMITS, Limits, checked_limits, limited
from canvasgen.notes import Note
from canvasgen.relations import Relation
from canvasgen.schemas import (
    FENCES,
    ORDERS,
    STYLES,
    Fence,
    Order,
    SchemaLanguage,
    Source,
    Style,
    Writing,
    load,
)
from canvasgen.schemas.related_spans import RelatedSpans
from canvasgen.showing import call

__all__ = ["JsonSchema", "RelatedJson", "json_schema"]

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
        writing: Writing,
        *,
        sources: Sources | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self.limits = limits
        self.language = SchemaLanguage(source, limits, writing, sources=sources)

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
        return self.language.read(text)

    @property
    def related_texts(self) -> RelatedSpans | None:
        """The relations between the places of its values, if it has any."""
        return self.language.related

    @override
    def options(self, text: str) -> Mapping[str, Mapping[Any, Expr]]:
        return _options(text, self.language)

    @override
    def explain(self) -> tuple[Note, ...]:
        return self.language.notes

    @property
    def drafting(self) -> Drafting | None:
        """How it is led by first drafts; None if keys have an order that is known before."""
        if self.language.writing.order != "model":
            return None
        loose = Language(self.language.loose)
        loose.limits = self.limits
        return Drafting(loose, self._led)

    def _led(self, drafts: Sequence[str]) -> JsonSchema:
        made = copy(self)
        for name in ("expr", "automaton"):
            _ = vars(made).pop(name, None)
        made.language = self.language.led(drafts)
        return made


class RelatedJson(JsonSchema):
    """The JSON texts of a schema in which relations between fields hold. Build one with `json_schema(…, relations=…)`.

    The relations hold while generating where the JSON text is the whole answer; inside of a larger constraint they are
    judged at commit.

    Attributes:
        field_relations: the relations.

    Args:
        plain: the schema's texts.
        relations: with paths as cells.

    Raises:
        InvalidConstraint: a path names no field, or one that its relation cannot be about.
        UnsupportedConstraint: a path names several fields, and the relation is about single ones; or the text may stand
            in a code fence, or in the order of a draft.
    """

    def __init__(self, plain: JsonSchema, relations: Iterable[Relation]) -> None:
        writing = plain.language.writing
        for name, value, what in (
            ("fence", writing.fence, "a code fence"),
            ("property_order", writing.order, "the order of a draft"),
        ):
            if value not in ("forbid", "schema", "any"):
                raise UnsupportedConstraint(
                    f"relations do not go with {what}",
                    rule=name,
                    value=value,
                    remedy=f"leave out `{name}`, or judge the value with a validator",
                )
        self.limits = plain.limits
        self.language = plain.language
        self._plain = plain
        self.field_relations = related_fields(relations, plain.language.root)

    @override
    def __repr__(self) -> str:
        relations = [one.relation.describe() for one in self.field_relations]
        return call("RelatedJson", schema=self.language.source.document.root, relations=relations)

    @property
    @override
    def shown(self) -> Shown:
        rules = tuple(
            Rule(f"It keeps to this: {one.relation.describe()}.", of_longer=False)
            for one in self.field_relations
        )
        return replace(self._plain.shown, rules=rules)

    @override
    def _check(self, text: str) -> None:
        super()._check(text)
        judge(self.field_relations, text)

    @override
    def ends(self, text: str, start: int) -> list[int]:
        return [stop for stop in super().ends(text, start) if self._agrees(text[start:stop])]

    @override
    def matches(self, text: str | bytes) -> bool:
        return super().matches(text) and self._agrees(text if isinstance(text, str) else text.decode())

    def _agrees(self, text: str) -> bool:
        try:
            judge(self.field_relations, text)
        except ValidationFailed:
            return False
        return True

    @override
    def explain(self) -> tuple[Note, ...]:
        held = [Note("relations", one.relation.describe()) for one in self.field_relations]
        how = Note(
            "relations",
            f"{len(held)} relations between fields: the best text that satisfies them is searched for",
        )
        return (*super().explain(), how, *held)


def _options(
    text: str, language: SchemaLanguage, *, called: bool = False
) -> Mapping[str, Mapping[Any, Expr]]:
    """The fields of a text with their options; with `called`, of frames, in which what is called has none."""
    listed = {
        name: by_key((value, json.dumps(value), one) for value, one in narrowed)
        for name, narrowed in language.options(text, called=called)
    }
    stated = {
        name: {**dict(options), OTHER: other}
        for name, options, other in (() if called else language.stated_options(text))
        if name not in listed
    }
    return listed | stated


@called_texts.register
def _called_spans(constraint: JsonSchema) -> CalledTexts | None:
    language = constraint.language
    called = language.called
    if called is None:
        return None
    return CalledTexts(called.language, called.frame, lambda text: _options(text, language, called=True))


@called_texts.register
def _copied_spans(constraint: RelatedJson) -> CalledTexts | None:
    return None  # the search for related fields reads all states


@cover.register
def _every_spelling(constraint: JsonSchema) -> Expr:
    return constraint.language.cover


def json_schema(
    schema: Any,
    whitespace: Style = "flexible",
    *,
    max_depth: int | None = None,
    property_order: Order = "schema",
    fence: Fence = "forbid",
    registry: Any = None,
    grounded: str | Sequence[str] | Sources | None = None,
    limits: Limits | None = None,
    relations: Iterable[Relation] | None = None,
) -> JsonSchema:
    """Return the JSON texts of a schema or of a Python type.

    What is accepted (`matches`) depends on the value alone; `whitespace`, `max_depth` and `property_order` say how texts
    are generated.

    Args:
        schema: a JSON Schema (a dict, a bool, or its text; draft 2020-12 unless `$schema` says otherwise), or
            a type that pydantic's `TypeAdapter` takes: a model, a dataclass, a TypedDict, `list[int]`, ...
        whitespace: `flexible` (nothing, a space, or a newline with indentation, wherever JSON allows), `compact`
            (none) or `model` (also what models write besides: an indentation of any width, an empty line, two spaces, one
            space before a comma or a colon, a newline around the whole text).
        max_depth: how often recursive schemas are unrolled, and how many levels any-JSON places may have; by default
            the largest number, up to five and three, that keeps the automaton small. `explain()` says it.
        registry: schemas that the schema refers to: a mapping from URI to schema, or a `referencing.Registry`.
            Nothing is ever fetched; JSON Schema's own meta-schemas are known.
        property_order: `schema` (declared properties in the order of `properties`); `any`; or `model`: the first steps are
            drafts under a loose automaton, and the text is written in the drafts' order of keys, with the undeclared keys,
            alternatives and depth that they have. As a part of a longer constraint, `model` is the schema's order.
        fence: whether the text may (`allow`) or must (`require`) stand in a code fence, three backticks with or without
            the word `json`; `forbid`: it must not. The value is what is inside.
        grounded: one or several texts, or `cg.Sources`; every string is then a verbatim span of one of them, and every
            number, date and time is written in one. What the schema lists itself (`enum`, `const`), booleans and keys are
            free, and fields may say otherwise (`cg.Grounded`, `x-grounded`).
        limits: what the compilation may need (`cg.Limits`); None: the default limits. Within them the richest automaton is
            taken; what does not fit into it is left to the validator, or left out: `explain()` says it.
        relations: what holds between fields (`canvasgen.relations`), with paths as cells: `total(["items[*].price"], "==",
            "total")`. The best text of which they hold is searched for; see `docs/guides/structured-data.md`.

    Raises:
        InvalidConstraint: the schema is malformed, or a relation names a field that it does not have.
        UnsupportedConstraint: it uses a keyword that is not supported; the path names it.
        Unsatisfiable: no value satisfies it.
        ConstraintTooLarge: a limit is exceeded, which the error names.
    """
    for rule, given, known in (
        ("whitespace", whitespace, STYLES),
        ("property_order", property_order, ORDERS),
        ("fence", fence, FENCES),
    ):
        one_of(given, known, rule=rule)
    if max_depth is not None and whole_number(max_depth, rule="max_depth") > MOST_DEPTH:
        raise ConstraintTooLarge(
            f"max_depth is at most {MOST_DEPTH}",
            rule="max_depth",
            value=max_depth,
            remedy=f"give max_depth={MOST_DEPTH}, or leave it out",
        )
    most = checked_limits(limits)
    with limited(most):
        plain = JsonSchema(
            load(schema, registry),
            Writing(whitespace, property_order, fence, max_depth),
            sources=grounded if grounded is None or isinstance(grounded, Sources) else Sources(grounded),
            limits=most,
        )
        return plain if relations is None else RelatedJson(plain, relations)


@least_bytes.register
def _least(constraint: JsonSchema) -> int:
    return max(constraint.language.least_bytes, automata.least_bytes(constraint.expr))
