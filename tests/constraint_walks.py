"""Random texts of an automaton, and the three ways in which models write JSON."""

from __future__ import annotations

import json
import random
from typing import Any

from canvasgen.automata import DFA
from canvasgen.constraints import Constraint
from canvasgen.errors import ValidationFailed


def walk(dfa: DFA, rng: random.Random, patience: int = 60) -> bytes:
    """A random accepted text: random bytes for a while, then the shortest way to the end."""
    distances = dfa.distances()
    state, text = 0, bytearray()
    while True:
        if dfa.accepting[state] and (rng.random() < 0.3 or len(text) >= patience):
            return bytes(text)
        rows = range(int(dfa.offsets[state]), int(dfa.offsets[state + 1]))
        if not rows:
            return bytes(text)
        if len(text) >= patience:
            row = min(rows, key=lambda at: int(distances[dfa.target[at]]))
        else:
            row = rng.choice(rows)
        text.append(rng.randint(int(dfa.low[row]), int(dfa.high[row])))
        state = int(dfa.target[row])


def walks(dfa: DFA, count: int, seed: int = 0, patience: int = 60) -> list[str]:
    rng = random.Random(seed)
    return [walk(dfa, rng, rng.choice((0, 10, patience))).decode("utf-8") for _ in range(count)]


def reason_of(constraint: Constraint, text: str) -> str | None:
    """Why the judge refuses a text of the automaton: a rule, or the reasons; None if it does not."""
    try:
        constraint.validate(text)
    except ValidationFailed as error:
        if error.rule == "duplicate key":
            return error.rule
        return "uniqueItems" if "equal" in str(error.reasons) else str(error.reasons)
    return None


def spellings(value: Any) -> list[str]:
    """A value as models write it."""
    return [
        json.dumps(value, ensure_ascii=False),
        json.dumps(value, ensure_ascii=False, separators=(",", ":")),
        json.dumps(value, ensure_ascii=False, indent=2),
        json.dumps(value, ensure_ascii=False, indent=4),
        json.dumps(value, ensure_ascii=False, indent="\t"),
    ]
