"""Regular expressions against Python's own `re`."""

from __future__ import annotations

import re
import sys
import time
import warnings

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st
from patterns import PATTERNS, TEXTS

from canvasgen.automata import Limits, parse_regex, to_dfa
from canvasgen.errors import CanvasgenError, ConstraintTooLarge, InvalidConstraint, UnsupportedConstraint

QUICK = Limits(max_states=20_000, max_seconds=2.0)
FLAGS = st.sampled_from([0, re.I, re.A, re.I | re.A, re.M, re.S, re.I | re.M | re.S, re.X, re.U | re.I])


def compiled(pattern: str, flags: int) -> re.Pattern[str] | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return re.compile(pattern, flags)
        except re.error:
            return None


def check(pattern: str, flags: int, texts: list[str], search: bool) -> None:
    expected = compiled(pattern, flags)
    if expected is None:
        with pytest.raises(InvalidConstraint):
            parse_regex(pattern, flags)
        return
    try:
        dfa = to_dfa(parse_regex(pattern, flags, search=search, limits=QUICK), QUICK)
    except ConstraintTooLarge:
        return
    except UnsupportedConstraint as error:
        assert error.rule == "possessive repeat"  # noqa: PT017 (drawn now and then: a repeat, and a + behind it)
        return
    match = expected.fullmatch
    if search:
        # Not `re.search`: its look for a first character forgets scoped flags, as in (?a:[\\W_]) on 'µ'
        # (CPython 3.11).
        match = re.compile(
            f"(?s:.*)(?:{pattern}\n)(?s:.*)" if flags & re.X else f"(?s:.*)(?:{pattern})(?s:.*)", flags
        ).fullmatch
    for text in texts:
        assert dfa.accepts(text.encode()) == (match(text) is not None), (pattern, text)


PROPERTIES = (
    r"\p{Lu} \P{Lu} \p{^Lu} \P{^Lu} \pL \PN [\p{Lu}\d_] [^\p{L}] \p{Script=Greek} \p{Greek} \p{Alphabetic} "
    r"\p{Uppercase_Letter} \p{Any} \p{Emoji} (?i)\p{Lu} (?i)\P{Ll} (?i)[^\p{Lu}] (?i)\p{Greek}"
)


@pytest.mark.slow
@pytest.mark.parametrize("pattern", PROPERTIES.split())
def test_properties_as_regex(pattern: str) -> None:
    """`re` has no properties; the `regex` package is the judge."""
    dfa, expected = to_dfa(parse_regex(pattern)), regex.compile(pattern)
    letters = [chr(code) for code in (*range(0xD800), *range(0x1F300, 0x1F700))]
    assert [each for each in letters if dfa.accepts(each.encode()) != bool(expected.fullmatch(each))] == []


def test_names() -> None:
    name = to_dfa(parse_regex(r"\p{Lu}\p{Ll}+"))
    assert [
        text for text in ("Ann", "Émile", "Ωmega", "ann", "A", "ANN", "A1") if name.accepts(text.encode())
    ] == [
        "Ann",
        "Émile",
        "Ωmega",
    ]
    for pattern in (r"\p{Xx}", r"\p", r"\pX", r"\p{Lu", r"[\p{Nonsense}]", r"\p{^}"):
        with pytest.raises(InvalidConstraint) as caught:
            parse_regex(pattern)
        assert caught.value.path is not None


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(PATTERNS, FLAGS, TEXTS)
def test_fullmatch_as_re(pattern: str, flags: int, texts: list[str]) -> None:
    check(pattern, flags, texts, search=False)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(PATTERNS, FLAGS, TEXTS)
def test_search_as_re(pattern: str, flags: int, texts: list[str]) -> None:
    check(pattern, flags, texts, search=True)


def refusal(pattern: str, dialect: str) -> CanvasgenError | None:
    try:
        parse_regex(pattern, dialect=dialect, limits=QUICK)
    except CanvasgenError as error:
        return error
    return None


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(st.text(alphabet="ab\\(){}[]|*+?^$.,-:=!<>P#1x0&~ \n", max_size=9))
def test_syntax_errors_as_re(pattern: str) -> None:
    """Whatever `re` refuses is refused as invalid; what it takes is taken or refused as unsupported."""
    expected = compiled(pattern, 0)
    error = refusal(pattern, "python")
    if error is None or isinstance(error, (UnsupportedConstraint, ConstraintTooLarge)):
        assert expected is not None or error is not None, pattern
    else:
        assert expected is None, (pattern, str(error))
        assert str(error.path).startswith("position ")


CASED = sorted(
    {
        c
        for c in map(chr, range(0x20000))
        if c.lower() != c or c.upper() != c or c.title() != c or c.casefold() != c
    }
)


INTERESTING = "akKsSſKiIİıßẞŉǰΐΰΐΰſtstᾀᾈµμςσΣθϑϴÅåÅΩωΩǆǅǄ𐐀𐐨Ꭰꭰ"


@pytest.mark.parametrize("flags", [re.I, re.I | re.A])
@pytest.mark.parametrize(
    "characters", [INTERESTING, pytest.param("".join(CASED), marks=pytest.mark.slow, id="all")]
)
def test_case_of_letters_as_re(characters: str, flags: int) -> None:
    text = "".join(CASED)
    for character in characters:
        accepted = to_dfa(parse_regex(re.escape(character), flags))
        expected = set(re.findall(re.escape(character), text, flags))
        found = accepted.strings(10)
        assert found is not None
        assert {c.decode() for c in found} == expected, character


def test_case_of_sets_as_re() -> None:
    text = "".join(CASED)
    for pattern in (
        "[a-z]",
        "[A-Z]",
        "[^a-z]",
        "[α-ω]",
        "[А-Яa-k]",
        "[ß-ÿ]",
        r"[\dK]",
        r"[\Wk]",
        "[Ā-ƿ]",
        "[ᾀ-῿]",
        "[ﬀ-ﬆ]",
    ):
        for flags in (re.I, re.I | re.A):
            dfa = to_dfa(parse_regex(pattern, flags))
            wrong = [c for c in text if dfa.accepts(c.encode()) != bool(re.fullmatch(pattern, c, flags))]
            assert wrong == [], (pattern, flags)


@pytest.mark.parametrize("pattern", [r"\w", r"\d", r"\s", r"\W", r"\D", r"\S", "."])
@pytest.mark.parametrize("flags", [0, re.A])
def test_classes_of_every_character_as_re(pattern: str, flags: int) -> None:
    dfa = to_dfa(parse_regex(pattern, flags))
    expected = re.compile(pattern, flags)
    for code in [*range(0x3000), *range(0x3000, 0x110000, 89)]:
        if not 0xD800 <= code <= 0xDFFF:
            assert dfa.accepts(chr(code).encode()) == (expected.fullmatch(chr(code)) is not None), hex(code)


def everything(length: int, alphabet: str) -> list[str]:
    texts = [""]
    for text in texts:
        if len(text) < length:
            texts += [text + c for c in alphabet]
    return texts


@pytest.mark.parametrize(
    "pattern",
    [
        r"^(?=.*a)(?=.*b)[ab]{2,}$",
        r"^(?!ab)(?!.*b$)[ab]*$",
        r"(?:^a|b$)+",
        r"a$\n?b?",
        r"(?:a\b ?)+",
        r"\B",
        r"a(?<=(?!b)a)b*",
        r"(?:(?=a)[ab](?<!b)|b)*",
        r"(?<![ab])a|b(?=\n|$)",
        r"a++b",
        r"a*+ab",
        r"(?:a|b)?+b",
        r"[ab]{1,2}+b",
        r"(?>ab|ba)+",
        r"(?>a)b",
        r"(?m)^a$",
        r"(?m:^b)\n(?m:^a$)",
        r"(?=a$)|b",
        r"^$",
        r"$",
        r"$^",
        r"^(?=a)|b(?=$)",
        r"a\Z|b$",
        r"^\bab",
        r"(?!^)a",
        r"(?:a(?!$))*b",
        r"a??b*?",
        r"(?:(?:a|)*|b)*",
        r"(?x) a b # a comment",
        "(?x)a\\ b[ #]",
        r"(?P<first>a)(?P<second>b)?",
        r"(?#nothing)a{1}{,b}",
        r"\Aa\Z|(?s:.)b",
    ],
)
def test_assertions_and_quantifiers_on_every_short_text(pattern: str) -> None:
    expected = compiled(pattern, 0)
    if expected is None:
        pytest.fail("not a pattern of re")
    for search in (False, True):
        dfa = to_dfa(parse_regex(pattern, search=search))
        match = expected.search if search else expected.fullmatch
        wrong = [t for t in everything(5, "ab\n ") if dfa.accepts(t.encode()) != (match(t) is not None)]
        assert wrong == [], search


@pytest.mark.parametrize(
    ("pattern", "position", "rule"),
    [
        (r"(ab|c)\1", 6, "back-reference"),
        (r"(?P<x>a)(?P=x)", 8, "back-reference"),
        (r"(a)?(?(1)b|c)", 4, "conditional group"),
        (r"(?>a|ab)b", 0, "atomic group"),
        (r"(?:ab|c)*+", 8, "possessive repeat"),
    ],
)
def test_what_is_not_regular_is_refused(pattern: str, position: int, rule: str) -> None:
    with pytest.raises(UnsupportedConstraint) as caught:
        parse_regex(pattern)
    assert (caught.value.path, caught.value.rule) == (f"position {position}", rule)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("pattern", "position"),
    [
        ("a(b", 1),
        ("a)", 1),
        ("*a", 0),
        ("a**", 2),
        ("a{2,1}", 1),
        ("[z-a]", 1),
        ("[a", 0),
        (r"a\q", 1),
        (r"\x1", 0),
        ("(?P<1>a)", 4),
        ("a(?i)", 1),
        (r"(?<=a*)b", 0),
        (r"\3", 0),
        ("a\\", 1),
        ("(?z)", 0),
        (r"\N{no such name}", 0),
    ],
)
def test_syntax_errors_name_the_position(pattern: str, position: int) -> None:
    assert compiled(pattern, 0) is None
    with pytest.raises(InvalidConstraint) as caught:
        parse_regex(pattern)
    assert caught.value.path == f"position {position}"


@pytest.mark.slow
def test_deep_nesting_is_no_trouble() -> None:
    depth = 10_000
    assert to_dfa(parse_regex("(" * depth + "a" + ")" * depth)).accepts(b"a")
    assert to_dfa(parse_regex("(" * depth + "a" + "b)" * depth), Limits(max_seconds=60)).accepts(
        b"a" + b"b" * depth
    )
    deep = "(?:" * 2000 + "a" + "b)*" * 2000
    dfa = to_dfa(parse_regex(deep), Limits(max_seconds=60))
    assert dfa.accepts(b"ab" + b"b" * 1999)
    with pytest.raises(InvalidConstraint):
        parse_regex("(" * depth)
    assert sys.getrecursionlimit() <= 10_000


@pytest.mark.parametrize(
    "pattern",
    [
        "a{0,100000}",
        r"\w{0,100000}",
        "((((a{0,100}){0,100}){0,100}){0,100}){0,100}",
        "((((ab?){0,100}){0,100}){0,100}){0,100}",
        "(?:a|b)*a(?:a|b){40}",
        "(?:.{0,1000}x){1000}",
        "a{99999999999999999999}",
    ],
)
def test_explosions_end_in_a_named_limit(pattern: str) -> None:
    begin = time.monotonic()
    with pytest.raises(ConstraintTooLarge) as caught:
        to_dfa(parse_regex(pattern), Limits(max_seconds=3))
    assert caught.value.rule in ("max_states", "max_seconds", "repeat")
    assert time.monotonic() - begin < 20


def test_too_many_assertions() -> None:
    with pytest.raises(ConstraintTooLarge):
        parse_regex("".join(f"(?!{c})x" for c in "abcdefghijklmnop"))


def test_bad_arguments() -> None:
    for arguments in ({"flags": re.L}, {"dialect": "perl"}, {"flags": re.A | re.U}, {"flags": 1 << 20}):
        with pytest.raises(InvalidConstraint):
            parse_regex("a", **arguments)
    with pytest.raises(InvalidConstraint):
        parse_regex(b"a")  # type: ignore[arg-type]


def test_every_error_is_ours() -> None:
    for pattern in (
        "\\",
        "[",
        "(?",
        "(?P",
        "(?P<",
        "(?<",
        "(?i",
        "(?i-",
        "(?i-:",
        "\\N",
        "\\N{",
        "\\u12",
        "{",
        "[\\",
        "(?#",
        "(?(",
    ):
        for dialect in ("python", "ecma"):
            error = refusal(pattern, dialect)
            assert error is None or error.path is not None
