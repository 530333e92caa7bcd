"""What is said of every schema's language: how its texts are written, and which valid texts are never generated."""

from __future__ import annotations

from canvasgen.notes import Note

__all__ = [
    "DEPARTURES",
    "FENCED",
    "FOLLOWED",
    "GROUNDED",
    "MARKED",
    "ORDERED",
    "PERMUTED",
    "WHITESPACE",
    "WHOLE_NUMBERS",
]

ORDERED = Note("departure", "keys stand in the schema's order, undeclared ones last")
FOLLOWED = Note(
    "departure",
    "keys stand in the order of the model's first drafts, or in the schema's, undeclared ones last, as a part of a longer "
    "constraint or where the drafts' automaton is too large",
)
PERMUTED = Note("departure", "of large objects the keys stand in the schema's order, undeclared ones last")
GROUNDED = Note(
    "automaton",
    "strings are spans of the source, numbers, dates and times are written in it, but for those the schema lists",
)
FENCED = Note("departure", "a code fence is three backticks, perhaps `json`, and a newline")
WHITESPACE = {
    "flexible": Note(
        "departure",
        "whitespace is none, one space, or a newline with indentation, none around the whole text",
    ),
    "compact": Note("departure", "there is no whitespace"),
    "model": Note(
        "departure",
        "whitespace is at most two spaces, or two newlines with an indentation of four spaces a level and four more",
    ),
}
MARKED = Note("automaton", "fields with `x-grounded` are taken from the source")
WHOLE_NUMBERS = Note(
    "departure",
    "whole numbers are written as such (`1`, not `1.0` or `1e0`) where the type is integer",
)
DEPARTURES = (
    Note("departure", "one spelling for each character of a string: escapes only where JSON needs them"),
    Note(
        "departure",
        "at most 19 digits before and 20 after a decimal point unless a bound has more, exponents to 307",
    ),
)
