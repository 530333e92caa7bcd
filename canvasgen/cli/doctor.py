"""`canvasgen doctor`: what is installed, where things are kept, and whether the kernels are compiled."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from canvasgen.cli.notice import clear_notice, show_notice

if TYPE_CHECKING:
    from canvasgen.cli.findings import Findings

__all__ = ["doctor"]


def doctor(
    warm: Annotated[
        bool, typer.Option("--warm", help="Compile all kernels now, so that no later run waits for it.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Print versions, devices, caches, kernels, models and extras; exit code 1 if a kernel could not be warmed.

    Example: `canvasgen doctor --warm`
    """
    from canvasgen.cli.findings import find

    if warm:
        _warm()
    findings = find()
    clear_notice()
    if as_json:
        typer.echo(json.dumps(findings, indent=2, ensure_ascii=False))
    else:
        for line in lines_of(findings):
            typer.echo(line)
    if warm and findings["kernels"]["missing"]:
        raise typer.Exit(1)


def _warm() -> None:
    """Compile what is not compiled yet, and tell how far that is: on a terminal in place, elsewhere once."""
    from canvasgen.cli.warming import warm_kernels
    from canvasgen.jit import TELLING

    before = TELLING.compiled

    def tell(compiled: int) -> None:
        count = compiled - before
        if count == 2 and not sys.stderr.isatty():
            typer.echo("canvasgen: compiling kernels, up to two minutes", err=True)
        show_notice(f"compiling kernels, up to two minutes … {count}")

    show_notice("looking for compiled kernels …")
    TELLING.tell = tell
    try:
        warm_kernels()
    finally:
        TELLING.tell = None


def lines_of(findings: Findings) -> list[str]:
    """Return the findings as lines for people."""
    lines = [f"canvasgen {findings['version']}, Python {findings['python']}, {findings['platform']}", ""]

    def section(name: str, rows: list[tuple[str, str]]) -> None:
        width = max((len(first) for first, _ in rows), default=0)
        lines.append(name)
        lines.extend(f"  {first:<{width}}  {second}".rstrip() for first, second in rows)
        lines.append("")

    section("packages", list(findings["packages"].items()))
    extras = {
        name: "installed" if there else f"not installed: pip install 'canvasgen[{name}]'"
        for name, there in findings["extras"].items()
    }
    section("extras", list(extras.items()))
    section("devices", [(one["name"], one["description"]) for one in findings["devices"]])
    section(
        "caches",
        [
            (
                one["holds"],
                f"{one['folder'] or 'none'}  {size(one['bytes'])} in {one['files']} files"
                + ("" if one["writable"] else "  (not writable)"),
            )
            for one in findings["caches"]
        ],
    )
    kernels = findings["kernels"]
    state = f"{kernels['compiled']} of {kernels['all']} compiled"
    if kernels["missing"]:
        state += "; the others when they are first used (a minute for all), or by `canvasgen doctor --warm`"
    section("kernels", [("", state)])
    section("models", [(one["name"], f"{size(one['bytes'])}  {one['folder']}") for one in findings["models"]])
    return lines[:-1]


def size(count: int) -> str:
    """Return a number of bytes for people: `3.1 MB`."""
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"
