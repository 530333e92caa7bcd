"""A text longer than one canvas: the automaton's state goes on, and the text still closes within the budget.

python examples/several_canvases.py
"""

from __future__ import annotations

import canvasgen as cg

lines = cg.repeat(cg.regex("[a-z]{2,8}") + "\n", 60, 60)
done = cg.load().complete(
    "sixty words", constraint=lines, seed=1, max_tokens=600, max_denoising_steps=2, on_step_limit="return"
)
print(done.blocks > 1, len(done.text.splitlines()), len(done.token_ids) <= 600)


# Prints:
# True 60 True
