"""A vLLM server with the embedded model, as a subprocess, and requests to it over HTTP."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
WEIGHTS = ROOT / "canvasgen" / "models" / "embedded" / "tiny" / "weights"
CHAT = "{% for message in messages %}{{ message.content }}\n{% endfor %}"
"""The embedded model has no chat template."""


class Server:
    """Started when it is entered, stopped when it is left.

    Args:
        log: a file that is written.
        options: of the server, besides those that all have.
        variables: of its environment.

    Attributes:
        log: the file with all that it says.
    """

    def __init__(self, log: Path, *options: str, **variables: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.log = log
        self._options, self._variables = options, variables

    def __enter__(self) -> Server:
        template = self.log.with_suffix(".jinja")
        template.write_text(CHAT)
        command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server"]
        options = {
            "model": WEIGHTS,
            "served-model-name": "tiny",
            "host": "127.0.0.1",
            "port": self.port,
            "dtype": "float32",
            "max-model-len": 1024,
            "max-num-seqs": 4,
            "gpu-memory-utilization": 0.1,
            "chat-template": template,
        }
        words = [str(word) for name, value in options.items() for word in (f"--{name}", value)]
        words += ["--enforce-eager", "--language-model-only", *self._options]
        with self.log.open("w") as out:
            self._process = subprocess.Popen(
                [*command, *words], stdout=out, stderr=subprocess.STDOUT, env=environment() | self._variables
            )
        while not self.lives():
            if self._process.poll() is not None:
                raise RuntimeError(f"the server has stopped:\n{self.log.read_text()[-4000:]}")
            time.sleep(1)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def lives(self) -> bool:
        """Whether it answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=10) as answer:
                return answer.status == 200
        except OSError:
            return False

    def metrics(self) -> str:
        """What `/metrics` says."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=60) as answer:
            return answer.read().decode()

    def cpu_seconds(self) -> float:
        """CPU time of all its processes so far; those that have ended count for the ones that waited for them."""
        import psutil  # of vLLM

        own = psutil.Process(self._process.pid)
        times = [one.cpu_times() for one in (own, *own.children(recursive=True))]
        return sum(one.user + one.system + one.children_user + one.children_system for one in times)

    def post(self, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        """The status and the answer of a request, JSON or a text."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            json.dumps({"model": "tiny"} | body).encode(),
            {"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=900) as answer:
                return answer.status, _read(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, _read(error.read())

    def chat(self, content: str, **body: Any) -> tuple[int, Any]:
        return self.post(
            "/v1/chat/completions",
            {"messages": [{"role": "user", "content": content}], "max_tokens": 128} | body,
        )


def _read(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return content.decode()


def environment() -> dict[str, str]:
    """What vLLM needs on a CPU."""
    return os.environ | {
        "TRITON_INTERPRET": "1",
        "TORCHDYNAMO_DISABLE": "1",
        "HF_HUB_OFFLINE": "1",
        "VLLM_CPU_KVCACHE_SPACE": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "OMP_NUM_THREADS": "1",
    }
