"""Values that are made once, whatever threads ask for them."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from canvasgen.once import Once


def test_threads_that_ask_at_once_get_the_same_value() -> None:
    kept: Once[object] = Once(4)
    made: Counter[int] = Counter()
    together = Barrier(8)

    def ask(number: int) -> object:
        key = number % 2

        def make() -> object:
            made[key] += 1
            return object()

        together.wait()
        return kept.get(key, make)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, range(8)))
    assert made == {0: 1, 1: 1}
    assert len(set(map(id, found))) == 2
    assert all(one is found[number % 2] for number, one in enumerate(found))


def test_others_wait_and_different_values_are_made_side_by_side() -> None:
    kept: Once[str] = Once(4)
    begun, go = Event(), Event()

    def slow() -> str:
        begun.set()
        assert go.wait(60)
        return "slow"

    def never() -> str:
        raise AssertionError("made twice")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(kept.get, "slow", slow)
        assert begun.wait(60)
        second = pool.submit(kept.get, "slow", never)
        assert kept.get("quick", lambda: "quick") == "quick"
        assert not first.done()
        go.set()
        assert (first.result(60), second.result(60)) == ("slow", "slow")


def test_an_error_is_raised_and_not_kept() -> None:
    kept: Once[int] = Once(4)

    def fail() -> int:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        kept.get("key", fail)
    assert kept.get("key", lambda: 3) == 3
    with pytest.raises(KeyboardInterrupt):
        kept.get("other", lambda: (_ for _ in ()).throw(KeyboardInterrupt))


def test_those_asked_for_last_are_kept() -> None:
    kept: Once[int] = Once(2)
    values = iter(range(10))
    assert [kept.get(key, lambda: next(values)) for key in "abab"] == [0, 1, 0, 1]
    assert [kept.get(key, lambda: next(values)) for key in "aca"] == [0, 2, 0]
    assert kept.get("b", lambda: next(values)) == 3
