"""Templates, edits, positions, and the algebra over every front end."""

from __future__ import annotations

from typing import Any

from calls import VOCABULARY, Call, nested, template, through

import canvasgen as cg

__all__ = ["combined", "filled", "placed"]


def filled() -> dict[str, Call]:
    """Templates, edits, infills."""
    any_json = cg.json_schema({})
    found: dict[str, Call] = {
        "braces": template("{{{{{}}}}}" * 200),
        "braces of nothing": template("{}"),
        "closed": template("}" * 100),
        "name of a number": template("{5}"),
        "name with a point": template("{a.b}"),
        "name with a format": template("{a!r:>10}"),
        "name long": template("{" + "n" * 100_000 + "}"),
        "name of a keyword": template("{class}"),
        "hole unknown": template("{a}", b="x"),
        "hole of a mute object": template("{a}", a=object()),
        "hole of any JSON twice": template("{a}-{a}", a=any_json),
        "hole of a type": template("{a}", a=dict[str, list[int]]),
        "hole of itself": template("{a}", a=cg.template("{a}", a=cg.template("{a}", a="x"))),
        "holes alike": template("{a}{b}{a}{b}", a=cg.regex("[xy]{1,6}"), b=cg.regex("[xy]{1,6}")),
        "holes twice of 200 texts": template(
            "{a} {a} {b} {b}", **{h: cg.choice([f"{h}{n}" for n in range(200)]) for h in "ab"}
        ),
        "holes of regexes beside": template("{a}{b}{c}", a=cg.regex("a*"), b=cg.regex("a*"), c=cg.regex("a*")),
        "holes of repeats": template("{a}", a=cg.repeat(cg.regex("[ab]{1,9}"), 0, 300)),
        "hole of a table": lambda: through(cg.template("{t}{t}", t=cg.table(2, 2, ["x", "y"]))),
        "a text that is none": template(5),
        "bytes": template(b"{a}"),
        "surrogates": template("\ud800{a}"),
        "empty": template(""),
        "judged": lambda: cg.template("{a},{b},{c}").matches("x," * 3000),
        "judged twice": lambda: cg.template("{a}{a}", a=cg.regex("[ab]*")).matches("ab" * 600),
        "read": lambda: cg.template("{a}{b}{c}{d}", **{h: cg.regex("a*") for h in "abcd"}).parse("a" * 400),
        "read what does not match": lambda: cg.template("{a}!").parse("x"),
    }  # fmt: skip
    edits: dict[str, Call] = {
        "span behind the end": lambda: through(cg.edit("abc", (2, 9))),
        "span backwards": lambda: through(cg.edit("abc", (2, 1))),
        "span of texts": lambda: through(cg.edit("abc", ("a", "b"))),  # type: ignore[arg-type]
        "span of three": lambda: through(cg.edit("abc", (1, 2, 3))),  # type: ignore[arg-type]
        "span of huge numbers": lambda: through(cg.edit("abc", (0, 10**40))),
        "text that is none": lambda: through(cg.edit(None, (0, 1))),  # type: ignore[arg-type]
        "infill of nothing": lambda: through(cg.infill("", "")),
        "infill of numbers": lambda: through(cg.infill(1, 2)),  # type: ignore[arg-type]
        "infill of surrogates": lambda: through(cg.infill("\udfff", "a")),
        "infill, judged": lambda: cg.infill("a" * 5000, "a" * 5000).matches("a" * 9999),
    }
    return {f"template: {n}": call for n, call in found.items()} | {
        f"edit: {n}": call for n, call in edits.items()
    }


def placed() -> dict[str, Call]:
    """Fixed tokens and texts near positions."""
    text = cg.text()

    def near(*arguments: Any) -> Call:
        return lambda: through(text & cg.near(*arguments), "a")

    def fixed(places: Any) -> Call:
        return lambda: through(text & cg.fixed(places), "a")

    found = {
        "near far away": near("a", 10**12, 3),
        "near negative": near("a", -5, 3),
        "near with a wide window": near("a", 5, 10**12),
        "near a long text": near("ab" * 3000, 5, 20),
        "near nothing": near("", 5, 2),
        "near a number": near(5, 5, 2),
        "near texts": near("a", "5", "2"),
        "near a surrogate": near("\ud800", 1, 1),
        "fixed nothing": fixed({}),
        "fixed far away": fixed({10**12: "a"}),
        "fixed unknown tokens": fixed({3: 10**9}),
        "fixed negative": fixed({-1: "a"}),
        "fixed a text of several": fixed({3: "hello world"}),
        "fixed by texts": fixed({"3": "a"}),
        "fixed by a list": fixed(["a"]),
        "fixed everywhere": fixed(dict.fromkeys(range(24), "a")),
        "fixed the end": fixed({2: VOCABULARY.end_ids[0]}),
        "fixed and near alike": lambda: through(
            text & cg.fixed({3: "a"}) & cg.near("a", 3, 0) & cg.near("b", 3, 0)
        ),
        "near in many ways": lambda: through(_all([text] + [cg.near(chr(97 + n), n, 2) for n in range(12)])),
        "near and not": lambda: through(text & ~cg.near("a", 3, 1)),
        "near in a repeat": lambda: through(cg.repeat(cg.near("a", 3, 1), 1, 5)),
    }
    return {f"positions: {name}": call for name, call in found.items()}


def _all(parts: list[Any]) -> Any:
    whole = parts[0]
    for part in parts[1:]:
        whole = whole & part
    return whole


def combined() -> dict[str, Call]:
    """The algebra."""
    number = cg.json_schema({"type": "integer"})
    anything = cg.json_schema({})
    deep = cg.grammar('start: "(" start ")" | "x"')
    found: dict[str, Call] = {
        "plus 600 times": lambda: through(nested(600, lambda c: c + "a", cg.regex("b")), "ba"),
        "or 600 times, right": lambda: through(nested(600, lambda c: cg.regex("[a-z]x") | c, cg.regex("b")), "b"),
        "and 300 times": lambda: through(nested(300, lambda c: c & cg.regex("[ab]*"), cg.regex("a*")), "a"),
        "not 300 times": lambda: through(nested(300, lambda c: ~c, anything), "1"),
        "repeat 40 deep": lambda: through(nested(40, lambda c: cg.repeat(c, 0, 2), cg.regex("a")), "a"),
        "optional 900 times": lambda: through(nested(900, cg.optional, cg.regex("a")), "a"),
        "template 100 deep": lambda: through(nested(100, lambda c: cg.template("<{a}>", a=c), cg.regex("a"))),
        "itself twice, 20 deep": lambda: through(nested(20, lambda c: c + c, cg.regex("ab")), "ab"),
        "itself or itself, 40 deep": lambda: through(nested(40, lambda c: c | c + "x", cg.regex("ab")), "ab"),
        "itself and not itself": lambda: through(cg.regex("a*b") & ~cg.regex("a*b")),
        "schema or its complement": lambda: through(number | ~number, "1"),
        "schemas and 20": lambda: through(nested(20, lambda c: c & number, anything), "1"),
        "schema and grammar": lambda: through(anything & cg.grammar("json"), "1"),
        "schema and regex of 200": lambda: through(anything & cg.regex("[^x]{200}"), "1"),
        "schema and excludes": lambda: through(anything & cg.excludes([f"w{n}" for n in range(600)]), "1"),
        "schema and contains": lambda: through(anything & cg.contains("needle", at_least=40), "1"),
        "schemas one after the other": lambda: through(cg.repeat(anything, 1, 40, separator="\n"), "1\n2"),
        "grammar repeated": lambda: through(cg.repeat(deep, 0, 200), "x"),
        "grammar and its complement": lambda: through(~deep & cg.regex("[(x)]{0,40}"), "(("),
        "choice and not choice": lambda: through(
            cg.choice([f"w{n}" for n in range(4000)]) & ~cg.choice([f"w{n}" for n in range(1, 4000)]), "w0"
        ),
        "distance and distance": lambda: through(
            cg.regex("[ab]*a[ab]{10}") & cg.regex("[ab]*b[ab]{11}") & ~cg.regex("[ab]*a[ab]{9}"), "a"
        ),
        "complement of distance": lambda: through(~cg.regex("[ab]*a[ab]{17}"), "a"),
        "text and text": lambda: through(cg.text(3000, 3500) & cg.text(3400, 9000), "a"),
        "table and text": lambda: through(cg.table(3, 3, ["x", "y"]) & cg.text()),
        "table or table": lambda: through(cg.table(2, 2, ["x"]) | cg.table(2, 2, ["y"])),
        "table twice": lambda: through(cg.table(2, 2, ["x"]) + cg.table(2, 2, ["y"])),
        "complement of a table": lambda: through(~cg.table(4, 4, ["x", "y"])),
        "repeat backwards": lambda: cg.repeat(cg.regex("a"), 5, 2),
        "repeat of 10**30": lambda: through(cg.repeat(cg.regex("ab"), 10**30)),
        "repeat of a text": lambda: through(cg.repeat("ab", 0, 3)),
        "repeat with a separator of a megabyte": lambda: through(cg.repeat(cg.regex("a"), 0, 3, separator="x" * 1_000_000)),
        "repeat, judged": lambda: cg.repeat(number, 0, 300, separator=",").matches("1," * 200 + "1"),
        "span of a source and a schema": lambda: through(cg.span_of("one two 3 four") & number),
        "compiled for nothing": lambda: cg.regex("a").compile(None),  # type: ignore[arg-type]
        "compiled without bytes": lambda: cg.regex("é").compile(cg.Vocabulary([b"a", None], end_ids=[1])),
        "judged a number": lambda: cg.regex("a").matches(5),  # type: ignore[arg-type]
        "read a number": lambda: number.parse("x"),
    }  # fmt: skip
    return {f"algebra: {name}": call for name, call in found.items()}
