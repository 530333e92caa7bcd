"""A week's roster with wishes: who works when is the model's choice, and the rules hold whatever it chooses.

python examples/roster.py
"""

from __future__ import annotations

import canvasgen as cg

DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri"]

week = cg.roster(
    DAYS,
    ["early", "late"],
    ["Ann", "Bob", "Cleo", "Dan"],
    most=3,
    least=2,
    away={"Bob": ["Wed"], "Cleo": [("Mon", "early"), "Fri"]},
    given={("Tue", "late"): "Dan"},
    relations=[
        cg.relations.exactly(0, [(day, "early") for day in DAYS], ["Dan"], name="Dan works no mornings")
    ],
)
filled = cg.load().complete(
    "Ann likes mornings, Cleo likes late shifts.", constraint=week, seed=1, on_step_limit="return"
)
print(filled.text)
monday = filled.value[0]
print("Cleo opens on Monday:", monday[0] == "Cleo")
print("Dan works mornings:", any(early == "Dan" for early, _ in filled.value))
print("Dan closes on Tuesday:", filled.value[1][1] == "Dan")


# Prints:
# |  | early | late |
# |---|---|---|
# | Mon | … | … |
# | Tue | … | Dan |
# | Wed | … | … |
# | Thu | … | … |
# | Fri | … | … |
# Cleo opens on Monday: False
# Dan works mornings: False
# Dan closes on Tuesday: True
