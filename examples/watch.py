"""A canvas as it forms: at every denoising step the most probable valid text, with what changed since the step before.

python examples/watch.py [--svg FILE]
"""

from __future__ import annotations

import re
import sys
from difflib import SequenceMatcher
from pathlib import Path

from pydantic import BaseModel
from rich.console import Console
from rich.text import Text

import canvasgen as cg
from canvasgen.denoise import Draft


class Worker(BaseModel):
    name: str
    age: int
    city: str
    job: str


def changed(before: str, after: str) -> Text:
    """The new text, with what is not in the old one marked."""
    shown = Text()
    for kind, _, _, start, stop in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        shown.append(after[start:stop], style="bold" if kind == "equal" else "bold green")
    return shown


console = Console(record=True, width=104, highlight=False)
prompt = "Maria Gomez, 27 years old, works in Lisbon as a nurse."
console.print(Text(f"{prompt}\n", style="dim"))
text = ""
for event in cg.load().stream(prompt, schema=Worker, seed=0):
    if isinstance(event, Draft):
        console.print(Text(f"step {event.step}  ", style="dim") + changed(text, event.text))
        text = event.text
if "--svg" in sys.argv:
    picture = console.export_svg(title="canvasgen: one canvas, step by step")
    without_fonts = re.sub(r"@font-face \{.*?\}", "", picture, flags=re.S)  # they would come from the network
    Path(sys.argv[sys.argv.index("--svg") + 1]).write_text(without_fonts, encoding="utf-8")


# Prints:
# Maria Gomez, 27 years old, works in Lisbon as a nurse.
#
# step 1  {"name": "Maria Gomez", "age": 27, "city": "Lisbb", "job": "se"}
# step 2  {"name": "Maria Gomez", "age": 27, "city": "Lisbon", "job": "nurse"}
# step 3  {"name": "Maria Gomez", "age": 27, "city": "Lisbon", "job": "nurse"}
