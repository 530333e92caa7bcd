"""The missing expression of a function, as the grammar of Python's expressions allows it; the code around it stays.

python examples/code_infill.py
"""

from __future__ import annotations

import ast

import canvasgen as cg

BEFORE, AFTER = "def area(width, height):\n    return ", "\n"

whole = cg.infill(BEFORE, AFTER, cg.grammar("python_expression"))
done = cg.load().complete(
    "width times height",
    constraint=whole,
    seed=1,
    max_tokens=96,
    max_denoising_steps=4,
    on_step_limit="return",
)
function = ast.parse(done.text).body[0]
print(type(function).__name__, done.text.startswith(BEFORE))


# Prints:
# FunctionDef True
