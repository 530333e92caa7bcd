"""Coverage-guided fuzzing of everything that reads what a stranger may send.

    python fuzz_readers.py TARGET [libFuzzer's options]

An input is a finding if it ends in anything but a result or an error of canvasgen's own whose text is whole and short, or
takes more than `-timeout` seconds or `-rss_limit_mb` of memory. libFuzzer writes it to a file in the working folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import atheris
import numpy as np

ROOT = Path(__file__).parents[2]
KERNELS = [
    file.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
    for file in (ROOT / "canvasgen").rglob("*.py")
    if "import njit" in file.read_text("utf-8")
]
"""Modules that numba compiles, whose bytecode is to stay as it is."""

with atheris.instrument_imports(include=["canvasgen"], exclude=KERNELS):
    import canvasgen as cg
    import canvasgen.automata.relaxed
    import canvasgen.constraints.grammar.grammar
    import canvasgen.constraints.template.template
    import canvasgen.schemas.language
    import canvasgen.tokens.cache
    from canvasgen.constraints.compiled.lifted import Lifted
    from canvasgen.errors import CanvasgenError
    from canvasgen.schemas.document.keywords import KEYWORDS as BY_NAME
    from canvasgen.vocabulary import Vocabulary

LIMITS = cg.Limits(max_states=20_000, max_seconds=2.0, max_bytes=64_000_000)
VOCABULARY = Vocabulary([*(bytes([byte]) for byte in range(256)), b"ab", b"true", b'":', None], end_ids=[259])
LONGEST_ERROR = 2_000
KEYWORDS = sorted(BY_NAME)
WORDS = ["object", "array", "string", "number", "integer", "#", "#/$defs/a", "date", "^[ab]+$", "(a+)+$", "a"]
"""Strings that mean something as the value of a keyword."""


def document(data: atheris.FuzzedDataProvider, depth: int) -> Any:
    """JSON that is often a schema: keywords by name, with values of any kind."""
    kind = data.ConsumeIntInRange(0, 9 if depth else 4)
    if kind < 5:
        leaves = (None, data.ConsumeBool(), data.ConsumeIntInRange(-3, 300), data.ConsumeFloat(), 10**400)
        return data.PickValueInList([*WORDS, data.ConsumeUnicode(6), leaves[kind]])
    if kind == 5:
        return [document(data, depth - 1) for _ in range(data.ConsumeIntInRange(0, 3))]
    if kind == 6:
        return {
            data.ConsumeUnicode(3): document(data, depth - 1) for _ in range(data.ConsumeIntInRange(0, 3))
        }
    return {
        data.PickValueInList(KEYWORDS): document(data, depth - 1) for _ in range(data.ConsumeIntInRange(1, 4))
    }


def schema(data: atheris.FuzzedDataProvider) -> None:
    """A JSON Schema, as text or built of keywords, and texts that it judges."""
    given = data.ConsumeUnicode(600) if data.ConsumeIntInRange(0, 3) == 0 else document(data, 4)
    text = json.dumps(document(data, 2)) if data.ConsumeBool() else data.ConsumeUnicode(80)
    made = cg.json_schema(given, limits=LIMITS)
    made.automaton.accepts(b"1")
    made.matches(text)


def regex(data: atheris.FuzzedDataProvider) -> None:
    """A regular expression of either dialect; Python's `re` must agree where it reads the pattern, too."""
    dialect = data.PickValueInList(["python", "ecma"])
    made = cg.regex(data.ConsumeUnicodeNoSurrogates(60), dialect=dialect, limits=LIMITS)
    made.matches(data.ConsumeUnicode(30))
    made.explain()


def grammar(data: atheris.FuzzedDataProvider) -> None:
    """A grammar in Lark's dialect or in GBNF."""
    beginning = data.PickValueInList(["start: ", "root ::= ", ""])
    made = cg.grammar(beginning + data.ConsumeUnicode(200), limits=LIMITS)
    made.matches(data.ConsumeUnicode(30))


def template(data: atheris.FuzzedDataProvider) -> None:
    """A template, its texts, and what is read back."""
    made = cg.template(data.ConsumeUnicode(60), strict=False, limits=LIMITS)
    text = data.ConsumeUnicode(60)
    if made.matches(text):
        made.parse(text)


def table(data: atheris.FuzzedDataProvider) -> None:
    """Puzzles as text, and tables."""
    if data.ConsumeBool():
        cg.sudoku(data.ConsumeUnicode(200), unique=False)
        return
    names = [data.ConsumeUnicode(4) for _ in range(data.ConsumeIntInRange(0, 4))]
    made = cg.table(
        names, data.ConsumeIntInRange(-1, 4), [data.ConsumeUnicode(3) for _ in range(3)], limits=LIMITS
    )
    made.matches(data.ConsumeUnicode(60))


def tokens(data: atheris.FuzzedDataProvider) -> None:
    """A vocabulary, a constraint over it, and ids."""
    contents = [data.ConsumeBytes(4) or None for _ in range(data.ConsumeIntInRange(0, 12))]
    made = cg.regex("[ab]{1,3}|true", limits=LIMITS).compile(
        Vocabulary([*contents, None], end_ids=[len(contents)])
    )
    made.accepts([data.ConsumeIntInRange(-2, 14) for _ in range(5)])


def cache(data: atheris.FuzzedDataProvider) -> None:
    """A file of the cache with other bytes in it: what is loaded is the automaton, or it is made again.

    Where the checksum was made anew, too, any automaton may be loaded, but using it ends in a
    result or in an error.
    """
    lifted = canvasgen.tokens.cache.cached_lift
    dfa = cg.regex("(cat|dog){1,3}").automaton
    with tempfile.TemporaryDirectory() as name:
        canvasgen.tokens.cache.clear_memory()
        lifted(dfa, VOCABULARY, Path(name))
        canvasgen.tokens.cache.clear_memory()
        (file,) = [path for path in Path(name).rglob("*") if path.is_file()]
        content, signed = bytearray(file.read_bytes()), data.ConsumeBool()
        for _ in range(data.ConsumeIntInRange(1, 4)):
            at = data.ConsumeIntInRange(0, len(content))
            content[at : at + data.ConsumeIntInRange(0, 8)] = data.ConsumeBytes(8)
        if signed:
            content[24:56] = hashlib.sha256(content[56:]).digest()
        file.write_bytes(bytes(content))
        again = Lifted(VOCABULARY, lifted(dfa, VOCABULARY, Path(name)))
        canvasgen.tokens.cache._stores.clear()  # one for each folder
    if not signed:
        assert again.accepts([*b"catdog"])
        assert not again.accepts([*b"cow"])
    again.accepts([*b"cat"])
    posterior = again.condition(np.zeros((6, VOCABULARY.size), np.float32), remaining=9)
    posterior.sample(2, 1), posterior.best, posterior.marginals()


TARGETS: dict[str, Callable[[atheris.FuzzedDataProvider], None]] = {
    one.__name__: one for one in (schema, regex, grammar, template, table, tokens, cache)
}


def main() -> None:
    """Run one target till a finding, or as the options say."""
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        raise SystemExit(f"usage: {Path(sys.argv[0]).name} {{{','.join(TARGETS)}}} [-max_total_time=60 …]")
    target = TARGETS[sys.argv.pop(1)]

    def one(data: bytes) -> None:
        try:
            target(atheris.FuzzedDataProvider(data))
        except CanvasgenError as error:
            whole = bool(error.rule) and bool(error.remedy)
            if not whole or len(str(error)) > LONGEST_ERROR:
                raise AssertionError(
                    f"an error that is not whole: {type(error).__name__}: {error!s:.500}"
                ) from error

    os.environ.setdefault("CANVASGEN_CACHE", "")
    atheris.Setup([sys.argv[0], "-timeout=30", "-rss_limit_mb=3000", *sys.argv[1:]], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
