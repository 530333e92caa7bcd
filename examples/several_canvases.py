"""A list that does not fit on one canvas: the automaton's state goes on from block to block, and the end is in the budget.

python examples/several_canvases.py
"""

from __future__ import annotations

import canvasgen as cg

people = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "name": {"type": "string", "pattern": "^[A-Z][a-z]{2,8}$"},
            "age": {"type": "integer", "minimum": 10, "maximum": 99},
        },
        "required": ["name", "age"],
        "additionalProperties": False,
    },
    "minItems": 30,
    "maxItems": 30,
}
made = cg.load().complete(
    "a list of people", schema=people, max_tokens=1024, seed=0, max_denoising_steps=4, on_step_limit="return"
)
print(len(made.value), "people on", made.blocks, "canvases")


# Prints:
# 30 people on 3 canvases
