"""What a constraint costs in vLLM: CPU time of the server's processes, for the same prompts with and without one.

    python tests/hosts/vllm_overhead.py --count 12

Requests go one after the other, free and constrained ones in turn, to the server of `vllm_server.py`. Prompts contain the schema, as
in `benchmarks/hosts.py`. Steps are vLLM's own count.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from vllm_server import WEIGHTS, Server

import canvasgen as cg
from canvasgen.integrations.hosted_folder import engine_of_folder

PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}, "city": {"type": "string"}},
    "required": ["name", "age", "city"],
    "additionalProperties": False,
}
NAMES = ["Alice Smith", "Bob Miller", "Carla Jones", "Dan Brown", "Eve Adams", "Frank Moore"]
CITIES = ["Paris", "Rome", "Oslo", "Bern", "Madrid", "Vienna"]
FORMAT = {"type": "json_schema", "json_schema": {"name": "person", "schema": PERSON}}


def steps(server: Server) -> float:
    """Denoising steps so far."""
    name = "vllm:diffusion_num_denoising_steps_total"
    lines = [line for line in server.metrics().splitlines() if line.partition("{")[0] == name]
    return sum(float(line.rpartition(" ")[2]) for line in lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=12)
    count = parser.parse_args().count
    shown = cg.json_schema(PERSON)
    texts = [f"{NAMES[at % 6]}, {20 + 3 * at}, {CITIES[(at * 5 + 1) % 6]}" for at in range(count)]
    engine = engine_of_folder(WEIGHTS)
    prompts = [list(engine.encode(text, shown)) for text in texts]
    kinds = {"free": {}, "response_format": {"response_format": FORMAT}}
    spent = dict.fromkeys(kinds, 0.0)
    taken = dict.fromkeys(kinds, 0.0)
    valid = dict.fromkeys(kinds, 0)
    with tempfile.TemporaryDirectory() as folder, Server(Path(folder) / "server.log") as server:
        for body in kinds.values():  # warm
            server.post("/v1/completions", {"prompt": prompts[0], "max_tokens": 128} | body)
        for prompt in prompts:
            for kind, body in kinds.items():
                seconds, before = server.cpu_seconds(), steps(server)
                status, answer = server.post("/v1/completions", {"prompt": prompt, "max_tokens": 128} | body)
                spent[kind] += server.cpu_seconds() - seconds
                taken[kind] += steps(server) - before
                valid[kind] += status == 200 and shown.matches(answer["choices"][0]["text"])
    for kind in kinds:
        print(
            f"{kind:18} {spent[kind] / count:6.3f} s an answer  {taken[kind] / count:5.1f} steps  "
            f"{1000 * spent[kind] / taken[kind]:6.1f} ms a step  {100 * valid[kind] / count:4.0f}% valid"
        )


if __name__ == "__main__":
    main()
