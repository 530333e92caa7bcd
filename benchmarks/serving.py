"""How much does a server answer with 1, 4, 16 and 64 clients, beside one request at a time?

    python benchmarks/serving.py                      the table: throughput and latencies, continuous and homogeneous
    python benchmarks/serving.py --soak 600           ten minutes of clients that leave, time out and send garbage
    python benchmarks/serving.py --url http://…       the same against a server that runs already

Each client sends requests with mixed constraints one after another over HTTP. A server is started for each way of admission; the
client's own work counts, as it shares the cores.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import jsonschema

PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 40},
        "age": {"type": "integer"},
        "city": {"type": "string"},
    },
    "required": ["name", "age", "city"],
    "additionalProperties": False,
}
TAGS = {"type": "object", "properties": {"tags": {"type": "array", "items": {"enum": ["a", "b", "c"]}, "maxItems": 4}}, "required": ["tags"], "additionalProperties": False}  # fmt: skip
CHECKS: list[tuple[dict[str, Any], Callable[[str], bool]]] = [
    ({"json": PERSON}, lambda text: _follows(text, PERSON)),
    ({"json": TAGS}, lambda text: _follows(text, TAGS)),
    ({"regex": "[A-Z]{2}-[0-9]{4}"}, lambda text: re.fullmatch("[A-Z]{2}-[0-9]{4}", text) is not None),
    ({"choice": ["open", "closed", "waiting for the customer"]}, lambda text: text in ("open", "closed", "waiting for the customer")),
    ({"grammar": 'start: NAME ("," NAME)~0..3\nNAME: /[a-z]{2,6}/'}, lambda text: re.fullmatch("[a-z]{2,6}(,[a-z]{2,6}){0,3}", text) is not None),
]  # fmt: skip
NAMES = ["Alice Smith", "Bob Jones", "Carla Rossi", "Dan Brown"]
CITIES = ["Paris", "Rome", "Oslo", "Lima"]
PATIENT = httpx.Timeout(600.0)


def _follows(text: str, schema: dict[str, Any]) -> bool:
    jsonschema.validate(json.loads(text), schema)
    return True


def body(number: int, kind: int) -> dict[str, Any]:
    who, where = NAMES[number % 4], CITIES[number // 4 % 4]
    told = f"{who}, {20 + number % 50} years old, lives in {where}."
    return {
        "messages": [{"role": "user", "content": told}],
        "structured_outputs": CHECKS[kind][0],
        "seed": number,
        "max_tokens": 64,
    }


@contextmanager
def server(*options: str) -> Iterator[tuple[str, int]]:
    """A server of the embedded model: its address and process."""
    command = [sys.executable, "-c", "from canvasgen.cli import main; main()", "serve", "--port", "0"]
    command += ["--log-level", "ERROR", "--deadline", "3600", *options]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ)
    assert process.stderr is not None
    url = None
    for line in process.stderr:
        if found := re.search(r"http://\S+", line):
            url = found[0]
            break
    assert url is not None, "the server did not start"
    said: list[str] = []
    reading = threading.Thread(target=lambda: said.extend(process.stderr or []), daemon=True)
    reading.start()  # or a server that says much would wait
    try:
        yield url, process.pid
    finally:
        ended = process.poll()
        process.send_signal(signal.SIGTERM)
        process.wait(600)
        reading.join(5)
        if ended is not None or process.returncode or said:
            print(
                f"the server ended by itself: {ended}; at the end: {process.returncode}",
                *said[-40:],
                sep="\n",
            )


class Loaded(NamedTuple):
    """What a load came to: requests a second, the server's CPU seconds and passes for each, rows that share a pass, latencies."""

    rate: float
    cpu: float
    passes: float
    rows: float
    seconds: list[float]


async def passes(client: httpx.AsyncClient, url: str) -> list[float]:
    """Return the forward passes of a server so far, and the rows that took part in them."""
    text = (await client.get(f"{url}/metrics")).text
    names = ("canvasgen_forward_passes", "canvasgen_rows_in_passes")
    return [float(re.findall(rf"^{name}\{{.*\}} (\S+)", text, re.M)[0]) for name in names]


async def load(url: str, pid: int | None, clients: int, requests: int) -> Loaded:
    """Return what so many clients get for so many requests."""
    seconds: list[float] = []
    numbers = iter(range(requests))

    async def one(client: httpx.AsyncClient) -> None:
        for number in numbers:
            kind = number % len(CHECKS)
            begun = time.perf_counter()
            got = await client.post(f"{url}/v1/chat/completions", json=body(number, kind))
            seconds.append(time.perf_counter() - begun)
            assert got.status_code == 200, got.text
            assert CHECKS[kind][1](got.json()["choices"][0]["message"]["content"])

    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(timeout=PATIENT, limits=limits) as client:
        for kind in range(len(CHECKS)):  # compiled before the clock runs
            await client.post(f"{url}/v1/chat/completions", json=body(0, kind))
        before = await passes(client, url)
        begun, used = time.perf_counter(), _cpu_seconds(pid)
        await asyncio.gather(*(one(client) for _ in range(clients)))
        passed, used = time.perf_counter() - begun, _cpu_seconds(pid) - used
        steps, rows = (now - then for now, then in zip(await passes(client, url), before, strict=True))
        return Loaded(requests / passed, used / requests, steps / requests, rows / max(steps, 1), seconds)


def table(name: str, url: str, pid: int | None, counts: list[int], requests: int) -> None:
    print(
        "| admission | clients | requests/s | against one | CPU ms a request | against one | passes a request "
        "| rows a pass | p50 | p99 |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    alone = alone_cpu = 0.0
    for clients in counts:
        rate, cpu, steps, rows, seconds = asyncio.run(load(url, pid, clients, max(requests, 2 * clients)))
        alone, alone_cpu = alone or rate, alone_cpu or cpu
        ordered = sorted(seconds)
        p99 = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
        less = f"{alone_cpu / cpu:.2f}" if cpu else "-"
        print(
            f"| {name} | {clients} | {rate:.2f} | {rate / alone:.2f} | {cpu * 1e3:.0f} | {less} "
            f"| {steps:.2f} | {rows:.1f} "
            f"| {statistics.median(seconds):.2f} s | {p99:.2f} s |",
            flush=True,
        )


def _burns(value: object) -> bool:
    end = time.thread_time() + 1
    while time.thread_time() < end:
        pass
    return True


JUDGES: dict[str, Callable[[object], bool]] = {
    "sleeps": lambda value: time.sleep(2) is None,
    "burns": _burns,
    "refuses": lambda value: False,
}
"""Validators of the server that the soak asks."""
SUMS = {
    "type": "object",
    "properties": {"n": {"type": "array", "items": {"type": "integer"}, "minItems": 3, "maxItems": 9}, "all": {"type": "integer"}},
    "required": ["n", "all"],
    "additionalProperties": False,
}  # fmt: skip
HOSTILE: list[Callable[[random.Random], dict[str, Any]]] = [
    lambda r: {"structured_outputs": {"regex": "(a*)*b" + "(c*)*d" * r.randint(1, 9)}},
    lambda r: {"structured_outputs": {"regex": "(x+x+)+y" * r.randint(1, 30)}},
    lambda r: {"structured_outputs": {"regex": f"(a|b){{{r.randint(100, 9000)}}}"}},
    lambda r: {"structured_outputs": {"json": _nested(r.randint(10, 180))}},
    lambda r: {"structured_outputs": {"json": {"enum": [f"{r.random()}" for _ in range(9000)]}}},
    lambda r: {"structured_outputs": {"grammar": "start: " + " ".join(f'("{c}" | start)' for c in "abcdefgh" * r.randint(1, 4))}},
    lambda r: {"canvasgen": {"template": "{a}" * r.randint(2, 60)}},
    lambda r: {"canvasgen": {"validators": [r.choice([*JUDGES])], "timeout": r.choice([1, 20])}},
    lambda r: {"canvasgen": {"reasoning_tokens": r.randint(1, 99)}, "max_tokens": 100},
    lambda r: {
        "structured_outputs": {"json": SUMS},
        "canvasgen": {"relations": [["total", ["n[*]"], "==", "all"]], "timeout": r.choice([1, 20])},
        "max_tokens": 100,
    },
    lambda r: {"structured_outputs": {"choice": ["x" * r.randint(1, 99)]}, "max_tokens": 1},
    lambda r: {"response_format": {"type": "json_schema", "json_schema": {"schema": {"$ref": "#"}}}},
    lambda r: {"messages": [{"role": "user", "content": "w " * r.randint(1, 9000)}]},
    lambda r: {"n": r.randint(-3, 40), "temperature": r.choice([-1, 0, 5, 1e300]), "seed": r.getrandbits(80)},
]  # fmt: skip


def _nested(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "integer"}
    for _ in range(depth):
        schema = {"type": "object", "properties": {"a": schema}, "additionalProperties": False}
    return schema


async def soak(url: str, pid: int, seconds: float) -> None:
    """Good clients beside bad ones: all answers are valid, nobody starves, no request is lost, the memory stays."""
    counted: Counter[str] = Counter()
    slowest = 0.0
    lost: list[str] = []
    end = time.monotonic() + seconds
    sizes: list[int] = []

    async def good(client: httpx.AsyncClient, seed: int) -> None:
        nonlocal slowest
        random_ = random.Random(seed)
        while time.monotonic() < end:
            number = random_.randrange(1000)
            kind = number % len(CHECKS)
            begun = time.perf_counter()
            try:
                got = await client.post(f"{url}/v1/chat/completions", json=body(number, kind))
            except httpx.TransportError as error:
                lost.append(f"good: {error!r}")
                continue
            slowest = max(slowest, time.perf_counter() - begun)
            if got.status_code == 429:
                counted["good told to come back"] += 1
                await asyncio.sleep(1)
                continue
            assert got.status_code == 200, got.text
            assert CHECKS[kind][1](got.json()["choices"][0]["message"]["content"])
            counted["good answered"] += 1

    async def bad(client: httpx.AsyncClient, seed: int) -> None:
        random_ = random.Random(seed)
        while time.monotonic() < end:
            what = random_.randrange(6)
            try:
                if what == 0:  # leaves
                    sent = {
                        **body(seed, 0),
                        "max_tokens": 250,
                        "canvasgen": {"max_denoising_steps": 48},
                        "stream": random_.random() < 0.5,
                    }
                    await client.post(
                        f"{url}/v1/chat/completions", json=sent, timeout=random_.uniform(0.01, 0.5)
                    )
                elif what == 1:  # garbage
                    content = random_.choice(
                        [random_.randbytes(999), b"[" * 10_000, b'{"messages": ' * 10_000, b"{}", b"null"]
                    )
                    got = await client.post(
                        f"{url}/v1/{random_.choice(['chat/completions', 'responses', 'edits', 'decisions'])}",
                        content=content,
                    )
                    assert 400 <= got.status_code < 500, got.text
                elif what == 2:  # a megabyte of schema
                    schema = {
                        "type": "object",
                        "properties": {f"p{n}": {"type": "string"} for n in range(40_000)},
                    }
                    got = await client.post(
                        f"{url}/v1/chat/completions",
                        json={**body(seed, 0), "structured_outputs": {"json": schema}},
                    )
                    assert got.status_code in (400, 413), got.text
                else:
                    asked = random_.choice(HOSTILE)(random_)
                    extension = {"timeout": 20, **asked.get("canvasgen", {})}
                    sent = {**body(seed, 3), **asked, "canvasgen": extension}
                    if "template" in extension:
                        del sent["structured_outputs"]
                    got = await client.post(f"{url}/v1/chat/completions", json=sent)
                    assert got.status_code != 500, got.text
                    counted[f"bad {got.status_code}"] += 1
                    continue
                counted[f"bad kind {what}"] += 1
            except httpx.TimeoutException:
                counted["bad left"] += 1
            except httpx.TransportError as error:
                lost.append(f"bad kind {what}: {error!r}")

    async def watch() -> None:
        while time.monotonic() < end:
            sizes.append(_memory(pid))
            await asyncio.sleep(min(10.0, seconds / 20))

    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(timeout=PATIENT, limits=limits) as client:
        await asyncio.gather(
            watch(), *(good(client, n) for n in range(6)), *(bad(client, n) for n in range(6))
        )
        print(f"requests without an answer: {len(lost)}", *lost[:20], sep="\n")
        metrics = (await client.get(f"{url}/metrics")).text
    print(dict(sorted(counted.items())))
    print(f"slowest good answer {slowest:.1f} s")
    third = max(1, len(sizes) // 3)
    print(
        f"memory of the server, MB: after a third {sizes[third] / 1e6:.0f}, at the end {sizes[-1] / 1e6:.0f}, most {max(sizes) / 1e6:.0f}"
    )
    print(*re.findall(r"^vllm:num_requests_\w+\{.*", metrics, re.M), sep="\n")


def _cpu_seconds(pid: int | None) -> float:
    """What a process has used; 0 if it is not known."""
    if pid is None:
        return 0.0
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--url")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 4, 16, 64])
    parser.add_argument("--requests", type=int, default=64)
    parser.add_argument("--rows", default="16")
    parser.add_argument("--soak", type=float)
    given = parser.parse_args()
    if given.soak is not None:
        os.chdir(Path(__file__).parent)  # where the validators are found
        with server("--rows", given.rows, "--remember", "100", "--validators", "serving:JUDGES") as (
            address,
            process,
        ):
            asyncio.run(soak(address, process, given.soak))
    elif given.url is not None:
        table("", given.url, None, given.clients, given.requests)
    else:
        for way in ("continuous", "homogeneous"):
            with server("--admission", way, "--rows", given.rows) as (address, process):
                table(way, address, process, given.clients, given.requests)
