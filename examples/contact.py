"""A contact out of a sentence: every value is a span of the text, the phone number and the address are read from it.

python examples/contact.py
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel

import canvasgen as cg


class Contact(BaseModel):
    name: str
    email: Annotated[str, cg.Grounded(reader="email")]
    phone: Annotated[str, cg.Grounded(reader="phone")]


text = "Name: Maria Gomez; email: maria.gomez@example.org; phone: +49 30 901820"
found = cg.load().complete(text, schema=Contact, grounded=True, seed=0)
print(found.value.model_dump_json())
for field, span in found.sources.items():
    print(f"{field:<6} {span.start:>3} to {span.stop:>3}: {text[span.start : span.stop]}")


# Prints:
# {"name":"Maria Gomez","email":"maria.gomez@example.org","phone":"+4930901820"}
# name     6 to  17: Maria Gomez
# email   26 to  49: maria.gomez@example.org
# phone   58 to  71: +49 30 901820
