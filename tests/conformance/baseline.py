"""What is known not to be right, case by case, in committed files that may only get shorter."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from suite import INVALID, RIGHT, SECTIONS, Part, outcomes, parts

FOLDER = Path(__file__).parent / "baselines"
BENCH = FOLDER / "jsonschemabench.json"
ADVICE = "run `python benchmarks/conformance.py --update --docs`"


@lru_cache
def load(draft: str) -> dict[str, Any]:
    """Section -> `total`, the number of its cases, and `wrong`, those that are not right with their outcome."""
    return json.loads((FOLDER / f"{draft}.json").read_text(encoding="utf-8"))


def drafts() -> list[str]:
    """The drafts that the archive holds, in the suite's order."""
    return list(dict.fromkeys(part.draft for part in parts()))


def measure(draft: str, judge: Callable[[Part], dict[str, str]] = outcomes) -> dict[str, Any]:
    """The baseline of a draft as it is now."""
    found: dict[str, Any] = {section: {"total": 0, "wrong": {}} for section in SECTIONS}
    for part in parts():
        if part.draft == draft:
            results = judge(part)
            section = found[part.section]
            section["total"] += len(results)
            section["wrong"] |= {name: said for name, said in sorted(results.items()) if said != RIGHT}
    return found


def write(path: Path, content: Any) -> None:
    """One line a case, so that a change shows as what it is."""
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def expected(part: Part) -> dict[str, str]:
    """The cases of one file that the baseline lists."""
    wrong: dict[str, str] = load(part.draft)[part.section]["wrong"]
    return {name: said for name, said in wrong.items() if name.startswith(f"{part.file} / ")}


def differences(found: dict[str, str], listed: dict[str, str]) -> list[str]:
    """What differs from the baseline of a file: cases that became wrong first, then those that became right."""
    worse = [
        f"{said}: {name} (baseline: {listed.get(name, RIGHT)})"
        for name, said in found.items()
        if said not in (RIGHT, listed.get(name)) and (name not in listed or said == INVALID)
    ]
    changed = [
        f"now {found.get(name, 'not in the suite')}, was {said}: {name}; {ADVICE}"
        for name, said in listed.items()
        if found.get(name) != said and found.get(name) != INVALID
    ]
    return worse + changed
