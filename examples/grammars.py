"""SMILES, LaTeX and SQL by the grammars that ship with the package; parsers of other packages read the results.

python examples/grammars.py
"""

from __future__ import annotations

from collections.abc import Callable

import partialsmiles
import sqlglot
from pylatexenc.latexwalker import LatexWalker

import canvasgen as cg

READERS: dict[str, Callable[[str], object]] = {
    "smiles": partialsmiles.ParseSmiles,
    "latex_math": lambda text: LatexWalker(text).get_latex_nodes(),
    "sql_select": sqlglot.parse_one,
}
engine = cg.load()
for name, read in READERS.items():
    text = engine.generate(
        name, grammar=name, seed=1, max_tokens=32, max_denoising_steps=3, on_step_limit="return"
    )
    print(name, read(text) is not None)


# Prints:
# smiles True
# latex_math True
# sql_select True
