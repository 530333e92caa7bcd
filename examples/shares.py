"""Probabilities that sum to one and a bill that adds up: relations between the fields of a value.

python examples/shares.py
"""

from __future__ import annotations

from typing import Any

import canvasgen as cg
from canvasgen.relations import total


def record(kind: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return the schema of an object with these fields, all of one kind."""
    return {
        "type": "object",
        "properties": dict.fromkeys(names, kind),
        "required": list(names),
        "additionalProperties": False,
    }


share = {"type": "number", "minimum": 0, "maximum": 1, "multipleOf": 0.05}
price = {"type": "integer", "minimum": 0, "maximum": 999}
topics = record(share, "billing", "bug", "praise")
bill = record(price, "lamp", "chair", "total")
to_one = total([".*"], "==", 1)
to_total = total(["lamp", "chair"], "==", "total")

engine = cg.load()
for prompt, schema, relation, seed in (
    ("billing: 0.15; bug: 0.75; praise: 0.1", topics, to_one, 4),
    ("lamp: 14; chair: 48; total: 62", bill, to_total, 0),
):
    print("free:   ", engine.generate(prompt, schema=schema, seed=seed))
    print("related:", engine.generate(prompt, schema=schema, relations=[relation], seed=seed))


# Prints:
# free:    {'billing': 0.15, 'bug': 0.15, 'praise': 0.15}
# related: {'billing': 0.15, 'bug': 0.75, 'praise': 0.1}
# free:    {'lamp': 14, 'chair': 48, 'total': 62}
# related: {'lamp': 14, 'chair': 48, 'total': 62}
