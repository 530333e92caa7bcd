"""What is written in a source: its spans as a language, its numbers, dates, times, prices, … as values.

`source_pieces.py` cuts a text into words and what is between them, `source_automaton.py` builds the automaton of all their
runs, `source_spans.py` is the language of a source's spans, `numerals.py` reads the numbers, `dates.py` the dates,
`clock_times.py` the times, `written_forms.py` addresses, phone numbers and prices; `source_readings.py` keeps what a reader
found, `highlighting.py` shows it in the source, `grounded_fields.py` says which fields of a schema are read by which.
"""

from canvasgen.grounding.grounded_fields import KEYWORD, Grounded, Mark, ReaderName, mark_of
from canvasgen.grounding.highlighting import Place, Places, in_terminal, to_html
from canvasgen.grounding.numerals import numbers_in
from canvasgen.grounding.source_readings import Reading, Span
from canvasgen.grounding.source_spans import Sources, span_language

__all__ = [
    "KEYWORD",
    "Grounded",
    "Mark",
    "Place",
    "Places",
    "ReaderName",
    "Reading",
    "Sources",
    "Span",
    "in_terminal",
    "mark_of",
    "numbers_in",
    "span_language",
    "to_html",
]
