"""A molecule in SMILES that has a benzene ring and a nitrogen, in a form that a parser of another project reads.

python examples/smiles.py
"""

from __future__ import annotations

from pathlib import Path

import partialsmiles

import canvasgen as cg

grammar = Path(__file__).parent.parent / "grammars" / "smiles.lark"
molecules = cg.grammar(grammar.read_text(encoding="utf-8"))
wanted = molecules & cg.contains("c1ccccc1") & cg.contains("N") & cg.regex("[A-Za-z0-9()=]{8,24}")
made = cg.load().complete("", constraint=wanted, seed=0, max_denoising_steps=4, on_step_limit="return").text
partialsmiles.ParseSmiles(made, partial=False)
print("c1ccccc1" in made, "N" in made, 8 <= len(made) <= 24)


# Prints:
# True True True
