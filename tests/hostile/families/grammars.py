"""Grammars in Lark's dialect, with llguidance's extensions, and in GBNF."""

from __future__ import annotations

from pathlib import Path

from calls import Call, grammar

__all__ = ["more_grammars"]


def more_grammars() -> dict[str, Call]:
    """Rules, terminals, templates, directives, parts in JSON, GBNF, and what is no grammar."""
    lines = "\n".join
    growing = 'start: f{"a"}\nf{x}: x | f{g{x}}\ng{y}: y y'
    wide = (
        "start: f{"
        + ",".join(f'"a{n}"' for n in range(40))
        + "}\nf{"
        + ",".join(f"x{n}" for n in range(40))
        + "}: "
    )
    found = {
        "ten thousand terminals": grammar(lines(["start: T1"] + [f'T{n}: "t{n}"' for n in range(10_000)]), "t1"),
        "rules of a ring": grammar(lines(["start: r0"] + [f'r{n}: "a" r{(n + 1) % 60} | "b"' for n in range(60)]), "ab"),
        "rules of a tree": grammar(lines(["start: r0"] + [f"r{n}: r{n + 1} r{n + 1}" for n in range(22)] + ['r22: "a"'])),
        "rules of a tree of choices": grammar(
            lines(["start: r0"] + [f'r{n}: r{n + 1} | r{n + 1} "x"' for n in range(22)] + ['r22: "a"']), "a"
        ),
        "embedded twice": grammar('start: "(" start ")" start | "x"', "(x)x"),
        "embedded in three ways": grammar('start: "(" start ")" | "[" start "]" | "{" start "}" | start start | "x"', "x"),
        "embedding of a long text": grammar('start: "' + "a" * 3000 + '" start "b" | "x"', "x"),
        "left recursion, mutual": grammar('start: a\na: b "x" | "y"\nb: a "z" | "w"', "y"),
        "left recursion, hidden": grammar('start: e start "x" | "y"\ne: "a"?', "y"),
        "all recursions": grammar('start: start "a" start | start start | "(" start ")" | "b"?', "b"),
        "empty repeated": grammar('start: (("a"?)*)+ (("b"?)+)*', "ab"),
        "empty everywhere": grammar("start: a a a a\na: b* b*\nb: \"x\"?", "x"),
        "repeat of 1e9": grammar('start: "a"~1000000000'),
        "repeat backwards": grammar('start: "a"~5..2'),
        "repeat huge": grammar(f'start: "a"~{10**30}'),
        "repeats beside": grammar("start: " + " ".join('("a"|"b")~0..300' for _ in range(12))),
        "repeats of 1,000 twice": grammar('start: (("ab"~1..40)~1..40)~1..4', "ab"),
        "optionals nested": grammar("start: " + '("a" ' * 150 + ")?" * 150, "aa"),
        "group deep": grammar("start: " + "(" * 2000 + '"a"' + ")" * 2000, "a"),
        "brackets deep": grammar("start: " + "[" * 300 + '"a"' + "]" * 300, "a"),
        "alternatives empty": grammar("start: " + "|" * 2000 + '"a"', "a"),
        "alternative long": grammar("start: " + '"a" ' * 5000, "a" * 5000),
        "name long": grammar(f'start: {"r" * 50_000}\n{"r" * 50_000}: "a"', "a"),
        "names alike": grammar('start: a\na: "x"\na: "y"'),
        "terminal of itself": grammar('start: A\nA: A "x" | "y"'),
        "terminals of each other": grammar('start: A\nA: B\nB: A'),
        "terminals written out": grammar(
            lines(["start: T12", 'T0: "a"', *(f"T{n}: (T{n - 1} T{n - 1})?" for n in range(1, 13))])
        ),
        "terminal empty": grammar('start: A\nA: ""', ""),
        "terminal of look-around": grammar('start: A B\nA: /a(?!b)/\nB: /b?/', "ab"),
        "terminals of look-around": grammar(
            lines(["start: (" + "|".join(f"T{n}" for n in range(40)) + ")+"] + [f"T{n}: /a{n}(?!b)/" for n in range(40)])
        ),
        "terminal wrong": grammar("start: A\nA: /(/"),
        "terminal of flags": grammar('start: A\nA: /a+/imslux', "A"),
        "terminal of a reference": grammar(r"start: A" "\n" r"A: /(a)\1/"),
        "range backwards": grammar('start: "z".."a"'),
        "range of all": grammar('start: ("\\u0000".."\\uffff")~0..200', "a"),
        "string of escapes": grammar('start: "' + "\\u0041" * 5000 + '"'),
        "string of a surrogate": grammar('start: "\\ud800"'),
        "string open": grammar('start: "a'),
        "case of a string": grammar('start: "' + "ab" * 2000 + '"i'),
        "ignored many": grammar(lines(['start: "a" "b"'] + [f"%ignore /[{chr(97 + n)}]{{1,40}}/" for n in range(20)]), "ab"),
        "ignored nothing": grammar('start: "a"\n%ignore ""'),
        "ignored itself": grammar('start: A\nA: "a"\n%ignore A', "aa"),
        "ignored look-around": grammar('start: "a" "b"\n%ignore /x(?=b)/', "axb"),
        "declared": grammar("start: A\n%declare A"),
        "imported from above": grammar("%import ..secret.rule\nstart: rule"),
        "imported from a file": grammar("%import .passwd.rule\nstart: rule"),
        "imported what is not there": grammar("%import common.NOTHING\nstart: NOTHING"),
        "imported everything": grammar("%import json.value\n%import json.value -> other\nstart: value other"),
        "overridden": grammar('%import json.value\n%override value: "x"\nstart: value', "x"),
        "extended without end": grammar("%import json.value\n%extend value: value value\nstart: value"),
        "directive unknown": grammar("%nothing\nstart: \"a\""),
        "template grows": grammar(growing),
        "template doubles": grammar('start: f{f{f{f{f{f{f{f{"a"}}}}}}}}\nf{x}: x x', "a"),
        "template of many": grammar(wide + " | ".join(f"x{n}" for n in range(40)), "a1"),
        "template of itself": grammar('start: f{"a"}\nf{x}: f{x} | x', "a"),
        "template without arguments": grammar('start: f\nf{x}: x'),
        "template given to itself": grammar("start: f{f}\nf{x}: x"),
        "json that doubles": grammar(
            'start: %json {"$defs": {' + ", ".join(
                f'"d{n}": {{"anyOf": [{{"$ref": "#/$defs/d{n + 1}"}}, {{"$ref": "#/$defs/d{n + 1}"}}]}}' for n in range(20)
            ) + ', "d20": {"type": "integer"}}, "$ref": "#/$defs/d0"}', "1"),
        "json thirty times": grammar("start: " + " ".join('%json {"type": "integer"}' for _ in range(40)), "1"),
        "json wrong": grammar('start: %json {"type": 5}'),
        "json open": grammar('start: %json {"type": "integer"'),
        "json of a remote schema": grammar('start: %json {"$ref": "http://localhost:1/x.json"}'),
        "json evil": grammar('start: %json {"type": "string", "pattern": "^(a+)+$"}', '"' + "a" * 40 + '!"'),
        "substrings": grammar('start: %regex {"substring_chars": "' + "abcdefgh" * 2000 + '"}', "cd"),
        "substrings of words": grammar('start: %regex {"substring_words": "' + "one two three " * 1500 + '"}', "two"),
        "lazy": grammar('start: a\na[lazy]: /.*/ "x"', "x"),
        "lazy of lazy": grammar('start: a b\na[lazy]: b\nb[lazy]: /[ab]{0,200}/ "x"', "x"),
        "suffix": grammar('start: a\na[suffix="' + "z" * 3000 + '"]: /.*/'),
        "options unknown": grammar('start[nothing=5]: "a"'),
        "conjunction": grammar('start: A & B\nA: "a"\nB: "a"'),
        "special token": grammar("start: <|end|>"),
        "priority large": grammar(f'start.{10**20}: "a"', "a"),
        "gbnf nested": grammar('root ::= (("a"{0,90}){0,90}){0,90}'),
        "gbnf ring": grammar('root ::= "a" other | "x"\nother ::= root "b" | root', "x"),
        "gbnf left": grammar('root ::= root "a" | "a"', "aa"),
        "gbnf class": grammar("root ::= [^\\x00-\\x1F]{0,900}"),
        "gbnf class open": grammar("root ::= [a-"),
        "gbnf undefined": grammar("root ::= missing"),
        "gbnf deep": grammar("root ::= " + "(" * 3000 + '"a"' + ")" * 3000),
        "gbnf without root": grammar('main ::= "a"'),
        "start that is missing": grammar('start: "a"', start="other"),
        "start a number": grammar('start: "a"', start=5),
        "depth negative": grammar('start: "(" start ")" | "x"', max_depth=-1),
        "depth large": grammar('start: "(" start ")" | "x"', max_depth=10**9),
        "depth of 64": grammar('start: "(" start ")" start | "[" start "]" | "x"', max_depth=64),
        "depth a text": grammar('start: "a"', max_depth="5"),
        "a name with a path": grammar("../../../etc/passwd"),
        "a name that is unknown": grammar("nothing"),
        "a path that is a folder": grammar(Path("/")),
        "a path to a device": grammar(Path("/dev/null")),
        "a path that is missing": grammar(Path("/nothing/here.lark")),
        "a path with a null": grammar(Path("a\0b")),
        "empty": grammar(""),
        "blank": grammar("\n" * 100_000),
        "comments": grammar("// x\n" * 50_000 + 'start: "a"', "a"),
        "a megabyte and more": grammar("start: " + '"a" ' * 300_000),
        "bytes": grammar(b'start: "a"'),
        "none": grammar(None),
        "a surrogate": grammar('start: "\ud800"'),
    }  # fmt: skip
    return {f"grammar: {name}": call for name, call in found.items()}
