"""Validators of Python types at commit: what they refuse is passed over for the next-best canvas."""

from __future__ import annotations

from typing import Annotated

import pytest
import torch
from pydantic import AfterValidator, BaseModel, model_validator
from toy_models import Confident, vocabulary

from canvasgen.constraints import json_schema
from canvasgen.denoise import Defaults, Job, run

DIGITS = vocabulary(*"0123456789", '{"low":', ',"high":', "}")


class Ordered(BaseModel):
    low: int
    high: int

    @model_validator(mode="after")
    def check(self) -> Ordered:
        if self.low >= self.high:
            raise ValueError("order")
        return self


def even(value: int) -> int:
    if value % 2:
        raise ValueError("odd")
    return value


@pytest.mark.parametrize("wanted", [Ordered, Annotated[int, AfterValidator(even)]])
def test_the_next_best_canvas_is_taken(wanted: type) -> None:
    logits = torch.zeros(6, DIGITS.size)
    logits[:, 1] = 2.0
    logits[:, 11] = 1.0  # likes nines most, which both validators refuse
    logits += torch.linspace(0, 0.1, DIGITS.size)
    model = Confident(
        vocabulary=DIGITS, canvas_length=6, logits=logits, defaults=Defaults(max_denoising_steps=3)
    )
    constraint = json_schema(wanted, whitespace="compact")
    compiled = constraint.compile(DIGITS)
    best = next(compiled.condition(logits).k_best())[0]
    assert not constraint.matches(DIGITS.text_bytes(best).decode())
    done = run(model, [Job([3], compiled, max_tokens=6)])[0]
    assert constraint.matches(done.text)
