"""Context-free grammars in Lark's dialect.

`reader` turns the text into rules over byte languages; `units` finds what of the recursion is regular; `unroll`
writes the language to a depth; `constraint` is what people use.
"""

from canvasgen.constraints.grammar import drawn_rules
from canvasgen.constraints.grammar.grammar import Grammar, grammar

__all__ = ["Grammar", "grammar"]

_ = drawn_rules  # it teaches notebooks to draw rules
