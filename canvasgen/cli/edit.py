"""`canvasgen edit`: spans of a text written anew, all the rest as it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from canvasgen.cli.loading_options import Loading, with_loading
from canvasgen.cli.options import (
    ChoiceOption,
    FileOption,
    GrammarOption,
    LimitsOption,
    MaxTokensOption,
    ModelOption,
    PromptArgument,
    PromptFormOption,
    QualityOption,
    RegexOption,
    SaveTraceOption,
    SchemaOption,
    SeedOption,
    StepsOption,
    TargetOption,
    TemperatureOption,
    TextOption,
    TraceOption,
    limits_of,
    quality_of,
)
from canvasgen.cli.replacing import check_replaceable, replace
from canvasgen.cli.running import complete
from canvasgen.cli.sources import HOW_TO_GIVE_TEXT, constraint_from_options, read_prompt, text_or_file
from canvasgen.errors import InvalidConstraint
from canvasgen.limits import limited

if TYPE_CHECKING:
    from canvasgen.constraints.infill import Span

__all__ = ["edit"]


@with_loading()
def edit(
    text: Annotated[str, typer.Argument(help="The text, or a file with it.")],
    prompt: PromptArgument = None,
    mark: Annotated[
        list[str] | None,
        typer.Option(help="A part of the text to rewrite, which must occur once; repeat for more."),
    ] = None,
    span: Annotated[
        list[str] | None,
        typer.Option(help="Characters START:STOP to write anew; repeat for more."),
    ] = None,
    schema: SchemaOption = None,
    regex: RegexOption = None,
    grammar: GrammarOption = None,
    choice: ChoiceOption = None,
    strength: Annotated[
        float, typer.Option(help="Above 0, at most 1: how much of the old text gives way to noise.")
    ] = 1.0,
    in_place: Annotated[bool, typer.Option("--in-place", "-i", help="Write the file back.")] = False,
    as_text: TextOption = False,
    file: FileOption = None,
    model: ModelOption = None,
    max_tokens: MaxTokensOption = None,
    steps: StepsOption = None,
    quality: QualityOption = None,
    target_ms: TargetOption = None,
    temperature: TemperatureOption = None,
    seed: SeedOption = None,
    prompt_form: PromptFormOption = True,
    limits: LimitsOption = None,
    trace: TraceOption = False,
    save_trace: SaveTraceOption = None,
    *,
    loading: Loading,
) -> None:
    """Write spans of a text anew, keep the rest byte for byte, and print it.

    Example: `canvasgen edit "Ann lives in Rome." "Ann moved to Paris." --mark Rome`
    """
    if in_place and (as_text or not Path(text).is_file()):
        raise InvalidConstraint(
            "--in-place needs a file",
            rule="--in-place",
            value=text,
            remedy="give the file's path as the text, or leave --in-place out",
        )
    content = text if as_text else text_or_file(text, "text", remedy=HOW_TO_GIVE_TEXT)
    if in_place:
        check_replaceable(Path(text))
    spans: list[Span] = [*(mark or []), *(_span(each) for each in span or [])]
    if not spans:
        raise InvalidConstraint("there is no span to edit", rule="--mark", remedy="give --mark or --span")
    from canvasgen import constraints
    from canvasgen.request import Request

    most = limits_of(limits)
    with limited(most):
        part = constraint_from_options(schema, regex, choice, grammar)
        constraint = constraints.edit(content, spans, part, strength=strength)
    request = Request(
        read_prompt(prompt, file),
        constraint=constraint,
        max_tokens=max_tokens,
        max_denoising_steps=steps,
        quality=quality_of(quality),
        target_ms=target_ms,
        temperature=temperature,
        seed=seed,
        prompt_schema=prompt_form,
        limits=most,
    )
    completion = complete(request, model, loading=loading, trace=trace, save_trace=save_trace)
    if in_place:
        replace(Path(text), completion.text.encode("utf-8"))
    else:
        typer.echo(completion.text)


def _span(written: str) -> tuple[int, int]:
    start, separator, stop = written.partition(":")
    if not (separator and start.isdecimal() and stop.isdecimal()):
        raise InvalidConstraint(
            "a span is START:STOP, counted in characters",
            rule="--span",
            value=written,
            remedy="write --span 5:9",
        )
    return int(start), int(stop)
