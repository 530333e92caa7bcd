"""Who sits at which table: some together, some apart, and the rest is the model's choice.

python examples/seating_plan.py
"""

from __future__ import annotations

import canvasgen as cg

GUESTS = ["Ann", "Bob", "Cleo", "Dan", "Eve", "Finn"]

plan = cg.seating(GUESTS, 2, 3, together=[("Ann", "Bob")], apart=[("Cleo", "Dan")])
done = cg.load().complete("Two tables of three.", constraint=plan, seed=1, on_step_limit="return")
print(done.text)


# Prints:
# |  |  |  |
# |---|---|---|
# | Bob | Ann | Dan |
# | Cleo | Finn | Eve |
