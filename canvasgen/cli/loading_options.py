"""How a model is loaded: the options of every command that loads one, declared once."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import typer

__all__ = ["Loading", "with_loading"]

Loading: TypeAlias = Mapping[str, Any]
"""What was given, as arguments of `canvasgen.load`."""

_PANEL = "How the model is loaded"


def _option(help: str) -> Any:
    return typer.Option(help=help, rich_help_panel=_PANEL)


_OPTIONS: dict[str, tuple[Any, object]] = {
    "device": (Annotated[str | None, _option("Where the model runs, such as cuda or cuda:1.")], None),
    "device_map": (Annotated[str | None, _option("auto: over several GPUs; instead of --device.")], None),
    "dtype": (
        Annotated[str | None, _option("Type of the weights, such as bfloat16; auto: as stored.")],
        None,
    ),
    "quantization": (Annotated[str | None, _option("int8, fp8 or nf4.")], None),
    "attn_implementation": (Annotated[str | None, _option("As transformers names it: sdpa, eager, …")], None),
    "adapter": (Annotated[Path | None, _option("Folder or hub id of a PEFT adapter.")], None),
    "revision": (Annotated[str | None, _option("Branch, tag or commit of a hub id.")], None),
    "trust_remote_code": (
        Annotated[
            bool,
            typer.Option(
                "--trust-remote-code",
                help="Let code run that comes with the weights: read it first.",
                rich_help_panel=_PANEL,
            ),
        ],
        False,
    ),
}
Name: TypeAlias = Literal[
    "device",
    "device_map",
    "dtype",
    "quantization",
    "attn_implementation",
    "adapter",
    "revision",
    "trust_remote_code",
]


def with_loading(*names: Name) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator that gives a command the options, and hands what was given on as its argument `loading`.

    Args:
        names: of the options; none: all.
    """
    chosen = {name: _OPTIONS[name] for name in names or _OPTIONS}

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def wrapped(*arguments: Any, **given: Any) -> None:
            loading = {name: given.pop(name, None) for name in chosen}
            said = {name: value for name, value in loading.items() if value not in (None, False)}
            command(*arguments, **given, loading=said)

        own = inspect.signature(command, eval_str=True)
        rest = [one for one in own.parameters.values() if one.name != "loading"]
        more = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=usual, annotation=kind)
            for name, (kind, usual) in chosen.items()
        ]
        shown: Any = wrapped
        shown.__signature__ = own.replace(parameters=[*rest, *more])
        shown.__annotations__ = {one.name: one.annotation for one in (*rest, *more)} | {"return": None}
        return wrapped

    return decorate
