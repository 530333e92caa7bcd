"""Rows of CSV from prose: names are parts of the prose, ages are numbers.

python examples/csv_from_prose.py
"""

from __future__ import annotations

import csv
import io

import canvasgen as cg

PROSE = "Ann Lee is 34 and lives in Oslo. Bob Miller is 58 and lives in Rome."

table = cg.table(
    2,
    ["name", "age", "city"],
    cells={
        "name": cg.span_of(PROSE) & cg.regex("[A-Z][a-z]+ [A-Z][a-z]+"),
        "age": range(100),
        "city": cg.span_of(PROSE),
    },
    layout="csv",
)
done = cg.load().complete(PROSE, table=table, seed=1, on_step_limit="return")
for row in csv.DictReader(io.StringIO(done.text)):
    print(sorted(row), row["name"] in PROSE, row["city"] in PROSE, row["age"].isdigit())


# Prints:
# ['age', 'city', 'name'] True True True
# ['age', 'city', 'name'] True True True
