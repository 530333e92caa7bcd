"""What a constraint costs in vLLM: CPU time of the server's processes, for the same prompts with and without one.

    python tests/hosts/vllm_overhead.py --count 12

Requests go one after the other, free and constrained ones in turn, to the server of `vllm_server.py`. Steps are vLLM's own
count; a step of the first kind and one of the second are of the same model on the same canvas length.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from vllm_server import Server

import canvasgen as cg

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
    kinds = {"free": {}, "response_format": {"response_format": FORMAT}}
    spent = dict.fromkeys(kinds, 0.0)
    taken = dict.fromkeys(kinds, 0.0)
    valid = dict.fromkeys(kinds, 0)
    with tempfile.TemporaryDirectory() as folder, Server(Path(folder) / "server.log") as server:
        for body in kinds.values():  # warm
            server.chat(texts[0], **body)
        for text in texts:
            for kind, body in kinds.items():
                seconds, before = server.cpu_seconds(), steps(server)
                status, answer = server.chat(text, **body)
                spent[kind] += server.cpu_seconds() - seconds
                taken[kind] += steps(server) - before
                valid[kind] += status == 200 and shown.matches(answer["choices"][0]["message"]["content"])
    for kind in kinds:
        print(
            f"{kind:18} {spent[kind] / count:6.3f} s an answer  {taken[kind] / count:5.1f} steps  "
            f"{1000 * spent[kind] / taken[kind]:6.1f} ms a step  {100 * valid[kind] / count:4.0f}% valid"
        )


if __name__ == "__main__":
    main()
