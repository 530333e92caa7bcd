"""What is written in a source: its spans as a language, its numbers and dates as values.

`source_pieces.py` cuts a text into words and what is between them, `source_automaton.py` builds the automaton of all their runs,
`source_spans.py` is the language of a source's spans, `numerals.py` reads the numbers,
`dates.py` the dates.
"""

from canvasgen.grounding.numerals import numbers_in
from canvasgen.grounding.source_spans import Sources, Span, span_language

__all__ = ["Sources", "Span", "numbers_in", "span_language"]
