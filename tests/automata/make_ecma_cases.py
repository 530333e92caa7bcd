"""Writes ecma_cases.json: what a JavaScript engine says of patterns and texts. Run by hand; needs Node.js.

python tests/automata/make_ecma_cases.py
"""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path

CURATED = [
    r"^\d{3}-\d{4}$",
    r"^[A-Za-z_][A-Za-z0-9_]*$",
    r"^(?=.*[A-Z])(?=.*\d).{3,}$",
    r"^(?!.*--)[a-z-]+$",
    r"^(?:(?!b)[a-z])+$",
    r"(?<![a-z])k(?![a-z])",
    r"^\p{Lu}\p{Ll}+$",
    r"^\P{L}*$",
    r"^[\p{L}\p{N}_.-]+$",
    r"^\p{Script=Greek}+$",
    r"^\u{1F600}$",
    r"^\ud83d\ude00$",
    r"^.$",
    r"^[^]$",
    r"[]",
    r"^\cJ$",
    r"^\0$",
    r"^[\b]$",
    r"\bk\b",
    r"\Bk\B",
    r"^\s+$",
    r"^\S+$",
    r"^a|b$",
    r"(a|b$)+",
    r"^(?:a{2}|b{1,}|k{0,1})$",
    r"^a{,2}$",
    r"x{2,1}",
    r"a**",
    r"\Z",
    r"\a",
    r"(?i)a",
    r"[b-a]",
    r"\p{Nonsense}",
    r"(?<n>a)(?<n>b)",
    r"^a$\n?",
    r"(?<=\s|^)a",
    r"",
    r"^$",
]
ATOMS = [
    *"abkKsS09_ é",
    *(
        "ſ",
        "K",
        "ß",
        "ẞ",
        "Σ",
        "ς",
        r"\d",
        r"\D",
        r"\w",
        r"\W",
        r"\s",
        r"\S",
        ".",
        r"\n",
        r"\.",
        r"\/",
        r"\x61",
    ),
    *(
        r"\u0073",
        r"\u{1F600}",
        r"\ud83d\ude00",
        "[ab]",
        "[^a]",
        "[a-k]",
        r"[^b-s\d]",
        r"[\w.-]",
        r"[\W_]",
        "[]",
        "[^]",
    ),
    *(
        "[K-ſ]",
        r"\p{L}",
        r"\P{Lu}",
        r"\p{Script=Greek}",
        r"[\p{Nd}_]",
        r"\cJ",
        r"\0",
        "^",
        "$",
        r"\b",
        r"\B",
        r"[\b]",
    ),
]
QUANTIFIERS = ["*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{1,}", "{0}", "{0,1}?", "{2,1}"]
CHARACTERS = "abkKsSſßẞ09_ é\n\r\u2028\ufeff.-ΣςσΩ😀/\0\b"
NODE = """
const cases = JSON.parse(require('fs').readFileSync(0, 'utf8'));
console.log(JSON.stringify(cases.map(([pattern, flags, texts]) => {
    let compiled;
    try { compiled = new RegExp(pattern, 'u' + flags) } catch (error) { return null }
    return texts.map(text => compiled.test(text));
})));
"""


def pattern(depth: int, rng: random.Random) -> str:
    draw = rng.random()
    if depth == 0 or draw < 0.25:
        return rng.choice(ATOMS)
    if draw < 0.5:
        return "".join(pattern(depth - 1, rng) for _ in range(rng.randint(1, 3)))
    if draw < 0.6:
        return "|".join(pattern(depth - 1, rng) for _ in range(2))
    if draw < 0.7:
        return f"(?:{pattern(1, rng)}){rng.choice(QUANTIFIERS)}"
    if draw < 0.85:
        return f"({pattern(depth - 1, rng)})"
    if draw < 0.97:
        return f"(?{rng.choice(['=', '!', '<=', '<!'])}{pattern(depth - 1, rng)})"
    return f"(?<n>{pattern(depth - 1, rng)})"


def cases(number: int, seed: int) -> list[list[object]]:
    rng = random.Random(seed)
    made: list[list[object]] = []
    for source in [*CURATED, *(pattern(3, rng) for _ in range(number))]:
        flags = "" if source in CURATED else "".join(f for f in "ims" if rng.random() < 0.25)
        texts = ["".join(rng.choice(CHARACTERS) for _ in range(rng.randint(0, 4))) for _ in range(10)]
        made.append([source, flags, [*texts, "a", "k", "ab", "555-1234", "Ab1", "a-b", "a--b", ""]])
    answers = subprocess.run(
        ["node", "-e", NODE], input=json.dumps(made), capture_output=True, text=True, check=True
    )
    return [[*case, answer] for case, answer in zip(made, json.loads(answers.stdout), strict=True)]


if __name__ == "__main__":
    lines = ",\n".join(json.dumps(case, ensure_ascii=True) for case in cases(250, seed=0))
    Path(__file__).with_name("ecma_cases.json").write_text(f"[\n{lines}\n]\n", encoding="ascii")
