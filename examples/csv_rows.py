"""Rows of CSV out of prose, a sentence each, in one batch; Python's own reader reads them back.

python examples/csv_rows.py
"""

from __future__ import annotations

import csv

import canvasgen as cg

NAMES = cg.regex(r"[A-Z][a-z]+( [A-Z][a-z]+)?")
sentences = ["Ann Miller, 34, lives in Oslo.", "Bob Stone, 58, lives in Rome."]


def row(sentence: str) -> cg.Constraint:
    """Return `name,age,city` with values that the sentence states."""
    stated = cg.span_of(sentence)
    return cg.template(
        "{name},{age},{city}", name=stated & NAMES, age=stated & cg.regex(r"\d+"), city=stated & NAMES
    )


requests = [cg.Request(sentence, constraint=row(sentence), seed=0) for sentence in sentences]
made = [one.text for one in cg.load().batch(requests)]
for read in csv.DictReader(["name,age,city", *made]):
    print(read)


# Prints:
# {'name': 'Ann Miller', 'age': '34', 'city': 'Oslo'}
# {'name': 'Bob Stone', 'age': '58', 'city': 'Rome'}
