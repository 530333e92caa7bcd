"""How long until a constraint can be used? Five schemas on Gemma's vocabulary, compared with left-to-right engines.

The script measures what a new schema costs in a warm process: from the schema to a token automaton
(canvasgen), or to the mask of the first token (xgrammar, llguidance, outlines_core). Every repetition has
a schema that was not seen before (other key names, other bounds), and canvasgen's caches of token
automata are not used. One thread each, one engine after the other, each in a separate process. The table
also says whether an engine accepts the tokens of a valid text and refuses those of an invalid one; a row
where canvasgen does not is an error. llguidance defers most of its work to the masks of each token; the
others do it here.

    python benchmarks/compile.py [--tokenizer FILE] [--peers PYTHON] [--cap 60] [--repeat 7] [--clock wall]

PYTHON is an interpreter that has the peers (`pip install xgrammar llguidance outlines-core`); default:
this one. A peer that is not installed is skipped with a line. CAP is the time in seconds that one engine
may take for one schema. On a machine that is busy with other things `--clock cpu` counts the process's own
processor time (the cap stays wall-clock time).
"""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

PREPARATION = 600.0  # seconds that an engine may take to take in the vocabulary, which is not measured
HERE = Path(__file__).resolve()
DEFAULT_TOKENIZER = HERE.parents[2] / "shared" / "tokenizers" / "gemma3" / "tokenizer.json.xz"
EMAIL = r"^[a-zA-Z0-9._%+-]+@[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)+$"
ONE_THREAD = ("OMP_NUM_THREADS", "RAYON_NUM_THREADS", "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS")


# -- the cases -------------------------------------------------------------------------------------------


def closed(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def four_fields(n: int) -> dict[str, Any]:
    email = {"type": "string", "pattern": EMAIL}
    status = {"enum": ["active", "inactive", "pending"]}
    return closed(
        {f"name{n}": {"type": "string"}, "email": email, "age": {"type": "integer"}, "status": status}
    )


def tool_call(n: int) -> dict[str, Any]:
    short = {"type": "string", "maxLength": 80 - n}
    arguments = closed({"query": short, "path": short, "limit": {"type": "integer"}})
    then = {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/call"}]}
    call = closed({"tool": {"enum": ["search", "read", "write"]}, "arguments": arguments, f"then{n}": then})
    return {"$ref": "#/$defs/call", "$defs": {"call": call}}


def forty_fields(n: int) -> dict[str, Any]:
    kinds: list[dict[str, Any]] = [
        {"type": "string"},
        {"type": "integer"},
        {"type": "string", "maxLength": 40},
        {"type": "boolean"},
        {"enum": ["low", "middle", "high"]},
        {"type": "number"},
        {"type": "array", "items": {"type": "string"}},
        {"type": "string", "pattern": "^[A-Z]{3}-[0-9]{4}$"},
    ]
    return closed({f"field{n}_{i}": kinds[i % len(kinds)] for i in range(40)})


def long_string(n: int) -> dict[str, Any]:
    return closed({"text": {"type": "string", "maxLength": 2000 - n}})


def name_pattern(n: int) -> str:
    return "[A-Z][a-z]+( [A-Z][a-z]+){1," + str(3 + n) + "}"


def cases(n: int) -> dict[str, tuple[Any, str, str]]:
    """Name -> (schema or pattern number `n`, a valid text, an invalid text)."""
    person: dict[str, Any] = {
        f"name{n}": "Zoë “Q” Smith",
        "email": "zoe@mail.example.org",
        "age": 34,
        "status": "active",
    }
    call: dict[str, Any] = {
        "tool": "read",
        "arguments": {"query": "a b", "path": "/x", "limit": 3},
        f"then{n}": None,
    }
    nested = call | {f"then{n}": call}
    values: list[Any] = ["text é", -12, "short", True, "high", 2.5, ["a", "b"], "ABC-1234"]
    forty: dict[str, Any] = {f"field{n}_{i}": values[i % len(values)] for i in range(40)}
    return {
        "4 fields, e-mail": (
            four_fields(n),
            json.dumps(person, ensure_ascii=False),
            json.dumps(person | {"email": "zoe"}),
        ),
        "recursive tool call": (
            tool_call(n),
            json.dumps(nested),
            json.dumps(call | {"arguments": {"query": "q" * 81, "path": "", "limit": 1}}),
        ),
        "40 mixed fields": (
            forty_fields(n),
            json.dumps(forty, ensure_ascii=False),
            json.dumps(forty | {f"field{n}_7": "x"}),
        ),
        "string, maxLength 2000": (
            long_string(n),
            json.dumps({"text": "word " * 300}),
            json.dumps({"text": "word " * 401}),
        ),
        "name pattern": (name_pattern(n), "Ada King Lovelace", "Ada lovelace"),
    }


# -- the engines (each in its own process) ---------------------------------------------------------------


class Ours:
    def __init__(self, tokens: list[bytes], end: int) -> None:
        from canvasgen.vocabulary import Vocabulary

        self.vocabulary = Vocabulary(tokens, [end])
        _ = self.vocabulary.trie

    def compile(self, schema: Any) -> Any:
        import canvasgen as cg
        from canvasgen.tokens import lift

        constraint = cg.regex(schema) if isinstance(schema, str) else cg.json_schema(schema)
        return lift(constraint.automaton, self.vocabulary)

    def accepts(self, compiled: Any, ids: list[int]) -> bool:
        return compiled.accepts(ids)


class XGrammar:
    def __init__(self, tokens: list[bytes], end: int) -> None:
        import xgrammar

        self.end = end
        self.module = xgrammar
        info = xgrammar.TokenizerInfo(tokens, xgrammar.VocabType.RAW, stop_token_ids=[end])
        self.compiler = xgrammar.GrammarCompiler(info, max_threads=1, cache_enabled=False)
        self.mask = xgrammar.allocate_token_bitmask(1, len(tokens))

    def compile(self, schema: Any) -> Any:
        if isinstance(schema, str):
            compiled = self.compiler.compile_regex(schema)
        else:
            compiled = self.compiler.compile_json_schema(json.dumps(schema))
        self.module.GrammarMatcher(compiled).fill_next_token_bitmask(self.mask)
        return compiled

    def accepts(self, compiled: Any, ids: list[int]) -> bool:
        matcher = self.module.GrammarMatcher(compiled)
        return all(matcher.accept_token(token) for token in [*ids, self.end])


class LLGuidance:
    def __init__(self, tokens: list[bytes], end: int) -> None:
        import llguidance

        class Tokens:
            def __init__(self) -> None:
                self.eos_token_id = end
                self.bos_token_id = None
                self.special_token_ids = [token for token, content in enumerate(tokens) if not content]
                self.tokens = [content or b"\xff<%d>" % token for token, content in enumerate(tokens)]

            def __call__(self, text: bytes) -> list[int]:
                return [self.tokens.index(bytes([byte])) for byte in text]

        self.matcher = llguidance.LLMatcher
        self.tokenizer = llguidance.LLTokenizer(llguidance.TokenizerWrapper(Tokens()))

    def compile(self, schema: Any) -> Any:
        if isinstance(schema, str):
            grammar = self.matcher.grammar_from_regex(schema)
        else:
            grammar = self.matcher.grammar_from_json_schema(json.dumps(schema))
        matcher = self.matcher(self.tokenizer, grammar, log_level=0)
        if matcher.is_error():
            raise ValueError(matcher.get_error())
        matcher.compute_bitmask()
        return grammar

    def accepts(self, compiled: Any, ids: list[int]) -> bool:
        matcher = self.matcher(self.tokenizer, compiled, log_level=0)
        return (
            matcher.validate_tokens(ids) == len(ids)
            and matcher.consume_tokens(ids)
            and matcher.is_accepting()
        )


class Outlines:
    def __init__(self, tokens: list[bytes], end: int) -> None:
        import outlines_core

        ids: dict[bytes, list[int]] = {}
        for token, content in enumerate(tokens):
            if content:
                ids.setdefault(content, []).append(token)
        self.module = outlines_core
        self.vocabulary = outlines_core.Vocabulary(end, ids)

    def compile(self, schema: Any) -> Any:
        if not isinstance(schema, str):
            schema = self.module.json_schema.build_regex_from_schema(json.dumps(schema))
        index = self.module.Index(schema, self.vocabulary)
        index.get_allowed_tokens(index.get_initial_state())
        return index

    def accepts(self, compiled: Any, ids: list[int]) -> bool:
        state = compiled.get_initial_state()
        for token in ids:
            state = compiled.get_next_state(state, token)
            if state is None:
                return False
        return compiled.is_final_state(state)


KINDS = {"canvasgen": Ours, "xgrammar": XGrammar, "llguidance": LLGuidance, "outlines_core": Outlines}


CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}


def work(engine: str, folder: str, names: list[str], repeat: int, cap: float, clock: str) -> None:
    """Time one engine on the named cases; one line of JSON each."""
    now = CLOCKS[clock]
    with np.load(Path(folder) / "vocabulary.npz") as file:
        flat, lengths, end = file["flat"].tobytes(), file["lengths"].tolist(), int(file["end"])
    borders = np.concatenate([[0], np.cumsum(lengths)]).tolist()
    tokens = [flat[first:last] for first, last in pairwise(borders)]
    runner = KINDS[engine](tokens, end)
    ids = json.loads((Path(folder) / "ids.json").read_text())
    runner.compile("warm[0-9]")
    runner.compile(closed({"warm": {"type": "boolean"}}))
    print(json.dumps({"ready": True}), flush=True)
    for name in names:
        print(json.dumps({"begun": name}), flush=True)
        try:
            enough = time.perf_counter() + cap / 3
            began = now()
            compiled = runner.compile(cases(0)[name][0])
            first = now() - began
            verdict = ""
            if not runner.accepts(compiled, ids[name][0]):
                verdict = "refuses a valid text"
            elif runner.accepts(compiled, ids[name][1]):
                verdict = "accepts an invalid text"
            seconds: list[float] = []
            while len(seconds) < repeat and time.perf_counter() < enough:
                schema = cases(1 + len(seconds))[name][0]
                began = now()
                compiled = runner.compile(schema)
                seconds.append(now() - began)
            seconds = seconds or [first]
        except (ValueError, RuntimeError) as error:
            print(json.dumps({"name": name, "error": str(error).strip().splitlines()[0][:80]}), flush=True)
        else:
            line: dict[str, Any] = {"name": name, "seconds": seconds, "verdict": verdict}
            if engine == "canvasgen":
                line["sizes"] = [compiled.num_states, compiled.num_edges, compiled.num_classes]
            print(json.dumps(line), flush=True)


# -- the run ---------------------------------------------------------------------------------------------


def run_engine(
    engine: str, python: str, folder: str, repeat: int, cap: float, clock: str
) -> dict[str, dict[str, Any]]:
    """Results by case; after a case that takes too long or kills its process, a new process does the rest."""
    results: dict[str, dict[str, Any]] = {}
    names = list(cases(0))
    while len(results) < len(names):
        left = [name for name in names if name not in results]
        done, failed, problem = run_worker(engine, python, folder, left, repeat, cap, clock)
        results |= done
        if failed is not None:
            results[failed] = {"error": problem}
        elif problem:  # it did not even begin
            results |= {name: {"error": problem} for name in left if name not in done}
    return results


def run_worker(
    engine: str, python: str, folder: str, names: list[str], repeat: int, cap: float, clock: str
) -> tuple[dict[str, dict[str, Any]], str | None, str]:
    """One process: what it measured, the case it did not finish, and why it did not."""
    done: dict[str, dict[str, Any]] = {}
    current, limit, problem = None, PREPARATION, ""
    environment = os.environ | dict.fromkeys(ONE_THREAD, "1")
    command = [python, str(HERE), "--worker", engine, folder, json.dumps(names), str(repeat), str(cap), clock]
    with tempfile.TemporaryFile() as complaint:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=complaint, env=environment, bufsize=0
        )
        assert process.stdout is not None
        try:
            while len(done) < len(names):
                if not select.select([process.stdout], [], [], limit)[0]:
                    problem = f"> {limit:.0f} s"
                    break
                line = process.stdout.readline()
                if not line:
                    complaint.seek(0)
                    problem = last_line(complaint.read())
                    break
                message = json.loads(line)
                limit = cap
                if "begun" in message:
                    current = message["begun"]
                elif "name" in message:
                    done[message["name"]] = message
                    current = None
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
    return done, current, problem


def last_line(complaint: bytes) -> str:
    lines = complaint.decode(errors="replace").strip().splitlines()
    return lines[-1][:80] if lines else "ended without a word"


def installed(engine: str, python: str) -> bool:
    if engine == "canvasgen":
        return find_spec("canvasgen") is not None
    if shutil.which(python) is None:
        return False
    code = f"from importlib.util import find_spec; raise SystemExit(find_spec({engine!r}) is None)"
    return subprocess.run([python, "-c", code], check=False).returncode == 0


def prepare(tokenizer: Path, folder: str) -> None:
    """Write the byte vocabulary and the tokens of the texts for the workers."""
    import lzma

    from tokenizers import Tokenizer

    from canvasgen.vocabulary import Vocabulary

    content = tokenizer.read_bytes()
    fast = Tokenizer.from_buffer(lzma.decompress(content) if tokenizer.suffix == ".xz" else content)
    vocabulary = Vocabulary.from_tokenizer(fast)
    contents = [token or b"" for token in vocabulary.tokens]
    np.savez(
        Path(folder) / "vocabulary.npz",
        flat=np.frombuffer(b"".join(contents), np.uint8),
        lengths=np.array(list(map(len, contents))),
        end=vocabulary.end_ids[0],
    )
    ids = {
        name: [fast.encode(text, add_special_tokens=False).ids for text in texts]
        for name, (_, *texts) in cases(0).items()
    }
    (Path(folder) / "ids.json").write_text(json.dumps(ids))


def main() -> None:
    import argparse

    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    given = os.environ.get("CANVASGEN_GEMMA_TOKENIZER")
    parser.add_argument("--tokenizer", type=Path, default=Path(given) if given else DEFAULT_TOKENIZER)
    parser.add_argument("--peers", default=sys.executable, help="interpreter that has the peers")
    parser.add_argument("--cap", type=float, default=60.0, help="seconds for one engine and schema")
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--clock", choices=sorted(CLOCKS), default="wall")
    options = parser.parse_args()
    if not options.tokenizer.exists():
        print("skipped: Gemma's tokenizer is not there (--tokenizer or CANVASGEN_GEMMA_TOKENIZER)")
        return
    results: dict[str, dict[str, dict[str, Any]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        prepare(options.tokenizer, folder)
        for engine in KINDS:
            python = sys.executable if engine == "canvasgen" else options.peers
            if installed(engine, python):
                results[engine] = run_engine(
                    engine, python, folder, options.repeat, options.cap, options.clock
                )
            else:
                print(f"{engine} is not installed: skipped (see --peers)")
    report(results, options.clock)
    wrong = [name for name, found in results["canvasgen"].items() if "error" in found or found["verdict"]]
    if wrong:
        raise SystemExit(f"canvasgen is wrong on: {', '.join(wrong)}")


def report(results: dict[str, dict[str, dict[str, Any]]], clock: str) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(
        title=f"from a new schema to the first use: median milliseconds, {clock} clock (× canvasgen)"
    )
    table.add_column("schema")
    table.add_column("states, edges, classes")
    for engine in results:
        table.add_column(engine, justify="right")
    for name in cases(0):
        ours = results["canvasgen"][name]
        sizes = ", ".join(f"{size:,}" for size in ours.get("sizes", []))
        cells: list[str] = []
        for engine in results:
            found = results[engine][name]
            cell = found.get("error", "")
            if "seconds" in found:
                cell = f"{median(found['seconds']) * 1e3:,.1f}"
                if engine != "canvasgen" and "seconds" in ours:
                    cell += f" (×{median(found['seconds']) / median(ours['seconds']):,.1f})"
                if found["verdict"]:
                    cell += f"\n{found['verdict']}"
            cells.append(cell)
        table.add_row(name, sizes, *cells)
    Console(width=150).print(table)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--worker"]:
        work(
            sys.argv[2],
            sys.argv[3],
            json.loads(sys.argv[4]),
            int(sys.argv[5]),
            float(sys.argv[6]),
            sys.argv[7],
        )
    else:
        main()
