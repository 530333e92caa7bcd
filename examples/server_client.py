"""A client of `canvasgen serve` that needs no library: a value under a schema, the canvas as it forms, an error.

canvasgen serve --port 8000 &
python examples/server_client.py        # or CANVASGEN_URL=http://127.0.0.1:8000
"""

from __future__ import annotations

import json
import os
from http.client import HTTPResponse
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

URL = os.environ.get("CANVASGEN_URL", "http://127.0.0.1:8000")


def ask(**body: Any) -> HTTPResponse:
    """Return the server's answer to a request."""
    data = json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    return urlopen(Request(f"{URL}/v1/chat/completions", data, headers))


schema = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
}
person: dict[str, Any] = {
    "messages": [{"role": "user", "content": "Alice Smith, 34 years old, lives in Paris."}],
    "response_format": {"type": "json_schema", "json_schema": {"name": "person", "schema": schema}},
    "seed": 1,
}
with ask(**person) as answer:
    print(json.load(answer)["choices"][0]["message"]["content"])

with ask(**person, stream=True, canvasgen={"drafts": True}) as events:
    for event in events:
        if event.startswith(b"data: {"):
            delta = json.loads(event[len("data: ") :])["choices"][0]["delta"]
            if "x-diffusion-draft" in delta:
                print("draft", delta["x-diffusion-draft"]["text"])

try:
    ask(**{**person, "max_tokens": 3})
except HTTPError as refused:
    error = json.load(refused)["error"]
    print(refused.code, error["code"])
    print(error["message"].replace("; ", "\n"))


# Prints:
# {"name": "Alice Smith", "age": 34}
# draft {"name": "Alice Smith", "age": 34}
# 400 budget_too_small
# the shortest valid text has 8 tokens or more, and the budget is 3
# value: 3
# remedy: raise max_tokens to 8 or more
