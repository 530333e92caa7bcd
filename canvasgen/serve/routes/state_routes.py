"""`/health`, `/ready`, `/metrics`, `/v1/models`, and the page at `/`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fastapi import APIRouter
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, Response

from canvasgen.serve.observing.metrics import CONTENT_TYPE
from canvasgen.serve.protocol.answers import ModelFacts, ModelList
from canvasgen.serve.protocol.api_error import ApiError, ErrorBody
from canvasgen.serve.version import VERSION
from canvasgen.viewer import playground_page

if TYPE_CHECKING:
    from canvasgen.serve.routes.house import House

__all__ = ["state_routes"]

_RELEASED = "2026-11-30"


def state_routes(house: House) -> APIRouter:
    """Return what a server says of itself."""
    routes = APIRouter(tags=["state"])
    facts = ModelFacts(id=house.settings.name, created=0, max_model_len=house.engine.denoiser.max_context)

    @routes.get("/health")
    async def health() -> dict[str, str]:
        """The process lives."""
        return {"status": "ok", "version": VERSION}

    @routes.get("/ready", responses={503: {"description": "It is starting or stopping."}})
    async def ready() -> JSONResponse:
        """It takes requests."""
        is_ready = house.is_ready and not house.runner.is_stopping
        return JSONResponse({"ready": is_ready}, status_code=200 if is_ready else 503)

    @routes.get("/metrics", response_class=Response, responses={200: {"content": {CONTENT_TYPE: {}}}})
    async def metrics() -> Response:
        """Metrics for Prometheus."""
        runner = house.runner
        text = house.metrics.text(runner.waiting, validators_ended=runner.validators_ended)
        return Response(text, media_type=CONTENT_TYPE)

    @routes.get("/v1/models")
    async def models() -> ModelList:
        """The models that answer: one."""
        told = {"name": facts.id, "description": "A canvas model.", "release_date": _RELEASED}
        return ModelList(data=[facts], models=[{**told}])

    @routes.get("/v1/models/{model}", responses={404: {"model": ErrorBody}})
    async def model(model: str) -> ModelFacts:
        """One of them."""
        if model != facts.id:
            raise ApiError(404, "there is no such model", "model_not_found", "$.model")
        return facts

    page = house.settings.page

    @routes.get("/", include_in_schema=False)
    async def index() -> Response:
        """The playground, or a page of the operator's own."""
        return HTMLResponse(playground_page()) if page is None else FileResponse(Path(page))

    return routes
