"""Options that several commands share, declared once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import typer

from canvasgen.errors import InvalidConstraint

if TYPE_CHECKING:
    from canvasgen.limits import Limits

__all__ = [
    "ChoiceOption",
    "Fence",
    "FenceOption",
    "FileOption",
    "GrammarOption",
    "LimitsOption",
    "MaxTokensOption",
    "ModelOption",
    "Order",
    "OrderOption",
    "PromptArgument",
    "PromptFormOption",
    "QualityOption",
    "RegexOption",
    "SaveTraceOption",
    "SchemaOption",
    "SeedOption",
    "StepsOption",
    "TargetOption",
    "TemperatureOption",
    "TextOption",
    "TraceOption",
    "Whitespace",
    "WhitespaceOption",
    "limits_of",
    "quality_of",
]

_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,9})?(e[0-9]{1,2})?", re.ASCII)

Whitespace = Literal["flexible", "compact", "model"]
Order = Literal["schema", "any", "model"]
Fence = Literal["forbid", "allow", "require"]

PromptArgument: TypeAlias = Annotated[
    str | None, typer.Argument(help="The prompt; `-` or nothing reads standard input.")
]
SchemaOption: TypeAlias = Annotated[
    str | None, typer.Option("--schema", "-s", help="JSON Schema: a file, the text itself, or module:Model.")
]
RegexOption: TypeAlias = Annotated[
    str | None, typer.Option("--regex", "-r", help="Regular expression, Python's dialect.")
]
GrammarOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--grammar", "-g", help="Grammar in Lark's dialect: a file, or a shipped one's name."),
]
ChoiceOption: TypeAlias = Annotated[
    list[str] | None, typer.Option("--choice", "-c", help="One allowed text; repeat for more.")
]
FileOption: TypeAlias = Annotated[
    Path | None, typer.Option("--file", "-f", help="Read the prompt from this file.")
]
ModelOption: TypeAlias = Annotated[
    str | None, typer.Option("--model", "-m", help="Hub id or folder; default: the embedded model.")
]
MaxTokensOption: TypeAlias = Annotated[
    int | None, typer.Option(help="Token budget; the text always closes within it.")
]
StepsOption: TypeAlias = Annotated[int | None, typer.Option(help="Denoising steps per block at most.")]
QualityOption: TypeAlias = Annotated[
    str | None, typer.Option(help="fast, balanced, best, or a number from 0 to 1; instead of --steps.")
]
TargetOption: TypeAlias = Annotated[
    float | None,
    typer.Option("--target-ms", help="Milliseconds that the answer may take; instead of --steps."),
]
TemperatureOption: TypeAlias = Annotated[
    float | None, typer.Option(help="0 takes the best canvas; default: the model's.")
]
SeedOption: TypeAlias = Annotated[int | None, typer.Option(help="Makes the run repeatable.")]
WhitespaceOption: TypeAlias = Annotated[Whitespace, typer.Option(help="Whitespace allowed in JSON.")]
OrderOption: TypeAlias = Annotated[Order, typer.Option(help="Order of the keys of JSON objects.")]
FenceOption: TypeAlias = Annotated[
    Fence, typer.Option(help="Whether JSON may or must stand in a code fence; the value is what is inside.")
]
LimitsOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--limits",
        help="What the constraint and its searches may need: seconds (CPU), states, bytes; `seconds=30,bytes=2e9`.",
    ),
]
PromptFormOption: TypeAlias = Annotated[
    bool, typer.Option("--prompt-form/--no-prompt-form", help="Show the model the text in the prompt.")
]
TextOption: TypeAlias = Annotated[
    bool, typer.Option("--text", help="The first argument is text, even if it looks like a path.")
]
TraceOption: TypeAlias = Annotated[
    bool, typer.Option("--trace", help="One line a denoising step, on standard error.")
]
SaveTraceOption: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--save-trace",
        help="A file for the full trace: .json, .html (a page), or any other name (compressed).",
    ),
]


def limits_of(text: str | None) -> Limits | None:
    """Return what `--limits` says; None if it is not given.

    Raises:
        InvalidConstraint: it is not a list of NAME=NUMBER, or a name or number is none that `cg.Limits` has.
    """
    if text is None:
        return None
    from canvasgen.limits import Limits

    found: dict[str, float] = {}
    for part in text.split(","):
        name, _, number = (piece.strip() for piece in part.partition("="))
        if (
            name not in ("seconds", "states", "bytes")
            or f"max_{name}" in found
            or not _NUMBER.fullmatch(number)
        ):
            raise InvalidConstraint(
                "limits are NAME=NUMBER, each name once",
                rule="--limits",
                value=text,
                remedy="write seconds=30,states=200000,bytes=2e9, or some of them",
            )
        found[f"max_{name}"] = float(number) if name == "seconds" else int(float(number))
    return Limits(**found)  # type: ignore[arg-type]


def quality_of(text: str | None) -> Any:
    """Return what `--quality` says: a number if it is one, else the name, for the request to check."""
    try:
        return text if text is None else float(text)
    except ValueError:
        return text
