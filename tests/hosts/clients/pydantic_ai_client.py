"""pydantic-ai: typed output by tools and by native schemas."""

from __future__ import annotations

import os

from pydantic import BaseModel
from pydantic_ai import Agent, NativeOutput, ToolOutput
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.openai import OpenAIProvider

provider = OpenAIProvider(base_url=os.environ["CANVASGEN_URL"] + "/v1", api_key="none")


class Person(BaseModel):
    name: str
    age: int


for kind in (OpenAIChatModel, OpenAIResponsesModel):
    for output in (NativeOutput(Person), ToolOutput(Person)):
        agent = Agent(kind("tiny", provider=provider), output_type=output)
        result = agent.run_sync("Alice Smith, 34 years old, lives in Paris.")
        assert isinstance(result.output, Person)
        assert result.usage.output_tokens > 0
        print("ok", kind.__name__, type(output).__name__, result.output)
