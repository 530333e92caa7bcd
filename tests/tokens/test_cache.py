"""The cache of token automata: what comes out is what a lift gives, whatever happens to the files."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from token_oracle import check, expected, make_dfa

from canvasgen.automata import DFA, literal, repeat, to_dfa, union
from canvasgen.errors import Unsatisfiable
from canvasgen.tokens import TokenAutomaton, cached_lift, clear_memory, fingerprint, lift
from canvasgen.tokens.narrowing import narrowed
from canvasgen.vocabulary import ArrayStore, Vocabulary


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


@pytest.mark.slow
def test_concurrent_processes(tmp_path: Path) -> None:
    want = lift(*problem()).class_of_token
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        found = pool.map(lift_in_process, [str(tmp_path)] * 2)
    assert all(np.array_equal(classes, want) for classes in found)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_planted_file_is_an_automaton_or_none(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """Whatever arrays a file holds under a right checksum: what comes of them keeps every index within bounds."""
    dfa, vocabulary = problem()
    arrays = {name: array.copy() for name, array in lift(dfa, vocabulary).to_arrays().items()}
    for _ in range(data.draw(st.integers(1, 3))):
        name = data.draw(st.sampled_from(sorted(arrays)))
        array = arrays[name]
        kind = data.draw(
            st.sampled_from(["value", "shorter", "longer", "type", "shape", "drop", "differences"])
        )
        if kind == "value" and array.size:
            values = st.sampled_from([-(2**31), -2, -1, 0, 1, 2, 5, 6, 7, 100, 2**31 - 1])
            array.flat[data.draw(st.integers(0, array.size - 1))] = data.draw(values)
        elif kind == "drop" and len(arrays) > 1:
            del arrays[name]
        else:
            changed = {
                "shorter": array.reshape(-1)[:-1],
                "longer": np.append(array, array[-1:]),
                "type": array.astype(np.int64),
                "shape": array.reshape(1, -1),
            }
            if kind == "differences":
                arrays[name + "+"] = array.astype(np.int16)
            arrays[name] = changed.get(kind, array)
    folder = tmp_path_factory.mktemp("planted")
    if data.draw(st.booleans()):
        arrays = narrowed(arrays)
    ArrayStore(folder).save(fingerprint(dfa, vocabulary), arrays)
    clear_memory()
    found = cached_lift(dfa, vocabulary, cache_dir=folder)
    assert found.end_ids == vocabulary.end_ids
    for state in range(found.num_states):
        for token in range(vocabulary.size):
            assert -1 <= found.step(state, token) < found.num_states


def test_a_secret_tells_what_others_planted(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dfa, vocabulary = problem()
    other = to_dfa(literal("bb"))
    ArrayStore(own_cache).save(fingerprint(dfa, vocabulary), lift(other, vocabulary).to_arrays())
    monkeypatch.setenv("CANVASGEN_CACHE_KEY", "of this user")
    clear_memory()
    check(cached_lift(dfa, vocabulary), expected(dfa, vocabulary))
    monkeypatch.setattr("canvasgen.tokens.cache.lift", no_lift)
    clear_memory()
    check(cached_lift(dfa, vocabulary), expected(dfa, vocabulary))


def test_memory_is_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANVASGEN_CACHE", "")
    dfa, vocabulary = problem()
    first = cached_lift(dfa, vocabulary)
    monkeypatch.setattr("canvasgen.tokens.cache._REMEMBERED_BYTES", first.num_bytes + 1)
    cached_lift(to_dfa(literal("ab")), vocabulary)
    assert cached_lift(dfa, vocabulary) is not first


def test_more_classes_than_tokens_are_no_automaton() -> None:
    dfa, vocabulary = problem()
    arrays = lift(dfa, vocabulary).to_arrays()
    arrays["scalars"] = np.array([0, 2**31 - 1, *vocabulary.end_ids], np.int32)
    with pytest.raises(ValueError, match="number of classes"):
        TokenAutomaton.from_arrays(arrays)
