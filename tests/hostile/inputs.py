"""What a stranger might send to make us slow, large or wrong: calls by name.

Each builds a constraint, compiles it over a small vocabulary and asks about a text, as a server would.
"""

from __future__ import annotations

import json
from typing import Any

from calls import Call, grammar, nested, regex, schema, template, through
from families import families

import canvasgen as cg

SLOW: set[str] = {
    "schema: enum of 100,000 integers",
    "schema: 20,000 properties",
    "schema: required 5,000",
    "schema: allOf 2",
    "table: magic square 5",
    "regex: fold case classes",
    "schema: schema of schemas",
    "edit: infill, judged",
    "request: a schema that grows",
    "schema: judged alike",
    "schema: lengths and formats",
    "positions: near a long text",
    "argument: spans of a megabyte",
    "schema: not of any of many",
    "schema: not 1",
    "object: an enum of 3,000",
    "grammar: ten thousand terminals",
    "argument: excludes of a long word",
    "algebra: itself twice, 20 deep",
    "schema: ring of 300",
    "schema: depth 16",
    "grammar: terminals written out",
    "schema: objects that overlap, oneOf",
    "positions: near in many ways",
    "object: a literal of 3,000",
    "schema: enum 4",
    "table: round robin of 20",
    "schema: const 1",
    "schema: prefixItems 1",
    "schema: if in then, 18",
    "decide: of 2,000",
    "fields: grounded in dates",
    "regex: conjunction of suffixes",
    "schema: dynamic tree",
    "prompt: 100 MB",
    "table: seating of 100",
    "fields: grounded in a megabyte",
    "algebra: 200 conjuncts",
    "choice: 100,000 words",
    "contains: long",
    "edit: long",
    "generate: probabilities of 3,000",
    "generate: prompt of 5 MB",
    "grammar: alternatives many",
    "grammar: chain of 1,000",
    "grammar: chain of 5,000",
    "grammar: mutual",
    "regex: alternatives many",
    "regex: fold case long",
    "regex: long literal",
    "schema: all formats",
    "schema: const with 20,000 keys",
    "schema: items DAG 18",
    "schema: items DAG 30",
    "schema: properties DAG 18",
    "schema: properties DAG 30",
    "schema: text judged long",
}
"""Inputs that take half a second and more."""


def patterns() -> dict[str, Call]:
    """Regular expressions that backtrack, count, nest, fold case or are long."""
    long = "a" * 40
    out = {
        "nested plus": regex("(a+)+$", long + "b"),
        "two stars": regex("(a*)*b", long),
        "alternatives alike": regex("(a|a)*b", long),
        "optionals": regex("a?" * 30 + "a" * 30, "a" * 30),
        "counted": regex("a{1000000}"),
        "counted twice": regex("(a{1000}){1000}"),
        "counted range": regex("(a{0,500}b){0,500}"),
        "counts nested thrice": regex("((a{0,90}){0,90}){0,90}"),
        "lookahead": regex("(?=a{5000})a*"),
        "many lookaheads": regex("".join(f"(?=.*{c})" for c in "abcdefghijklmnop") + ".*"),
        "negative lookaheads": regex("".join(f"(?!.*{c}{c})" for c in "abcdefghijkl") + "[a-l]*"),
        "distance": regex("(a|b)*a(a|b){25}"),
        "long literal": regex("ab" * 500_000),
        "long class": regex("[" + "".join(chr(c) for c in range(0x4E00, 0x9FFF)) + "]+"),
        "fold case long": regex("(?i)" + "abcdefghij" * 4000),
        "fold case classes": regex("(?i)" + "[a-zß-ÿ]" * 500),
        "open groups": regex("(" * 5000),
        "groups nested": regex("(" * 5000 + "a" + ")" * 5000),
        "stars nested": regex("(" * 200 + "a" + ")*" * 200),
        "stars nested deeper": regex("(" * 3000 + "a" + ")*" * 3000),
        "alternatives many": regex("|".join(f"w{n}" for n in range(50_000))),
        "alternatives of classes": regex("|".join(f"[a-z]{{{n}}}" for n in range(1, 400))),
        "dots": regex(".{0,1000}x.{0,1000}"),
        "unicode property": regex(r"\w{1,2000}"),
        "backreference": regex(r"(a+)\1"),
        "huge count": regex("a{0,99999999999999999999}"),
        "bad range": regex("[z-a]"),
        "nul": regex("\0*"),
        "surrogate": regex("\ud800"),
        "bad escape": regex("\\"),
        "atomic": regex("(?>a+)b"),
        "conditional": regex("(a)?(?(1)b|c)"),
    }
    return {f"regex: {name}": call for name, call in out.items()}


def doubled(keyword: str, depth: int) -> Any:
    """A DAG of references, each used twice."""
    definitions: dict[str, Any] = {"d0": {"type": "integer"}}
    for n in range(1, depth):
        ref = {"$ref": f"#/$defs/d{n - 1}"}
        if keyword == "if":
            definitions[f"d{n}"] = {"if": ref, "then": ref, "else": ref}
        elif keyword == "properties":
            definitions[f"d{n}"] = {
                "type": "object",
                "properties": {"a": ref, "b": ref},
                "required": ["a", "b"],
            }
        elif keyword == "items":
            definitions[f"d{n}"] = {"type": "array", "prefixItems": [ref, ref], "items": False, "minItems": 2}
        elif keyword == "unevaluated":
            definitions[f"d{n}"] = {"anyOf": [ref, ref], "unevaluatedProperties": False}
        else:
            definitions[f"d{n}"] = {keyword: [ref, ref]}
    return {"$ref": f"#/$defs/d{depth - 1}", "$defs": definitions}


def schemas() -> dict[str, Call]:
    """Schemas that are deep, wide, shared, recursive, or whose patterns backtrack."""
    evil = "^(a+)+$"
    long = json.dumps({"a" * 40 + "!": 1})
    out: dict[str, Call] = {
        f"{keyword} DAG {depth}": schema(doubled(keyword, depth), "1")
        for keyword in ("allOf", "anyOf", "oneOf", "if", "properties", "items", "unevaluated")
        for depth in (7, 18, 30)
    }
    out |= {
        "pattern property backtracks": schema(
            {"type": "object", "patternProperties": {evil: {"type": "integer"}}, "unevaluatedProperties": False},
            long,
        ),
        "pattern backtracks": schema({"type": "string", "pattern": evil}, json.dumps("a" * 40 + "!")),
        "pattern in not": schema({"not": {"pattern": evil}}, json.dumps("a" * 40 + "!")),
        "pattern in contains": schema(
            {"type": "array", "contains": {"type": "string", "pattern": evil}}, json.dumps(["a" * 40 + "!"])
        ),
        "pattern in propertyNames": schema(
            {"type": "object", "propertyNames": {"pattern": evil}}, json.dumps({"a" * 40 + "!": 1})
        ),
        "pattern in dependentSchemas": schema(
            {"dependentSchemas": {"x": {"properties": {"y": {"pattern": evil}}}}},
            json.dumps({"x": 1, "y": "a" * 40 + "!"}),
        ),
        "enum of 100,000 integers": schema({"enum": list(range(100_000))}, "5"),
        "enum of 20,000 strings": schema({"enum": [f"name {n}" for n in range(20_000)]}, '"name 5"'),
        "const with 20,000 keys": schema({"const": {f"k{n}": n for n in range(20_000)}}),
        "const deep": schema({"const": nested(3000, lambda x: [x], 1)}),
        "20,000 properties": schema(
            {"type": "object", "properties": {f"p{n}": {"type": "string"} for n in range(20_000)}}
        ),
        "required 5,000": schema(
            {
                "type": "object",
                "properties": {f"p{n}": {"type": "integer"} for n in range(5_000)},
                "required": [f"p{n}" for n in range(5_000)],
            }
        ),
        "optionals 40 any order": lambda: through(
            cg.json_schema(
                {"type": "object", "properties": {f"p{n}": {"type": "integer"} for n in range(40)}},
                property_order="any",
            ),
            "{}",
        ),
        "nested 5,000": schema(nested(5_000, lambda x: {"type": "array", "items": x}, {"type": "integer"}), "[]"),
        "not not": schema(nested(400, lambda x: {"not": x}, {"type": "integer"}), "1"),
        "allOf deep": schema(nested(2_000, lambda x: {"allOf": [x]}, {"type": "integer"}), "1"),
        "ref chain": schema(
            {"$ref": "#/$defs/r0", "$defs": {f"r{n}": {"$ref": f"#/$defs/r{n + 1}"} for n in range(3_000)}
             | {"r3000": {"type": "integer"}}},
            "1",
        ),
        "ref loop": schema({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}),
        "recursive": schema(
            {"$ref": "#/$defs/t", "$defs": {"t": {"type": "object", "properties": {
                k: {"$ref": "#/$defs/t"} for k in "abcdef"}}}},
            "{}",
        ),
        "mutual": schema(
            {"$ref": "#/$defs/t0", "$defs": {f"t{n}": {"type": "object", "properties": {
                f"k{m}": {"$ref": f"#/$defs/t{m}"} for m in range(30)}} for n in range(30)}},
            "{}",
        ),
        "minLength 1e9": schema({"type": "string", "minLength": 10**9}),
        "maxLength 1e9": schema({"type": "string", "maxLength": 10**9}, '"a"'),
        "minItems 1e9": schema({"type": "array", "minItems": 10**9}),
        "minimum 1e400": schema('{"minimum": 1e400}', "1"),
        "multipleOf 1e-9": schema({"type": "number", "multipleOf": 1e-9}, "1"),
        "multipleOf prime": schema({"type": "integer", "multipleOf": 1_000_003}, "1000003"),
        "uniqueItems": schema({"type": "array", "uniqueItems": True, "items": {"enum": list(range(12))}}, "[1,2]"),
        "contains many": schema(
            {"type": "array", "contains": {"enum": [1, 2, 3]}, "minContains": 500, "maxContains": 1000}, "[]"
        ),
        "all formats": schema({"anyOf": [{"type": "string", "format": f} for f in (
            "date-time", "email", "uri", "ipv6", "idn-hostname", "uuid", "regex", "json-pointer", "iri")]}, '"a"'),
        "remote ref": schema({"$ref": "https://example.com/a.json"}),
        "file ref": schema({"$ref": "file:///etc/passwd"}),
        "text of 5 MB": schema('{"description": "' + "x" * 5_000_000 + '"}', "1"),
        "text deep": schema("[" * 100_000),
        "object deep text": schema('{"items":' * 20_000 + "1" + "}" * 20_000),
        "long number": schema('{"const": ' + "1" * 100_000 + "}"),
        "long key": schema({"type": "object", "properties": {"k" * 1_000_000: {}}}),
        "patterns many": schema({"type": "object", "patternProperties": {f"^a{n}.*b$": {} for n in range(200)}}, "{}"),
        "pattern large": schema({"type": "string", "pattern": "^[\\w-]{1,500}@[\\w-]{1,500}$"}, '"a@b"'),
        "dynamicRef": schema({"$dynamicRef": "#x", "$defs": {"a": {"$dynamicAnchor": "x", "type": "integer"}}}, "1"),
        "text judged deep": schema({}, "[" * 50_000 + "]" * 50_000),
        "text judged long": schema({"type": "array", "items": {"type": "integer"}}, json.dumps(list(range(200_000)))),
        "number judged long": schema({"type": "integer"}, "1" * 200_000),
    }  # fmt: skip
    return {f"schema: {name}": call for name, call in out.items()}


def grammars() -> dict[str, Call]:
    """Lark grammars that write out, double, chain or recur."""
    doubled_terminals = 'start: T24\nT0: "a"\n' + "".join(f"T{n}: T{n - 1} T{n - 1}\n" for n in range(1, 25))
    chain = "start: r0\n" + "".join(f"r{n}: r{n + 1}\n" for n in range(1_000)) + 'r1000: "a"\n'
    long_chain = "start: r0\n" + "".join(f"r{n}: r{n + 1}\n" for n in range(5_000)) + 'r5000: "a"\n'
    mutual = "start: r0\n" + "".join(
        f"r{n}: " + " | ".join(f'"{chr(97 + m % 26)}" r{m}' for m in range(0, 200, 7)) + ' | "x"\n'
        for n in range(200)
    )
    out = {
        "repeats nested": grammar('start: ((("a")~0..9)~0..9)~0..9', "aaa"),
        "repeats nested deep": grammar('start: (((("a")~0..9)~0..9)~0..9)~0..9'),
        "repeat large": grammar('start: "a"~0..100000'),
        "optionals 22": grammar("start: " + " ".join(f'["{chr(97 + n)}"]' for n in range(22)), "abc"),
        "optionals 60": grammar("start: " + " ".join(f'"{chr(97 + n % 26)}"?' for n in range(60)), "abc"),
        "terminals doubled": grammar(doubled_terminals),
        "chain of 1,000": grammar(chain, "a"),
        "chain of 5,000": grammar(long_chain, "a"),
        "mutual": grammar(mutual),
        "left recursion": grammar('start: start "a" | "a"', "aaa"),
        "ambiguous": grammar('start: start start | "a"', "a" * 12),
        "empty cycles": grammar('start: a b\na: b?\nb: a? | "x"', "x"),
        "undefined": grammar("start: missing"),
        "no start": grammar('begin: "a"'),
        "unparsable": grammar("start: ((("),
        "import": grammar('%import os.path\nstart: "a"'),
        "nested groups": grammar("start: " + "(" * 500 + '"a"' + ")" * 500, "a"),
        "nested stars": grammar("start: " + "(" * 200 + '"a"' + ")*" * 200, "a"),
        "evil terminal": grammar("start: T\nT: /(a+)+b/", "a" * 40),
        "large terminal": grammar("start: T\nT: /(a|b)*a(a|b){20}/", "ab"),
        "alternatives many": grammar("start: " + " | ".join(f'"w{n}"' for n in range(20_000))),
        "long literal": grammar('start: "' + "ab" * 100_000 + '"'),
        "ignore all": grammar('start: "a" "b"\n%ignore /.*/', "a b"),
        "templates": grammar('start: f{f{f{f{"a"}}}}\nf{x}: x x x x x x x x', "a"),
        "gbnf": grammar('root ::= "a"{0,100000}'),
        "parentheses": grammar('start: "(" start ")" | "x"', "(" * 500 + "x" + ")" * 500),
    }
    return {f"grammar: {name}": call for name, call in out.items()}


def others() -> dict[str, Call]:
    """Templates, choices, texts, tables, algebra and requests."""
    line = "x" * 300
    tower: Call = lambda: through(nested(600, lambda c: ~c, cg.regex("a")), "a")  # noqa: E731

    def chained() -> Any:
        whole = cg.regex("a")
        for n in range(600):
            whole = whole | cg.regex(f"b{n}")
        return through(whole, "b5")

    def anded() -> Any:
        whole = cg.regex("[a-z]*")
        for n in range(200):
            whole = whole & ~cg.regex(f".*{chr(97 + n % 26)}{chr(97 + n // 26)}.*")
        return through(whole, "zz")

    out = {
        "template: one hole twice, long": template("{x}{x}", x=cg.regex(".{0,320}")),
        "template: many holes": template("".join(f"{{h{n}}}," for n in range(2_000))),
        "template: one hole 200 times": template("{a} " * 200, a=cg.regex("[a-z]{1,8}")),
        "template: adjacent holes": template("{a}{b}{c}{d}", **{h: cg.regex(".{0,100}") for h in "abcd"}),
        "template: long": template("y" * 2_000_000),
        "template: unclosed": template("{" * 1_000),
        "choice: 100,000 words": lambda: through(cg.choice([f"word {n}" for n in range(100_000)])),
        "choice: one of a megabyte": lambda: through(cg.choice(["a" * 1_000_000, "b"])),
        "choice: nothing": lambda: through(cg.choice([])),
        "text: excludes 20,000 words": lambda: through(cg.text() & cg.excludes([f"word{n}" for n in range(20_000)])),
        "text: at most 1e9": lambda: through(cg.text(max_length=10**9)),
        "contains: 1e9 times": lambda: through(cg.contains("a", at_least=10**9)),
        "contains: long": lambda: through(cg.contains("ab" * 50_000)),
        "repeat: 1e9": lambda: through(cg.repeat(cg.regex("a"), 0, 10**9)),
        "repeat: nested": lambda: through(nested(6, lambda c: cg.repeat(c, 0, 30), cg.regex("a"))),
        "algebra: not 600 times": tower,
        "algebra: 600 alternatives": chained,
        "algebra: 200 conjuncts": anded,
        "infill: long": lambda: through(cg.infill("a" * 500_000, "b")),
        "table: 10,000 rows": lambda: through(cg.table(rows=10_000, columns=["a", "b"], cells=int)),
        "table: wide": lambda: through(cg.table(rows=3, columns=[f"c{n}" for n in range(5_000)], cells=["x", "y"])),
        "sudoku: no solution": lambda: cg.sudoku("11" + "." * 79),
        "sudoku: empty": lambda: through(cg.sudoku("." * 81)),
        "generate: prompt of 5 MB": lambda: cg.generate("a " * 2_500_000, choice=["a", "b"]),
        "generate: 10**9 steps": lambda: cg.generate("a", choice=["a", "b"], max_denoising_steps=10**9),
        "generate: 10**9 tokens": lambda: cg.generate("a", regex="a+", max_tokens=10**9),
        "generate: probabilities of 3,000": lambda: cg.generate(
            "a", schema={"enum": list(range(3_000))}, probabilities=True
        ),
        "edit: long": lambda: through(cg.edit("a " * 100_000, (5, 9))),
    }  # fmt: skip
    return out | {f"text of {len(line)}": lambda: through(cg.regex(".*"), line)}


def everything() -> dict[str, Call]:
    """All inputs by name."""
    return patterns() | schemas() | grammars() | others() | families()
