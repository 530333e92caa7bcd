"""A Markdown table from a note: names are free text, numbers are the model's, and the totals add up.

python examples/markdown_table.py
"""

from __future__ import annotations

import canvasgen as cg

MONTHS = ["January", "February", "March"]

expenses = cg.table(
    MONTHS,
    ["note", "rent", "food", "total"],
    cells={
        "note": cg.regex("[A-Z][a-z]{2,9}( [a-z]{2,9}){0,2}"),
        "rent": [500, 520],
        "food": range(100, 200),
        ...: range(800),
    },
    relations=[
        cg.relations.linear({(m, "rent"): 1, (m, "food"): 1, (m, "total"): -1}, "==", 0) for m in MONTHS
    ],
)
note = (
    "Rent was 500 in January, then 520. Food: 140, 155, 120. January was quiet, February long, March sunny."
)
filled = cg.load().complete(note, constraint=expenses, seed=1)
print(filled.text)
for _, rent, food, total in filled.value:
    assert rent + food == total
