"""A letter from a template, its holes filled from a note; then one span of it edited, and a gap in code filled.

python examples/letter.py
"""

from __future__ import annotations

import canvasgen as cg

LINE = cg.text(1, 30, lines=False)

engine = cg.load()
letter = cg.template(
    "Dear {receiver},\nthe {item} costs ${price}.\nBest regards,\n{sender}",
    receiver=LINE,
    item=LINE,
    price=cg.regex(r"\d{1,4}\.\d\d"),
    sender=LINE,
)
note = "receiver: Ann Miller; item: desk lamp; price: 24.95; sender: Bob Stone"
filled = engine.complete(note, constraint=letter, seed=1)
print(filled.text)
print(filled.value)

edited = engine.complete(
    "price: 19.50", constraint=cg.edit(filled.text, filled.value["price"], letter.holes["price"])
)
print(edited.text)

query = cg.infill("rows = db.execute('", "').fetchall()", cg.grammar("sql_select"))
print(engine.complete("all names of users", constraint=query, max_tokens=64, seed=1).text)
