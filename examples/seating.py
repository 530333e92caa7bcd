"""Guests around a table: who may not sit side by side, and who has to; impossible wishes are refused before the model runs.

python examples/seating.py
"""

from __future__ import annotations

import canvasgen as cg

guests = ["Ann", "Bob", "Cem", "Dora", "Eva", "Finn"]
plan = cg.seating(guests, 2, 3, together=[("Ann", "Bob")], apart=[("Cem", "Dora"), ("Eva", "Finn")])
for row in cg.generate("Six guests at a table, three on each side.", table=plan, seed=0):
    print(row)

try:
    pairs = [(one, other) for one in guests[:5] for other in guests[:5] if one < other]
    cg.generate("", table=cg.seating(guests, 2, 3, together=pairs), seed=0)
except cg.errors.Unsatisfiable as error:
    print(type(error).__name__)


# Prints:
# ['Finn', 'Dora', 'Eva']
# ['Ann', 'Bob', 'Cem']
# Unsatisfiable
