"""A protein sequence that holds two motifs at no fixed place, and none of a third.

python examples/amino_acids.py
"""

from __future__ import annotations

import re

import canvasgen as cg

residues = cg.regex("[ACDEFGHIKLMNPQRSTVWY]{24}")
glycosylation = cg.regex("[A-Z]*N[^P][ST][^P][A-Z]*")
zinc_finger = cg.regex("[A-Z]*C..C[A-Z]*")
sequence = residues & glycosylation & zinc_finger & cg.excludes("KK")
made = cg.load().complete("", constraint=sequence, seed=0, max_denoising_steps=4, on_step_limit="return").text
print(len(made), bool(re.search("N[^P][ST][^P]", made)), bool(re.search("C..C", made)), "KK" in made)


# Prints:
# 24 True True False
