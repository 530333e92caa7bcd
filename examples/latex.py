"""A formula of LaTeX's mathematics, with a fraction in it.

python examples/latex.py
"""

from __future__ import annotations

from pathlib import Path

import canvasgen as cg

grammar = Path(__file__).parent.parent / "grammars" / "latex_math.lark"
formula = (
    cg.grammar(grammar.read_text(encoding="utf-8"))
    & cg.regex(r"[a-z0-9{}\\^+= ]{1,30}")
    & cg.contains(r"\frac{a}")
)
made = (
    cg.load()
    .complete("a over b", constraint=formula, seed=0, max_denoising_steps=4, on_step_limit="return")
    .text
)
print(made.count("{") == made.count("}"), r"\frac{a}{" in made)


# Prints:
# True True
