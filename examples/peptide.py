"""Amino-acid sequences with motifs: a start, a glycosylation site N-X-S/T that has no proline, no run of four alike.

python examples/peptide.py
"""

from __future__ import annotations

import re

import canvasgen as cg

residues = cg.regex("M[ACDEFGHIKLMNPQRSTVWY]{11}")
site = cg.regex(".*N[^P][ST][^P].*")
plain = ~cg.regex(".*(AAAA|GGGG|SSSS|LLLL).*")
sequence = residues & site & plain
done = cg.load().complete("a peptide", constraint=sequence, seed=1, on_step_limit="return")
found = done.text
print(len(found), found[0], bool(re.search("N[^P][ST][^P]", found)))
print(sequence.matches("MNASAAACDEFG"), sequence.matches("MNPSAAACDEFG"))


# Prints:
# 12 M True
# True False
