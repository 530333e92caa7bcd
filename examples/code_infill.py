"""The missing part of a function: an expression of Python's grammar between the text before and the text after.

python examples/code_infill.py
"""

from __future__ import annotations

from pathlib import Path

import canvasgen as cg

grammar = Path(__file__).parent.parent / "grammars" / "python_expression.lark"
wish = "add left + right and return the sum"
expression = cg.grammar(grammar.read_text(encoding="utf-8")) & cg.span_of(wish) & cg.regex(r".*[+*-].*")
gap = cg.infill("def add(left, right):\n    return ", "\n\n\nprint(add(2, 3))\n", expression)
made = cg.load().complete(wish, constraint=gap, seed=0)
print(made.text)
namespace: dict[str, object] = {}
exec(made.text, namespace)


# Prints:
# def add(left, right):
#     return left + right
#
#
# print(add(2, 3))
#
# 5
