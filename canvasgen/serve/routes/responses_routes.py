"""`/v1/responses`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import Response

from canvasgen.serve.answers.responses_answer import ResponseAnswer, responses_answer
from canvasgen.serve.answers.responses_stream import ResponsesStream
from canvasgen.serve.protocol.responses_body import ResponsesBody
from canvasgen.serve.requests.responses_plan import plan_of_responses
from canvasgen.serve.routes.openai_routes import ERRORS

if TYPE_CHECKING:
    from canvasgen.serve.routes.house import House

__all__ = ["responses_routes"]


def responses_routes(house: House) -> APIRouter:
    """Return the endpoint."""
    routes = APIRouter(tags=["OpenAI"], responses=ERRORS)
    settings = house.settings

    @routes.post("/v1/responses", response_model=ResponseAnswer)
    async def respond(body: ResponsesBody, request: Request) -> Response:
        """Answer a conversation, in the newer form; nothing is stored."""
        plan = plan_of_responses(body, settings)
        if plan.stream:
            return await house.stream(request, plan, ResponsesStream(plan, settings.name), named=True)
        (made,) = await house.complete(request, plan)
        return house.answered(responses_answer(plan, made, settings.name), plan)

    return routes
