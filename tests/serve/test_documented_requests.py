"""The requests of docs/serving.md get what the page shows.

python tests/serve/test_documented_requests.py      writes what they get into the page
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

PAGE = Path(__file__).parents[2] / "docs" / "serving.md"
REQUEST = re.compile(
    r"```sh\ncurl -s localhost:8000(?P<url>\S+) --json '(?P<body>.*?)' \| jq -c '(?P<path>\S+)'\n```\n\n"
    r"```json\n(?P<shown>.*?)```",
    re.S,
)
STEP = re.compile(r"\.(\w+)|\[(\d+)\]")


def got(client: TestClient, found: re.Match[str]) -> str:
    """What a request gets, as `jq -c` shows the part of it that the page asks for."""
    value: Any = client.post(found["url"], json=json.loads(found["body"])).json()
    for name, number in STEP.findall(found["path"]):
        value = value[name] if name else value[int(number)]
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"


REQUESTS = [*REQUEST.finditer(PAGE.read_text("utf-8"))]


def test_the_page_has_requests() -> None:
    assert len(REQUESTS) == PAGE.read_text("utf-8").count("```sh\ncurl")


@pytest.mark.parametrize("found", REQUESTS, ids=[f"{n} {one['url']}" for n, one in enumerate(REQUESTS)])
def test_a_request_gets_what_is_shown(client: TestClient, found: re.Match[str]) -> None:
    seen, shown = got(client, found), found["shown"]
    if "probability" in shown:
        number = re.compile(r"0\.\d+")
        assert float(number.findall(seen)[0]) == pytest.approx(float(number.findall(shown)[0]), abs=1e-3)
        seen, shown = number.sub("0", seen), number.sub("0", shown)
    assert seen == shown


def write() -> None:
    import canvasgen as cg
    from canvasgen.serve.routes.application import create_app
    from canvasgen.serve.settings import ServeSettings

    with TestClient(
        create_app(cg.load(), ServeSettings(name="canvasgen-tiny", compilers=1, deadline=3600))
    ) as client:
        text = REQUEST.sub(
            lambda one: one[0][: one.start("shown") - one.start()] + got(client, one) + "```",
            PAGE.read_text("utf-8"),
        )
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
