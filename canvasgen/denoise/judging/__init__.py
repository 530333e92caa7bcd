"""What becomes of a row whose canvas is to be committed: decided at once, or in threads beside the loop.

commit ──▶ a thread of `Judges`: constraint, validators, value ──in some milliseconds──▶ goes on with this step
                                 │ later
                                 ▼
           the row stands aside, the others take their steps; before a later step it comes back
"""

from canvasgen.denoise.judging.judges import Judges
from canvasgen.denoise.judging.rows_aside import Decisions
from canvasgen.denoise.judging.verdict import Verdict, placed

__all__ = ["Decisions", "Judges", "Verdict", "placed"]
