"""`canvasgen serve`: an OpenAI-compatible server."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from canvasgen.cli.loading_options import Loading, with_loading
from canvasgen.cli.notice import clear_notice
from canvasgen.cli.options import ModelOption
from canvasgen.errors import InvalidConstraint

__all__ = ["serve"]


@with_loading()
def serve(
    model: ModelOption = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0: one that the system chooses.")] = 8000,
    name: Annotated[
        str | None, typer.Option(help="The model's name for clients; default: the model.")
    ] = None,
    rows: Annotated[int, typer.Option(help="Generations that go through the model together.")] = 16,
    memory: Annotated[int | None, typer.Option(help="Megabytes that they may take in a step.")] = None,
    admission: Annotated[
        Literal["continuous", "homogeneous"],
        typer.Option(help="Whether rows at different steps share passes."),
    ] = "continuous",
    queue: Annotated[int, typer.Option(help="Generations that may wait; beyond: 429.")] = 256,
    deadline: Annotated[float, typer.Option(help="Seconds that a request may take.")] = 120.0,
    drain: Annotated[float, typer.Option(help="Seconds for what runs when the server is stopped.")] = 30.0,
    compilers: Annotated[int, typer.Option(help="Processes that compile constraints.")] = 2,
    compile_seconds: Annotated[float, typer.Option(help="CPU seconds of a compilation.")] = 10.0,
    compile_memory: Annotated[int, typer.Option(help="Megabytes of a compilation.")] = 1000,
    remember: Annotated[int, typer.Option(help="Megabytes of compiled constraints that are kept.")] = 1000,
    body_limit: Annotated[int, typer.Option(help="Bytes of a body.")] = 4_000_000,
    key: Annotated[
        list[str] | None,
        typer.Option("--api-key", help="A key that clients must send; or CANVASGEN_API_KEYS."),
    ] = None,
    validators: Annotated[
        str | None, typer.Option(help="module:NAME of a dict, from names to functions of the value.")
    ] = None,
    validators_in: Annotated[
        Literal["processes", "threads"],
        typer.Option(help="Whether each call of a validator is a child with limits."),
    ] = "processes",
    validator_seconds: Annotated[float, typer.Option(help="CPU seconds of a validator's call.")] = 5.0,
    validator_memory: Annotated[int, typer.Option(help="Megabytes of a validator's call.")] = 1000,
    page: Annotated[
        Path | None, typer.Option(help="A file that is served at / instead of the playground.")
    ] = None,
    tracing: Annotated[bool, typer.Option("--tracing", help="OpenTelemetry spans.")] = False,
    log_level: Annotated[str, typer.Option(help="DEBUG, INFO, WARNING or ERROR.")] = "INFO",
    *,
    loading: Loading,
) -> None:
    """Serve a model over OpenAI's interface, with exact constraints.

    Example: `canvasgen serve --port 8000`, then `curl http://127.0.0.1:8000/v1/models`
    """
    from canvasgen.extras import needed

    for package in ("fastapi", "uvicorn", "prometheus_client", "cloudpickle"):
        needed(package, "canvasgen serve")
    if log_level.upper() not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise InvalidConstraint(
            "no such level",
            rule="--log-level",
            value=log_level,
            remedy="write DEBUG, INFO, WARNING or ERROR",
        )
    from canvasgen.api import load
    from canvasgen.scheduling import Scheduler
    from canvasgen.serve.observing.log_lines import start_logging
    from canvasgen.serve.routes.application import create_app
    from canvasgen.serve.running.served import listening
    from canvasgen.serve.running.served import serve as run
    from canvasgen.serve.settings import ServeSettings
    from canvasgen.serve.validating.imported import imported

    keys = [
        *(key or []),
        *(one.strip() for one in os.environ.get("CANVASGEN_API_KEYS", "").split(",") if one.strip()),
    ]
    settings = ServeSettings(
        name=name or model or "canvasgen-tiny",
        rows=rows,
        memory=None if memory is None else memory * 1_000_000,
        admission=admission,
        queue=queue,
        deadline=deadline,
        drain=drain,
        body_bytes=body_limit,
        compilers=compilers,
        compile_seconds=compile_seconds,
        compile_bytes=compile_memory * 1_000_000,
        remembered_bytes=remember * 1_000_000,
        keys=tuple(keys),
        validators={} if validators is None else imported(os.getcwd(), validators),
        validators_in=validators_in,
        validator_seconds=validator_seconds,
        validator_bytes=validator_memory * 1_000_000,
        tracing=tracing,
        page=None if page is None else str(_file(page)),
    )
    start_logging(log_level.upper())
    listener = listening(host, port)
    scheduler = Scheduler(size=rows, memory=settings.memory, admission=admission)
    engine = load(model, **loading, scheduler=scheduler)
    app = create_app(engine, settings)
    clear_notice()
    address = listener.getsockname()

    def ready() -> None:
        typer.echo(f"canvasgen serves {settings.name} on http://{address[0]}:{address[1]}", err=True)

    run(app, listener, drain=drain, ready=ready)


def _file(path: Path) -> Path:
    if not path.is_file():
        raise InvalidConstraint(
            "there is no such file",
            rule="--page",
            value=str(path),
            remedy="give the path of a page that is there",
        )
    return path.resolve()
