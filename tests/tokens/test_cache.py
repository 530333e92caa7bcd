"""The cache of token automata: what comes out is what a lift gives, whatever happens to the files."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import numpy as np
import pytest
from token_oracle import check, expected, make_dfa

from canvasgen.automata import DFA, literal, repeat, to_dfa, union
from canvasgen.errors import Unsatisfiable
from canvasgen.tokens import TokenAutomaton, cached_lift, clear_memory, fingerprint, lift
from canvasgen.vocabulary import Vocabulary


def problem() -> tuple[DFA, Vocabulary]:
    dfa = to_dfa(repeat(union(literal("ab"), literal("b")), 1, 4))
    return dfa, Vocabulary([b"a", b"b", b"ab", b"bb", b"ba", None], end_ids=[5])


def no_lift(*_: object) -> TokenAutomaton:
    raise AssertionError("lifted again")


def test_memory_then_disk(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dfa, vocabulary = problem()
    first = cached_lift(dfa, vocabulary)
    check(first, expected(dfa, vocabulary))
    monkeypatch.setattr("canvasgen.tokens.cache.lift", no_lift)
    again = to_dfa(repeat(union(literal("b"), literal("ab")), 1, 4))
    assert cached_lift(again, Vocabulary(list(vocabulary.tokens), [5])) is first
    assert len(list(own_cache.iterdir())) == 1
    clear_memory()
    read = cached_lift(dfa, vocabulary)
    assert read is not first
    check(read, expected(dfa, vocabulary))
    assert read.end_ids == first.end_ids
    assert read.accepts([2, 5, 0])


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "text"])
def test_damaged_files_are_built_again(own_cache: Path, damage: str) -> None:
    dfa, vocabulary = problem()
    cached_lift(dfa, vocabulary)
    (file,) = own_cache.iterdir()
    good = file.read_bytes()
    bad = {
        "cut": good[:-3],
        "flip": good[:-40] + bytes([good[-40] ^ 4]) + good[-39:],
        "empty": b"",
        "text": b"{}",
    }
    file.write_bytes(bad[damage])
    clear_memory()
    check(cached_lift(dfa, vocabulary), expected(dfa, vocabulary))
    assert file.read_bytes() == good


def test_a_folder_of_its_own_and_one_that_cannot_be(tmp_path: Path) -> None:
    dfa, vocabulary = problem()
    cached_lift(dfa, vocabulary, tmp_path / "mine")
    assert len(list((tmp_path / "mine").iterdir())) == 1
    clear_memory()
    blocked = tmp_path / "file"
    blocked.write_text("")
    check(cached_lift(dfa, vocabulary, blocked), expected(dfa, vocabulary))


def test_no_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANVASGEN_CACHE", "")
    dfa, vocabulary = problem()
    assert cached_lift(dfa, vocabulary) is cached_lift(dfa, vocabulary)


def test_fingerprint_covers_automaton_vocabulary_and_format(monkeypatch: pytest.MonkeyPatch) -> None:
    dfa, vocabulary = problem()
    prints = {
        fingerprint(dfa, vocabulary),
        fingerprint(to_dfa(literal("ab")), vocabulary),
        fingerprint(dfa, Vocabulary((*vocabulary.tokens[:4], None), [4])),
        fingerprint(dfa, Vocabulary(vocabulary.tokens, [5, 0])),
    }
    monkeypatch.setattr("canvasgen.tokens.cache._VERSION", "another")
    assert len(prints | {fingerprint(dfa, vocabulary)}) == 5


def test_memory_forgets_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("canvasgen.tokens.cache._REMEMBERED", 2)
    monkeypatch.setenv("CANVASGEN_CACHE", "")
    _, vocabulary = problem()
    automata = [
        make_dfa([{97: 1}, *[{97: i} for i in range(2, n)], {}], [False] * (n - 1) + [True])
        for n in (2, 3, 4)
    ]
    first, second = cached_lift(automata[0], vocabulary), cached_lift(automata[1], vocabulary)
    assert cached_lift(automata[0], vocabulary) is first
    cached_lift(automata[2], vocabulary)
    assert cached_lift(automata[0], vocabulary) is first
    assert cached_lift(automata[1], vocabulary) is not second


def test_errors_are_not_cached(own_cache: Path) -> None:
    _, vocabulary = problem()
    for _ in range(2):
        with pytest.raises(Unsatisfiable):
            cached_lift(to_dfa(literal("x")), vocabulary)
    assert not own_cache.exists()


def lift_in_process(folder: str) -> list[int]:
    dfa, vocabulary = problem()
    for _ in range(20):
        clear_memory()
        automaton = cached_lift(dfa, vocabulary, Path(folder))
    return automaton.class_of_token.tolist()


def test_concurrent_processes(tmp_path: Path) -> None:
    want = lift(*problem()).class_of_token
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        found = pool.map(lift_in_process, [str(tmp_path)] * 2)
    assert all(np.array_equal(classes, want) for classes in found)
