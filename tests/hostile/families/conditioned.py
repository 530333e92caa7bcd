"""What is asked of a compiled constraint, vocabularies, and files of the cache that somebody else has written."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from calls import VOCABULARY, Call

import canvasgen as cg
from canvasgen.tokens import cached_lift
from canvasgen.tokens.cache import clear_memory

__all__ = ["conditioned"]

L, V = 12, VOCABULARY.size


def _on(change: Callable[[Any, Any], Any]) -> Call:
    def call() -> Any:
        compiled = cg.regex("[ab]{2,8}").compile(VOCABULARY)
        return change(compiled, np.zeros((L, V), np.float32))

    return call


def _filled(value: float) -> Any:
    return np.full((L, V), value, np.float32)


def _cached(change: Callable[[Path], Any]) -> Call:
    """Save an automaton, let somebody change its file, and load it again."""

    def call() -> Any:
        dfa = cg.regex("(cat|dog){1,3}").automaton
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            folder.chmod(0o700)
            made = cached_lift(dfa, VOCABULARY, folder)
            clear_memory()
            for file in folder.rglob("*"):
                if file.is_file():
                    change(file)
            again = cached_lift(dfa, VOCABULARY, folder)
            assert again.accepts([*b"cat"])
            assert not again.accepts([*b"cow"])
            return made.num_states == again.num_states

    return call


def _cut(size: int) -> Callable[[Path], Any]:
    return lambda file: file.write_bytes(file.read_bytes()[:size])


def _flipped(at: float) -> Callable[[Path], Any]:
    def flip(file: Path) -> None:
        content = bytearray(file.read_bytes())
        content[int(at * (len(content) - 1))] ^= 0xFF
        file.write_bytes(bytes(content))

    return flip


def _as_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def _as_link(file: Path) -> None:
    file.unlink()
    file.symlink_to("/dev/zero")


def conditioned() -> dict[str, Call]:
    """By what is wrong."""
    found: dict[str, Call] = {
        "logits that are no numbers": _on(lambda c, x: c.condition(_filled(np.nan)).best),
        "logits of infinity": _on(lambda c, x: c.condition(_filled(np.inf)).best),
        "logits of minus infinity": _on(lambda c, x: c.condition(_filled(-np.inf)).best),
        "logits of 1e38": _on(lambda c, x: c.condition(_filled(1e38)).best),
        "logits of another shape": _on(lambda c, x: c.condition(x[:, :-3]).best),
        "logits of one dimension": _on(lambda c, x: c.condition(x[0]).best),
        "logits of nothing": _on(lambda c, x: c.condition(x[:0]).best),
        "logits of texts": _on(lambda c, x: c.condition("abc").best),
        "logits of None": _on(lambda c, x: c.condition(None).best),
        "fixed outside": _on(lambda c, x: c.condition(x, fixed={99: 97}).best),
        "fixed unknown": _on(lambda c, x: c.condition(x, fixed={1: 10**12}).best),
        "fixed of texts": _on(lambda c, x: c.condition(x, fixed={"a": "b"}).best),
        "fixed of a list": _on(lambda c, x: c.condition(x, fixed=[1]).best),
        "a state outside": _on(lambda c, x: c.condition(x, state=10**12).best),
        "a state below": _on(lambda c, x: c.condition(x, state=-2).best),
        "remaining of 10**30": _on(lambda c, x: c.condition(x, remaining=10**30).best),
        "remaining below": _on(lambda c, x: c.condition(x, remaining=-1).best),
        "an offset of 10**30": _on(lambda c, x: c.condition(x, offset=10**30).best),
        "a backend unknown": _on(lambda c, x: c.condition(x, backend="abacus").best),
        "10**12 samples": _on(lambda c, x: c.condition(x).sample(10**12, 1)),
        "samples below": _on(lambda c, x: c.condition(x).sample(-1, 1)),
        "samples of a text": _on(lambda c, x: c.condition(x).sample("a", 1)),
        "samples of a huge seed": _on(lambda c, x: len(c.condition(x).sample(2, 10**60))),
        "the end of a wrong canvas": _on(lambda c, x: c.condition(x).end_state([10**6] * L)),
        "ids outside": _on(lambda c, x: c.accepts([10**12, -5])),
        "ids of texts": _on(lambda c, x: c.accepts(["a"])),
    }

    def over(tokens: Any, end_ids: Any) -> Call:
        return lambda: cg.regex("a*").compile(cg.Vocabulary(tokens, end_ids=end_ids)).num_states

    vocabularies: dict[str, Call] = {
        "of nothing": over([], []),
        "of numbers": over([1, 2], [0]),
        "of texts": over(["a"], [0]),
        "of empty tokens": over([b"", b"a", None], [2]),
        "with ends outside": over([b"a"], [5]),
        "with ends of text": over([b"a", None], ["x"]),
        "of one long token": over([b"a" * 1_000_000, b"a", None], [2]),
        "of equal tokens": over([b"a"] * 50_000 + [None], [50_000]),
        "of 200 ends": over([b"a"] + [None] * 200, range(1, 201)),
        "from a file that is none": lambda: cg.Vocabulary.from_tokenizer("/dev/null"),
        "from a folder": lambda: cg.Vocabulary.from_tokenizer("/etc"),
        "from a number": lambda: cg.Vocabulary.from_tokenizer(5),
    }  # fmt: skip
    files: dict[str, Callable[[Path], Any]] = {
        "cut to nothing": _cut(0),
        "cut to 7 bytes": _cut(7),
        "cut by half": lambda file: _cut(len(file.read_bytes()) // 2)(file),
        "changed at the beginning": _flipped(0),
        "changed in the middle": _flipped(0.5),
        "changed at the end": _flipped(1),
        "of zeros": lambda file: file.write_bytes(b"\0" * 100_000),
        "of text": lambda file: file.write_text("{}" * 5000),
        "that others may write": lambda file: file.chmod(0o666),
        "that nobody may read": lambda file: file.chmod(0),
        "that is a folder": _as_folder,
        "that is a link to a device": _as_link,
        "that is gone": lambda file: file.unlink(),
    }
    return (
        {f"conditioned: {name}": call for name, call in found.items()}
        | {f"vocabulary: {name}": call for name, call in vocabularies.items()}
        | {f"cache: a file {name}": _cached(change) for name, change in files.items()}
    )
