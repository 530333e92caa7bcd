"""The server on Ray Serve: as many replicas as there is work for, each with a model and a scheduler of its own."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from canvasgen.extras import needed
from canvasgen.serve.settings import ServeSettings

__all__ = ["build_app"]


def build_app(
    model: str | None = None,
    *,
    settings: ServeSettings | None = None,
    options: Mapping[str, Any] | None = None,
) -> Any:
    """Return an application for `ray.serve.run`, with all routes of `canvasgen serve`, streams included.

    Args:
        model: as for `canvasgen.load`, loaded by each replica.
        settings: the limits of a replica.
        options: of Ray's `@serve.deployment`: `num_replicas`, `autoscaling_config`, `ray_actor_options`, …

    Raises:
        MissingPackage: Ray Serve or FastAPI is not installed.
    """
    needed("ray", "canvasgen.integrations.ray")
    needed("fastapi", "canvasgen.integrations.ray")
    serve: Any = import_module("ray.serve")
    kept = settings or ServeSettings(name=model or "canvasgen-tiny")

    def application() -> Any:
        from canvasgen.api import load
        from canvasgen.scheduling import Scheduler
        from canvasgen.serve.routes.application import create_app

        scheduler = Scheduler(size=kept.rows, memory=kept.memory, admission=kept.admission)
        return create_app(load(model, scheduler=scheduler), kept)

    # as many requests as may run and wait: the replica's own queue answers 429, with a word on when to come again
    given = {"max_ongoing_requests": kept.rows + kept.queue, **(options or {})}

    @serve.deployment(name="canvasgen", **given)
    @serve.ingress(application)
    class CanvasServer:
        """One replica."""

    return CanvasServer.bind()
