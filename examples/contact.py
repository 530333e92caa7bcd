"""A contact from a note: every string is a verbatim part of the note, so nothing is made up.

python examples/contact.py
"""

from __future__ import annotations

from pydantic import BaseModel

import canvasgen as cg


class Contact(BaseModel):
    name: str
    city: str
    email: str


NOTE = "name: Laura King; city: Oslo; email: laura@mail.org"

done = cg.load().complete(NOTE, schema=Contact, grounded=True, seed=1)
print(done.value)
for field, span in done.sources.items():
    print(f"{field}: characters {span.start} to {span.stop}, {NOTE[span.start : span.stop]!r}")


# Prints:
# name='Laura King' city='Oslo' email='laura@mail.org'
# name: characters 6 to 16, 'Laura King'
# city: characters 24 to 28, 'Oslo'
# email: characters 37 to 51, 'laura@mail.org'
