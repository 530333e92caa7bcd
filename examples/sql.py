"""A query over the tables and columns that there are, each part of it one that the wish names; SQLite runs it.

python examples/sql.py
"""

from __future__ import annotations

import sqlite3

import canvasgen as cg

wish = "columns: name; table: people; column: age; number: 40"
query = cg.template(
    "SELECT {columns} FROM {table} WHERE {column} > {number}",
    columns=cg.span_of(wish) & cg.choice(["name", "name, age", "name, city"]),
    table=cg.span_of(wish) & cg.choice(["people", "orders"]),
    column=cg.span_of(wish) & cg.choice(["age", "price"]),
    number=cg.regex(r"[1-9]\d{0,2}") & cg.span_of(wish),
)
made = cg.load().complete(wish, constraint=query, seed=0)
print(made.text)

store = sqlite3.connect(":memory:")
store.execute("CREATE TABLE people (name TEXT, age INTEGER, city TEXT)")
store.executemany("INSERT INTO people VALUES (?, ?, ?)", [("Ann", 34, "Oslo"), ("Bob", 58, "Rome")])
print(store.execute(made.text).fetchall())


# Prints:
# SELECT name FROM people WHERE age > 40
# [('Bob',)]
