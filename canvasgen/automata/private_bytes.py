"""The register of private bytes: marks inside automata that no text can contain.

Thirteen bytes never occur in well-formed UTF-8 (RFC 3629, section 1): 0xC0, 0xC1 and 0xF5 to 0xFF. Several parts
use them to mark places in the texts of an automaton, and remove the marks again before tokens are concerned. Each
use has its bytes here. Two uses may share a byte only if no automaton reads both; `TOGETHER` lists which uses meet.

The symbols of lists are no marks in texts: an automaton over them has symbols in the place of bytes, all of which
are replaced by languages at once, so they may be any bytes.
"""

from __future__ import annotations

__all__ = [
    "ASSERTION_MARKERS",
    "CALL",
    "CELL_BORDER",
    "CUT_BAR",
    "FOCUS_CLOSE",
    "FOCUS_OPEN",
    "HOLE_BORDER",
    "LIST_COMMA",
    "LIST_ENTRIES",
    "LIST_MORE",
    "LIST_SILENT",
    "LIST_SKIP",
    "LOOK_AROUND_LETTERS",
    "OUTER_CUT_BAR",
    "TOGETHER",
    "UNUSED_BY_UTF8",
    "VALIDATOR_LETTERS",
]

UNUSED_BY_UTF8 = bytes((0xC0, 0xC1, *range(0xF5, 0x100)))

# -- regular expressions (`automata.regex.assertions`) -----------------------------------------------------

CUT_BAR = 0xFF
"""The bar of a cut text `u|v`; the grammar reads it too, in what `parse_regex_in_context` returns."""
OUTER_CUT_BAR = 0xFE
"""The bar of the cut text around a look-around, while the look-around's own bars are resolved."""
ASSERTION_MARKERS = bytes((0xC0, 0xC1, *range(0xF5, 0xFE)))
"""One for each different zero-width assertion of a pattern."""

# -- grammars (`constraints.grammar.marks`) ----------------------------------------------------------------

FOCUS_OPEN, FOCUS_CLOSE = 0xFD, 0xFE
"""Around the one terminal that is compared with its surroundings."""
LOOK_AROUND_LETTERS = bytes((0xC0, 0xC1, 0xF5, 0xF6))
"""Letters of the words around terminals that look around."""
VALIDATOR_LETTERS = bytes((0xF7, 0xF8, 0xF9, 0xFA))
"""Letters of the words around constraints that have a validator."""

# -- tables (`constraints.table`) --------------------------------------------------------------------------

CELL_BORDER = 0xFF
"""At both borders of each cell."""

# -- templates (`constraints.agreement`) --------------------------------------------------------------------

HOLE_BORDER = 0xFE
"""At both borders of each occurrence of a hole that occurs several times."""

# -- languages that are called (`automata.called_language`) ---------------------------------------------------

CALL = 0xC0
"""Stands for a text of the language that is called."""

# -- lists of JSON ------------------------------------------------------------------------------------------

LIST_ENTRIES = 250
"""Symbols below this one are the entries of a list."""
LIST_MORE, LIST_COMMA, LIST_SILENT, LIST_SKIP = 250, 251, 252, 253
"""Any further entry; what stands between two; two symbols of nothing at all."""

TOGETHER: dict[str, tuple[bytes, ...]] = {
    "a pattern with assertions": (bytes((CUT_BAR,)), bytes((OUTER_CUT_BAR,)), ASSERTION_MARKERS),
    "a grammar": (
        bytes((CUT_BAR,)),
        bytes((FOCUS_OPEN,)),
        bytes((FOCUS_CLOSE,)),
        LOOK_AROUND_LETTERS,
        VALIDATOR_LETTERS,
    ),
    "a table": (bytes((CELL_BORDER,)),),
    "a template": (bytes((HOLE_BORDER,)), bytes((CELL_BORDER,))),
    "a frame": (bytes((CALL,)),),
    "a list": (bytes(range(LIST_ENTRIES)), bytes((LIST_MORE, LIST_COMMA)), bytes((LIST_SILENT, LIST_SKIP))),
}
"""By kind of automaton, the uses whose bytes it may read together."""
