"""The figures of the structure that may only fall, in `baseline.json`."""

from __future__ import annotations

import json
from pathlib import Path

__all__ = ["ADVICE", "read", "worse", "write"]

FILE = Path(__file__).parent / "baseline.json"
ADVICE = "make it smaller, or say in the commit why it must grow: `python benchmarks/structure.py --update`"


def read() -> dict[str, float]:
    """The committed figures by name."""
    return json.loads(FILE.read_text(encoding="utf-8"))


def write(figures: dict[str, float]) -> None:
    """Makes these the committed figures."""
    FILE.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def worse(figures: dict[str, float], allowed: dict[str, float]) -> list[str]:
    """One line for each figure that is larger than allowed, or that only one of the two has."""
    lines = [
        f"{name}: measured or committed, but not both" for name in sorted(figures.keys() ^ allowed.keys())
    ]
    return lines + [
        f"{name}: {figures[name]:g}, allowed {allowed[name]:g}"
        for name in figures
        if name in allowed and not figures[name] <= allowed[name]
    ]
