"""The application: its routes, its life, and how errors are told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from canvasgen.errors import CanvasgenError
from canvasgen.serve.compiling.pool import CompilerPool
from canvasgen.serve.observing.log_lines import logger
from canvasgen.serve.observing.metrics import Metrics
from canvasgen.serve.observing.tracing_spans import Spans
from canvasgen.serve.own_processes import Allowed
from canvasgen.serve.protocol.api_error import ApiError, as_api_error, json_path
from canvasgen.serve.protocol.body_errors import told_of
from canvasgen.serve.routes.canvas_routes import canvas_routes
from canvasgen.serve.routes.error_answer import answered
from canvasgen.serve.routes.gate import Gate
from canvasgen.serve.routes.house import House
from canvasgen.serve.routes.openai_routes import openai_routes
from canvasgen.serve.routes.responses_routes import responses_routes
from canvasgen.serve.routes.state_routes import state_routes
from canvasgen.serve.running.runner import Runner
from canvasgen.serve.validating.validator_calls import Validators
from canvasgen.serve.version import VERSION

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from canvasgen.engine import Engine
    from canvasgen.serve.settings import ServeSettings

__all__ = ["create_app"]


def create_app(engine: Engine, settings: ServeSettings) -> FastAPI:
    """Return the application around a loaded model.

    Args:
        engine: the model. Its scheduler runs all rows.
        settings: the limits.
    """
    settings = replace(settings, usual_tokens=engine.denoiser.defaults.max_tokens)
    metrics = Metrics(settings.name, engine.scheduler, settings.rows)
    pool = CompilerPool(
        engine.vocabulary,
        Allowed(settings.compile_seconds, settings.compile_bytes),
        processes=settings.compilers,
        remembered=settings.remembered,
        remembered_bytes=settings.remembered_bytes,
        most_bytes=settings.constraint_bytes,
    )
    validators = Validators(
        settings.validators if settings.validators_in == "processes" else {},
        Allowed(settings.validator_seconds, settings.validator_bytes),
        deadline=settings.deadline,
    )
    runner = Runner(
        engine, pool, settings, metrics, validators if settings.validators_in == "processes" else None
    )
    house = House(engine, settings, runner, metrics, Spans(on=settings.tracing, model=settings.name))

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncGenerator[None]:
        await asyncio.gather(pool.start(), asyncio.to_thread(validators.start))
        house.is_ready = True
        yield
        house.is_ready = False
        if not await runner.finish(settings.drain):
            logger.warning("stopped before all generations had ended")
        await asyncio.gather(pool.close(), asyncio.to_thread(validators.close))

    app = FastAPI(
        title="canvasgen",
        version=VERSION,
        description="Exact constrained generation on canvas models, over OpenAI's interface.",
        lifespan=life,
        redoc_url=None,
    )
    app.state.house = house
    app.include_router(state_routes(house))
    app.include_router(openai_routes(house))
    app.include_router(responses_routes(house))
    app.include_router(canvas_routes(house))
    app.add_middleware(Gate, settings=settings)
    _tell_errors(app)
    return app


def _tell_errors(app: FastAPI) -> None:
    """Answer every error in OpenAI's form."""

    async def of_api(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, ApiError)
        return answered(error)

    async def of_library(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, CanvasgenError)
        return answered(as_api_error(error))

    async def of_body(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        errors = [
            {**one, "loc": tuple(step for step in one["loc"] if step != "body")} for one in error.errors()
        ]
        first, place = told_of(cast("list[ErrorDetails]", errors), error.body)
        kind = first["type"]
        return answered(ApiError(400, first["msg"], f"invalid_{kind}"[:64], json_path(place)))

    async def of_http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        headers = dict(error.headers or {})
        return answered(ApiError(error.status_code, str(error.detail), "http_error", headers=headers))

    app.add_exception_handler(ApiError, of_api)
    app.add_exception_handler(CanvasgenError, of_library)
    app.add_exception_handler(RequestValidationError, of_body)
    app.add_exception_handler(HTTPException, of_http)
