"""Processes that answer lines of JSON: what they do may kill them, or take too long."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import local
from typing import Any

HERE = Path(__file__).resolve().parent
START = 600.0
"""Seconds in which a worker has to start (models and vocabularies load, kernels compile once per machine)."""
ONE_THREAD = ("OMP_NUM_THREADS", "RAYON_NUM_THREADS", "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def answer(message: Any) -> None:
    """What a worker says: a line of JSON."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


class Late(Exception):
    """A worker did not answer in time."""


class Died(Exception):
    """A worker is gone; the message is the last line of its complaint."""


class Worker:
    """A process that answers lines of JSON, started when it is needed and after each death."""

    def __init__(self, command: list[str], limit: float = START) -> None:
        self.command = command
        self.limit = limit
        self.process: subprocess.Popen[bytes] | None = None

    def ask(self, line: bytes, *limits: float) -> list[Any]:
        """One answer for each limit, in seconds.

        Raises:
            Late: an answer did not come in time; the arguments are the answers before it.
            Died: the process ended.
        """
        if self.process is None:
            path = os.pathsep.join(filter(None, (str(HERE), os.environ.get("PYTHONPATH"))))
            self.complaint = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the process)
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self.complaint,
                env=os.environ | dict.fromkeys(ONE_THREAD, "1") | {"PYTHONPATH": path},
                bufsize=0,
            )
            self._read(self.limit, [])
        answers: list[Any] = []
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(line + b"\n")
        except BrokenPipeError:
            self._died()
        for limit in limits:
            answers.append(self._read(limit, answers))
        return answers

    def _read(self, limit: float, answers: list[Any]) -> Any:
        assert self.process is not None
        assert self.process.stdout is not None
        if not select.select([self.process.stdout], [], [], limit)[0]:
            self.close()
            raise Late(*answers)
        line = self.process.stdout.readline()
        if not line:
            self._died()
        return json.loads(line)

    def _died(self) -> None:
        assert self.process is not None
        self.process.wait()
        self.complaint.seek(0)
        lines = self.complaint.read().decode(errors="replace").strip().splitlines()
        said = lines[-1][:300] if lines else f"ended with {self.process.returncode}"
        self.close()
        raise Died(said)

    def close(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            for stream in (self.process.stdin, self.process.stdout, self.complaint):
                if stream is not None:
                    stream.close()
            self.process = None


def on_workers(
    command: list[str], tasks: Iterable[Any], do: Callable[[Worker, Any], Any], jobs: int
) -> list[Any]:
    """`do(worker, task)` for all tasks, in their order, on `jobs` processes."""
    from rich.console import Console
    from rich.progress import track

    here = local()
    workers: list[Worker] = []

    def run(task: Any) -> Any:
        if not hasattr(here, "worker"):
            here.worker = Worker(command)
            workers.append(here.worker)
        return do(here.worker, task)

    tasks = list(tasks)
    try:
        with ThreadPoolExecutor(jobs) as pool:
            return list(
                track(pool.map(run, tasks), total=len(tasks), console=Console(stderr=True), transient=True)
            )
    finally:
        for worker in workers:
            worker.close()
