"""How long do real schemas take to compile? Random schemas of a file, on Gemma's vocabulary, beside left-to-right engines.

From the schema to a token automaton (canvasgen: byte automaton and lift), or to the mask of the first token (xgrammar,
llguidance, maskforge). Each engine runs in a process of its own, one thread, on the same schemas, each once after a
warm-up; what one refuses, or takes longer than CAP for, is counted and not timed. Times are the process's own CPU seconds.

    python benchmarks/compile_schemas.py FILE [--count 300] [--seed 0] [--tokenizer FILE] [--peers PYTHON] [--cap 20]

FILE has one JSON object a line, with `name` and `schema` (.xz or plain), as MaskBench's schemas. PYTHON is an interpreter
that has the peers.
"""

from __future__ import annotations

import argparse
import json
import lzma
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from compile import DEFAULT_TOKENIZER, ONE_THREAD, closed, installed, prepare
from compile import KINDS as LEFT_TO_RIGHT

HERE = Path(__file__).resolve()


class MaskForge:
    """maskforge, which has no regular expressions."""

    def __init__(self, tokens: list[bytes], end: int) -> None:
        import maskforge  # pyright: ignore[reportMissingImports]

        self.compiler = maskforge.Compiler.without_cache()
        contents = [content or None for content in tokens]
        self.vocabulary = maskforge.Vocabulary.from_id_ordered_tokens(contents, eos_token_id=end)

    def compile(self, schema: Any) -> Any:
        bound = self.compiler.compile(schema).bind(self.vocabulary)
        bound.start_session().write_mask(bytearray(4 * bound.mask_word_count))
        return bound


KINDS = LEFT_TO_RIGHT | {"maskforge": MaskForge}
ENGINES = ("canvasgen", "xgrammar", "llguidance", "maskforge")


def chosen(file: Path, count: int, seed: int) -> list[dict[str, Any]]:
    """Random schemas of the file."""
    content = file.read_bytes()
    lines = (lzma.decompress(content) if file.suffix == ".xz" else content).decode().splitlines()
    return [json.loads(line) for line in random.Random(seed).sample(lines, min(count, len(lines)))]


class TooLong(Exception):
    """A schema has taken longer than the cap."""


def give_up(*_: object) -> None:
    raise TooLong


def work(engine: str, folder: str, cap: float) -> None:
    """Time one engine on all schemas; one line of JSON each."""
    with np.load(Path(folder) / "vocabulary.npz") as file:
        flat, lengths, end = file["flat"].tobytes(), file["lengths"].tolist(), int(file["end"])
    borders = np.concatenate([[0], np.cumsum(lengths)]).tolist()
    runner = KINDS[engine]([flat[first:last] for first, last in pairwise(borders)], end)
    runner.compile(closed({"warm": {"type": "string", "maxLength": 90}, "up": {"type": "number"}}))
    signal.signal(signal.SIGVTALRM, give_up)
    for entry in json.loads((Path(folder) / "schemas.json").read_text()):
        line: dict[str, Any] = {"name": entry["name"]}
        began = time.process_time()
        signal.setitimer(signal.ITIMER_VIRTUAL, cap)
        try:
            compiled = runner.compile(entry["schema"])
            line["seconds"] = time.process_time() - began
            if engine == "canvasgen":
                line["states"] = compiled.num_states
        except TooLong:
            line["refused"] = f"> {cap:g} s"
        except Exception as error:  # noqa: BLE001 - whatever an engine raises is a refusal
            line["refused"] = type(error).__name__
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        print(json.dumps(line), flush=True)


def run_engine(engine: str, python: str, folder: str, cap: float) -> list[dict[str, Any]]:
    """What a process of its own prints; fewer lines than schemas if it died."""
    command = [python, str(HERE), "--worker", engine, folder, str(cap)]
    environment = os.environ | dict.fromkeys(ONE_THREAD, "1")
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment, check=False)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tokenizer", type=Path, default=DEFAULT_TOKENIZER)
    parser.add_argument("--peers", default=sys.executable, help="interpreter that has the peers")
    parser.add_argument("--cap", type=float, default=20.0, help="CPU seconds for one schema")
    options = parser.parse_args()
    if not (options.tokenizer.exists() and options.file.exists()):
        print("skipped: the schemas or Gemma's tokenizer are not there")
        return
    schemas = chosen(options.file, options.count, options.seed)
    print(f"{len(schemas)} schemas; CPU ms, p50 / p90 / p99 / max")
    with tempfile.TemporaryDirectory() as folder:
        prepare(options.tokenizer, folder)
        (Path(folder) / "schemas.json").write_text(json.dumps(schemas))
        for engine in ENGINES:
            python = sys.executable if engine == "canvasgen" else options.peers
            if installed(engine, python):
                report(engine, run_engine(engine, python, folder, options.cap), len(schemas))
            else:
                print(f"{engine} is not installed: skipped (see --peers)")


def report(engine: str, lines: list[dict[str, Any]], count: int) -> None:
    timed = [line for line in lines if "seconds" in line]
    if not timed:
        print(f"{engine:10s} compiled none of {count}")
        return
    times = 1e3 * np.array([line["seconds"] for line in timed])
    shares = " / ".join(f"{value:,.1f}" for value in np.percentile(times, [50, 90, 99, 100]))
    print(f"{engine:10s} {shares}; {len(timed)} of {count} compiled, {count - len(lines)} not reached")
    if engine == "canvasgen":
        slowest = sorted(timed, key=lambda line: -line["seconds"])[:5]
        for line in slowest:
            print(f"    {line['seconds'] * 1e3:8,.0f} ms  {line['states']:8,} states  {line['name']}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        work(sys.argv[2], sys.argv[3], float(sys.argv[4]))
    else:
        main()
