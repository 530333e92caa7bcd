"""Tables, puzzles and relations; related and grounded fields."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from calls import Call, schema, through

import canvasgen as cg
from canvasgen import relations as r

__all__ = ["related_fields", "tables"]


def tables() -> dict[str, Call]:
    """Sizes, domains, relations that contradict, and searches without an answer."""
    letters = [chr(97 + n) for n in range(12)]

    def table(*arguments: Any, **options: Any) -> Call:
        return lambda: through(cg.table(*arguments, **options))

    def cells(about: Any) -> list[Any]:
        return [cell for row in about.rows for cell in row] if hasattr(about, "rows") else list(about)

    found: dict[str, Call] = {
        "no rows": table(0, 3),
        "negative rows": table(-1, 3),
        "rows of 1e30": table(10**30, 3),
        "names twice": table(["a", "a"], ["b"]),
        "names of numbers": table([1, 2], ["b"]),
        "names of megabytes": table(["a" * 1_000_000], ["b"]),
        "cells of nothing": table(2, 2, []),
        "cells of 3,000": table(2, 2, [f"v{n}" for n in range(3000)]),
        "cells of a range": table(3, 3, range(10**12)),
        "cells of regexes": table(3, 3, cg.regex("[ab]{1,300}")),
        "cells of schemas": table(3, 3, cg.json_schema({})),
        "cells of strange objects": table(2, 2, [object()]),
        "cells of surrogates": table(2, 2, ["\ud800"]),
        "layout unknown": table(2, 2, ["a"], layout="html"),
        "mode unknown": table(2, 2, ["a"], mode="maybe"),
        "40 by 40": table(40, 40, ["x", "y"]),
        "relations of a number": table(2, 2, ["a"], 5),
        "relations over other cells": table(2, 2, ["a"], [r.all_different(["z"])]),
        "pigeons": table(1, 12, letters[:11], lambda grid: [r.all_different(grid.row(0))]),
        "pigeons thrice": table(3, 10, letters[:9], lambda grid: [r.all_different(grid.row(n)) for n in range(3)]),
        "a sum of large numbers": table(
            1, 14, [7919 * n for n in range(1, 40)], lambda grid: [r.total(grid.row(0), "==", 7919 * 30 + 1)]
        ),
        "sums that contradict": table(
            2, 4, range(10), lambda g: [r.total(g.row(0), "==", 3), r.total(g.row(0), ">", 5)]
        ),
        "a sum of 10**40": table(1, 3, range(5), lambda g: [r.total(g.row(0), "==", 10**40)]),
        "an order unknown": table(1, 3, range(5), lambda g: [r.total(g.row(0), "=~", 5)]),
        "forbidden many": table(
            1, 6, letters, lambda g: [r.forbidden(g.row(0), [[letters[n % 12]] * 6 for n in range(500)])]
        ),
        "allowed none": table(1, 3, letters, lambda g: [r.allowed(g.row(0), [])]),
        "elements of itself": table(1, 6, range(6), lambda g: [r.element(g.row(0)[0], g.row(0), g.row(0)[0])]),
        "counted more than there are": table(1, 6, letters, lambda g: [r.exactly(9, g.row(0), ["a"])]),
        "parity without an answer": table(
            6, 6, range(2),
            lambda g: [r.exactly(3, g.row(n), [1]) for n in range(6)] + [r.exactly(4, g.column(n), [1]) for n in range(6)],
        ),
        "queens 1": lambda: through(cg.queens(1)),
        "queens 3": lambda: through(cg.queens(3)),
        "queens 20": lambda: through(cg.queens(20)),
        "queens 10**9": lambda: through(cg.queens(10**9)),
        "queens a text": lambda: through(cg.queens("8")),  # type: ignore[arg-type]
        "latin square 12": lambda: through(cg.latin_square(12)),
        "latin square 500": lambda: through(cg.latin_square(500)),
        "magic square 2": lambda: through(cg.magic_square(2)),
        "magic square 5": lambda: through(cg.magic_square(5)),
        "round robin of 3": lambda: through(cg.round_robin(["a", "b", "c"])),
        "round robin of 20": lambda: through(cg.round_robin([f"t{n}" for n in range(20)])),
        "round robin of 4,000": lambda: through(cg.round_robin([f"t{n}" for n in range(4000)])),
        "roster without people": lambda: through(cg.roster(["mon"], ["early"], [])),
        "roster of 300 days": lambda: through(cg.roster([f"d{n}" for n in range(300)], ["a", "b", "c"], letters)),
        "roster without rest": lambda: through(cg.roster(["a", "b"], ["x", "y", "z"], ["p"], most=1)),
        "roster with huge counts": lambda: through(cg.roster(["a"], ["x"], ["p"], most=10**30, least=10**30)),
        "roster of nobody there": lambda: through(cg.roster(["a"], ["x"], ["p"], away={"q": ["a"]})),
        "seating of more than chairs": lambda: through(cg.seating(letters, 2, 2)),
        "seating of 100": lambda: through(cg.seating([f"g{n}" for n in range(100)], 10, 10)),
        "seating apart": lambda: through(
            cg.seating(letters[:9], 3, 3, apart=[(a, b) for a in letters[:9] for b in letters[:9] if a < b])
        ),
        "futoshiki of a ring": lambda: through(cg.futoshiki(4, [((0, 0), (0, 1)), ((0, 1), (0, 0))])),  # type: ignore[call-arg, arg-type]
        "sudoku of letters": lambda: cg.sudoku("x" * 81),
        "sudoku of 80": lambda: cg.sudoku("." * 80),
        "sudoku of a megabyte": lambda: cg.sudoku("." * 1_000_000),
        "sudoku of None": lambda: cg.sudoku(None),
        "sudoku of lists": lambda: cg.sudoku([[10**30] * 9] * 9),
        "sudoku of 36": lambda: through(cg.sudoku("." * 1296, unique=False)),
        "sudoku with boxes of 1": lambda: through(cg.sudoku("." * 16, (1, 4), unique=False)),
        "sudoku with cages that contradict": lambda: cg.sudoku(
            "." * 81, cages=[(3, [(0, 0), (0, 1)]), (3, [(0, 0), (0, 2)])]
        ),
        "sudoku with a cage of 10**30": lambda: cg.sudoku("." * 81, cages=[(10**30, [(0, 0)])]),
        "sudoku with cages outside": lambda: cg.sudoku("." * 81, cages=[(3, [(99, 0)])]),
        "sudoku, hard": lambda: through(
            cg.sudoku("..............3.85..1.2.......5.7.....4...1...9.......5......73..2.1........4...9")
        ),
        "sudoku diagonal, without an answer": lambda: cg.sudoku("123456789" + "." * 72, diagonal=True, unique=True),
        "sudoku in regions of nothing": lambda: cg.sudoku("." * 81, regions="a" * 81),
        "grid of a number": lambda: cg.grid(5.5, 2),  # type: ignore[arg-type]
        "relations of a text": lambda: r.total("abc", "==", 3),
        "relations of none": lambda: r.all_different(None),  # type: ignore[arg-type]
        "cells of a grid": lambda: cells(cg.grid(3, 3)),
    }  # fmt: skip
    return {f"table: {name}": call for name, call in found.items()}


def related_fields() -> dict[str, Call]:
    """Relations between the fields of a value, and fields that are taken from a source."""
    number = {"type": "integer", "minimum": 0, "maximum": 99}
    order = {
        "type": "object",
        "properties": {
            "items": {
                "type": "array",
                "items": {"type": "object", "properties": {"p": number}, "required": ["p"]},
            },
            "sum": {"type": "integer"},
        },
        "required": ["items", "sum"],
    }
    flat = {
        "type": "object",
        "properties": {f"f{n}": number for n in range(20)},
        "required": [f"f{n}" for n in range(20)],
    }
    names = list(flat["properties"])
    good = '{"items": [{"p": 1}], "sum": 1}'

    def related(document: Any, relations: Callable[[], list[Any]]) -> Call:
        return lambda: through(cg.json_schema(document, relations=relations()), good)

    source = "The meeting of 3 May 2024 cost 12.50 EUR; call +49 30 1234567 at 10:30. " * 40
    grounded = {
        "type": "object",
        "properties": {k: {"type": "string"} for k in "abcdef"},
        "required": list("abcdef"),
    }
    found: dict[str, Call] = {
        "a total": related(order, lambda: [r.total(["items[*].p"], "==", "sum")]),
        "a total of nothing": related(order, lambda: [r.total(["nothing"], "==", "sum")]),
        "a total of itself": related(order, lambda: [r.total(["sum"], "==", "sum")]),
        "a total of 10**40": related(order, lambda: [r.total(["items[*].p"], "==", 10**40)]),
        "totals that contradict": related(flat, lambda: [r.total(names, "==", 3), r.total(names, ">", 900)]),
        "twenty different": related(flat, lambda: [r.all_different(names)]),
        "twenty in order": related(flat, lambda: [*(r.total([a], "<", b) for a, b in pairwise(names))]),
        "pairs of twenty": related(flat, lambda: [*(r.total([a, b], "!=", 50) for a in names for b in names if a < b)]),
        "a path open": related(order, lambda: [r.total(["items[*"], "==", "sum")]),
        "a path long": related(order, lambda: [r.total(["a." * 5000 + "b"], "==", "sum")]),
        "a path of numbers": related(order, lambda: [r.total([5], "==", "sum")]),
        "relations of a text": schema(order, relations="sum"),
        "relations of a number": schema(order, relations=5),
        "relations of wrong ones": schema(order, relations=[5]),
        "relations beside nothing": lambda: cg.Request("", regex="a", relations=[r.all_different(["a"])]).resolve(),
        "relations of a list": related({"type": "array", "items": number}, lambda: [r.total(["[*]"], "==", 50)]),
        "relations in a recursion": related(
            {"type": "object", "properties": {"v": number, "n": {"$ref": "#"}}},
            lambda: [r.total(["n.n.n.v"], "==", "v")],
        ),
        "grounded in a page": schema(grounded, "{}", grounded=source),
        "grounded in nothing": schema(grounded, "{}", grounded=""),
        "grounded in a word": schema({"type": "string"}, '"a"', grounded="a"),
        "grounded in surrogates": schema(grounded, grounded="\ud800"),
        "grounded in a number": schema(grounded, grounded=5),
        "grounded in a megabyte": schema({"type": "string"}, '"word"', grounded="word other " * 100_000),
        "grounded in one letter": schema({"type": "string"}, '"aa"', grounded="a" * 30_000),
        "grounded in many texts": schema({"type": "string"}, '"w5"', grounded=[f"w{n}" for n in range(5000)]),
        "grounded dates": schema(
            {"type": "object", "properties": {"d": {"type": "string", "x-grounded": "date"}}}, grounded=source * 20
        ),
        "grounded by an unknown reader": schema({"type": "string", "x-grounded": "smell"}, grounded="a"),
        "grounded in digits": schema({"type": "number"}, "1", grounded="1" * 100_000),
        "grounded in dates": schema({"type": "string", "format": "date"}, grounded="1.1.2024 " * 20_000),
        "grounded regex": lambda: through(cg.Request(source, regex="[a-z]{1,30}", grounded=True).resolve()),  # type: ignore[arg-type]
        "grounded grammar": lambda: through(cg.Request(source, grammar='start: "a"', grounded=True).resolve()),  # type: ignore[arg-type]
        "grounded choice": lambda: cg.Request(source, choice=["a"], grounded=True).resolve(),
        "grounded template": lambda: through(cg.Request(source, template="{a} {b} {a}", grounded=True).resolve()),  # type: ignore[arg-type]
    }  # fmt: skip
    return {f"fields: {name}": call for name, call in found.items()}
