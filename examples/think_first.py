"""Free thoughts first, then JSON: one constraint, a sum of two.

python examples/think_first.py
"""

from __future__ import annotations

import canvasgen as cg

thoughts = cg.text(until="</think>", max_tokens=24)
answer = thoughts + cg.json_schema({"type": "integer", "minimum": 0, "maximum": 130})
done = cg.load().complete("age: 34", constraint=answer, seed=1, max_tokens=64, on_step_limit="return")
thought, mark, number = done.text.partition("</think>")
print(mark, done.value == int(number), 0 <= done.value <= 130, len(done.token_ids) <= 64)


# Prints:
# </think> True True True
