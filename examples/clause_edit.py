"""One clause of a contract rewritten; everything else stays as it is, byte for byte.

python examples/clause_edit.py
"""

from __future__ import annotations

import canvasgen as cg

contract = "1. Rent is due on the first.\n2. Notice: 30 days in advance.\n3. Keys stay here."
wish = "Notice: 60 days in advance"
days = cg.edit(contract, "30", cg.regex(r"[1-9]\d") & cg.span_of(wish))
print(cg.load().complete(wish, constraint=days, seed=0).text)


# Prints:
# 1. Rent is due on the first.
# 2. Notice: 60 days in advance.
# 3. Keys stay here.
