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
filled = cg.load().complete("Ann likes mornings, Cleo likes late shifts.", constraint=week, seed=1)
print(filled.text)
for day, (early, late) in zip(DAYS, filled.value, strict=True):
    print(f"{day}: {early} opens, {late} closes")


# Prints:
# |  | early | late |
# |---|---|---|
# | Mon | Bob | Cleo |
# | Tue | Ann | Dan |
# | Wed | Ann | Cleo |
# | Thu | Bob | Dan |
# | Fri | Bob | Dan |
# Mon: Bob opens, Cleo closes
# Tue: Ann opens, Dan closes
# Wed: Ann opens, Cleo closes
# Thu: Bob opens, Dan closes
# Fri: Bob opens, Dan closes
