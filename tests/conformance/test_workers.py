"""Workers answer, are killed when they are late, and are started anew after a death."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from workers import Died, Late, Worker, on_workers

CODE = """
import sys, time, resource
from workers import answer
resource.setrlimit(resource.RLIMIT_DATA, (1 << 28, 1 << 28))
answer({"ready": True})
for line in sys.stdin:
    word = line.strip()
    if word == "die":
        raise ValueError("dead")
    if word == "large":
        bytearray(1 << 29)
    answer(word)
    if word == "late":
        time.sleep(60)
    answer(word.upper())
"""
COMMAND = [sys.executable, "-c", CODE]

pytestmark = pytest.mark.slow


def do(worker: Worker, word: str) -> Any:
    try:
        return worker.ask(word.encode(), 10, 1)
    except Late as late:
        return ["late", *late.args]
    except Died as death:
        return str(death)


@pytest.mark.parametrize("jobs", [1, 2])
def test_answers_come_in_order_whatever_happens_between(jobs: int) -> None:
    tasks = ["a", "die", "b", "late", "c", "large", "d"]
    found = on_workers(COMMAND, tasks, do, jobs)
    assert found == [
        ["a", "A"], "ValueError: dead", ["b", "B"], ["late", "late"], ["c", "C"], "MemoryError", ["d", "D"],
    ]  # fmt: skip


def test_a_worker_that_does_not_start_says_why() -> None:
    worker = Worker([sys.executable, "-c", "raise SystemExit('no model')"])
    with pytest.raises(Died, match="no model"):
        worker.ask(json.dumps({}).encode(), 1)
