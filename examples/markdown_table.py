"""A Markdown table from a note: products are free text, prices are read, and whatever is read adds up to the total.

python examples/markdown_table.py
"""

from __future__ import annotations

import canvasgen as cg

TOTAL = 100

invoice = cg.table(
    3,
    ["product", "price"],
    cells={"product": cg.regex("[a-z]+( [a-z]+)?"), "price": range(1, 100)},
    relations=lambda grid: [cg.relations.total(grid.column("price"), "==", TOTAL)],
)
note = "Product: tea mug; price: 24. Product: desk lamp; price: 31. Product: garden chair; price: 45."
filled = cg.load().complete(note, table=invoice, seed=1)
print(filled.text)
assert sum(price for _, price in filled.value) == TOTAL


# Prints:
# | product | price |
# |---|---|
# | tea mug | 24 |
# | desk lamp | 31 |
# | garden chair | 45 |
