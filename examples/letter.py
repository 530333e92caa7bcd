"""A letter from a template, its holes filled from a note; then spans of it edited, and the gap of a table's row filled.

python examples/letter.py
"""

from __future__ import annotations

import canvasgen as cg

LINE = cg.text(lines=False)
PRICE = cg.regex(r"\d{1,4}\.\d\d")

engine = cg.load()
letter = cg.template(
    "Dear {receiver},\n{item} costs ${price}. It comes in {color}.\nBest regards,\n{sender}",
    receiver=LINE,
    item=LINE,
    price=PRICE,
    color=cg.choice(["red", "green", "white"]),
    sender=LINE,
)
note = "receiver: Laura King; item: lamp; price: 18.40; color: green; sender: Dora Lind"
filled = engine.complete(note, constraint=letter, seed=1, probabilities=True)
print(filled.text)
print({color: round(share, 3) for color, share in filled.probabilities["color"].items()})

news = "item lamp; price 16.75; color green; receiver Laura King; sender Dora Lind"
edited = engine.complete(news, constraint=cg.edit(filled.text, filled.value["price"], PRICE), seed=1)
print(edited.text)

row = cg.infill("name | age | city\nAnn Miller | ", " | Oslo", int)
print(engine.generate("Ann Miller, 34 years old, lives in Oslo.", constraint=row, seed=1))


# Prints:
# Dear Laura King,
# lamp costs $18.40. It comes in green.
# Best regards,
# Dora Lind
# {'red': 0.0, 'green': 1.0, 'white': 0.0}
# Dear Laura King,
# lamp costs $16.75. It comes in green.
# Best regards,
# Dora Lind
# 34
