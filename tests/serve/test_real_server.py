"""`canvasgen serve` as a process: its address, an answer, a stream, and its graceful end."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from asking import chat, chunks

from canvasgen.errors import InvalidConstraint, ModelError
from canvasgen.serve.running.served import listening
from canvasgen.serve.validating.imported import imported

URL = "/v1/chat/completions"


@pytest.mark.slow
def test_a_server_answers_and_finishes_what_runs(tmp_path: Path) -> None:
    (tmp_path / "checks.py").write_text("VALIDATORS = {'even': lambda value: int(value) % 2 == 0}\n")
    (tmp_path / "page.html").write_text("<p>hello</p>")
    command = [sys.executable, "-c", "from canvasgen.cli import main; main()", "serve", "--port", "0"]
    command += [
        "--validators",
        "checks",
        "--page",
        "page.html",
        "--api-key",
        "secret",
        "--deadline",
        "3600",
        "--drain",
        "3600",
    ]
    process = subprocess.Popen(command, cwd=tmp_path, env=os.environ, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    told = next((found for line in process.stderr if (found := re.search(r"http://\S+", line))), None)
    assert told is not None
    headers = {"authorization": "Bearer secret"}
    with (
        httpx.Client(base_url=told[0], timeout=None, headers=headers) as client,
        ThreadPoolExecutor(1) as threads,
    ):
        extension = {"validators": ["even"], "max_denoising_steps": 3}
        body = chat(structured_outputs={"regex": "[0-9]{2}"}, canvasgen=extension)
        got = client.post(URL, json=body)
        assert int(got.json()["choices"][0]["message"]["content"]) % 2 == 0
        assert got.headers["x-request-id"]
        text = client.post(URL, json={**body, "stream": True}).text
        deltas = [one["choices"][0]["delta"].get("content") or "" for one in chunks(text)]
        assert "".join(deltas) == got.json()["choices"][0]["message"]["content"]
        assert client.get("/").text == "<p>hello</p>"
        assert client.get("/openapi.json").json()["paths"].keys() >= {URL, "/v1/decisions", "/v1/edits"}
        long = threads.submit(
            client.post, URL, json=chat(max_tokens=200, canvasgen={"max_denoising_steps": 20})
        )
        while 'num_requests_running{model_name="canvasgen-tiny"} 1.0' not in client.get("/metrics").text:
            pass
        process.send_signal(signal.SIGTERM)
        assert long.result().status_code == 200
    rest = process.communicate()[1]
    assert process.returncode == 0
    assert '"message": "stopping"' in rest
    assert "Traceback" not in rest


def test_what_cannot_be_served_is_said() -> None:
    with listening("127.0.0.1", 0) as taken, pytest.raises(ModelError, match="listen"):
        listening("127.0.0.1", taken.getsockname()[1])
    for wrong in (-1, 65536, 99999):  # the system would listen on another one
        with pytest.raises(ModelError, match="65535"):
            listening("127.0.0.1", wrong)
    for wrong in ("no.such.module", "json:no_such_name", "json:dumps", ""):
        with pytest.raises(InvalidConstraint, match="validators"):
            imported(".", wrong)
