"""What does a full trace cost: CPU seconds an answer on the embedded model, and bytes of the trace?

python benchmarks/trace_cost.py [--answers N]
"""

from __future__ import annotations

import argparse
import time

import canvasgen as cg

PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}, "city": {"type": "string"}},
    "required": ["name", "age", "city"],
}
NOTE = "Maria Gomez, 27 years old, lives in Lisbon."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", type=int, default=30)
    count: int = parser.parse_args().answers
    engine = cg.load()
    engine.complete(NOTE, schema=PERSON, seed=0, trace="full")  # compiled, and the caches warm
    kinds = {"steps": "steps", "cg.Tracing(top=0)": cg.Tracing(top=0), "full": "full"}
    spent = dict.fromkeys(kinds, 0.0)
    sizes: list[int] = []
    for seed in range(count):
        texts: set[str] = set()
        for name, kind in kinds.items():
            begun = time.process_time()
            done = engine.complete(NOTE, schema=PERSON, seed=seed, trace=kind, on_step_limit="return")
            spent[name] += time.process_time() - begun
            texts.add(done.text)
            if name == "full":
                assert done.full_trace is not None
                sizes.append(len(done.full_trace.to_bytes()))
        assert len(texts) == 1
    for name, seconds in spent.items():
        print(f"{name:20} {1000 * seconds / count:7.1f} ms of CPU an answer")
    print(
        f"{sum(sizes) / count / 1000:.1f} kB a trace, compressed; a thousand: {sum(sizes) / count / 1000:.1f} MB"
    )


if __name__ == "__main__":
    main()
