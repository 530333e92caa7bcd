"""A small server of one engine in the form that the playground speaks: enough to test the page alone."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import canvasgen as cg
from canvasgen.denoise import Done, Draft
from canvasgen.errors import CanvasgenError
from canvasgen.viewer import playground_page

AT = {
    "schema": "$.response_format.json_schema.schema",
    "regex": "$.structured_outputs.regex",
    "choice": "$.structured_outputs.choice",
    "grammar": "$.structured_outputs.grammar",
    "template": "$.canvasgen.template",
    "constraint": "$.canvasgen.table",
}


def options_of(body: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a request for `Engine.stream`."""
    own = body.get("canvasgen", {})
    options: dict[str, Any] = {name: body[name] for name in ("seed", "max_tokens") if name in body}
    options |= {
        name: own[name] for name in ("quality", "temperature", "probabilities", "template") if name in own
    }
    if "response_format" in body:
        options["schema"] = body["response_format"]["json_schema"]["schema"]
    options |= body.get("structured_outputs", {})
    if "table" in own:
        kind, rest = (
            own["table"]["kind"],
            {name: value for name, value in own["table"].items() if name != "kind"},
        )
        options["constraint"] = getattr(cg, kind)(**rest)
    return options


@contextmanager
def served(engine: cg.Engine) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Serve the playground and an engine on a port of this machine; the address, and the bodies that came."""
    bodies: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *arguments: Any) -> None:
            pass

        def answer(self, content: str, kind: str = "application/json", status: int = 200) -> None:
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.end_headers()
            self.wfile.write(content.encode())

        def do_GET(self) -> None:
            if self.path == "/":
                self.answer(playground_page(), "text/html")
            else:
                self.answer(json.dumps({"object": "list", "data": [{"id": "small"}]}))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            bodies.append(body)
            kind = "schema"
            try:
                options = options_of(body)
                kind = next((name for name in AT if name in options), "schema")
                events = engine.stream(body["messages"], on_step_limit="return", **options)
                first = next(iter(events))
            except CanvasgenError as error:
                path = error.path if error.path and error.path.startswith("$") else "$"
                told = {"message": error.message, "param": AT[kind] + path[1:], "code": "invalid_constraint"}
                self.answer(json.dumps({"error": told}), status=400)
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            self.say({"role": "assistant", "content": ""})
            for event in (first, *events):
                if isinstance(event, Draft):
                    self.say(
                        {"x-diffusion-draft": {"text": event.text, "block": event.block, "step": event.step}}
                    )
                elif isinstance(event, Done):
                    done = event.completion
                    self.say({"content": done.text})
                    asked = done.probabilities.items()
                    shares = {name: {str(one): of[one] for one in of} for name, of in asked}
                    facts = {
                        "outcome": str(done.outcome),
                        "steps": done.steps,
                        "log_prob": done.log_prob,
                        "value": done.value,
                        "probabilities": shares,
                    }
                    self.say({}, finish_reason="stop", canvasgen=facts)
            self.wfile.write(b"data: [DONE]\n\n")

        def say(self, delta: dict[str, Any], **more: Any) -> None:
            chunk = {
                "id": "1",
                "object": "chat.completion.chunk",
                "choices": [{"index": 0, "delta": delta, **more}],
            }
            self.wfile.write(f"data: {json.dumps(chunk, default=str)}\n\n".encode())
            self.wfile.flush()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", bodies
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
