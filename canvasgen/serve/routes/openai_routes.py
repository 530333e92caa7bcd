"""`/v1/chat/completions` and `/v1/completions`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from canvasgen.serve.answers.chat_answer import chat_answer, completion_answer
from canvasgen.serve.answers.chat_stream import ChatStream
from canvasgen.serve.answers.text_stream import TextStream
from canvasgen.serve.protocol.answers import ChatAnswer, CompletionAnswer
from canvasgen.serve.protocol.api_error import ApiError, ErrorBody
from canvasgen.serve.protocol.chat_body import ChatBody, CompletionBody
from canvasgen.serve.requests.plan import plan_of_chat, plans_of_completion

if TYPE_CHECKING:
    from canvasgen.serve.routes.house import House

__all__ = ["ERRORS", "openai_routes"]

ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"model": ErrorBody, "description": "The request is impossible; `param` says where."},
    401: {"model": ErrorBody, "description": "There is no valid API key."},
    408: {"model": ErrorBody, "description": "The body did not arrive in time."},
    413: {"model": ErrorBody, "description": "The body is too large."},
    415: {"model": ErrorBody, "description": "The body is compressed in an unknown way."},
    422: {"model": ErrorBody, "description": "No text passed the validators."},
    429: {"model": ErrorBody, "description": "The queue is full; `Retry-After` says for how long."},
    503: {"model": ErrorBody, "description": "The server stops."},
    504: {"model": ErrorBody, "description": "There was no answer in time."},
}


def openai_routes(house: House) -> APIRouter:
    """Return the endpoints that OpenAI's clients know."""
    routes = APIRouter(tags=["OpenAI"], responses=ERRORS)
    settings = house.settings

    @routes.post("/v1/chat/completions", response_model=ChatAnswer)
    async def chat(body: ChatBody, request: Request) -> Response:
        """Answer a conversation."""
        plan = plan_of_chat(body, settings)
        if plan.stream:
            return await house.stream(request, plan, ChatStream(plan, settings.name))
        return house.answered(chat_answer(plan, await house.complete(request, plan), settings.name), plan)

    @routes.post("/v1/completions", response_model=CompletionAnswer)
    async def complete(body: CompletionBody, request: Request) -> Response:
        """Continue one text, or several."""
        plans = plans_of_completion(body, settings)
        if plans[0].stream:
            if len(plans) > 1:
                raise ApiError(400, "a stream has one prompt", "unsupported_parameter", "$.prompt")
            return await house.stream(request, plans[0], TextStream(plans[0], settings.name))
        finished = await house.complete_all(request, plans)
        answer = completion_answer(plans, finished, settings.name, echo=bool(body.echo))
        return house.answered(answer, plans[0])

    return routes
