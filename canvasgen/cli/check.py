"""`canvasgen check`: what a constraint means, how large it is, and whether texts match it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from canvasgen.cli.loading_options import Loading, with_loading
from canvasgen.cli.notice import clear_notice, show_notice
from canvasgen.cli.options import (
    ChoiceOption,
    FenceOption,
    GrammarOption,
    LimitsOption,
    OrderOption,
    RegexOption,
    SchemaOption,
    WhitespaceOption,
    limits_of,
)
from canvasgen.cli.sources import constraint_from_options, read_text
from canvasgen.errors import InvalidConstraint, ValidationFailed
from canvasgen.limits import limited

if TYPE_CHECKING:
    from canvasgen.constraints import Constraint

__all__ = ["check"]

EXIT_NO_MATCH = 1


@with_loading("revision", "trust_remote_code")
def check(
    texts: Annotated[list[str] | None, typer.Argument(help="Texts to match against the constraint.")] = None,
    schema: SchemaOption = None,
    regex: RegexOption = None,
    grammar: GrammarOption = None,
    choice: ChoiceOption = None,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", help="A file whose whole text is matched too.")
    ] = None,
    whitespace: WhitespaceOption = "flexible",
    property_order: OrderOption = "schema",
    fence: FenceOption = "forbid",
    limits: LimitsOption = None,
    model: Annotated[
        str | None,
        typer.Option("--model", "-m", help="Model whose vocabulary is used; default: the embedded one."),
    ] = None,
    *,
    loading: Loading,
) -> None:
    """Say what a constraint means, its sizes, compile time and shortest text; exit code 1 if a text does not match.

    Example: `canvasgen check --regex '[a-z]+@[a-z]+\\.org' me@here.org`
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from canvasgen.models.vocabularies import load_vocabulary  # and all imports, before the time is taken
    from canvasgen.viewer import automaton_lines

    candidates = list(texts or [])
    if file is not None:
        candidates.append(read_text(file, "text"))
    show_notice("compiling …")
    began = time.perf_counter()
    with limited(limits_of(limits)):
        constraint = constraint_from_options(
            schema, regex, choice, grammar, whitespace, property_order, fence
        )
        if constraint is None:
            raise InvalidConstraint(
                "there is no constraint to check",
                rule="one constraint",
                remedy="give --schema, --regex, --grammar or --choice",
            )
        automaton = constraint.automaton
        byte_seconds = time.perf_counter() - began
        vocabulary = load_vocabulary(model, **loading)
        began = time.perf_counter()
        compiled = constraint.compile(vocabulary)
    token_seconds = time.perf_counter() - began

    table = Table(show_header=False, box=None, pad_edge=False)
    shortest = automaton.shortest()
    rows = {
        "byte automaton": (
            f"{automaton.num_states} states, {automaton.num_transitions} transitions, {byte_seconds * 1e3:.0f} ms"
        ),
        "token automaton": (
            f"{compiled.num_states} states, {compiled.num_edges} edges, {compiled.num_classes} token classes, "
            f"{token_seconds * 1e3:.0f} ms ({vocabulary.size} tokens)"
        ),
        "shortest text": "" if shortest is None else shortest.decode(),
        "fewest tokens": str(compiled.shortest_tokens),
    }
    for name, value in rows.items():
        table.add_row(Text(name), Text(value))
    for line in constraint.explain():
        table.add_row(Text("meaning"), Text(str(line)))
    clear_notice()
    console = Console(highlight=False, soft_wrap=True)
    console.print(table)
    for line in automaton_lines(automaton):
        console.print(Text(line))

    reasons = [_refusal(constraint, text) for text in candidates]
    for text, reason in zip(candidates, reasons, strict=True):
        console.print(Text("matches      " if reason is None else "no match     ") + Text(repr(text)))
        if reason is not None:
            console.print(Text(f"             {reason}"))
    if any(reason is not None for reason in reasons):
        raise typer.Exit(EXIT_NO_MATCH)


def _refusal(constraint: Constraint, text: str) -> str | None:
    """Return why a text does not belong to a constraint; None if it does."""
    try:
        constraint.validate(text)
    except ValidationFailed as error:
        return "; ".join((error.message, *error.reasons[:3]))
    return None
