"""`canvasgen generate`: one completion, live on a terminal, plain JSON on a pipe."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from canvasgen.cli.sources import Order, Whitespace, constraint_from_options, read_prompt

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from canvasgen.denoise import Completion, Event

__all__ = ["generate"]


def generate(
    prompt: Annotated[
        str | None, typer.Argument(help="The prompt; `-` or nothing reads standard input.")
    ] = None,
    schema: Annotated[
        str | None,
        typer.Option("--schema", "-s", help="JSON Schema: a file, the text itself, or module:Model."),
    ] = None,
    regex: Annotated[
        str | None, typer.Option("--regex", "-r", help="Regular expression, Python's dialect.")
    ] = None,
    choice: Annotated[
        list[str] | None, typer.Option("--choice", "-c", help="One allowed answer; repeat for more.")
    ] = None,
    file: Annotated[Path | None, typer.Option("--file", "-f", help="Read the prompt from this file.")] = None,
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="Hub id or folder; default: the embedded model.")
    ] = None,
    max_tokens: Annotated[
        int | None, typer.Option(help="Token budget; the text always closes within it.")
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Denoising steps per block at most.")] = None,
    temperature: Annotated[
        float | None, typer.Option(help="0 takes the best canvas; default: the model's.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Makes the run repeatable.")] = None,
    whitespace: Annotated[Whitespace, typer.Option(help="Whitespace allowed in JSON.")] = "flexible",
    property_order: Annotated[Order, typer.Option(help="Order of the keys of JSON objects.")] = "schema",
    prompt_schema: Annotated[bool, typer.Option(help="Tell the model the schema in the prompt.")] = True,
    trace: Annotated[
        bool, typer.Option("--trace", help="One line a denoising step, on standard error.")
    ] = False,
) -> None:
    """Generate text that satisfies a constraint, and print it.

    Example: `canvasgen generate --schema person.json "Alice Smith, 34 years old, lives in Paris."`
    """
    constraint = constraint_from_options(schema, regex, choice, whitespace, property_order)
    text = read_prompt(prompt, file)

    from rich.console import Console

    from canvasgen.api import load
    from canvasgen.engine import Request

    engine = load(model)
    request = Request(
        text,
        constraint=constraint,
        max_tokens=max_tokens,
        max_denoising_steps=steps,
        temperature=temperature,
        seed=seed,
        prompt_schema=prompt_schema,
    )
    messages = Console(stderr=True, highlight=False)
    if sys.stdout.isatty() and messages.is_terminal:
        completion = watch(engine.stream(request), messages)
    else:
        completion = engine.complete(request)
    if trace:
        print_trace(completion, messages)
    is_data = constraint is not None and constraint.schema is not None
    typer.echo(as_json(completion, indent=2 if sys.stdout.isatty() else None) if is_data else completion.text)


def watch(events: Iterable[Event], console: Console) -> Completion:
    """Shows the drafts of a stream in place and returns its completion."""
    from rich.live import Live
    from rich.panel import Panel
    from rich.text import Text

    from canvasgen.denoise import Commit, Done, Draft

    with Live(console=console, transient=True, refresh_per_second=20) as live:
        for event in events:
            match event:
                case Draft(text=text, block=block, step=step):
                    live.update(Panel(Text(text), title=f"block {block}, step {step}", title_align="left"))
                case Commit(text=text, block=block):
                    live.update(Panel(Text(text), title=f"block {block} committed", title_align="left"))
                case Done(completion=completion):
                    return completion
    raise AssertionError("a stream ends with its completion")


def as_json(completion: Completion, *, indent: int | None) -> str:
    """The value as JSON: as the model wrote it on a pipe, indented for people."""
    if indent is None:
        return completion.text
    value: Any = json.loads(completion.text)
    return json.dumps(value, ensure_ascii=False, indent=indent)


def print_trace(completion: Completion, console: Console) -> None:
    """One row a denoising step, then the outcome and the timings."""
    from rich.table import Table
    from rich.text import Text

    table = Table(
        "block", "step", "temperature", "log Z", "mean entropy", "accepted", "draft", box=None, pad_edge=False
    )
    for step in completion.trace:
        log_partition = "" if step.log_partition is None else f"{step.log_partition:.2f}"
        table.add_row(
            str(step.block),
            str(step.step),
            f"{step.temperature:.2f}",
            log_partition,
            f"{step.mean_entropy:.4f}",
            str(step.accepted),
            Text(step.draft),
        )
    console.print(table)
    timings = ", ".join(f"{name} {seconds * 1e3:.0f} ms" for name, seconds in completion.timings.items())
    console.print(f"{completion.outcome}: {completion.outcome.value}; {timings}")
