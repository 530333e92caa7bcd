"""Are the texts generated for schemas from the wild valid? Checked by a validator that canvasgen does not use.

    python benchmarks/generation.py [--bench FILE] [--count 300] [--steps 4] [--budget 256]

Schemas of JSONSchemaBench (a seeded sample; all features), one canvas each from the embedded model and one from a
model of the same shape with random weights. jsonschema-rs validates each output, with formats asserted: it is valid; or
the schema was refused before the model ran; or the validator at commit refused every canvas that was tried (a miss); or
it is invalid, which must not happen. Where the shortest text is longer than the budget, the budget is its length and a
quarter more, up to four times the budget. Needs `pip install 'canvasgen[bench]'`.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

HERE = Path(__file__).resolve()
CONFORMANCE = HERE.parents[1] / "tests" / "conformance"
sys.path[:0] = [str(HERE.parent), str(CONFORMANCE)]

from bench import VARIABLE, read_bench  # noqa: E402 (tests/conformance is no package)  # pyright: ignore[reportMissingImports]
from workers import Died, Late, Worker, answer, on_workers  # noqa: E402  # pyright: ignore[reportMissingImports]

LIMIT = 300.0
"""Seconds for one schema: compiling it, and one canvas from each model."""
MODELS = ("embedded", "random")
VALID, MISS, INVALID, CRASH, LATE = "valid", "ValidationFailed", "INVALID", "crash", "too slow"
BAD = (INVALID, CRASH)


def work(steps: int, budget: int) -> None:
    """Answer each schema with an outcome for each model."""
    import torch
    from validity import random_weights

    import canvasgen as cg

    torch.set_num_threads(1)
    engines = dict(zip(MODELS, (cg.load(), random_weights()), strict=True))
    answer({"ready": True})
    for number, line in enumerate(sys.stdin):
        schema = json.loads(line)["schema"]
        began = time.perf_counter()
        found: dict[str, Any] = {}
        try:
            constraint = cg.json_schema(schema)
            shortest = constraint.compile(engines["embedded"].vocabulary).shortest_tokens
        except cg.errors.CanvasgenError as error:
            found = {model: [type(error).__name__, str(error)[:200]] for model in MODELS}
        else:
            tokens = max(budget, min(shortest + shortest // 4, 4 * budget))
            for model, engine in engines.items():
                request = cg.Request(
                    "Give an example.",
                    constraint=constraint,
                    prompt_schema=False,
                    seed=number,
                    max_tokens=tokens,
                    max_denoising_steps=steps,
                )
                found[model] = outcome(engine, request, schema, tokens)
        answer(found | {"seconds": time.perf_counter() - began})


def outcome(engine: Any, request: Any, schema: Any, tokens: int) -> list[str]:
    import jsonschema_rs

    import canvasgen as cg

    try:
        done = engine.complete(request)
    except cg.errors.CanvasgenError as error:
        return [type(error).__name__, str(error)[:200]]
    try:
        validator = jsonschema_rs.validator_for(
            schema, validate_formats=True, ignore_unknown_formats=True, retriever=no_network
        )
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        return ["not validated", str(error).splitlines()[0][:200]]
    try:
        validator.validate(json.loads(done.text))
    except (jsonschema_rs.ValidationError, json.JSONDecodeError) as error:
        return [INVALID, f"{str(error).splitlines()[0][:150]}: {done.text[:150]}"]
    return [VALID, ""] if len(done.token_ids) <= tokens else [INVALID, "beyond the budget"]


def no_network(uri: str) -> Any:
    raise LookupError(f"{uri} is not in the schema")


def run(worker: Worker, line: bytes) -> dict[str, Any]:
    try:
        return worker.ask(line, LIMIT)[0]
    except Late:
        return {model: [LATE, f"more than {LIMIT:.0f} s"] for model in MODELS}
    except Died as death:
        return {model: [CRASH, str(death)] for model in MODELS}


def main(
    data: Annotated[Path | None, typer.Option("--bench", help="the data of JSONSchemaBench")] = None,
    count: Annotated[int, typer.Option(help="schemas")] = 300,
    steps: Annotated[int, typer.Option(help="denoising steps")] = 4,
    budget: Annotated[int, typer.Option(help="tokens of each output")] = 256,
    seed: Annotated[int, typer.Option(help="of the sample")] = 11,
    jobs: Annotated[int, typer.Option(help="processes at a time")] = 2,
    worker: Annotated[bool, typer.Option("--worker", hidden=True)] = False,
) -> None:
    if worker:
        work(steps, budget)
        return
    if data is None and VARIABLE in os.environ:
        data = Path(os.environ[VARIABLE])
    if data is None or find_spec("jsonschema_rs") is None:
        print(f"skipped: needs --bench or {VARIABLE}, and jsonschema-rs (`pip install 'canvasgen[bench]'`)")
        return
    lines = read_bench(data, count, seed)
    command = [sys.executable, str(HERE), "--worker", "--steps", str(steps), "--budget", str(budget)]
    results = on_workers(command, lines, run, jobs)
    outcomes = {model: Counter(found[model][0] for found in results) for model in MODELS}
    table = Table("", *MODELS, title=f"{len(lines)} schemas, {steps} steps, budget {budget} tokens")
    for kind in dict.fromkeys((VALID, *BAD, MISS, *outcomes[MODELS[0]], *outcomes[MODELS[1]])):
        table.add_row(kind, *(str(outcomes[model][kind]) for model in MODELS))
    seconds = sorted(found["seconds"] for found in results if "seconds" in found)
    if seconds:
        table.add_row("seconds a schema, p50", f"{seconds[len(seconds) // 2]:.1f}")
        table.add_row("seconds a schema, max", f"{seconds[-1]:.1f}")
    console = Console(width=130)
    console.print(table)
    for line, found in zip(lines, results, strict=True):
        for model in MODELS:
            kind, detail = found[model]
            if kind != VALID:
                name = json.loads(line)["name"]
                console.print(f"{kind}, {model}: {name}: {detail}", markup=False, highlight=False)
    sys.exit(any(outcomes[model][kind] for model in MODELS for kind in BAD))


if __name__ == "__main__":
    typer.run(main)
