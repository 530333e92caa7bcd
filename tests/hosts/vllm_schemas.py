"""Schemas of a file through vLLM's HTTP server, one after another and some at a time: what is valid, refused, failed.

    python tests/hosts/vllm_schemas.py jsonschemabench_dev.jsonl.xz --count 100

Run it with the Python of vLLM's environment (`make build/hosts/vllm/.made`). Each line of the file is JSON with a `schema`
(`json_schema`), itself JSON or its text. Between them go bad requests; the server has to live to the end.
"""

from __future__ import annotations

import argparse
import json
import lzma
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jsonschema
from vllm_server import Server

BAD = {"structured_outputs": {"regex": "("}}


def schemas(path: Path) -> Iterator[tuple[str, Any]]:
    with lzma.open(path, "rt") if path.suffix == ".xz" else path.open() as lines:
        for number, line in enumerate(lines):
            row = json.loads(line)
            schema = row.get("schema", row.get("json_schema"))
            yield str(row.get("name", number)), json.loads(schema) if isinstance(schema, str) else schema


def outcome(server: Server, schema: Any, max_tokens: int) -> tuple[str, str]:
    """What becomes of one schema, and the server's reason."""
    as_format = {"type": "json_schema", "json_schema": {"name": "one", "schema": schema}}
    status, answer = server.chat("Give an example.", response_format=as_format, max_tokens=max_tokens)
    if status != 200:
        message = answer["error"]["message"] if isinstance(answer, dict) else str(answer)
        return ("refused with 400" if status == 400 else f"status {status}"), message
    text = answer["choices"][0]["message"]["content"]
    try:
        value = json.loads(text)
        jsonschema.validators.validator_for(schema)(schema).validate(value)
    except (ValueError, jsonschema.ValidationError) as error:
        return "INVALID", f"{text[:200]!r}: {str(error).splitlines()[0]}"
    return "valid", ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("schemas", type=Path)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--every", type=int, default=1, help="take every n-th schema")
    parser.add_argument("--max-tokens", type=int, default=512)
    parser.add_argument("--at-once", type=int, default=4)
    given = parser.parse_args()
    chosen = list(schemas(given.schemas))[:: given.every][: given.count]
    counts: Counter[str] = Counter()
    log = Path(tempfile.mkdtemp()) / "server.log"
    with Server(log) as server, ThreadPoolExecutor(given.at_once) as pool:
        begun = time.time()
        results, bad = [], []
        for number, (_, schema) in enumerate(chosen):
            results.append(pool.submit(outcome, server, schema, given.max_tokens))
            if number % 10 == 9:
                bad.append(pool.submit(server.chat, "x", **BAD))
        for (name, _), result in zip(chosen, results, strict=True):
            what, why = result.result()
            counts[what] += 1
            if why:
                print(f"{name}: {what}: {why[:300]}", flush=True)
            if sum(counts.values()) % 10 == 0:
                print(
                    f"{sum(counts.values())} schemas, {time.time() - begun:.0f} s: {dict(counts)}", flush=True
                )
        refused = Counter(one.result()[0] for one in bad)
        print(f"{len(chosen)} schemas in {time.time() - begun:.0f} s: {dict(counts)}")
        print(f"bad requests: {dict(refused)}; the server lives: {server.lives()}")


if __name__ == "__main__":
    main()
