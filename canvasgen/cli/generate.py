"""`canvasgen generate`: one completion, live on a terminal, plain JSON on a pipe."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from canvasgen.cli.loading_options import Loading, with_loading
from canvasgen.cli.options import (
    ChoiceOption,
    FenceOption,
    FileOption,
    GrammarOption,
    LimitsOption,
    MaxTokensOption,
    ModelOption,
    OrderOption,
    PromptArgument,
    QualityOption,
    RegexOption,
    SaveTraceOption,
    SchemaOption,
    SeedOption,
    StepsOption,
    TargetOption,
    TemperatureOption,
    TraceOption,
    WhitespaceOption,
    limits_of,
    quality_of,
)
from canvasgen.cli.running import complete
from canvasgen.cli.sources import constraint_from_options, read_prompt
from canvasgen.limits import limited

if TYPE_CHECKING:
    from canvasgen.constraints import Constraint

__all__ = ["generate"]


@with_loading()
def generate(
    prompt: PromptArgument = None,
    schema: SchemaOption = None,
    regex: RegexOption = None,
    grammar: GrammarOption = None,
    choice: ChoiceOption = None,
    file: FileOption = None,
    model: ModelOption = None,
    max_tokens: MaxTokensOption = None,
    steps: StepsOption = None,
    quality: QualityOption = None,
    target_ms: TargetOption = None,
    temperature: TemperatureOption = None,
    seed: SeedOption = None,
    whitespace: WhitespaceOption = "flexible",
    property_order: OrderOption = "schema",
    fence: FenceOption = "forbid",
    prompt_schema: Annotated[bool, typer.Option(help="Tell the model the schema in the prompt.")] = True,
    limits: LimitsOption = None,
    trace: TraceOption = False,
    save_trace: SaveTraceOption = None,
    *,
    loading: Loading,
) -> None:
    """Generate text that satisfies a constraint, and print it.

    Example: `canvasgen generate --schema person.json "Alice Smith, 34 years old, lives in Paris."`
    """
    most = limits_of(limits)
    with limited(most):
        constraint = constraint_from_options(
            schema, regex, choice, grammar, whitespace, property_order, fence
        )
    text = read_prompt(prompt, file)

    from canvasgen.request import Request

    request = Request(
        text,
        constraint=constraint,
        max_tokens=max_tokens,
        max_denoising_steps=steps,
        quality=quality_of(quality),
        target_ms=target_ms,
        temperature=temperature,
        seed=seed,
        prompt_schema=prompt_schema,
        limits=most,
    )
    completion = complete(request, model, loading=loading, trace=trace, save_trace=save_trace)
    typer.echo(shown(constraint, completion.text, indent=2 if sys.stdout.isatty() else None))


def shown(constraint: Constraint | None, text: str, *, indent: int | None) -> str:
    """Return what is printed: of a schema's text the JSON without a code fence, as it was written if `indent` is None."""
    from canvasgen.constraints.json_schema import JsonSchema

    if not isinstance(constraint, JsonSchema):
        return text
    inside = constraint.language.value_text(text).strip()
    return inside if indent is None else json.dumps(json.loads(inside), ensure_ascii=False, indent=indent)
