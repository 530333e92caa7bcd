"""How the JSON texts of a schema are written: what is free beside the value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from canvasgen.schemas.texts.fences import Fence
from canvasgen.schemas.texts.whitespace import Style

__all__ = ["ORDERS", "Order", "Writing"]

Order: TypeAlias = Literal["schema", "any", "model"]
ORDERS: tuple[Order, ...] = ("schema", "any", "model")


@dataclass(frozen=True, slots=True)
class Writing:
    """What is generated; what is accepted depends on the value alone, and on the fence.

    Attributes:
        style: of the whitespace.
        order: of declared properties: the schema's, any, or the one of a model's first drafts.
        fence: whether a text stands in a code fence.
        max_depth: how often recursive schemas are unrolled, and levels of any JSON; None: as the size allows.
    """

    style: Style = "flexible"
    order: Order = "schema"
    fence: Fence = "forbid"
    max_depth: int | None = None
