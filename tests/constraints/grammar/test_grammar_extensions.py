"""llguidance's extensions: what they mean, by enumeration, and what is refused."""

from __future__ import annotations

import json
import re
from itertools import product
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import canvasgen as cg
from canvasgen.automata.regex.substrings import substring_pattern, words_of
from canvasgen.errors import (
    CanvasgenError,
    ConstraintTooLarge,
    InvalidConstraint,
    Unsatisfiable,
    UnsupportedConstraint,
    ValidationFailed,
)


def texts(alphabet: str, longest: int) -> list[str]:
    return ["".join(letters) for n in range(longest + 1) for letters in product(alphabet, repeat=n)]


def matched(text: str, alphabet: str, longest: int) -> set[str]:
    constraint = cg.grammar(text)
    return {each for each in texts(alphabet, longest) if constraint.matches(each)}


# -- lazy rules ------------------------------------------------------------------------------------------


def shortest(pattern: str, alphabet: str, longest: int) -> set[str]:
    """The matches none of whose proper prefixes match."""
    whole = {each for each in texts(alphabet, longest) if re.fullmatch(pattern, each)}
    return {each for each in whole if not any(each[:at] in whole for at in range(len(each)))}


bodies = st.sampled_from(["a", "b?", "[ab]*", "a+b", "a|ab", "(?:ab)+", "[ab]{2,3}", "(?:a|b+)c?"])


@settings(max_examples=40, deadline=None)
@given(bodies, st.one_of(st.none(), st.sampled_from(["b", "ab", "b|a", "a+"])), bodies)
def test_lazy_is_the_shortest(body: str, suffix: str | None, after: str) -> None:
    option = "lazy" if suffix is None else f"capture, suffix=/{suffix}/"
    first = shortest(body if suffix is None else f"(?:{body})(?:{suffix})", "abc", 4)
    rest = {each for each in texts("abc", 4) if re.fullmatch(after, each)}
    expected = {x + y for x in first for y in rest if len(x + y) <= 4}
    assert matched(f"start: x Y\nx[{option}]: /{body}/\nY: /{after}/", "abc", 4) == expected


def test_lazy_as_llguidance_documents_it() -> None:
    """The examples of its syntax.md; `with_stop` is refused (see `test_refused`)."""
    assert matched('start: x\nx[capture, suffix="<e>"]: /.*/', "<e>o", 5) == {
        "<e>",
        "o<e>",
        "<<e>",
        "e<e>",
        "><e>",
    } | {
        each
        for each in texts("<e>o", 5)
        if len(each) == 5 and each.endswith("<e>") and "<e>" not in each[:-1]
    }
    assert matched("start[lazy]: /.*/", "ab", 3) == {""}
    assert matched("start[lazy]: /[0-9]+/", "01", 3) == {"0", "1"}
    calls = cg.grammar(
        """
        start: ( f_foo | f_bar )* f_end
        f_end: TEXT
        TEXT: /(.|\\n)*/
        f_foo_hd[lazy]: TEXT "<function"
        f_foo: f_foo_hd "=foo>" %json { "type": "object" } "</function>"
        f_bar_hd[lazy]: TEXT "<function"
        f_bar: f_bar_hd "=bar>" /[0-9]+/ "</function>"
        """.replace("\n        ", "\n")
    )
    assert calls.matches('text <function=foo>{"a": 1}</function> and <function=bar>12</function>\n.')
    assert calls.matches("text")
    assert calls.matches("text <function=baz>")  # TEXT takes it, here as there


def test_lazy_does_not_ignore_inside() -> None:
    spaced = 'start: x "c"\nx[lazy]: /a+/ "b"\n%ignore " "'
    assert matched(spaced, "abc ", 5) == {
        each for each in texts("abc ", 5) if re.fullmatch(" *a+b *c *", each)
    }


# -- %json -----------------------------------------------------------------------------------------------

CALL = """
start: TEXT | fun_call (";" fun_call)*
TEXT: /[^{](.|\\n)*/
fun_call: %json {
  "type": "object",   "properties": { "name": { "const": "add" },
  "parameters": { "type": "object", "properties": { "x": { "type": "integer" } }, "required": ["x"],
                  "additionalProperties": false } },
  "required": ["name", "parameters"], "additionalProperties": false
} %ignore " "
""".replace('} %ignore " "', '}\n%ignore " "')


def test_json() -> None:
    call = cg.grammar(CALL)
    good = '{"name": "add", "parameters": {"x": 4}}'
    assert call.matches("no function")
    assert call.matches(good)
    assert call.matches(f" {good} ; {good}")
    for bad in (good.replace("add", "sub"), good.replace("4", "4.5"), good + ";", good.replace("x", "y")):
        assert not call.matches(bad), bad
    kinds = [note.kind for note in call.explain()]
    assert {"validator", "departure", "automaton"} <= set(kinds)
    assert any("%json at line 4, column 11" in str(note) for note in call.explain())


@pytest.mark.slow
def test_json_parts_are_judged() -> None:
    """Any JSON may hold a key twice: the automaton generates it, the validator refuses it, in each reading."""
    either = cg.grammar(
        'start: "[" part ("," part)* "]"\npart: %json {"type": "object"} | /\\{"a":1,"a":1\\}/'
    )
    assert either.has_validator
    assert either.matches('[{"a":1},{"b":2}]')
    assert either.matches('[{"a":1,"a":1}]')  # by the pattern
    twice = '[{"b":1,"b":1}]'
    assert either.automaton.accepts(twice.encode())
    assert not either.matches(twice)
    with pytest.raises(ValidationFailed, match="no reading"):
        either.validate(twice)
    assert (cg.grammar("sudoku_grid").has_validator, cg.grammar("json").has_validator) == (False, False)


def test_json_beside_look_around() -> None:
    text = 'start: /a(?=\\{)/ value | /a(?!\\{)/ value | /\\b/ "b" value "c"\nvalue: %json {"type": ["object", "integer"]}'
    with pytest.raises(InvalidConstraint):
        cg.grammar(text.replace("/\\b/", "/b(?=a)(?=b)/"))
    both = cg.grammar(text.replace(' | /\\b/ "b"', " | /b(?=[0-9]+c)/"))
    good = ("a1", 'a{"x":1}', "b7c")
    assert [each for each in good if not both.matches(each)] == []
    bad = ('a{"x":1,"x":1}', "b7", 'b{"x":1}c', "a", "b7cc")
    assert [each for each in bad if both.matches(each)] == []
    assert both.automaton.accepts(bad[0].encode())


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(['{"a":1}', '{"a":1,"a":2}', '{"b":{"c":1,"c":1}}', "[]", "1"]), max_size=3))
def test_judged_parts_one_by_one(parts: list[str]) -> None:
    listed = cg.grammar(
        'start: [(a | b) (";" (a | b))*]\na: %json {"type": "object"}\nb: %json {"type": ["array", "integer"]}'
    )
    expected = all(len(set(re.findall(r'"\w"', part))) == part.count('":') for part in parts)
    assert listed.matches(";".join(parts)) == expected


@pytest.mark.slow
def test_json_generates() -> None:
    engine = cg.load()
    call = cg.grammar('start: "call " %json {"enum": [{"a": 1}, 17]} "!"')
    completion = engine.complete("", constraint=call, seed=1, max_denoising_steps=4)
    assert completion.value.startswith("call ")
    assert json.loads(completion.value[5:-1]) in ({"a": 1}, 17)


# -- counts, substrings and what has no effect -----------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ('start: "a"{2}', 'start: "a"~2'),
        ('start: "a"{1,3} "b"', 'start: "a"~1..3 "b"'),
        ('start: x{,2}\nx: "a" | "b"', 'start: x~0..2\nx: "a" | "b"'),
        ('start: ("a" "b"?){2,}', 'start: ("a" "b"?)~2 ("a" "b"?)*'),
        ('start: "a"{1,} "b"{0,}', 'start: "a"+ "b"*'),
        ('start: X "b"\nX: "a"{2,}', 'start: X "b"\nX: "aa" "a"*'),
        ('start: /[ab]/{2,} # a comment\n  | "{3,}"', 'start: /[ab]/ /[ab]/+ // another\n  | "{3,}"'),
        ('%llguidance {}\nstart: "a"', 'start: "a"'),
        ('%llguidance {"no_forcing": true}\nstart[capture="x"]: "a"', 'start: "a"'),
        ('start: _sep{"a", "b"}\n_sep{x, y}: x (y x)*', 'start: "a" ("b" "a")*'),
    ],
)
def test_same_as_lark(text: str, same: str) -> None:
    assert cg.grammar(text).automaton == cg.grammar(same).automaton


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text("ab.\\/\n \"'{", max_size=2), max_size=6))
@example(['\\"'])
@example(["\\\\'", '"'])
def test_substrings(chunks: list[str]) -> None:
    expected = {"".join(chunks[n:m]) for n in range(len(chunks) + 1) for m in range(n, len(chunks) + 1)}
    pattern = re.compile(substring_pattern(chunks))
    assert all(pattern.fullmatch(each) for each in expected)
    spelled = json.dumps({"substring_chunks": chunks})
    for text in (f"start: %regex {spelled}", f"start: X\nX: %regex {spelled}"):
        found = cg.grammar(text).automaton.strings(1000)
        assert found is not None
        assert {each.decode() for each in found} == expected


@pytest.mark.slow
def test_words() -> None:
    assert words_of("foo bar. baz") == ["foo", " ", "bar", ".", " ", "baz"]
    quoted = cg.grammar('start: "> " %regex {"substring_words": "one two. three"}')
    assert quoted.matches("> two. three")
    assert not quoted.matches("> wo. three")
    assert cg.grammar('start: %regex {"substring_chars": "ab c"}').matches("b ")
    long = cg.grammar("start: %regex " + json.dumps({"substring_words": " ".join(map(str, range(400)))}))
    assert long.matches(" ".join(map(str, range(100, 300))))


# -- what is refused -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "kind", "path", "rule"),
    [
        ('start: <|eot|> "a"', UnsupportedConstraint, "line 1, column 8", "special token"),
        ("start: think\nthink: </think>", UnsupportedConstraint, "line 2, column 8", "special token"),
        ('start: "a"\n  | <[128-130,^7]>', UnsupportedConstraint, "line 2, column 5", "special token"),
        ('start: "a"\n  | @sub', UnsupportedConstraint, "line 2, column 5", "@"),
        ('start: %lark { start: "a" }', UnsupportedConstraint, "line 1, column 8", "%lark"),
        ("start: x::_\nx::_ : /a/", UnsupportedConstraint, "line 2, column 2", "::"),
        ('start: "a"\n  | /b\nc/', InvalidConstraint, "line 2, column 5", "grammar"),
        ("start: X\nX: /a/ & /b/", UnsupportedConstraint, "line 2, column 8", "&"),
        ('start: X\nX: "a" ~/b/', UnsupportedConstraint, "line 2, column 8", "~"),
        ("start: x\nx[max_tokens=3]: /a+/", UnsupportedConstraint, "line 2, column 3", "max_tokens"),
        ("start: x\nx[lazy, stop=/a/]: /b/", UnsupportedConstraint, "line 2, column 9", "stop"),
        ("start: x\nx[temperature=0.5]: /a+/", UnsupportedConstraint, "line 2, column 3", "temperature"),
        ("start: x\nx[colour]: /a+/", InvalidConstraint, "line 2, column 3", "options"),
        ("start: x\nx[suffix=3]: /a+/", InvalidConstraint, "line 2, column 3", "options"),
        ("start: x\nx[lazy suffix]: /a+/", InvalidConstraint, "line 2, column 3", "options"),
        ("start: x\nx[suffix=Y]: /a+/", InvalidConstraint, "line 2, column 10", "grammar"),
        ("start: X\nX[lazy]: /a+/", UnsupportedConstraint, "line 2, column 3", "lazy"),
        ('start[lazy]: "a" b\nb: "b"', UnsupportedConstraint, "line 1, column 7", "lazy"),
        ('start[lazy]: "a" %json {}', UnsupportedConstraint, "line 1, column 7", "lazy"),
        ('start: %json {"type": "strin"}', InvalidConstraint, "line 1, column 8, $.type", "type"),
        ('start: "a"\n  | %json {"type": ', InvalidConstraint, "line 2, column 20", "%json"),
        ('start: "a"\n  | %json false', Unsatisfiable, "line 2, column 5, $", "schema"),
        ("start: X\nX: %json {}", UnsupportedConstraint, "line 2, column 4", "%json"),
        ('start: %regex {"type": "number"}', UnsupportedConstraint, "line 1, column 8", "%regex"),
        ('start: %regex {"a": 1, "b": 2}', InvalidConstraint, "line 1, column 8", "%regex"),
        (
            '%llguidance {"skip_repetition": "once"}\nstart: "a"',
            UnsupportedConstraint,
            "line 1, column 1",
            "%llguidance",
        ),
        ('start: %json {\n "type": "integer"\n} other', InvalidConstraint, "line 3, column 3", "grammar"),
        ('start: %json {"type":"integer"} /[/', InvalidConstraint, "line 1, column 33", "terminal /[/"),
        ('start: "a"\n  %json {\n "a": 1\n} ) "b"', InvalidConstraint, "line 4, column 3", "grammar"),
        ('start: X\nX: ("a" | Y)\n', InvalidConstraint, "line 2, column 11", "grammar"),
        ('%extend begin: "b"\nstart: "a"', InvalidConstraint, "line 1, column 9", "grammar"),
        ('start: "a"\n%ignore x\nx: "b"', InvalidConstraint, "line 3, column 1", "grammar"),
        ("start: a\na: a | b\nb: b a", Unsatisfiable, "line 1, column 1", "start"),
        ('start: (x | "a") "b"\nx: "c" x', InvalidConstraint, "line 2, column 1", "grammar"),
        ('start: _sep{"a"}\n_sep{x, y}: x (y x)*', InvalidConstraint, "line 1, column 1", "grammar"),
    ],
)
def test_refused(text: str, kind: type[CanvasgenError], path: str, rule: str) -> None:
    with pytest.raises(kind) as caught:
        cg.grammar(text)
    assert (caught.value.path, caught.value.rule) == (path, rule)
    if kind is UnsupportedConstraint:
        assert caught.value.remedy is not None


SEEDS = (
    'start: x (";" x)*\nx[lazy, suffix="b"]: /[ab]*/ "c"?\n',
    'start: "a" %json {"type": "integer"}{2,3} | y\ny: %regex {"substring_words": "a b"} # c\n',
    '%import common.INT\nstart: _sep{INT, ","}\n_sep{x, y}: x (y x)*\n%ignore " "\n',
    '%llguidance {}\nstart: /a(?!b)/ X{2,} <|t|>\nX.2: "a".."c" & ~/b/\n',
    '?start: "(" start ")" -> p | [/b\\b/] "c"~1..3\n',
    'A.1: "a" | B\nB: /c?/ "d"~2\nstart: A b?\nb.-1: (A | B)+ | [b "e"] \n',
)
edits = st.tuples(
    st.integers(0, 90), st.integers(0, 3), st.text('{}[]()<>"/%~&@:|?*+\\\n ,.0aAstrx', max_size=4)
)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(st.sampled_from(SEEDS), st.lists(edits, max_size=4))
@example('A.1: "a" | B\nB: /c?/ "d" x (start: A b?\n', [])  # Lark 1.3.1 fails at wording this error
def test_any_text_is_read_or_refused(text: str, changes: list[tuple[int, int, str]]) -> None:
    for at, dropped, put in changes:
        text = text[:at] + put + text[at + dropped :]
    try:
        cg.grammar(text)
    except CanvasgenError as error:
        assert error.rule is not None or error.path is not None  # noqa: PT017


def test_too_large_is_said_at_once() -> None:
    with pytest.raises(ConstraintTooLarge, match="needs more than"):
        cg.grammar('start: %json {"type": "integer"}* %json {"type": "array"}*')


def test_too_many_schemas() -> None:
    many = " | ".join(f'%json {{"const": {number}}}' for number in range(33))
    with pytest.raises(ConstraintTooLarge, match="more than 32 schemas"):
        cg.grammar(f"start: {many}")


def test_the_documentation_runs(capsys: pytest.CaptureFixture[str]) -> None:
    text = (Path(__file__).parents[3] / "docs" / "grammars.md").read_text(encoding="utf-8")
    for snippet in re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        exec(compile(snippet, "grammars.md", "exec"), {"__name__": "documentation"})
    assert "validator" in capsys.readouterr().out
