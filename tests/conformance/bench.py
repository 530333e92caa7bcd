"""JSONSchemaBench: what engines make of schemas from the wild, each engine in processes of its own.

As a script (`python bench.py ENGINE [TOKENIZER [ORDER]]`) it is such a process. It imports canvasgen only where it runs it.
"""

from __future__ import annotations

import json
import lzma
import random
import resource
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from workers import Died, Late, Worker, answer, on_workers

HERE = Path(__file__).resolve()
VARIABLE = "CANVASGEN_JSONSCHEMABENCH"
COMPILE = 10.0
"""CPU seconds in which a schema has to compile."""
READ = 60.0
"""Seconds in which all instances of a schema have to be read."""
PATIENCE = 6.0
"""Seconds that are waited for each CPU second, for the machine may be busy."""
MEMORY = 2 << 30
"""Bytes of data that a worker may hold; with Gemma's vocabulary twice that."""
SUITE = 900.0
"""Seconds for one file of the official suite."""
PASS, REFUSED, INVALID, CRASH, LATE = "pass", "valid refused", "INVALID ACCEPTED", "crash", "too slow"


class Refusal(Exception):
    """The engine does not take a schema: the kind of refusal and what it said."""

    def __init__(self, kind: str, said: str) -> None:
        super().__init__(said)
        self.kind = kind


class Ours:
    """canvasgen; with a tokenizer, schemas are lifted to its vocabulary too.

    With the order `model` a text counts as generated if it can be drafted, and written once it has been.
    """

    def __init__(self, tokenizer: str, order: str = "schema") -> None:
        import canvasgen as cg

        self.module = cg
        self.order: Any = order
        self.vocabulary = read_vocabulary(Path(tokenizer)) if tokenizer else None
        self.compile({"type": "object", "properties": {"warm": {"type": "integer"}}})

    def compile(self, schema: Any) -> tuple[Any, dict[str, Any]]:
        try:
            constraint = self.module.json_schema(schema, property_order=self.order)
            found: dict[str, Any] = {"states": constraint.automaton.num_states}
            if constraint.drafting is not None:
                found["loose states"] = constraint.drafting.loose.automaton.num_states
        except self.module.errors.CanvasgenError as error:
            raise Refusal(type(error).__name__, str(error)) from error
        return constraint, found

    def lift(self, constraint: Any) -> dict[str, Any]:
        from canvasgen.tokens import lift

        if self.vocabulary is None:
            return {}
        began = time.process_time()
        try:
            lifted = lift(constraint.automaton, self.vocabulary)
        except self.module.errors.CanvasgenError as error:
            return {"lift": type(error).__name__}
        return {"lift": time.process_time() - began, "edges": lifted.num_edges}

    def matches(self, constraint: Any, text: str) -> bool:
        return constraint.matches(text)

    def generates(self, constraint: Any, text: str) -> bool:
        try:
            data = text.encode()
        except UnicodeEncodeError:
            return False
        drafting = constraint.drafting
        if drafting is None:
            return constraint.automaton.accepts(data)
        return drafting.loose.automaton.accepts(data) and drafting.led([text]).automaton.accepts(data)


class LLGuidance:
    """llguidance on bytes; what it accepts it can generate."""

    def __init__(self, tokenizer: str, order: str = "") -> None:
        import llguidance  # pyright: ignore[reportMissingImports]

        self.matcher = llguidance.LLMatcher
        self.tokenizer = llguidance.LLTokenizer("byte")
        self.compile({"type": "object", "properties": {"warm": {"type": "integer"}}})

    def compile(self, schema: Any) -> tuple[Any, dict[str, Any]]:
        try:
            grammar = self.matcher.grammar_from_json_schema(json.dumps(schema))
        except ValueError as error:
            raise Refusal("refused", str(error)) from error
        matcher = self.matcher(self.tokenizer, grammar, log_level=0)
        if matcher.is_error():
            said = matcher.get_error()
            raise Refusal("Unsatisfiable" if "nsatisfiable" in said else "refused", said)
        matcher.compute_bitmask()
        return matcher, {}

    def lift(self, constraint: Any) -> dict[str, Any]:
        return {}

    def matches(self, constraint: Any, text: str) -> bool:
        matcher = constraint.deep_copy()
        ids = self.tokenizer.tokenize_str(text)
        return (
            matcher.validate_tokens(ids) == len(ids)
            and matcher.consume_tokens(ids)
            and matcher.is_accepting()
        )

    generates = matches


class MaskForge:
    """maskforge on bytes; what it accepts it can generate."""

    def __init__(self, tokenizer: str, order: str = "") -> None:
        import maskforge  # pyright: ignore[reportMissingImports]

        self.error = maskforge.MaskforgeError
        self.compiler = maskforge.Compiler()
        tokens: list[bytes | None] = [bytes((byte,)) for byte in range(256)]
        self.vocabulary = maskforge.Vocabulary.from_id_ordered_tokens([*tokens, None], eos_token_id=256)
        self.compile({"type": "object", "properties": {"warm": {"type": "integer"}}})

    def compile(self, schema: Any) -> tuple[Any, dict[str, Any]]:
        try:
            bound = self.compiler.compile(schema).bind(self.vocabulary)
            bound.start_session().write_mask(bytearray(4 * bound.mask_word_count))
        except self.error as error:
            raise Refusal(f"refused: {error.code}", str(error)) from error
        return bound, {}

    def lift(self, constraint: Any) -> dict[str, Any]:
        return {}

    def matches(self, constraint: Any, text: str) -> bool:
        session = constraint.start_session()
        try:
            for byte in text.encode():
                session.advance(byte)
        except (self.error, UnicodeEncodeError):
            return False
        return bool(session.is_accepting)

    generates = matches


KINDS = {"canvasgen": Ours, "llguidance": LLGuidance, "maskforge": MaskForge}


def read_vocabulary(tokenizer: Path) -> Any:
    from tokenizers import Tokenizer

    from canvasgen.vocabulary import Vocabulary

    content = tokenizer.read_bytes()
    fast = Tokenizer.from_buffer(lzma.decompress(content) if tokenizer.suffix == ".xz" else content)
    vocabulary = Vocabulary.from_tokenizer(fast)
    _ = vocabulary.trie
    return vocabulary


def work(engine: str, tokenizer: str, order: str) -> None:
    """Answer lines of JSON with lines of JSON: for a schema one when it has compiled, one when its instances are read."""
    memory = MEMORY * (2 if tokenizer else 1)
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    runner = KINDS[engine](tokenizer, order)
    answer({"ready": True})
    for line in sys.stdin.buffer:
        task = json.loads(line)
        if "part" in task:
            from suite import Part, outcomes

            answer(outcomes(Part(*task["part"]), task["only"]))
        else:
            judge(runner, task)


def judge(runner: Any, task: dict[str, Any]) -> None:
    began = time.process_time()
    found: dict[str, Any] = {"outcome": PASS, "detail": ""}
    compiled = None
    try:
        compiled, more = runner.compile(task["schema"])
        found |= more
    except Refusal as refusal:
        found |= {"outcome": refusal.kind, "detail": str(refusal)[:300]}
    found["seconds"] = time.process_time() - began
    answer(found)
    valid = [json.dumps(test["data"], ensure_ascii=False) for test in task["tests"] if test["valid"]]
    invalid = [json.dumps(test["data"], ensure_ascii=False) for test in task["tests"] if not test["valid"]]
    found |= {"valid": len(valid), "taken": 0, "generated": 0}
    if compiled is not None:
        taken = [runner.matches(compiled, text) for text in valid]
        began = time.process_time()
        generated = [runner.generates(compiled, text) for text in valid]
        found |= {"taken": sum(taken), "generated": sum(generated)}
        if "loose states" in found and valid:
            found["led"] = (time.process_time() - began) / len(valid)
        wrong = next((text for text in invalid if runner.matches(compiled, text)), None)
        if wrong is not None:
            found |= {"outcome": INVALID, "detail": wrong[:300]}
        elif not all(taken):
            found |= {"outcome": REFUSED, "detail": valid[taken.index(False)][:300]}
        found |= runner.lift(compiled)
    elif found["outcome"] == "Unsatisfiable" and not valid:
        found |= {"outcome": PASS, "detail": "unsatisfiable"}
    found["rss"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    answer(found)


def command_for(
    engine: str, python: str = sys.executable, tokenizer: str = "", order: str = "schema"
) -> list[str]:
    return [python, str(HERE), engine, tokenizer, order]


def judged(worker: Worker, line: bytes) -> dict[str, Any]:
    """What an engine made of one schema of the bench."""
    task = json.loads(line)
    found: dict[str, Any] = {
        "name": task["name"],
        "valid": sum(test["valid"] for test in task["tests"]),
        "taken": 0,
        "generated": 0,
    }
    try:
        found |= worker.ask(line, PATIENCE * COMPILE, PATIENCE * READ)[-1]
    except Late as late:
        detail = "reading the instances" if late.args else "compiling"
        found |= (late.args[0] if late.args else {"seconds": COMPILE}) | {"outcome": LATE, "detail": detail}
    except Died as death:
        found |= {"outcome": CRASH, "detail": str(death)}
    if found["outcome"] not in (CRASH, LATE) and found["seconds"] > COMPILE:
        found |= {"outcome": LATE, "detail": "compiling"}
    return found


def read_bench(file: Path, limit: int | None = None, seed: int = 7) -> list[bytes]:
    """The lines of the data, or a random `limit` of them."""
    content = file.read_bytes()
    lines = (lzma.decompress(content) if file.suffix == ".xz" else content).rstrip(b"\n").split(b"\n")
    return lines if limit is None or limit >= len(lines) else random.Random(seed).sample(lines, limit)


def run(engine: str, lines: list[bytes], jobs: int, **more: str) -> list[dict[str, Any]]:
    return on_workers(command_for(engine, **more), lines, judged, jobs)


def summary(results: list[dict[str, Any]]) -> dict[str, Any]:
    """Counts that do not depend on the machine (but for `too slow`)."""
    outcomes = Counter(found["outcome"] for found in results)
    return {
        "schemas": len(results),
        "valid_instances": sum(found["valid"] for found in results),
        "pass": outcomes.pop(PASS, 0),
        "unsatisfiable": sum(found["outcome"] == PASS and found["detail"] != "" for found in results),
        "not_passing": dict(outcomes.most_common()),
        "accepted": sum(found["taken"] for found in results),
        "generated": sum(found["generated"] for found in results),
    }


def costs(results: list[dict[str, Any]], gemma: bool = False) -> dict[str, float]:
    """Percentiles of times and sizes."""
    rows: dict[str, float] = percentiles(
        "compile ms", [1e3 * found["seconds"] for found in results if "seconds" in found]
    )
    rows |= percentiles("led by a draft, ms", [1e3 * found["led"] for found in results if "led" in found])
    rows |= percentiles(
        "loose states", [found["loose states"] for found in results if "loose states" in found]
    )
    rows |= percentiles("states", [found["states"] for found in results if "states" in found])
    if gemma:
        times = [1e3 * found["lift"] for found in results if isinstance(found.get("lift"), float)]
        rows |= percentiles("lift ms", times)
        rows |= percentiles("edges", [found["edges"] for found in results if "edges" in found])
        rows["lift refused"] = sum(isinstance(found.get("lift"), str) for found in results)
    rows["memory MB, most"] = max((found["rss"] for found in results if "rss" in found), default=0)
    return rows


def percentiles(name: str, values: list[float]) -> dict[str, float]:
    if not values:
        return {}
    ordered = sorted(values)
    shares = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}
    last = len(ordered) - 1
    return {f"{name} {label}": round(ordered[round(share * last)], 1) for label, share in shares.items()}


def run_suite(jobs: int) -> tuple[dict[str, Any], list[str]]:
    """The suite's baselines by draft, as they are now, and the groups that killed their process, with its last words."""
    import baseline
    from suite import groups, parts

    deaths: list[str] = []

    def ask(worker: Worker, part: Any, only: int | None) -> dict[str, str]:
        return worker.ask(json.dumps({"part": part, "only": only}).encode(), SUITE)[0]

    def do(worker: Worker, part: Any) -> dict[str, str]:
        try:
            return ask(worker, part, None)
        except Died:
            found: dict[str, str] = {}
        for number, group in enumerate(groups(part)):
            try:
                found |= ask(worker, part, number)
            except Died as death:
                found |= {name: CRASH for name, _, _ in group.cases}
                deaths.append(f"{part.draft}, {group.cases[0][0]}: {death}")
        return found

    results = on_workers(command_for("canvasgen"), parts(), do, jobs)
    by_part = dict(zip(parts(), results, strict=True))
    return {draft: baseline.measure(draft, by_part.__getitem__) for draft in baseline.drafts()}, sorted(
        deaths
    )


if __name__ == "__main__":
    given = sys.argv[2:4]
    work(sys.argv[1], *given, *("", "schema")[len(given) :])
