"""A class with the probability of each: exact, summed over all ways to write it, not counted from samples.

python examples/classify.py
"""

from __future__ import annotations

import canvasgen as cg

engine = cg.load()
note = "color: green; item: garden chair"
done = engine.complete(note, choice=["red", "green", "white"], seed=1, probabilities=True)
print(done.value)
for color, share in done.probabilities[""].items():
    print(f"{color:6} {share:.3f}")
print(round(sum(engine.decide(note, ["red", "green", "white"], seed=1).values()), 6))


# Prints:
# green
# red    0.008
# green  0.919
# white  0.073
# 1.0
