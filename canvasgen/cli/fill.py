"""`canvasgen fill`: a template's holes, or the gap of a text, filled by the model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from canvasgen.cli.loading_options import Loading, with_loading
from canvasgen.cli.options import (
    FileOption,
    LimitsOption,
    MaxTokensOption,
    ModelOption,
    PromptArgument,
    PromptFormOption,
    QualityOption,
    SaveTraceOption,
    SeedOption,
    StepsOption,
    TargetOption,
    TemperatureOption,
    TextOption,
    TraceOption,
    limits_of,
    quality_of,
)
from canvasgen.cli.running import complete
from canvasgen.cli.sources import HOW_TO_GIVE_TEXT, hole_from_option, read_prompt, text_or_file
from canvasgen.errors import InvalidConstraint
from canvasgen.limits import limited

if TYPE_CHECKING:
    from canvasgen.constraints import Constraint

__all__ = ["fill"]


@with_loading()
def fill(
    form: Annotated[
        str, typer.Argument(help="Text with {holes}, or a file with it; `{{` and `}}` stand for braces.")
    ],
    prompt: PromptArgument = None,
    hole: Annotated[
        list[str] | None,
        typer.Option(
            help="NAME=regex:PATTERN, NAME=choice:A|B, NAME=schema:FILE, NAME=grammar:NAME or NAME=text:40; "
            "a hole without one takes a line of text.",
        ),
    ] = None,
    gap: Annotated[
        str | None,
        typer.Option(
            help="The mark of the one gap in a text whose braces mean nothing; its hole is named `gap`."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the holes' texts as JSON.")] = False,
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
    """Fill the holes of a text, and print it.

    Example: `canvasgen fill "Dear {name}, your {item} is ready." "name: Ann, item: lamp" --hole name=regex:[A-Z][a-z]+`
    """
    most = limits_of(limits)
    with limited(most):
        holes = dict(hole_from_option(option) for option in hole or [])
        content = form if as_text else text_or_file(form, "template", remedy=HOW_TO_GIVE_TEXT)
        constraint = _constraint(content, gap, holes)
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
        prompt_schema=prompt_form,
        limits=most,
    )
    completion = complete(request, model, loading=loading, trace=trace, save_trace=save_trace)
    if not as_json:
        typer.echo(completion.text)
        return
    value: Any = completion.value if gap is None else {"gap": completion.value}
    typer.echo(json.dumps(value, ensure_ascii=False, default=str))


def _constraint(text: str, gap: str | None, holes: dict[str, Constraint]) -> Constraint:
    from canvasgen import constraints

    if gap is None:
        if "{" not in text:
            raise InvalidConstraint(
                "the text has no hole, and there is no file of this name" if "\n" not in text else "no hole",
                rule="template",
                value=text,
                remedy="write {name} where text is to be filled in, name a file that does, or give --gap",
            )
        return constraints.template(text, strict=False, **holes)
    if not gap or text.count(gap) != 1:
        raise InvalidConstraint(
            f"the text must contain the gap's mark once; it does {text.count(gap) if gap else 0} times",
            rule="--gap",
            value=gap,
            remedy="write the mark where something is to be filled in, or name another with --gap",
        )
    if set(holes) - {"gap"}:
        raise InvalidConstraint(
            "the gap's hole is named `gap`",
            rule="--hole",
            value=sorted(holes)[0],
            remedy="name the hole so: --hole gap=…",
        )
    before, _, after = text.partition(gap)
    return constraints.infill(before, after, holes.get("gap"))
