"""One generation to be done: its constraint and its settings, the same for every way to ask for one.

`Request` has the values, `request_checks` checks them, `Settings` and `Options` have their types for `**` arguments. A new
setting is one field of `Request` and one line of `Settings`; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from canvasgen.checks import is_mapping
from canvasgen.constraints import Constraint
from canvasgen.constraints import grammar as grammar_constraint
from canvasgen.constraints.grounded import SpanOf
from canvasgen.constraints.json_schema import JsonSchema, RelatedJson
from canvasgen.constraints.template import Template
from canvasgen.errors import (
    InvalidConstraint,
    UnknownOption,
)
from canvasgen.grounding import Sources
from canvasgen.limits import Limits
from canvasgen.named import names_checked
from canvasgen.relations import Relation
from canvasgen.request.remembered import (
    Prompt,
    remembered_schema,
    remembered_spans,
    remembered_text,
    user_texts,
)
from canvasgen.showing import call_of
from canvasgen.trace import Tracing

if TYPE_CHECKING:
    from canvasgen.constraints.table import Table
    from canvasgen.schemas import Fence, Order, Style

__all__ = [
    "Options",
    "Prompt",
    "Request",
    "Settings",
    "as_request",
    "request_of",
]


class Settings(TypedDict, total=False):
    """How to generate; `Request` says what each means."""

    validators: Sequence[Callable[[Any], object]]
    max_tokens: int | None
    max_denoising_steps: int | None
    quality: Literal["fast", "balanced", "best"] | float | None
    target_ms: float | None
    temperature: float | None
    seed: int | None
    prompt_schema: bool | Mapping[str, Any]
    probabilities: bool
    logprobs: int | None
    on_step_limit: Literal["return", "warn", "raise"]
    trace: Literal["steps", "full"] | Tracing
    grounded: bool | str | Sequence[str] | Sources
    whitespace: Style | None
    property_order: Order | None
    fence: Fence | None
    relations: Iterable[Relation] | None
    limits: Limits | None


class Options(Settings, total=False):
    """What to generate, at most one of these, and how."""

    schema: object
    regex: str | None
    grammar: str | Path | None
    choice: Iterable[object] | Mapping[str, object] | None
    template: str | Template | None
    table: Table | None
    constraint: Constraint | None


@names_checked
@dataclass(frozen=True, repr=False)
class Request:
    """One generation to be done; the fields mean what the arguments of `canvasgen.generate` mean.

    Attributes:
        prompt: a text, or chat messages.
        schema, regex, grammar, choice, template, table, constraint: at most one of them.
        validators: called with the value.
        max_tokens, max_denoising_steps, temperature, seed: None for the model's own; no seed: a new one each time.
        quality: "fast", "balanced", "best" or a number from 0 to 1: how many of the model's steps a block may take, and how
            certain a text has to be before it is committed (`denoise/stopping/dial`). None: the engine's policy.
        target_ms: milliseconds from the first look at the prompt to the end, in which the constraint's compilation does not
            count. As many steps are taken as the time allows, by what the request's own steps take: at least one a block. A
            text that was cut short has the outcome `TIME_LIMIT`. One of `quality`, `target_ms` and `max_denoising_steps`.
        prompt_schema: whether the schema or form goes into the prompt; or another schema that goes there, constrained or
            not.
        probabilities: whether `Completion.probabilities` has those of the choice-like fields; this costs one more
            conditioning for each option.
        logprobs: how many alternatives of each token `Completion.logprobs` tells, 0 for none; None: it is empty.
        grounded: True: strings are verbatim spans of the prompt (of the user's messages), and numbers, dates and times are
            written in it; or the texts that they are spans of, or `cg.Sources`. Goes with `schema`, `regex`, `grammar` and
            a `template` that is a text, whose holes are spans then; in other constraints write `cg.span_of(source)`.
            Fields of a schema that are marked (`cg.Grounded`, `x-grounded`) are taken from the prompt without it, too.
        whitespace, property_order, fence: how the JSON of a `schema` is written, as `cg.json_schema` takes them; None: its
            defaults. In other constraints they are arguments of `cg.json_schema`.
        relations: what holds between the fields of the schema's value (`canvasgen.relations`), with paths as cells:
            `total(["items[*].price"], "==", "total")`. Goes with `schema`.
        limits: what the request may need (`cg.Limits`), all of its work together but for the model's: reading and compiling
            the constraint, the searches of all steps, every judgement; None: the default limits. A constraint, table or
            template that is made already may have limits of its own; then both hold.
        on_step_limit: what to do with a text that was committed before the model was confident, at the step limit or the
            target in time, or because its drafts went round in a cycle (its `outcome` says so, too): `return` it, return it
            and `warn` by `StepLimitWarning`, or `raise` `StepLimit`.
        trace: `full`: `Completion.full_trace` has what every step saw and decided (docs/trace.md); `cg.Tracing(…)`: the same
            with settings; `steps`: `Completion.trace` alone, which every completion has. The result is the same.
    """

    prompt: Prompt = ""
    schema: Any = field(default=None, kw_only=True)
    regex: str | None = field(default=None, kw_only=True)
    grammar: str | Path | None = field(default=None, kw_only=True)
    choice: Sequence[Any] | None = field(default=None, kw_only=True)
    template: str | Template | None = field(default=None, kw_only=True)
    table: Table | None = field(default=None, kw_only=True)
    constraint: Constraint | None = field(default=None, kw_only=True)
    validators: Sequence[Callable[[Any], Any]] = field(default=(), kw_only=True)
    max_tokens: int | None = field(default=None, kw_only=True)
    max_denoising_steps: int | None = field(default=None, kw_only=True)
    quality: Literal["fast", "balanced", "best"] | float | None = field(default=None, kw_only=True)
    target_ms: float | None = field(default=None, kw_only=True)
    temperature: float | None = field(default=None, kw_only=True)
    seed: int | None = field(default=None, kw_only=True)
    prompt_schema: bool | Mapping[str, Any] = field(default=True, kw_only=True)
    probabilities: bool = field(default=False, kw_only=True)
    logprobs: int | None = field(default=None, kw_only=True)
    grounded: bool | str | Sequence[str] | Sources = field(default=False, kw_only=True)
    whitespace: Style | None = field(default=None, kw_only=True)
    property_order: Order | None = field(default=None, kw_only=True)
    fence: Fence | None = field(default=None, kw_only=True)
    relations: Sequence[Relation] | None = field(default=None, kw_only=True)
    limits: Limits | None = field(default=None, kw_only=True)
    on_step_limit: Literal["return", "warn", "raise"] = field(default="warn", kw_only=True)
    trace: Literal["steps", "full"] | Tracing = field(default="steps", kw_only=True)

    def __repr__(self) -> str:
        return call_of(self)

    def resolve(self) -> Constraint | None:
        """Return the one constraint that the request names; None for free text.

        Raises:
            InvalidConstraint: it names more than one, or a malformed one.
        """
        names = ("schema", "regex", "grammar", "choice", "template", "table", "constraint")
        given = [name for name in names if getattr(self, name) is not None]
        if len(given) > 1:
            raise InvalidConstraint(
                f"{' and '.join(given)} exclude each other",
                rule="one constraint",
                remedy="give one of them; combine constraints with +, | and &",
            )
        written = self._written(given[0] if given else None)
        if self.relations is not None and given != ["schema"]:
            raise InvalidConstraint(
                f"relations do not go with {given[0] if given else 'free text'}",
                rule="relations",
                remedy="give a schema; a table takes relations of its own: cg.table(…, relations=…)",
            )
        if self.grounded is not False:
            return self._grounded(given[0] if given else None)
        if self.schema is not None:
            return self._related(remembered_schema(self.schema, self.limits, self.prompt, None, written))
        if (given and given[0] in ("regex", "grammar", "choice")) or isinstance(self.template, str):
            return remembered_text(given[0], getattr(self, given[0]), self.limits)
        others: list[object] = [self.template, self.table, self.constraint]
        made = next((one for one in others if one is not None), None)
        if made is None or isinstance(made, Constraint):
            return made
        raise InvalidConstraint(
            "not a constraint",
            rule=given[0],
            value=made,
            remedy="build one with cg.json_schema, cg.regex, cg.table, …",
        )

    def _written(self, kind: str | None) -> dict[str, Any]:
        """Return how JSON is written, as arguments of `cg.json_schema`."""
        names = ("whitespace", "property_order", "fence")
        written = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        if written and kind != "schema":
            name = next(iter(written))
            raise InvalidConstraint(
                f"{name} does not go with {kind or 'free text'}: it says how the JSON of a schema is written",
                rule=name,
                value=written[name],
                remedy="give schema=, or pass it to cg.json_schema inside of your constraint",
            )
        return written

    def _related(self, made: JsonSchema) -> JsonSchema:
        return made if self.relations is None else RelatedJson(made, self.relations)

    def _grounded(self, kind: str | None) -> Constraint:
        """Return the constraint with its strings taken from the sources."""
        sources = user_texts(self.prompt) if self.grounded is True else self.grounded
        if isinstance(sources, bool):
            raise InvalidConstraint(
                "grounded is True, a text or a list of texts",
                rule="grounded",
                remedy="grounded=True for the prompt itself, or the source's text",
            )
        sources = sources if isinstance(sources, Sources) else Sources(sources)
        if kind == "schema":
            made = remembered_schema(self.schema, self.limits, self.prompt, sources, self._written("schema"))
            return self._related(made)
        text: object = None if kind is None else getattr(self, kind)
        if kind in ("regex", "grammar", "template") and isinstance(text, str):
            return remembered_spans(kind, text, self.limits, sources)
        if kind == "grammar" and isinstance(text, Path):
            return SpanOf(sources) & grammar_constraint(text, limits=self.limits)
        raise InvalidConstraint(
            f"grounded does not go with {kind or 'free text'}",
            rule="grounded",
            remedy="write constraint=cg.span_of(source), or use it as a part of your constraint",
        )


def request_of(value: object, number: int) -> Request:
    """Return one of several requests, which may be given by its fields.

    Raises:
        InvalidConstraint: it is neither a `Request` nor a mapping of names.
        UnknownOption: a field that does not exist.
    """
    if isinstance(value, Request):
        return value
    if is_mapping(value) and all(isinstance(name, str) for name in value):
        return Request(**value)
    raise InvalidConstraint(
        "a request is a Request, or a dict of its fields",
        path=f"request {number}",
        rule="requests",
        value=value,
        remedy='write cg.Request("…"), or {"prompt": "…"}',
    )


def as_request(prompt: Prompt | Request, options: Mapping[str, Any]) -> Request:
    """Return the request of a prompt and its options; a `Request` takes none.

    Raises:
        UnknownOption: an option that does not exist, or options beside a `Request`.
    """
    if not isinstance(prompt, Request):
        return Request(prompt, **options)
    if options:
        raise UnknownOption(
            "a Request takes no further options",
            rule=sorted(options)[0],
            remedy="use dataclasses.replace(request, …) for a request with other options",
        )
    return prompt
