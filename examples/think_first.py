"""Free thought, then a value: the thought may be anything, and always leaves the tokens that the answer needs.

python examples/think_first.py
"""

from __future__ import annotations

import canvasgen as cg

prompt = "Bob Miller (58) from Rome"
answer = cg.json_schema(
    {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}, grounded=prompt
)
thinking = cg.text(until="</think>", max_tokens=40) + answer
made = cg.load().complete(prompt, constraint=thinking, max_tokens=128, seed=0, on_step_limit="return")
thought, _, value = made.text.partition("</think>")
print(repr(thought))
print(value, made.value)


# Prints:
# ''
# {"age": 58} {'age': 58}
