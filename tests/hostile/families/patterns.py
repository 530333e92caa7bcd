"""Regular expressions of both dialects: quantifiers, look-around, classes, cases, flags, and what is none."""

from __future__ import annotations

import re

from calls import Call, regex, schema

__all__ = ["ecma_patterns", "more_patterns"]


def more_patterns() -> dict[str, Call]:
    """Python's dialect."""
    found = {
        "counts five deep": regex("(?:" * 5 + "x" + "{0,3}){0,9}" * 5, "xxx"),
        "counts stacked": regex("(?:(?:(?:x{2}){3}){4}){5}", "x" * 120),
        "count of an empty group": regex("(?:){0,999999}", ""),
        "count of look-ahead": regex("(?=a){1,5000}a*", "aa"),
        "backwards count": regex("a{5,2}"),
        "open count": regex("a{,", "a{,"),
        "count without a low": regex("a{,99999}", "a"),
        "repeat of nothing": regex("*a"),
        "double star": regex("a**"),
        "twenty gaps": regex("(?:.*a){20}", "a" * 20),
        "dot stars": regex(".*" * 60, "abc"),
        "lazy stars": regex(".*?" * 40 + "z", "z"),
        "mutual stars": regex("(?:(?:a|b)*c|d)*" * 6, "abcd"),
        "star height nine": regex("(?:" * 9 + "a" + ")*b)*" * 4 + ")*" * 5, "ab"),
        "suffix of 18": regex(".*a.{18}", "a" * 19),
        "suffix of 17 of unicode": regex(r"\w*é\w{17}", "é" + "a" * 17),
        "not containing 30": regex("(?!.*(?:a.{30}b)).*", "ab"),
        "conjunction of 26": regex("".join(f"(?=.*{chr(97 + n)})" for n in range(26)) + ".*", "a"),
        "conjunction of suffixes": regex("".join(f"(?=.*a.{{{n}}}$)" for n in range(1, 12)) + "[ab]*", "a"),
        "look-ahead in look-ahead": regex("(?=" * 50 + "a" + ")" * 50 + "a", "a"),
        "negative in negative": regex("(?!" * 33 + "a" + ")" * 33 + "[ab]", "a"),
        "look-behind of many widths": regex("(?<=a|bb)c"),
        "look-behind of 300": regex("x(?<=" + "[xy]" * 300 + ")z"),
        "look-behinds chained": regex("".join("(?<=[ab])[ab]" for _ in range(40)), "a"),
        "word boundaries 200": regex(r"\b" * 200 + "a", "a"),
        "boundaries between": regex(r"(?:\ba\B|\Bb\b)*" * 5, "ab"),
        "anchors everywhere": regex("^(?:^a|b$|^$)*$", "a"),
        "anchors of lines": regex("(?m:^a$\n?)*", "a\na"),
        "anchors that contradict": regex("$a^"),
        "empty alternatives": regex("(?:||||a||||)" * 50, "a"),
        "alternatives with one suffix": regex("(?:" + "|".join(f"{n}" for n in range(2000)) + ")" + "x" * 30, "5"),
        "alternatives of prefixes": regex("|".join("a" * n for n in range(1, 700)), "aa"),
        "alternatives twice": regex("(?:" + "|".join(f"k{n}" for n in range(400)) + "){2}", "k1k2"),
        "alternatives thrice in a range": regex("(?:" + "|".join(f"{n:03}" for n in range(0, 999, 7)) + "){0,60}", ""),
        "possessive of a group": regex("(?:ab|a)++b"),
        "possessive of a class": regex("[a-c]*+d", "abcd"),
        "atomic alternatives": regex("(?>a|ab)c", "ac"),
        "class of every second": regex("[" + "".join(chr(n) for n in range(0x100, 0x3000, 2)) + "]{40}"),
        "class negated": regex("[^" + "".join(chr(n) for n in range(0x4E00, 0x6000, 3)) + "]{1,30}", "a"),
        "class of all planes": regex("[\U00010000-\U0010ffff]{1,200}"),
        "class with a surrogate": regex("[\ud800-\udfff]"),
        "classes negated in turn": regex(r"[^\W\d_]{1,300}", "abc"),
        "property": regex(r"\p{Lu}{1,40}"),
        "case of every letter": regex(r"(?i)\w{1,100}", "aZ"),
        "case of Kelvin and long s": regex("(?i)" + "ks" * 300),
        "case folded alternatives": regex("(?i)" + "|".join(f"straße{n}" for n in range(300)), "STRASSE1"),
        "verbose": regex("(?x)" + "a # comment\n" * 3000, "a"),
        "comments": regex("(?#" + "x" * 50_000 + ")a", "a"),
        "comment open": regex("(?#a"),
        "flags of a group": regex("(?i-i:a)"),
        "flags late": regex("a(?i)b"),
        "flags unknown": regex("(?z)a"),
        "names many": regex("".join(f"(?P<n{n}>a?)" for n in range(300)), "a"),
        "name twice": regex("(?P<a>x)(?P<a>y)"),
        "name of nothing": regex("(?P<>x)"),
        "name referred to": regex("(?P<a>x)(?P=a)"),
        "octal": regex(r"\0\07\377"),
        "octal too large": regex(r"\777"),
        "hexadecimal short": regex(r"\x1"),
        "unicode escape large": regex(r"\U00110000"),
        "named character": regex(r"\N{LATIN SMALL LETTER A}"),
        "escapes many": regex(r"\." * 20_000),
        "bracket open": regex("[" * 3000),
        "bracket of brackets": regex("[[:alpha:]&&[a-z]]"),
        "group closed": regex(")" * 3000),
        "newline kinds": regex("[\r\n\x85\u2028]{0,300}"),
        "null bytes": regex("\0" * 2000),
        "digits 4,000": regex(r"\d{4000}"),
        "decimal digits of unicode": regex(r"\d{1,400}", "٣"),
        "palindrome": regex("(a?b?c?)" * 10 + r"\1"),
        "recursion": regex("a(?R)?b"),
        "condition": regex("(?(1)a|b)(c)"),
        "bytes": regex(b"a+"),
        "none": regex(None),
        "a number": regex(5),
        "a compiled pattern": regex(re.compile("a+")),
        "a list": regex(["a"]),
        "flags a text": regex("a", flags="i"),
        "flags large": regex("a", flags=2**70),
        "flags negative": regex("a", flags=-1),
        "dialect unknown": regex("a", dialect="pcre"),
        "dialect a list": regex("a", dialect=["ecma"]),
    }  # fmt: skip
    return {f"regex: {name}": call for name, call in found.items()}


def ecma_patterns() -> dict[str, Call]:
    """ECMA-262's, as `pattern` of a schema and as a dialect."""
    patterns = {
        "code point large": r"^\u{110000}$",
        "code point": r"^\u{1F600}{1,300}$",
        "surrogate pair": r"^\ud83d\ude00$",
        "group named": r"^(?<y>\d{4})-(?<m>\d\d)$",
        "reference named": r"(?<a>x)\k<a>",
        "any": "^[^]{0,500}$",
        "nothing": "^[]$",
        "control": r"^\cJ$",
        "control wrong": r"\c1",
        "brace alone": "a{",
        "property script": r"^\p{Script=Greek}{1,64}$",
        "property wrong": r"\p{Script=Klingon}",
        "property negated": r"^\P{L}{1,64}$",
        "look-behind": "(?<!a{1,20})b",
        "lazy and greedy": "^(?:a*?b+?c??){1,40}$",
        "search of 25": "a.{25}b",
        "search of alternatives": "|".join(f"word{n}" for n in range(500)),
        "search backtracks": "(x+x+)+y",
        "e-mail": r"^[\w.%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,63}$",
        "address": "^" + r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)$",
        "ipv6": "^(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}$|^(?:[0-9a-f]{1,4}:){1,7}:$",
        "not a number": "^(?!-?(?:0|[1-9][0-9]*)(?:[.][0-9]+)?$).{0,300}$",
        "password": r"^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)(?=.*[^\w\s])(?!.*(.)\1).{8,64}$",
        "strong": r"^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)(?=.*[^\w\s]).{8,64}$",
    }
    as_schema = {
        f"schema: pattern, {name}": schema({"type": "string", "pattern": pattern}, '"aB1!aB1!"')
        for name, pattern in patterns.items()
    }
    dialect = {
        f"regex: ecma, {name}": regex(pattern, "a" * 30 + "!", dialect="ecma")
        for name, pattern in list(patterns.items())[::3]
    }
    return as_schema | dialect
