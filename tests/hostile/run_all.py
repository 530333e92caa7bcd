"""All hostile inputs, with how each ends: `python tests/hostile/run_all.py [WORD ...]`; the slowest twenty last.

Exit code 1 if one ends badly.
"""

from __future__ import annotations

import sys

from calls import through
from confined import Ending, confined
from families.requests import engine
from inputs import everything

import canvasgen as cg


def main() -> None:
    """Run those whose names have one of the words of the command line, or all."""
    through(cg.json_schema({"type": "object", "properties": {"a": {"type": "string"}}}), "{}")
    engine().complete("a", choice=["yes", "no"], max_denoising_steps=1, on_step_limit="return", seed=1)
    words = sys.argv[1:]
    endings: dict[str, Ending] = {}
    for name, call in everything().items():
        if not words or any(word in name for word in words):
            ending = endings[name] = confined(call)
            told = "" if ending.well and ending.kind == "result" else ending.detail[:200]
            print("ok " if ending.well else "BAD", f"{ending.seconds:6.2f} s", name, told, flush=True)
    print(f"\n{sum(one.well for one in endings.values())} of {len(endings)} end well; the slowest:")
    for name, ending in sorted(endings.items(), key=lambda one: -one[1].seconds)[:20]:
        print(f"{ending.seconds:6.2f} s  {name}")
    if not all(one.well for one in endings.values()):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
