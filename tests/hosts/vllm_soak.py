"""Good and bad requests to vLLM's server for some minutes: it has to live, and every answer has to be valid.

    python tests/hosts/vllm_soak.py --minutes 10

Run it with the Python of vLLM's environment (`make build/hosts/vllm/.made`). Before it, the same prompts go to vLLM without and
with a constraint, one after another: what a constraint costs. `--schemas FILE` does the work of `vllm_schemas.py` on the same
server.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jsonschema
from vllm_schemas import BAD, outcome, schemas
from vllm_server import Server

import canvasgen as cg

PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 20}, "age": {"type": "integer"}},
    "required": ["name", "age"],
    "additionalProperties": False,
}
PEOPLE = [
    "Alice Smith, 34, Paris",
    "Bob Miller (58) from Rome",
    "Eve is 41 and lives in Oslo",
    "Max Brown, 27",
]
CONTRARY = {
    "type": "string",
    "allOf": [{"pattern": "^(a|b)*a(a|b){40}$"}, {"pattern": "^(a|b)*b(a|b){40}$"}],
}
AS_PERSON = {"type": "json_schema", "json_schema": {"name": "person", "schema": PERSON}}


def own(**written: Any) -> dict[str, Any]:
    return {"vllm_xargs": {"canvasgen": json.dumps(written)}}


def is_person(text: str) -> bool:
    return jsonschema.Draft202012Validator(PERSON).is_valid(json.loads(text))


def fits(pattern: str) -> Callable[[str], bool]:
    return cg.regex(pattern).matches


GOOD: list[tuple[dict[str, Any], Callable[[str], bool]]] = [
    ({"response_format": AS_PERSON}, is_person),
    ({"structured_outputs": {"regex": "[A-Z]{3}-[0-9]{4}"}}, fits("[A-Z]{3}-[0-9]{4}")),
    ({"structured_outputs": {"choice": ["yes", "no"]}}, fits("yes|no")),
    ({"structured_outputs": {"grammar": 'start: "x" ("+" "x")~2..4'}}, fits(r"x(\+x){2,4}")),
    (
        own(template={"text": "Dear {w}, bye {w}.", "holes": {"w": {"choice": ["Ann", "Bob"]}}}),
        fits("Dear (Ann|Bob), bye (Ann|Bob)."),
    ),
    (own(regex="[a-z ]{5,60}", contains="the"), fits("[a-z ]*the[a-z ]*")),
    ({"structured_outputs": {"regex": "(word ){40,60}end"}, "max_tokens": 300}, fits("(word ){40,60}end")),
]
FREE: dict[str, Any] = {"max_tokens": 20}
WRONG: list[tuple[dict[str, Any], int]] = [
    (BAD, 400),
    ({"structured_outputs": {"regex": "a{900}"}, "max_tokens": 3}, 400),
    (own(regexx="a"), 400),
    (own(regex="a+", contains="b"), 400),
    ({"structured_outputs": {"regex": "a+"}, "stop": ["b"]}, 400),
    (
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "x", "schema": {"type": "nope"}},
            }
        },
        400,
    ),
    ({"structured_outputs": {"json": CONTRARY}}, 500),
]


def told(count: int, begun: float, counts: Counter[str]) -> None:
    print(f"{count} requests, {time.time() - begun:.0f} s: {dict(sorted(counts.items()))}", flush=True)


def soak(server: Server, minutes: float, at_once: int) -> Counter[str]:
    """Requests of all kinds until the time is over."""
    counts: Counter[str] = Counter()
    lock, begun, last = threading.Lock(), time.time(), [time.time()]

    def work(seed: int) -> None:
        chance = random.Random(seed)
        while time.time() - begun < 60 * minutes:
            what = one(server, chance)
            with lock:
                counts[what] += 1
                if time.time() - last[0] > 60:
                    last[0] = time.time()
                    told(sum(counts.values()), begun, counts)

    with ThreadPoolExecutor(at_once) as pool:
        for done in [pool.submit(work, seed) for seed in range(at_once)]:
            done.result()
    told(sum(counts.values()), begun, counts)
    return counts


def one(server: Server, chance: random.Random) -> str:
    """One request, and what became of it."""
    prompt = chance.choice(PEOPLE)
    kind = chance.random()
    if kind < 0.1:
        status, answer = server.chat(prompt, **FREE)
        return "free" if status == 200 else f"FREE: {status} {answer}"
    if kind < 0.4:
        body, expected = chance.choice(WRONG)
        status, answer = server.chat(prompt, **body)
        return (
            f"bad: {status}" if status == expected else f"BAD: {status} in the place of {expected}: {answer}"
        )
    body, is_valid = chance.choice(GOOD)
    status, answer = server.chat(prompt, **body)
    if status != 200:
        return f"GOOD: {status} {answer}"
    text = answer["choices"][0]["message"]["content"]
    return "valid" if is_valid(text) else f"INVALID: {text!r}"


def overhead(server: Server, repeats: int) -> None:
    """The same prompts, and as many tokens at most, without a constraint and with one: CPU time of all the server's processes."""
    for name, body in (("free", {}), ("with a schema", {"response_format": AS_PERSON})):
        before, begun = counted(server), server.cpu_seconds()
        valid = 0
        for at in range(repeats):
            status, answer = server.chat(PEOPLE[at % len(PEOPLE)] + ". As JSON:", max_tokens=64, **body)
            assert status == 200, answer
            text = answer["choices"][0]["message"]["content"]
            with contextlib.suppress(ValueError):
                valid += is_person(text)
        seconds = server.cpu_seconds() - begun
        steps = counted(server) - before
        print(
            f"{name}: {seconds / repeats:.2f} s of CPU an answer, {steps / repeats:.1f} steps, "
            f"{1e3 * seconds / steps:.0f} ms a step, {valid} of {repeats} valid",
            flush=True,
        )


def counted(server: Server) -> float:
    """vLLM's denoising steps so far."""
    name = "vllm:diffusion_num_denoising_steps_total"
    return sum(
        float(line.rpartition(" ")[2]) for line in server.metrics().splitlines() if line.startswith(name)
    )


def own_metrics(server: Server) -> None:
    for line in server.metrics().splitlines():
        if line.startswith("canvasgen_") and "_bucket" not in line and "_created" not in line:
            print(line)


def through_schemas(server: Server, file: Path, count: int, every: int) -> None:
    chosen = list(schemas(file))[::every][:count]
    counts: Counter[str] = Counter()
    begun = time.time()
    with ThreadPoolExecutor(4) as pool:
        for (name, _), result in zip(
            chosen, pool.map(lambda pair: outcome(server, pair[1], 512), chosen), strict=True
        ):
            what, why = result
            counts[what] += 1
            if why:
                print(f"{name}: {what}: {why[:300]}", flush=True)
            if sum(counts.values()) % 10 == 0:
                told(sum(counts.values()), begun, counts)
    print(f"{len(chosen)} schemas in {time.time() - begun:.0f} s: {dict(counts)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--at-once", type=int, default=6)
    parser.add_argument("--repeats", type=int, default=12, help="prompts for the cost of a constraint")
    parser.add_argument("--schemas", type=Path)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--every", type=int, default=1)
    given = parser.parse_args()
    log = Path(tempfile.mkdtemp()) / "server.log"
    with Server(log) as server:
        for _ in range(2):
            for body, _ in GOOD:
                server.chat(PEOPLE[0], **body)
        overhead(server, given.repeats)
        counts = soak(server, given.minutes, given.at_once)
        if given.schemas is not None:
            through_schemas(server, given.schemas, given.count, given.every)
        own_metrics(server)
        lives = server.lives()
        print(f"the server lives: {lives}; its log: {log}", flush=True)
        wrong = [what for what in counts if what.split(":")[0].isupper()]
        if wrong or not lives:
            raise SystemExit("\n".join(wrong) or "the server has died")


if __name__ == "__main__":
    main()
