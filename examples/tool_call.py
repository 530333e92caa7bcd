"""A tool call: one of several functions by name, with arguments that fit the one that was chosen.

python examples/tool_call.py
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, TypeAdapter

import canvasgen as cg


class SetAge(BaseModel, extra="forbid"):
    tool: Literal["set_age"]
    name: str
    age: int = Field(ge=0, le=130)


class SetCity(BaseModel, extra="forbid"):
    tool: Literal["set_city"]
    name: str
    city: str


Call = Annotated[SetAge | SetCity, Field(discriminator="tool")]

note = "tool: set_age; name: Ann Lee; age: 41"
calls = TypeAdapter(Call)
found = cg.load().generate(note, schema=calls.json_schema(), seed=1, on_step_limit="return")
print(repr(calls.validate_python(found)))


# Prints:
# SetAge(tool='set_age', name='Ann Lee', age=41)
