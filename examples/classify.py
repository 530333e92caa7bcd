"""A message put into one of four kinds, with the exact probability of each under the model.

python examples/classify.py
"""

from __future__ import annotations

import canvasgen as cg

kinds = ["billing", "delivery", "praise", "other"]
engine = cg.load()
for message in ("kind: delivery; the parcel is late", "kind: praise; thank you"):
    for kind, share in engine.decide(message, kinds, seed=0).items():
        print(f"{kind:<9} {share:.2f}")
    print()


# Prints:
# billing   0.00
# delivery  0.97
# praise    0.00
# other     0.02
#
# billing   0.00
# delivery  0.00
# praise    1.00
# other     0.00
#
