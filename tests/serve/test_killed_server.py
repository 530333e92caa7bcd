"""A server that is killed amid requests: every client gets an error, and nothing of it stays behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from asking import chat

URL = "/v1/chat/completions"
LONG = chat(max_tokens=250, canvasgen={"max_denoising_steps": 1000, "drafts": True})


def children_of(process: int) -> list[int]:
    found = Path(f"/proc/{process}/task").glob("*/children")
    return [int(number) for one in found for number in one.read_text().split()]


def below(process: int) -> list[int]:
    return [one for child in children_of(process) for one in (child, *below(child))]


def lives(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are read from /proc")
def test_clients_of_a_killed_server_get_an_error_and_no_process_stays() -> None:
    command = [sys.executable, "-c", "from canvasgen.cli import main; main()", "serve", "--port", "0"]
    command += [
        "--deadline",
        "3600",
    ]
    process = subprocess.Popen(command, env=os.environ, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    told = next((found for line in process.stderr if (found := re.search(r"http://\S+", line))), None)
    assert told is not None
    with httpx.Client(base_url=told[0], timeout=None) as client, ThreadPoolExecutor(4) as threads:

        def whole(body: dict[str, object]) -> httpx.Response:
            return client.post(URL, json=body)

        def stream() -> str:
            with client.stream("POST", URL, json={**LONG, "stream": True}) as got:
                return "".join(got.iter_text())

        asked = [threads.submit(whole, LONG), threads.submit(stream)]
        while 'num_requests_running{model_name="canvasgen-tiny"} 2.0' not in client.get("/metrics").text:
            time.sleep(0.05)
        left = below(process.pid)
        assert left  # the processes that compile
        process.send_signal(signal.SIGKILL)
        for one in asked:
            with pytest.raises(httpx.TransportError):
                one.result()
    process.communicate()
    while any(map(lives, left)):
        time.sleep(0.05)
    with pytest.raises(httpx.ConnectError):
        httpx.get(told[0] + "/health")
