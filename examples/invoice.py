"""An invoice whose items add up to its total, whatever the model thinks of arithmetic.

python examples/invoice.py
"""

from __future__ import annotations

from pydantic import BaseModel, Field

import canvasgen as cg
from canvasgen.relations import total


class Item(BaseModel):
    product: str = Field(max_length=16)
    price: int = Field(ge=0, le=999)


class Invoice(BaseModel):
    items: list[Item] = Field(min_length=2, max_length=2)
    total: int = Field(ge=0, le=999)


note = "items: desk lamp 31, garden chair 45; total: 76"
adds_up = total(["items[*].price"], "==", "total")
invoice = cg.load().generate(note, schema=Invoice, relations=[adds_up], seed=1, on_step_limit="return")
print(len(invoice.items), "items")
print("adds up:", sum(item.price for item in invoice.items) == invoice.total)


# Prints:
# 2 items
# adds up: True
