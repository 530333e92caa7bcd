"""`/v1/decisions`, `/v1/systemone`, `/v1/edits` and `/v1/infill`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from fastapi import APIRouter, Request
from fastapi.responses import Response

from canvasgen.serve.answers.chat_answer import facts, now, reasoning_in
from canvasgen.serve.answers.decision_answer import decision_answer, systemone_answer
from canvasgen.serve.answers.told import new_id, told, usage_of
from canvasgen.serve.protocol.canvas_body import (
    DecisionAnswer,
    DecisionsBody,
    EditAnswer,
    EditBody,
    EditChoice,
    InfillBody,
    SystemOneAnswer,
    SystemOneBody,
)
from canvasgen.serve.requests.canvas_plan import plan_of_edit, plan_of_infill
from canvasgen.serve.requests.decision_plan import inquiry_of_decisions, inquiry_of_systemone
from canvasgen.serve.routes.openai_routes import ERRORS

if TYPE_CHECKING:
    from canvasgen.serve.finished import Finished
    from canvasgen.serve.requests.plan import Plan
    from canvasgen.serve.routes.house import House

__all__ = ["canvas_routes"]


def canvas_routes(house: House) -> APIRouter:
    """Return the endpoints that only canvases have."""
    routes = APIRouter(tags=["canvas"], responses=ERRORS)
    settings = house.settings

    @routes.post("/v1/decisions", response_model=DecisionAnswer)
    async def decide(body: DecisionsBody, request: Request) -> Response:
        """Return the exact probability of each option as the whole answer, and of combinations of answers."""
        inquiry = inquiry_of_decisions(body, settings)
        answer = decision_answer(
            inquiry, await house.complete_all(request, inquiry.plans), body, settings.name
        )
        return house.answered(answer, inquiry.plans[0])

    @routes.post("/v1/systemone", response_model=SystemOneAnswer)
    async def systemone(body: SystemOneBody, request: Request) -> Response:
        """Answer typed questions: yes or no, named choices, scores."""
        inquiry = inquiry_of_systemone(body, settings)
        answer = systemone_answer(
            inquiry, await house.complete_all(request, inquiry.plans), body, settings.name
        )
        return house.answered(answer, inquiry.plans[0])

    @routes.post("/v1/edits", response_model=EditAnswer)
    async def edit(body: EditBody, request: Request) -> Response:
        """Write spans of a text anew; all the rest stays byte for byte."""
        plan = plan_of_edit(body, settings)
        return house.answered(_edited("edit", plan, await house.complete(request, plan), settings.name), plan)

    @routes.post("/v1/infill", response_model=EditAnswer)
    async def infill(body: InfillBody, request: Request) -> Response:
        """Write the text between a prefix and a suffix."""
        plan = plan_of_infill(body, settings)
        return house.answered(
            _edited("infill", plan, await house.complete(request, plan), settings.name), plan
        )

    return routes


def _edited(
    kind: Literal["edit", "infill"], plan: Plan, finished: Sequence[Finished], model: str
) -> EditAnswer:
    choices = [
        EditChoice(
            index=made.number,
            text=answer.content or "",
            infill=str(made.completion.value) if kind == "infill" else None,
            canvasgen=facts(plan, made) | reasoning_in(answer),
        )
        for made, answer in ((made, told(plan, made)) for made in finished)
    ]
    return EditAnswer(
        id=new_id(kind),
        object=kind,
        created=now(),
        model=model,
        choices=choices,
        usage=usage_of(finished, thinks=plan.thinks),
    )
